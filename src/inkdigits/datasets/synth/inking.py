"""Glyphs brought to the size, slant and pen of a writer, and lines drawn by a pen; all as ink, quickly.

Owns: rendering of glyphs from data and of free strokes. Leaves to others: which glyphs there are (`synth.bank`),
where they stand (`synth.writing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.types import Ink

OVERSAMPLING = 2
"""Fine pixels per pixel while edges are made; at 4 pages look the same and take twice as long."""
LINE_OVERSAMPLING = 4
"""The same for free lines, whose edges have no other anti-aliasing."""
FRACTION_BITS = 4
"""Sub-pixel bits of OpenCV's drawing coordinates."""
WIDEST = 0.85
"""A glyph wider than 1 / 0.85 of its height is measured by its width: lying 2s would become giants."""
SOLID = 0.3
"""Ink that counts when strokes are measured or brought to touch."""
WAVES = ((2.5, 3.5), (-1.5, 5.0), (4.0, 1.0))
"""Radians a height, across and down, of the waves that bend a glyph."""
MAX_WIDENING = 2.2
"""Most widening of a glyph's own pen: more closes the loops of 6, 8 and 9."""


class Bend(NamedTuple):
    """Three waves that run over a glyph in both directions and move its ink.

    Attributes:
        amounts: (2, 3) how far each moves it along x and y, in heights of the glyph.
        phases: (2, 3) where each begins, radians.
    """

    amounts: npt.NDArray[np.float64]
    phases: npt.NDArray[np.float64]


def draw_bend(rng: np.random.Generator, *, amount: float) -> Bend:
    """Draw waves; `amount` is the standard deviation of each, in heights of the glyph."""
    return Bend(rng.normal(0, amount, (2, 3)), rng.uniform(0, 2 * np.pi, (2, 3)))


def ink_glyph(
    glyph: npt.NDArray[np.uint8],
    *,
    height_px: float,
    pen_px: float,
    aspect: float = 1.0,
    shear: float = 0.0,
    angle_deg: float = 0.0,
    swell: Ink | None = None,
    bend: Bend | None = None,
) -> Ink:
    """Write a glyph again at another size with another pen.

    Args:
        glyph: (h, w) uint8, ink bright, cropped to its ink.
        height_px: Height of the result.
        pen_px: Width of the line.
        aspect: Width against the glyph's own.
        shear: Pixels to the right per pixel upward.
        angle_deg: Turn, anticlockwise.
        swell: Width of the line against `pen_px` over the glyph, any size, or None for an even pen.
        bend: How its lines are bent, or None.

    Returns:
        (H, W) float32 in [0, 1], ink = 1, with a margin of some pixels.
    """
    rows, cols = glyph.shape
    scale = OVERSAMPLING * height_px / max(rows, WIDEST * cols * aspect)
    turn = np.deg2rad(angle_deg)
    linear = (
        np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        @ np.array([[1.0, -shear], [0.0, 1.0]])
        @ np.diag([scale * aspect, scale])
    )
    corners = np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]], float) @ linear.T
    pad = int(np.ceil(OVERSAMPLING * (pen_px + 2)))
    low, high = corners.min(axis=0) - pad, corners.max(axis=0) + pad
    width, height = (int(np.ceil(side / OVERSAMPLING)) * OVERSAMPLING for side in high - low)
    matrix = np.column_stack([linear, linear @ (0.5, 0.5) - low - 0.5])
    mode = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    fine = cv2.warpAffine(glyph, matrix, (width, height), flags=mode)
    if bend is not None:
        fine = _bend(np.asarray(fine, np.uint8), bend, unit_px=scale * rows)
    if scale > 1:
        # A third of a pixel of the source hides its grid and keeps corners.
        fine = cv2.GaussianBlur(fine, (0, 0), 0.33 * scale + 0.3)
    inked = _set_width(np.asarray(fine, np.uint8), half_px=OVERSAMPLING * pen_px / 2, swell=swell)
    return np.asarray(
        cv2.resize(inked, (width // OVERSAMPLING, height // OVERSAMPLING), interpolation=cv2.INTER_AREA),
        np.float32,
    )


def _bend(fine: npt.NDArray[np.uint8], bend: Bend, *, unit_px: float) -> npt.NDArray[np.uint8]:
    """Move ink by waves of about one and a half to two periods a height."""
    height, width = fine.shape
    y, x = (np.arange(size, dtype=np.float32) / np.float32(unit_px) for size in (height, width))
    away = []
    for amounts, phases in zip(bend.amounts, bend.phases, strict=True):
        field = np.zeros((height, width), np.float32)
        for (across, down), amount, phase in zip(WAVES, amounts, phases, strict=True):
            field += np.float32(amount * unit_px) * np.sin(
                np.float32(across) * x[None] + np.float32(down) * y[:, None] + np.float32(phase)
            )
        away.append(field)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(fine, columns + away[0], rows + away[1], cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def _set_width(fine: npt.NDArray[np.uint8], *, half_px: float, swell: Ink | None) -> Ink:
    """Return the same lines with about the given half width, (H, W) float32 in [0, 1].

    A line is widened by a constant distance but thinned in proportion to its local width: a constant distance
    would tear its thin parts.
    """
    is_ink = (fine > 110).astype(np.uint8)
    inside = cv2.distanceTransform(is_ink, cv2.DIST_L2, 3)
    count = int(np.count_nonzero(is_ink))
    if count == 0:
        return np.asarray(fine / np.float32(255), np.float32)
    own = (
        2 * float(inside.sum()) / count
    )  # over the section of a line the mean distance is half its half width
    target = min(max(half_px, 0.6), MAX_WIDENING * own)
    if swell is not None:
        return _swell(is_ink, inside, own, target * cv2.resize(swell, fine.shape[::-1]))
    if target >= own:
        outside = cv2.distanceTransform(1 - is_ink, cv2.DIST_L2, 3)
        return np.asarray(np.clip(inside - outside + (target - own + 0.5), 0, 1), np.float32)
    reach = 2 * int(np.ceil(own)) + 1
    ridge = cv2.dilate(inside, np.ones((reach, reach), np.uint8))
    kept = inside - ridge * np.float32(1 - target / own)
    return np.asarray(np.clip(kept + 0.5, 0, 1) * is_ink, np.float32)


def _swell(
    is_ink: npt.NDArray[np.uint8], inside: Ink | npt.NDArray[Any], own: float, target: npt.NDArray[Any]
) -> Ink:
    """Return lines whose half width follows a field, (H, W) float32 in [0, 1]."""
    outside = cv2.distanceTransform(1 - is_ink, cv2.DIST_L2, 3)
    reach = 2 * int(np.ceil(own)) + 1
    ridge = cv2.dilate(inside, np.ones((reach, reach), np.uint8))
    wider = inside - outside + (target - own + 0.5)
    thinner = (inside - ridge * np.maximum(1 - target / own, 0) + 0.5) * is_ink
    return np.asarray(np.clip(np.where(target >= own, wider, thinner), 0, 1), np.float32)


def draw_lines(paths: Sequence[npt.NDArray[np.float64]], *, pen_px: float) -> tuple[Ink, tuple[int, int]]:
    """Draw polylines with a round pen.

    Args:
        paths: Each (N, 2): x, y in pixels; at least one.
        pen_px: Width of the line.

    Returns:
        (H, W) float32 in [0, 1], ink = 1, and the (x, y) of its top left corner.
    """
    points = np.concatenate(paths)
    low = np.floor(points.min(axis=0)).astype(int) - int(pen_px) - 2
    size = np.ceil(points.max(axis=0)).astype(int) + int(pen_px) + 2 - low
    fine = np.zeros((int(size[1]) * LINE_OVERSAMPLING, int(size[0]) * LINE_OVERSAMPLING), np.uint8)
    # A pixel's centre is at +0.5 for us and at 0 for OpenCV.
    scale = 1 << FRACTION_BITS
    curves = [
        np.rint(((path - low) * LINE_OVERSAMPLING - 0.5) * scale).astype(np.int32)[:, None] for path in paths
    ]
    # Measured on OpenCV 4: with sub-pixel ends a line of thickness 2 n is 2 n + 1 pixels wide, and of 1, one.
    thickness = max(1, 2 * round((LINE_OVERSAMPLING * pen_px - 1) / 2))
    cv2.polylines(fine, curves, False, 255, thickness, cv2.LINE_8, FRACTION_BITS)
    ink = cv2.resize(fine, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    return np.asarray(ink / np.float32(255), np.float32), (int(low[0]), int(low[1]))


def smooth_path(points: npt.NDArray[np.float64], *, steps: int = 8) -> npt.NDArray[np.float64]:
    """Return a smooth line through points (uniform Catmull-Rom), (N * steps, 2) or so."""
    if len(points) < 3:
        return points
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    u = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    curve = b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
    return np.asarray(np.concatenate([curve.reshape(-1, 2), points[-1:]]), np.float64)
