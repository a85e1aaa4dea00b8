"""Pictures of data sets as small grey arrays, for contact sheets and for sets of equal size.

Owns: decoding to grey and thumbnails. Leaves to others: reading pictures for recognition (images).
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from inkdigits.errors import DataCorruptError
from inkdigits.types import Gray

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded; the largest registered one has 1600 x 1600 pixels."""


def decode_gray(data: bytes) -> Gray:
    """Decode a picture to grey.

    Args:
        data: PNG or JPEG bytes.

    Returns:
        (H, W) uint8, polarity as in the picture.

    Raises:
        DataCorruptError: If the bytes are no picture, are truncated, or hold more than MAX_PIXELS pixels.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DataCorruptError(
                    f"A picture has more than {MAX_PIXELS:,} pixels", remedy="Leave it out."
                )
            return np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataCorruptError(f"A picture is damaged ({error})", remedy="Fetch the set again.") from error


def make_thumbnail(data: bytes, *, size_px: int = 64) -> Gray:
    """Fit a picture into a square, aspect kept, ink bright.

    Polarity is decided by the frame: paper is what most of the border shows.

    Args:
        data: PNG or JPEG bytes.
        size_px: Side of the square.

    Returns:
        (size_px, size_px) uint8; the margin is 0.

    Raises:
        DataCorruptError: As in `decode_gray`.
    """
    gray = decode_gray(data)
    frame = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    paper = float(np.median(frame))
    darkest, lightest = np.percentile(gray, (1, 99))
    # Grey paper can be darker than 127, so ink is what lies farther from the paper.
    if paper - darkest > lightest - paper:
        gray = 255 - gray
    scale = size_px / max(gray.shape)
    width, height = (max(1, round(n * scale)) for n in (gray.shape[1], gray.shape[0]))
    small = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    thumbnail = np.zeros((size_px, size_px), np.uint8)
    top, left = (size_px - height) // 2, (size_px - width) // 2
    thumbnail[top : top + height, left : left + width] = small
    return thumbnail
