"""Pen strokes become a picture, and a reading of the picture becomes one in the strokes' own units.

Owns: how strokes look on paper. Leaves to others: reading the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.images import Page
from inkdigits.types import Box, Cells, Digit, Gray, Mark, Number, Reading, Rejected

Points = npt.NDArray[np.float64]
"""One stroke, (N, 2 to 4): x, y, then time and pressure where known."""

DIGIT_PX = (
    48  # height of digits in the picture; on simulated strokes 40 to 56 read best, and in half of 120's time
)
MOST_PX = 640  # longer side of the picture
LEAST_PX = 112  # smaller ones would be enlarged before reading
MARGIN = 1.0  # paper on each side, in heights of a digit; a lone 1 close to all borders looks like one itself
TALL = 0.5  # strokes higher than this part of the highest tell the height of a digit; others are its bars and dots
LEAST_PENS = 4  # `ink.scale` takes the same
SHIFT = 4  # bits of a pixel in OpenCV's coordinates
PRESSURE = 3
WIDTHS = (
    0.55,
    1.3,
)  # of the line at no and at full pressure, in widths of the pen; most pens report 0.3 to 0.7


@dataclass(frozen=True, slots=True)
class Drawing:
    """Strokes on paper.

    Attributes:
        page: The picture.
        scale: Its pixels for one unit of the strokes.
        left, top: Where its corner lies, in units of the strokes.
    """

    page: Page
    scale: float
    left: float
    top: float

    def to_units(self, reading: Reading, size: tuple[int, int] | None) -> Reading:
        """Bring a reading of the picture to the units of the strokes.

        Args:
            reading: What was read.
            size: (height, width) of what was written on, if known; the page is told to be as large.
        """
        numbers = {number: self._move_number(number) for number in reading.numbers}
        rows: tuple[Cells, ...] = tuple(
            tuple(None if cell is None else numbers[cell] for cell in row) for row in reading.rows
        )
        height, width = self.page.size
        own = round(height / self.scale + self.top), round(width / self.scale + self.left)
        return replace(
            reading,
            numbers=tuple(numbers[number] for number in reading.numbers),
            rejected=tuple(Rejected(self._move(r.box), r.reason, r.page) for r in reading.rejected),
            page_sizes=(size or own,),
            rows=rows,
        )

    def _move_number(self, number: Number) -> Number:
        digits: list[Digit] = [replace(digit, box=self._move(digit.box)) for digit in number.digits]
        marks: list[Mark] = [replace(mark, box=self._move(mark.box)) for mark in number.marks]
        return replace(number, digits=tuple(digits), marks=tuple(marks))

    def _move(self, box: Box) -> Box:
        x, y = round(box.x / self.scale + self.left), round(box.y / self.scale + self.top)
        right, bottom = box.right / self.scale + self.left, box.bottom / self.scale + self.top
        return Box(x, y, max(1, round(right) - x), max(1, round(bottom) - y))


def draw_strokes(strokes: Sequence[Points], *, pen_width: float) -> Drawing:
    """Draw strokes in black on white, anti-aliased, cut to the ink with a margin.

    Args:
        strokes: At least one, each with at least one point; finite numbers.
        pen_width: Width of the line, in units of the strokes; where there is pressure, at half pressure.

    Returns:
        The picture and where it lies.
    """
    points = np.concatenate([stroke[:, :2] for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    digit = measure_height(strokes, pen_width=pen_width)
    sides = high - low + 2 * (MARGIN * digit + pen_width)
    scale = min(DIGIT_PX / digit, MOST_PX / float(sides.max()))
    # At least as wide as high: a lone 1 on a narrow strip looks like a border, on a sheet it is a digit.
    least = np.array([max(LEAST_PX / scale, sides[1]), LEAST_PX / scale])
    width, height = (float(side) for side in np.maximum(sides, least))
    left, top = (float(value) for value in (low + high - (width, height)) / 2)
    canvas = np.full((max(1, round(height * scale)), max(1, round(width * scale))), 255, np.uint8)
    for stroke in strokes:
        _draw(canvas, stroke, scale=scale, corner=(left, top), pen_width=pen_width)
    canvas.flags.writeable = False
    rgb = np.repeat(canvas[..., None], 3, axis=2)
    return Drawing(Page(rgb), scale, left, top)


def measure_height(strokes: Sequence[Points], *, pen_width: float) -> float:
    """Estimate the height of a digit: the median of tall strokes.

    Args:
        strokes: As for `draw_strokes`.
        pen_width: As for `draw_strokes`.

    Returns:
        In units of the strokes; at least `LEAST_PENS` pens: a dot must not be drawn as large as a 0.
    """
    heights = np.array([np.ptp(stroke[:, 1]) for stroke in strokes])
    tall = heights[heights >= TALL * heights.max()]
    return max(float(np.median(tall)), LEAST_PENS * pen_width)


def _draw(
    canvas: Gray, stroke: Points, *, scale: float, corner: tuple[float, float], pen_width: float
) -> None:
    # OpenCV counts from the middle of the first pixel.
    places = np.rint(((stroke[:, :2] - corner) * scale - 0.5) * 2**SHIFT).astype(np.int32)
    width_px = pen_width * scale
    if len(stroke) == 1:
        x, y = (int(value) for value in places[0])
        radius = round(max(1.0, 0.6 * width_px) * 2**SHIFT)
        cv2.circle(canvas, (x, y), radius, 0, cv2.FILLED, cv2.LINE_AA, SHIFT)
        return
    if stroke.shape[1] <= PRESSURE:
        cv2.polylines(canvas, [places[:, None]], False, 0, max(1, round(width_px)), cv2.LINE_AA, SHIFT)
        return
    thin, thick = WIDTHS
    pressure = np.clip((stroke[1:, PRESSURE] + stroke[:-1, PRESSURE]) / 2, 0, 1)
    widths = np.maximum(1, np.rint(width_px * (thin + (thick - thin) * pressure))).astype(int)
    for start, end, wide in zip(places[:-1].tolist(), places[1:].tolist(), widths.tolist(), strict=True):
        cv2.line(canvas, start, end, 0, wide, cv2.LINE_AA, SHIFT)
