"""MNIST's own form: a glyph whose longer side is 20 px, centred by mass in 28x28.

Owns: the one normalisation that training and reading share. Leaves to others: finding the glyph.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.errors import EmptyInkError
from inkdigits.types import Ink

SIZE_PX = 28
GLYPH_PX = 20  # longer side of a glyph inside the square; LeCun et al. 1998
FINE = 4  # work on a canvas this many times finer, so that centring is exact to a quarter pixel
EDGE_LEVEL = 0.5  # the box of a glyph ends at half ink; on MNIST enlarged four times this gives 20.0 px
FAINTEST = 0.1  # a glyph whose darkest pixel is paler than this is empty paper
# MNIST's centre of mass lies at column and row 14.0 (mean over its training part, +-0.5), pixel middles counted at
# .5: a little right of and below the middle of the square.
CENTER = 14.5 / SIZE_PX
# Pen width of MNIST: 2 * area / outline of its glyphs has the 5th percentile 1.6 px and the median 2.3 px on the
# 20 px scale; thinner pens fade when reduced, so they are thickened to this width.
MIN_PEN_PX = 1.9


def measure_stroke_px(ink: Ink) -> float:
    """Estimate the width of the strokes as twice the area over the length of the outline.

    Args:
        ink: One glyph, (H, W) float32 in [0, 1], ink = 1.

    Returns:
        Width in pixels of `ink`; 0 where there is no ink.
    """
    mask = (ink >= 0.5).view(np.uint8)
    area = float(cv2.countNonZero(mask)) if mask.size else 0.0
    if area == 0:
        return 0.0
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(contour, True) for contour in contours)
    # An outline runs through pixel middles, half a pixel inside the true edge on both sides of the stroke.
    return 2 * area / max(outline, 1.0) if outline else 1.0


def find_extent(ink: Ink) -> tuple[slice, slice]:
    """Find the rows and columns that the glyph spans, at half ink.

    Args:
        ink: (H, W) float32 in [0, 1].

    Returns:
        Slices of rows and columns.

    Raises:
        EmptyInkError: If no pixel reaches half ink.
    """
    x, y, width, height = cv2.boundingRect((ink >= EDGE_LEVEL).view(np.uint8)) if ink.size else (0, 0, 0, 0)
    if not width:
        raise EmptyInkError("there is no ink in this glyph", remedy="Pass a picture that holds a stroke.")
    return slice(y, y + height), slice(x, x + width)


def resize(ink: Ink, *, scale: float) -> Ink:
    """Resize with the aspect kept, anti-aliased: averaged over areas when reduced, cubic when enlarged.

    Args:
        ink: (H, W) float32 in [0, 1].
        scale: New length over old length.

    Returns:
        Float32 in [0, 1], at least one pixel wide and high.
    """
    height, width = ink.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.clip(resized, 0, 1).astype(np.float32, copy=False)


def thicken(ink: Ink, *, by_px: float) -> Ink:
    """Widen every stroke by about `by_px` pixels (grey dilation with a disc).

    Args:
        ink: (H, W) float32 in [0, 1].
        by_px: How much wider, in pixels; below 1 nothing happens.

    Returns:
        A larger array that holds the widened strokes.
    """
    grow = round(by_px)
    if grow < 1:
        return ink
    pad = grow // 2 + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow + 1, grow + 1))
    return cv2.dilate(_pad(ink, pad), disc).astype(np.float32, copy=False)


def center_by_mass(ink: Ink, *, size_px: int = SIZE_PX) -> Ink:
    """Place a glyph so that its centre of mass is the middle of a square.

    Args:
        ink: One glyph, (H, W) float32 in [0, 1], ink = 1; H and W at most size_px.
        size_px: Side of the square.

    Returns:
        (size_px, size_px) float32 in [0, 1].

    Raises:
        EmptyInkError: If no pixel holds ink.

    References:
        LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """
    height, width = ink.shape
    moments = cv2.moments(ink)
    if moments["m00"] <= 0:
        raise EmptyInkError("there is no ink in this glyph", remedy="Pass a picture that holds a stroke.")
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    middle = size_px * CENTER - 0.5
    top = min(max(round(middle - y), 0), size_px - height)
    left = min(max(round(middle - x), 0), size_px - width)
    square = np.zeros((size_px, size_px), np.float32)
    square[top : top + height, left : left + width] = ink
    return square


def normalize_glyph(ink: Ink) -> Ink:
    """Bring one glyph into MNIST's form; pens thinner than MNIST's are widened to it.

    Args:
        ink: One glyph, (H, W) float32 in [0, 1], ink = 1, of any size.

    Returns:
        (28, 28) float32 in [0, 1].

    Raises:
        EmptyInkError: If there is no ink.
    """
    cut = _cut_with_margin(_at_least(_to_full_ink(ink)))
    scale = FINE * GLYPH_PX / _longer_side(cut)
    lacking_px = MIN_PEN_PX * FINE / scale - measure_stroke_px(cut)
    if lacking_px * scale >= 1:
        # Thin lines would be averaged away by the reduction; widen them on the scale of the picture first.
        cut = thicken(cut, by_px=lacking_px)
        scale = FINE * GLYPH_PX / _longer_side(cut)
    fine = resize(cut, scale=scale)
    square = center_by_mass(_trim(fine, most_px=SIZE_PX * FINE), size_px=SIZE_PX * FINE)
    form = cv2.resize(square, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)  # the mean of FINE x FINE
    return form.astype(np.float32, copy=False)


def _to_full_ink(ink: Ink) -> Ink:
    """Let the darkest pixel be full ink, so that half ink has the same meaning for pencil and felt."""
    peak = float(ink.max(initial=0))
    if peak < FAINTEST:
        raise EmptyInkError("there is no ink in this glyph", remedy="Pass a picture that holds a stroke.")
    return ink / np.float32(peak)


def _at_least(ink: Ink) -> Ink:
    """Enlarge small glyphs so that their box is known to a fraction of a pixel."""
    rows, columns = find_extent(ink)
    longer = max(rows.stop - rows.start, columns.stop - columns.start)
    enlarge = min(FINE * GLYPH_PX / longer, 8 * FINE)
    return resize(_pad(ink, 1), scale=enlarge) if enlarge > 1 else ink


def _cut_with_margin(ink: Ink) -> Ink:
    """Cut to the glyph, but keep the soft fringe around it."""
    rows, columns = find_extent(ink)
    margin = 1 + max(rows.stop - rows.start, columns.stop - columns.start) // (2 * GLYPH_PX)
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    return ink[top : rows.stop + margin, left : columns.stop + margin]


def _longer_side(ink: Ink) -> int:
    rows, columns = find_extent(ink)
    return int(max(rows.stop - rows.start, columns.stop - columns.start))


def _trim(ink: Ink, *, most_px: int) -> Ink:
    """Cut the fringe off where it would not fit the square."""
    height, width = ink.shape
    top, left = max(0, height - most_px) // 2, max(0, width - most_px) // 2
    return ink[top : top + most_px, left : left + most_px]


def _pad(ink: Ink, by_px: int) -> Ink:
    """Add paper on all sides."""
    padded = cv2.copyMakeBorder(ink, by_px, by_px, by_px, by_px, cv2.BORDER_CONSTANT, value=[0])
    return padded.astype(np.float32, copy=False)


def normalize_images(images: npt.NDArray[Any]) -> Ink:
    """Bring many glyphs into MNIST's form; an empty picture stays empty.

    Args:
        images: (N, H, W) uint8 in [0, 255] or float32 in [0, 1]; ink is bright.

    Returns:
        (N, 28, 28) float32 in [0, 1].
    """
    inks = images.astype(np.float32) / 255 if images.dtype == np.uint8 else images.astype(np.float32)
    out = np.zeros((len(inks), SIZE_PX, SIZE_PX), np.float32)
    for index, ink in enumerate(inks):
        if ink.max(initial=0) >= FAINTEST:
            out[index] = normalize_glyph(ink)
    return out
