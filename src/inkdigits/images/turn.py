"""A page turned back so that its writing runs level, and the way from places on it to those on the page itself.

Owns: that turning. Leaves to others: how far to turn (ink.grouping).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from inkdigits.images.page import Page
from inkdigits.types import Box, Gray

_ROWS = 256  # turned at once: a large page needs no more memory than a small one


@dataclass(frozen=True)
class Turn:
    """A turn around the middle of a page; the turned page is as large as it must be to hold all of it.

    Attributes:
        slope: How far writing falls for each pixel to the right, on the page itself.
        size: (height, width) of the page itself, pixels.
    """

    slope: float
    size: tuple[int, int]

    @property
    def turned_size(self) -> tuple[int, int]:
        """(height, width) of the turned page, pixels."""
        height, width = self.size
        cos, sin = self._parts
        return floor(height * cos + width * abs(sin) + 0.5), floor(width * cos + height * abs(sin) + 0.5)

    @property
    def _parts(self) -> tuple[float, float]:
        """Cosine and sine of the slope's angle."""
        long = sqrt(1 + self.slope * self.slope)
        return 1 / long, self.slope / long

    def apply(self, page: Page) -> Page:
        """Return the turned page, grey, its corners filled with what lies at the border.

        Interpolated linearly in 64 bits, by steps that the browser app repeats to the last bit.
        """
        gray = page.gray
        rows, columns = self.turned_size
        out = np.empty((rows, columns), np.uint8)
        for top in range(0, rows, _ROWS):
            out[top : top + _ROWS] = self._turn_rows(gray, np.arange(top, min(rows, top + _ROWS)))
        return Page(np.broadcast_to(out[..., None], (rows, columns, 3)), page.source, page.index)

    def _turn_rows(self, gray: Gray, y: npt.NDArray[np.int64]) -> Gray:
        (height, width), (rows, columns) = self.size, self.turned_size
        cos, sin = self._parts
        across = np.arange(columns) + (0.5 - columns / 2)
        down = (y + (0.5 - rows / 2))[:, None]
        x_at = cos * across - sin * down + (width / 2 - 0.5)
        y_at = sin * across + cos * down + (height / 2 - 0.5)
        left, top = np.floor(x_at), np.floor(y_at)
        x_part, y_part = x_at - left, y_at - top
        x0, x1 = (np.clip(left + step, 0, width - 1).astype(np.int64) for step in (0, 1))
        y0, y1 = (np.clip(top + step, 0, height - 1).astype(np.int64) for step in (0, 1))
        upper = (1 - x_part) * gray[y0, x0] + x_part * gray[y0, x1]
        lower = (1 - x_part) * gray[y1, x0] + x_part * gray[y1, x1]
        turned: Gray = np.floor((1 - y_part) * upper + y_part * lower + 0.5).astype(np.uint8)
        return turned

    def back(self, box: Box) -> Box:
        """Return the smallest upright box on the page itself around a box on the turned one.

        Args:
            box: In pixels of the turned page.
        """
        (height, width), (rows, columns) = self.size, self.turned_size
        cos, sin = self._parts
        x, y = box.x + box.width / 2 - columns / 2, box.y + box.height / 2 - rows / 2
        middle_x, middle_y = cos * x - sin * y + width / 2, sin * x + cos * y + height / 2
        across = (box.width * cos + box.height * abs(sin)) / 2
        down = (box.height * cos + box.width * abs(sin)) / 2
        left, right = _clip(middle_x - across, width - 1), _clip(middle_x + across, width)
        top, bottom = _clip(middle_y - down, height - 1), _clip(middle_y + down, height)
        return Box(left, top, max(1, right - left), max(1, bottom - top))


def _clip(value: float, most: int) -> int:
    return min(max(0, floor(value + 0.5)), most)
