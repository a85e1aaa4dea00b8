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
import os
import re
import struct
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inkdigits.errors import (
    ImageCorruptError,
    ImageError,
    ImageFormatError,
    ImageNotFoundError,
)
from inkdigits.images.failures import check_bytes, check_sizes, explain_failed_access, naming_failures, quote
from inkdigits.images.page import DEFAULT_LIMITS, Limits, Page, Source
from inkdigits.images.paths import STDIN
from inkdigits.images.pdf import render_pdf
from inkdigits.images.pixels import convert_array, convert_frames, convert_image
from inkdigits.types import Rgb

if TYPE_CHECKING:
    pass


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
    name = quote(path) if isinstance(source, str | os.PathLike) else "The picture"
    if isinstance(source, str) and source == STDIN:
        name = "Standard input"
    if isinstance(source, np.ndarray):
        pictures = [convert_array(source, name, limits)]
    elif isinstance(source, Image.Image):
        with naming_failures(name):
            pictures = [convert_image(source, name, _clamp(limits, source.format))]
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
                check_bytes(max(size, len(data)), name, limits)
    except AttributeError as error:  # Python sets sys.stdin to None, or a test replaces it
        raise ImageError("There is no standard input", remedy="Give a path instead.") from error
    except (OSError, ValueError) as error:
        raise explain_failed_access(error, name) from error
    return data


def _clamp(limits: Limits, kind: str | None) -> Limits:
    own = Image.MAX_IMAGE_PIXELS
    if kind not in ("TIFF", "GIF") or own is None:
        return limits
    return replace(limits, max_pixels=min(limits.max_pixels, own))


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
    check_bytes(len(data), name, limits)
    kind = _detect_kind(data, name)
    limits = _clamp(limits, kind)
    with naming_failures(name, kind):
        if kind == "PDF":
            return render_pdf(data, name, limits)
        if kind == "GIF":
            check_sizes([_read_gif_size(data)], name, limits)
        stem = kind if kind == "WebP" else kind.capitalize()
        image = getattr(import_module(f"PIL.{stem}ImagePlugin"), f"{stem}ImageFile")(io.BytesIO(data))
        if kind == "TIFF":
            return convert_frames(image, name, limits)
        if kind == "PNG":
            _scale_transparent_colour(image, depth=data[24])  # of IHDR
        return [convert_image(image, name, limits)]


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
