"""Judges by its form what the detector left: whether it may be a digit after all, and whether letters hide in it.

Owns: that judgement, on boxes and ink in working pixels. Leaves to others: what the detector sees, and what becomes
of both (finding).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from inkdigits.bundles.detector import Spotted
from inkdigits.ink import Glyph
from inkdigits.ink.components import Mask
from inkdigits.types import Box

LIKE_HEIGHT = (0.5, 1.8)  # a digit that the detector missed is so high, in heights of those that it saw
LONG, LONG_WIDTH = 2.2, 0.5  # a 1 may be so high, if it is no wider than this part of its height
LETTER_WIDTH = 0.75  # of letters in wide ink, in heights of the digits in it
HIDDEN_HEIGHT = 0.7  # and their height


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


def find_hidden_letters(mask: Mask, wide: Sequence[Box], digits: Sequence[Spotted]) -> list[Box]:
    """Find letters in ink that is too wide for one sign, as a word that touches its underline.

    Args:
        mask: (H, W) uint8, 1 where there is ink.
        wide: Boxes of such ink, working pixels.
        digits: What the detector sees, best first; what it explains is not sought again.

    Returns:
        A box for each digit's width of ink that is nearly as high as digits and is not explained by one.
    """
    letters: list[Box] = []
    for box in wide:
        inside = [to_box(sign) for sign in digits if _lies_in(sign, box)]
        height = median(digit.height for digit in inside) if inside else 0
        if not height or box.width < 2 * height:
            continue
        part = mask[box.y : box.bottom, box.x : box.right].copy()
        for digit in inside:
            part[:, max(0, digit.x - box.x) : max(0, digit.right - box.x)] = 0
        step = max(1, round(LETTER_WIDTH * height))
        for left in range(0, box.width - step + 1, step):
            rows = np.flatnonzero(part[:, left : left + step].any(axis=1))
            columns = int(part[:, left : left + step].any(axis=0).sum())
            if len(rows) and columns > step / 2 and rows[-1] - rows[0] + 1 >= HIDDEN_HEIGHT * height:
                letters.append(Box(box.x + left, box.y + int(rows[0]), step, int(rows[-1] - rows[0]) + 1))
    return letters


def _lies_in(sign: Spotted, box: Box) -> bool:
    x, y = sign.x + sign.width / 2, sign.y + sign.height / 2
    return box.x <= x < box.right and box.y <= y < box.bottom


def to_box(sign: Spotted) -> Box:
    """Return the box of what the detector sees, whole pixels, never empty."""
    x, y = round(sign.x), round(sign.y)
    return Box(x, y, max(1, round(sign.x + sign.width) - x), max(1, round(sign.y + sign.height) - y))
