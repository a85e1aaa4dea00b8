"""Any depth, colour space, turn or transparency becomes upright 8 bit RGB.

Owns: the way from decoded pixels to pages. Leaves to others: choosing the decoder (load).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from inkdigits.errors import (
    ImageFormatError,
)
from inkdigits.images.failures import check_sizes
from inkdigits.images.page import Limits
from inkdigits.types import Gray, Rgb

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile


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

_SUBFILE_TAG = 254

_BITS_TAG = 258

_THUMBNAIL_OR_MASK = 0b101  # bits of the subfile type: another form of a page, not a page


def convert_frames(image: TiffImageFile, name: str, limits: Limits) -> list[Rgb]:
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
    check_sizes(sizes, name, limits)
    pictures = []
    for frame in pages:
        image.seek(frame)
        pictures.append(convert_image(image, name, limits))
    return pictures


def convert_image(image: Image.Image, name: str, limits: Limits) -> Rgb:
    """Turn one Pillow image upright, put it on white and reduce it to 8 bit.

    Args:
        image: Any mode.
        name: How it is called in messages.
        limits: Most pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ImageError: If it is empty, damaged or too large.
    """
    if 0 in image.size:
        raise ImageFormatError(f"{name} has no pixels", remedy="Give a picture with width and height.")
    check_sizes([image.size], name, limits)
    image.load()  # a TIFF turns itself here, and drops the tag
    is_gray = image.mode == "L" and not image.has_transparency_data
    painted = image if is_gray else _paint(image)
    turn = _read_turn(image)
    pixels = np.asarray(painted if turn is None else painted.transpose(turn))
    return _repeat(pixels) if is_gray else pixels


def _repeat(gray: Gray) -> Rgb:
    """Show grey values as three channels without copying them."""
    return np.broadcast_to(gray[..., None], (*gray.shape, 3))


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


def convert_array(array: npt.NDArray[Any], name: str, limits: Limits) -> Rgb:
    """Check an array and bring it to 8 bit colour.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; bool, uint8, uint16, or floating in [0, 1].
        name: How it is called in messages.
        limits: Most pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ImageError: If shape, dtype or values are others, or it is too large.
    """
    shape = array.shape
    if not array.size or len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,), (4,)):
        remedy = "Give (H, W), (H, W, 1), (H, W, 3) for RGB or (H, W, 4) for RGBA, none of them 0."
        raise ImageFormatError(f"An array of shape {shape} is no picture", remedy=remedy)
    values = _quantize(np.asarray(array[..., 0] if shape[2:] == (1,) else array))
    if values.ndim == 2:
        check_sizes([values.shape[::-1]], name, limits)
        return _repeat(np.array(values, order="C"))
    return convert_image(Image.fromarray(np.ascontiguousarray(values)), name, limits)


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
