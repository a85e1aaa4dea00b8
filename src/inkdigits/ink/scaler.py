"""From working pixels back to pixels of the page.

Owns: that step for boxes. Leaves to others: the working scale (binarize), borders that a crop was given (finding).
"""

from __future__ import annotations

from inkdigits.types import Box


class Scaler:
    """Brings boxes from working pixels to pixels of the page, clipped to it and never empty."""

    def __init__(self, scale: float, size: tuple[int, int], *, border_px: int = 0) -> None:
        self._scale, self._size, self._border_px = scale, size, border_px

    def __call__(self, box: Box) -> Box:
        """Return where a box of working pixels lies on the page."""
        height, width = self._size
        left, top = (
            int(min(max(value / self._scale - self._border_px, 0), most - 1))
            for value, most in ((box.x, width), (box.y, height))
        )
        right = min(width, max(left + 1, round(box.right / self._scale) - self._border_px))
        bottom = min(height, max(top + 1, round(box.bottom / self._scale) - self._border_px))
        return Box(left, top, right - left, bottom - top)
