"""Simulated pens: strokes become anti-aliased ink.

Owns: kinds of pens and the rendering of strokes to ink. Leaves to others: the motion of the pen
(`datasets.strokes`), paper, colour and light (`datasets.paper`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.strokes import PenStroke
from inkdigits.datasets.writers import WriterStyle
from inkdigits.types import Ink

OVERSAMPLING = 4
FRACTION_BITS = 4
"""Sub-pixel bits of OpenCV's drawing coordinates."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How a pen turns pressure and direction into ink.

    Attributes:
        width: Width of the line against the writer's usual pen.
        swell: How much of the width depends on pressure, 0 to 1.
        nib: How much of the width depends on direction, 0 to 1 (a broad nib).
        nib_deg: Direction in which a broad nib writes its thinnest line.
        darkness: Ink at full pressure, 0 to 1.
        fade: How much of the darkness depends on pressure, 0 to 1.
        skip: How much the ink thins along the line by chance, 0 to 1.
        grain: How much the tooth of the paper shows, 0 to 1.
        bleed: Softness of the edge against the width of the line.
    """

    width: float = 1.0
    swell: float = 0.3
    nib: float = 0.0
    nib_deg: float = -35.0
    darkness: float = 0.95
    fade: float = 0.2
    skip: float = 0.0
    grain: float = 0.0
    bleed: float = 0.0


# By eye, beside photographs of the real thing.
PENS: dict[str, Pen] = {
    "ballpoint": Pen(width=0.75, swell=0.25, fade=0.35, skip=0.2, grain=0.12),
    "pencil": Pen(width=0.85, swell=0.35, darkness=0.85, fade=0.5, skip=0.1, grain=0.55),
    "felt": Pen(width=1.5, swell=0.12, darkness=0.97, fade=0.05, bleed=0.05),
    "fountain": Pen(width=1.15, swell=0.3, nib=0.55, darkness=0.95, fade=0.15, bleed=0.03),
    "brush": Pen(width=1.3, swell=0.7, darkness=1.0, fade=0.0),
    "chalk": Pen(width=1.4, swell=0.3, darkness=0.92, fade=0.25, skip=0.2, grain=0.5),
}


def render_ink(
    strokes: Sequence[PenStroke],
    size_px: tuple[int, int],
    *,
    rng: np.random.Generator,
    pen: Pen = PENS["ballpoint"],
    width_px: float = 3.0,
) -> Ink:
    """Draw strokes that are in pixels (see `PenStroke.moved`); what lies outside is cut off.

    Args:
        strokes: May be empty.
        size_px: (height, width).
        rng: Source of all chance: skips of the pen, tooth of the paper.
        pen: How pressure becomes ink.
        width_px: Width of the writer's usual line.

    Returns:
        (height, width) float32 in [0, 1], ink = 1, anti-aliased.
    """
    height, width = size_px
    fine = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.uint8)
    for stroke in strokes:
        fine = np.maximum(fine, _draw(stroke, fine.shape, rng=rng, pen=pen, width_px=width_px))
    coarse = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    ink: Ink = np.asarray(coarse / 255, np.float32)
    if pen.bleed:
        ink = np.asarray(
            cv2.GaussianBlur(ink, (0, 0), max(0.3, pen.bleed * pen.width * width_px)), np.float32
        )
    if pen.grain:
        # Strong ink fills the pits of the paper: the tooth shows most where the ink is weak.
        pits = 0.5 + 0.5 * np.clip(make_speckle(size_px, rng=rng), -1, 1)
        ink = ink * (1 - pen.grain * pits * (1.4 - ink))
    return np.asarray(np.clip(ink, 0, 1), np.float32)


def render_sign(
    strokes: Sequence[PenStroke],
    *,
    height_px: int,
    rng: np.random.Generator,
    style: WriterStyle,
    pen: Pen = PENS["ballpoint"],
) -> Ink:
    """Draw strokes in digit heights, with a margin around them.

    Args:
        strokes: At least one.
        height_px: Pixels of one digit height.
        rng: Source of all chance.
        style: The writer, for the width of the line.
        pen: How pressure becomes ink.

    Returns:
        (H, W) float32 in [0, 1], ink = 1, just large enough.
    """
    width_px = style.pen_width * height_px
    corner, size_px = measure_extent(strokes, scale=height_px, margin_px=measure_reach(width_px, pen=pen))
    moved = [stroke.moved(scale=height_px, x=-corner[0], y=-corner[1]) for stroke in strokes]
    return render_ink(moved, size_px, rng=rng, pen=pen, width_px=width_px)


def _draw(
    stroke: PenStroke, shape: tuple[int, ...], *, rng: np.random.Generator, pen: Pen, width_px: float
) -> npt.NDArray[np.uint8]:
    """Draw one stroke at the fine scale as a chain of short round-ended lines, (H, W) uint8."""
    canvas = np.zeros(shape, np.uint8)
    # A pixel's centre is at +0.5 in our coordinates and at 0 in OpenCV's.
    fine = stroke.xy.astype(np.float64) * OVERSAMPLING - 0.5
    pressure = stroke.points[:, 3].astype(np.float64)
    steps = np.gradient(fine, axis=0)
    off_nib = np.arctan2(steps[:, 1], steps[:, 0]) - np.deg2rad(pen.nib_deg)
    width = pen.width * (1 - pen.swell * (1 - pressure)) * (1 - pen.nib * (1 - np.abs(np.sin(off_nib))))
    width = np.maximum(width * width_px * OVERSAMPLING, OVERSAMPLING * 0.6)
    knots = max(4, len(fine) // 8)
    thin = np.interp(np.linspace(0, 1, len(fine)), np.linspace(0, 1, knots), rng.uniform(0, 1, knots) ** 2)
    dark = pen.darkness * (1 - pen.fade * (1 - pressure)) * (1 - pen.skip * thin)
    points = np.round(fine * (1 << FRACTION_BITS)).astype(int)
    levels = np.round(255 * dark).astype(int)
    for i in range(len(points) - 1):
        thickness = max(1, round(float(width[i])))
        start, end = points[i].tolist(), points[i + 1].tolist()
        cv2.line(canvas, start, end, int(levels[i]), thickness, cv2.LINE_8, FRACTION_BITS)
    return canvas


def measure_extent(
    strokes: Sequence[PenStroke], *, scale: float, margin_px: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the whole pixels that hold all strokes.

    Args:
        strokes: At least one.
        scale: Pixels per unit of the strokes.
        margin_px: Free space on each side.

    Returns:
        The top left corner (x, y), which may be negative, and the size (height, width).
    """
    xy = np.concatenate([stroke.xy for stroke in strokes]) * scale
    low = np.floor(xy.min(axis=0)).astype(int) - margin_px
    high = np.ceil(xy.max(axis=0)).astype(int) + margin_px
    return (int(low[0]), int(low[1])), (int(high[1] - low[1]), int(high[0] - low[0]))


def measure_reach(width_px: float, *, pen: Pen) -> int:
    """Return how far ink can reach from the line of the pen, in pixels.

    Args:
        width_px: Width of the writer's usual line.
        pen: Its swell and bleed count.
    """
    return int(np.ceil(pen.width * width_px * (0.5 + 3 * pen.bleed))) + 2


def make_speckle(size_px: tuple[int, int], *, rng: np.random.Generator) -> Ink:
    """Return fine noise, spots about two pixels wide: the tooth of paper.

    Args:
        size_px: (height, width).
        rng: Source of all chance.

    Returns:
        (height, width) float32, mean 0, standard deviation near 1.
    """
    noise = rng.normal(0, 1, size_px).astype(np.float32)
    return np.asarray(0.5 * noise + 1.5 * cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32)
