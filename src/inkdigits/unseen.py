"""Judges by its form what the detector left: whether it may be a digit after all.

Owns: that judgement, on boxes and ink in working pixels. Leaves to others: what the detector sees, and what becomes
of both (finding).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from inkdigits.bundles.detector import Spotted
from inkdigits.ink import Glyph
from inkdigits.types import Box

LIKE_HEIGHT = (0.5, 1.8)  # a digit that the detector missed is so high, in heights of those that it saw
LONG, LONG_WIDTH = 2.2, 0.5  # a 1 may be so high, if it is no wider than this part of its height


def may_be_digit(glyph: Glyph, digits: Sequence[Spotted]) -> bool:
    """Tell whether a glyph that the detector did not see may be a digit.

    Args:
        glyph: The glyph.
        digits: What the detector saw, boxes in working pixels.

    Returns:
        False for frames around digits, and for ink that is much lower or higher than the digits of the page.
    """
    if not digits:
        return True
    height = median(sign.height for sign in digits)
    most = LONG if glyph.box.width <= LONG_WIDTH * glyph.box.height else LIKE_HEIGHT[1]
    if not LIKE_HEIGHT[0] * height <= glyph.box.height <= most * height:
        return False
    middles = [(sign.x + sign.width / 2, sign.y + sign.height / 2) for sign in digits]
    return not any(_surrounds(glyph, *middle) for middle in middles)


def _surrounds(glyph: Glyph, x: float, y: float) -> bool:
    """Tell whether ink lies on both sides of a place, as a frame's does; a slanted 1 leans over its neighbour."""
    box = glyph.box
    if not (box.x < x < box.right and box.y < y < box.bottom):
        return False
    rows, columns = glyph.ink.shape  # with or without a fringe around the box
    row = glyph.ink[min(rows - 1, int(y - box.y) + (rows - box.height) // 2)]
    column = min(columns - 1, int(x - box.x) + (columns - box.width) // 2)
    return bool(row[:column].any() and row[column:].any())


def to_box(sign: Spotted) -> Box:
    """Return the box of what the detector sees, whole pixels, never empty."""
    x, y = round(sign.x), round(sign.y)
    return Box(x, y, max(1, round(sign.x + sign.width) - x), max(1, round(sign.y + sign.height) - y))
