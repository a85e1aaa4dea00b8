"""Any source becomes upright pages: files, bytes, standard input, Pillow images, NumPy arrays, PDF.

Owns: which kinds of picture are read, the limits on bytes, pixels and pages, the EXIF turn, alpha on white
paper, and the way from any depth or colour space to 8 bit RGB. Leaves to others: what is ink (`ink`).

Pillow is driven without `Image.open`: that function warns or raises above a process-wide limit
(`Image.MAX_IMAGE_PIXELS`), and warnings can't be silenced for one thread only. Here the first bytes choose
the plugin, the size in the header is held against `Limits`, and only then pixels are decoded. So nothing
global changes, no other plugin ever sees the bytes, and many threads may load at once.
"""

from __future__ import annotations

import io
import math
import os
import re
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from glob import glob, has_magic
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from inkdigits.errors import (
    ImageCorruptError,
    ImageError,
    ImageFormatError,
    ImageNotFoundError,
    ImageTooLargeError,
    InkdigitsError,
    MissingExtraError,
)
from inkdigits.types import Gray, Rgb

if TYPE_CHECKING:
    import pypdfium2
    from PIL.TiffImagePlugin import TiffImageFile

Source: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[Any]
"""A path ("-" is standard input), the bytes of a file, a Pillow image or an array."""

STDIN = "-"
"""The name that stands for standard input, by Unix custom; a file of that name is "./-"."""
PICTURE_SUFFIXES = (
    *(".apng", ".bmp", ".dib", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pdf"),
    *(".png", ".tif", ".tiff", ".webp"),
)
"""What counts as a picture inside a folder; elsewhere the content decides, never the name."""
# First bytes, from each format's specification. "BM" also begins plain words, so BMP must name one of the
# eight known header lengths too; a PDF may have junk before its header (ISO 32000-1, annex H).
_SIGNATURES = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "WebP": rb"RIFF.{4}WEBP",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "BMP": rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "GIF": rb"GIF8[79]a",
    "PDF": rb".{0,1019}?%PDF-",
}
_FOREIGN_SIGNATURES = {
    "HEIC": rb".{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)",
    "AVIF": rb".{4}ftypavi[fs]",
    "SVG": rb".{0,1000}?<svg[\s>]",
}
_ORIENTATION_TAG = 0x0112  # its eight values: EXIF 2.32, 4.6.4
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SUBFILE_TAG, _BITS_TAG = 254, 258  # TIFF 6.0, section 8
_THUMBNAIL_OR_MASK = 0b101  # bits of the subfile type: another form of a page, not a page
_PDF_DPI = 200  # a 0.5 mm stroke of a ball-point pen is 4 px wide; office scanners use 200 too
_POINTS_PER_INCH = 72  # ISO 32000-1, 8.3.2.3
_PDFIUM_LOCK = threading.Lock()  # PDFium serves one thread at a time (pypdfium2's README)


@dataclass(frozen=True)
class Limits:
    """What one source may cost; each bound is checked before the work that it bounds.

    Attributes:
        max_bytes: Of the file.
        max_pixels: Of one page; A3 at 600 dpi has 70 million. TIFF and GIF are also held to Pillow's own
            `Image.MAX_IMAGE_PIXELS`, 89 million, since their plugins would warn above it.
        max_pages: Of one document.
        max_total_pixels: Of all pages: a tiny TIFF can hold 200 huge white ones. 10^9 are 3 GB of RGB.
    """

    max_bytes: int = 64 * 2**20
    max_pixels: int = 100_000_000
    max_pages: int = 200
    max_total_pixels: int = 1_000_000_000


DEFAULT_LIMITS = Limits()
"""For one's own pictures; a server that takes strangers' files should set lower ones."""


@dataclass(frozen=True, eq=False)
class Page:
    """One upright picture.

    Attributes:
        rgb: (H, W, 3) uint8, upright, not writeable when it comes from `load_pages`.
        source: The path as it was given, "-" for standard input, "" for pictures from memory.
        index: Number of the page in its document, from 0.
    """

    rgb: Rgb
    source: str = ""
    index: int = 0

    @cached_property
    def gray(self) -> Gray:
        """(H, W) uint8, ITU-R BT.601 luma, not writeable; a grey picture keeps its values exactly."""
        return np.asarray(Image.fromarray(self.rgb).convert("L"))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]


def load_pages(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> list[Page]:
    """Load every page of a picture or document, upright.

    Of an animation (GIF, WebP, PNG) only the first frame is read. TIFF and PDF give all their pages, without
    TIFF's thumbnails and masks. Transparent pixels show white paper. A PDF is rendered at 200 dpi, coarser
    where a page would exceed `max_pixels`.

    16 bit values keep their full scale. Pillow's modes I and F (TIFF with 32 bits or floats) name no scale:
    values within [0, 1], [0, 255] or [0, 65535] use the smallest of these ranges that holds them all; others
    are stretched from their minimum to their maximum.

    Args:
        source: A path, "-" for standard input, the bytes of a file, a Pillow image (its current frame), or
            an array (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA of bool, uint8, uint16 or
            floats in [0, 1].
        limits: What the source may cost.

    Returns:
        At least one page.

    Raises:
        ImageNotFoundError: If there is no such file.
        ImageFormatError: If it is no picture of a supported kind, or a PDF with a password.
        ImageCorruptError: If it is empty, truncated or damaged.
        ImageTooLargeError: If it exceeds a limit.
        ImageError: If the file can't be read, such as for lack of permission.
        MissingExtraError: If it is a PDF and pypdfium2 is not installed.
    """
    path = os.fsdecode(source) if isinstance(source, str | os.PathLike) else ""
    name = _quote(path) if isinstance(source, str | os.PathLike) else "The picture"
    if isinstance(source, str) and source == STDIN:
        name = "Standard input"
    if isinstance(source, np.ndarray):
        pictures = [_convert_array(source, name, limits)]
    elif isinstance(source, Image.Image):
        with _naming_failures(name):
            pictures = [_convert_image(source, name, _clamp(limits, source.format))]
    elif isinstance(source, bytes | bytearray | memoryview):
        pictures = _decode(bytes(source), name, limits)
    elif isinstance(source, str | os.PathLike):
        pictures = _decode(_read_bytes(source, name, limits), name, limits)
    else:
        raise ImageFormatError(
            f"A value of type {type(source).__name__} is no picture",
            remedy="Give a path, the bytes of a file, a Pillow image or a NumPy array.",
        )
    for picture in pictures:
        picture.flags.writeable = False
    return [Page(rgb, path, index) for index, rgb in enumerate(pictures)]


def expand_paths(patterns: Sequence[str]) -> list[str]:
    """List the files that paths, folders and glob patterns stand for.

    Args:
        patterns: Files are kept as they are, and so is "-". A folder gives its pictures at any depth, told by
            `PICTURE_SUFFIXES`, without hidden ones. A pattern ("*", "?", "[...]", "**") gives all files that
            match. What exists is never taken as a pattern.

    Returns:
        In the order given, within a folder or pattern in natural order ("2.png" before "10.png"), each
        file once.

    Raises:
        ImageNotFoundError: If a path or pattern stands for nothing, or a folder holds no picture.
        ImageError: If a folder can't be listed.
    """
    unique: dict[str, str] = {}
    for pattern in patterns:
        for path in [STDIN] if pattern == STDIN else _expand(pattern):
            unique.setdefault(path if path == STDIN else os.path.normcase(Path(path).absolute()), path)
    return list(unique.values())


def _expand(pattern: str) -> list[str]:
    name = _quote(pattern)
    try:
        if pattern and Path(pattern).is_dir():  # Path("") would be the current folder
            return _list_folder(pattern, name)
        if pattern and Path(pattern).exists():
            return [pattern]
        # glob, since Path.glob refuses absolute patterns and gives hidden files.
        found = glob(pattern, recursive=True) if has_magic(pattern) else []  # noqa: PTH207
    except (OSError, ValueError, re.error) as error:
        raise _explain_failed_access(error, name) from error
    if not (files := [path for path in found if Path(path).is_file()]):
        raise ImageNotFoundError(f"There is no file {name}", remedy="Check the spelling and the folder.")
    return sorted(files, key=_natural_key)


def _list_folder(folder: str, name: str) -> list[str]:
    def refuse(error: OSError) -> None:
        raise error  # os.walk would skip the folder, and its numbers would be missing unnoticed

    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [each for each in folders if not each.startswith(".")]
        shown = [file for file in files if not file.startswith(".")]
        found += [str(Path(root, file)) for file in shown if file.lower().endswith(PICTURE_SUFFIXES)]
    if not found:
        remedy = f"Pictures in a folder are told by their endings: {' '.join(PICTURE_SUFFIXES)}."
        raise ImageNotFoundError(f"The folder {name} holds no pictures", remedy=remedy)
    return sorted(found, key=_natural_key)


def _natural_key(path: str) -> tuple[list[tuple[int, str]], str]:
    runs = re.findall(r"([0-9]+)|([^0-9]+)", path.casefold())
    return [(int(digits or -1), text) for digits, text in runs], path


def _read_bytes(path: str | os.PathLike[str], name: str, limits: Limits) -> bytes:
    try:
        if path == STDIN:  # a PathLike is never equal: Path("./-") drops its "./"
            data = sys.stdin.buffer.read(limits.max_bytes + 1)
        elif Path(path).is_dir():
            raise ImageNotFoundError(f"{name} is a folder", remedy="Give a picture that lies in it.")
        else:
            with Path(path).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                # Pipes and devices have size 0, and a file may grow: the read is bounded too.
                data = file.read(limits.max_bytes + 1) if size <= limits.max_bytes else b""
                _check_bytes(max(size, len(data)), name, limits)
    except AttributeError as error:  # Python sets sys.stdin to None, or a test replaces it
        raise ImageError("There is no standard input", remedy="Give a path instead.") from error
    except (OSError, ValueError) as error:
        raise _explain_failed_access(error, name) from error
    return data


def _check_bytes(size: int, name: str, limits: Limits) -> None:
    if size > limits.max_bytes:
        message = f"{name} has over {limits.max_bytes / 2**20:.4g} MiB, the limit"
        raise ImageTooLargeError(message, remedy="Save it smaller, or raise the limit of bytes.")


def _check_sizes(sizes: Sequence[tuple[int, int]], name: str, limits: Limits) -> None:
    """Hold the pages' (width, height) against the limits."""
    if len(sizes) > limits.max_pages:
        message = f"{name} has over {limits.max_pages} pages, the limit"
        raise ImageTooLargeError(message, remedy="Split the document, or raise the limit of pages.")
    for width, height in sizes:
        if width * height > limits.max_pixels:
            message = f"{name} has {width} x {height} pixels, over the limit of {limits.max_pixels}"
            raise ImageTooLargeError(message, remedy="Scale it down, or raise the limit of pixels.")
    if sum(width * height for width, height in sizes) > limits.max_total_pixels:
        message = f"All pages of {name} have over {limits.max_total_pixels} pixels together, the limit"
        raise ImageTooLargeError(message, remedy="Split the document, or raise the limit of pixels.")


def _clamp(limits: Limits, kind: str | None) -> Limits:
    own = Image.MAX_IMAGE_PIXELS
    if kind not in ("TIFF", "GIF") or own is None:
        return limits
    return replace(limits, max_pixels=min(limits.max_pixels, own))


def _explain_failed_access(error: Exception, name: str) -> ImageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError | re.error):
        return ImageNotFoundError(f"There is no file {name}", remedy="Check the spelling and the folder.")
    if isinstance(error, PermissionError):
        return ImageError(f"There is no permission to read {name}", remedy="Change its permissions.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ImageError(f"{name} can't be read: {reason}", remedy="Check the path and the disk.")


@contextmanager
def _naming_failures(name: str, kind: str = "picture") -> Iterator[None]:
    try:
        yield
    except InkdigitsError:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLargeError(f"{name} is too large", remedy="Scale it down.") from error
    except Exception as error:
        # Broad: damaged files make Pillow raise SyntaxError, OSError, ValueError, KeyError, struct.error,
        # zlib.error and, under "python -W error", UserWarning.
        message = f"{name} can't be decoded as {kind}: truncated, damaged or rare ({_escape(str(error))})"
        raise ImageCorruptError(message, remedy="Save it again, as PNG if possible.") from error


def _quote(path: str) -> str:
    return f'"{_escape(path)}"'


def _escape(text: str) -> str:
    """Make text safe for a terminal: control characters escaped, at most 240 characters."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown if len(shown) <= 240 else f"{shown[:120]}...{shown[-117:]}"


def _detect_kind(data: bytes, name: str) -> str:
    if not data:
        raise ImageCorruptError(f"{name} is empty", remedy="Save or copy it again.")
    signatures = _SIGNATURES | _FOREIGN_SIGNATURES
    kind = next((kind for kind in signatures if re.match(signatures[kind], data, re.DOTALL)), "")
    if kind in _FOREIGN_SIGNATURES:
        raise ImageFormatError(f"{name} is {kind}, which isn't supported", remedy="Export it as PNG or JPEG.")
    if not kind:
        remedy = f"Supported kinds are {', '.join(_SIGNATURES)}."
        raise ImageFormatError(f"{name} is no picture of a supported kind", remedy=remedy)
    return kind


def _decode(data: bytes, name: str, limits: Limits) -> list[Rgb]:
    _check_bytes(len(data), name, limits)
    kind = _detect_kind(data, name)
    limits = _clamp(limits, kind)
    with _naming_failures(name, kind):
        if kind == "PDF":
            return _render_pdf(data, name, limits)
        if kind == "GIF":
            _check_sizes([_read_gif_size(data)], name, limits)
        stem = kind if kind == "WebP" else kind.capitalize()
        image = getattr(import_module(f"PIL.{stem}ImagePlugin"), f"{stem}ImageFile")(io.BytesIO(data))
        if kind == "TIFF":
            return _convert_frames(image, name, limits)
        if kind == "PNG":
            _scale_transparent_colour(image, depth=data[24])  # of IHDR
        return [_convert_image(image, name, limits)]


def _read_gif_size(data: bytes) -> tuple[int, int]:
    """Read the (width, height) that the first frame gives the picture; Pillow allocates it when it opens."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # behind the colour table
    blocks = re.compile(rb"[!,]")  # an extension or a frame; Pillow skips what stands between, so do we
    while (block := blocks.search(data, at)) and block[0] == b"!":
        at = block.end() + 1
        while data[at]:  # the length of a part; 0 ends the extension
            at += 1 + data[at]
    if block is None:
        raise ValueError("no frame")
    x, y, frame_width, frame_height = struct.unpack_from("<4H", data, block.end())
    return max(width, x + frame_width), max(height, y + frame_height)


def _scale_transparent_colour(image: Image.Image, *, depth: int) -> None:
    """Bring a PNG's transparent colour to 8 bits, as Pillow does with the pixels only."""
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and key < 2**depth < 256:
        image.info["transparency"] = key * 255 // (2**depth - 1)
    elif isinstance(key, tuple) and max(key) > 255:
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _convert_frames(image: TiffImageFile, name: str, limits: Limits) -> list[Rgb]:
    """Convert a TIFF's pages; their sizes are checked before the first is decoded."""
    sizes: list[tuple[int, int]] = []  # of thumbnails too: they count against the limits
    pages: list[int] = []
    for frame in range(limits.max_pages + 1):
        try:
            image.seek(frame)
        except EOFError:
            break
        sizes.append(image.size)
        if not frame or not image.tag_v2.get(_SUBFILE_TAG, 0) & _THUMBNAIL_OR_MASK:
            pages.append(frame)
    _check_sizes(sizes, name, limits)
    pictures = []
    for frame in pages:
        image.seek(frame)
        pictures.append(_convert_image(image, name, limits))
    return pictures


def _convert_image(image: Image.Image, name: str, limits: Limits) -> Rgb:
    if 0 in image.size:
        raise ImageFormatError(f"{name} has no pixels", remedy="Give a picture with width and height.")
    _check_sizes([image.size], name, limits)
    image.load()  # a TIFF turns itself here, and drops the tag
    painted = _paint(image)
    turn = _read_turn(image)
    return np.asarray(painted if turn is None else painted.transpose(turn))


def _read_turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # damaged EXIF raises many kinds of errors, and says nothing about the pixels
        return None


def _paint(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, transparent pixels on white."""
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_reduce_depth(image))
    if image.mode == "La":
        image = image.convert("LA")  # Pillow knows no other way out of La
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(rgba, mask=rgba)
    return paper


def _reduce_depth(image: Image.Image) -> Gray:
    """Bring Pillow's modes of 12, 16 and 32 bits to 8, transparent pixels white."""
    values = np.asarray(image)
    if not image.mode.startswith("I;16"):
        gray = _stretch(values)
    elif getattr(image, "tag_v2", {}).get(_BITS_TAG) == (12,):
        gray = (values >> 4).astype(np.uint8)
    else:
        gray = _halve_depth(values)
    if isinstance(key := image.info.get("transparency"), int):
        gray[values == key] = 255
    return gray


def _halve_depth(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 = 257 * 255, rounded


def _stretch(values: npt.NDArray[Any]) -> Gray:
    """Bring values without a known scale to 8 bits, by the rule that `load_pages` documents."""
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(high - low):
        raise ValueError("NaN or infinite values")
    if low >= 0 and high <= 65535:
        low, high = 0.0, next(full for full in (1.0, 255.0, 65535.0) if high <= full)
    return np.rint((values.astype(np.float64) - low) * (255 / ((high - low) or 1.0))).astype(np.uint8)


def _convert_array(array: npt.NDArray[Any], name: str, limits: Limits) -> Rgb:
    shape = array.shape
    if not array.size or len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,), (4,)):
        remedy = "Give (H, W), (H, W, 1), (H, W, 3) for RGB or (H, W, 4) for RGBA, none of them 0."
        raise ImageFormatError(f"An array of shape {shape} is no picture", remedy=remedy)
    values = _quantize(np.asarray(array[..., 0] if shape[2:] == (1,) else array))
    return _convert_image(Image.fromarray(np.ascontiguousarray(values)), name, limits)


def _quantize(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return _halve_depth(array)
    if array.dtype.kind != "f":
        remedy = "Convert it to bool, uint8, uint16 or floats in [0, 1]."
        raise ImageFormatError(f"An array of {array.dtype} is no picture", remedy=remedy)
    if not ((array >= 0) & (array <= 1)).all():  # NaN fails both
        message = "The array of floats holds NaN or values outside [0, 1]"
        raise ImageFormatError(message, remedy="Scale it to [0, 1], such as by division by 255.")
    return np.rint(array * np.float32(255)).astype(np.uint8)


def _render_pdf(data: bytes, name: str, limits: Limits) -> list[Rgb]:
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError("pypdfium2", extra="pdf") from error
    if b"startxref" not in data:  # PDFium would guess at the pages, and draw blanks for what is missing
        raise ValueError("no cross-reference table")
    with _PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if not re.search("password|security", str(error), re.IGNORECASE):
                raise
            message = f"{name} is protected by a password"
            raise ImageFormatError(message, remedy="Save a copy without the password.") from error
        with closing(document):
            indices = range(min(len(document), limits.max_pages + 1))
            sizes_pt = [document.get_page_size(index) for index in indices]
            scales = [_choose_scale(*size_pt, max_pixels=limits.max_pixels) for size_pt in sizes_pt]
            sizes = [(math.ceil(w * s), math.ceil(h * s)) for (w, h), s in zip(sizes_pt, scales, strict=True)]
            _check_sizes(sizes, name, limits)
            return [_render_page(document[index], scales[index]) for index in indices]


def _choose_scale(width_pt: float, height_pt: float, *, max_pixels: int) -> float:
    """Return pixels per point: 200 dpi, or the largest s with (w s + 1) (h s + 1) <= max_pixels."""
    total, area, room = width_pt + height_pt, width_pt * height_pt, max_pixels - 1
    return min(_PDF_DPI / _POINTS_PER_INCH, 2 * room / (total + math.sqrt(total**2 + 4 * area * room)))


def _render_page(page: pypdfium2.PdfPage, scale: float) -> Rgb:
    bitmap = page.render(scale=scale, rev_byteorder=True)
    rgb: Rgb = bitmap.to_numpy()[..., :3].copy()
    bitmap.close()  # here, under the lock, and not whenever garbage is collected
    page.close()
    return rgb
