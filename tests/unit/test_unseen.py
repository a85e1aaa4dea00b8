"""What the detector left: strokes that may be digits, and frames that are none."""

from __future__ import annotations

import numpy as np

from inkdigits.bundles.detector import Spotted
from inkdigits.ink import Glyph
from inkdigits.types import Box
from inkdigits.unseen import may_be_digit


def test_a_slanted_stroke_that_leans_over_a_digit_may_be_one() -> None:
    digit, glyph = Spotted(50, 40, 30, 60, 0.9, np.full(10, 0.1, np.float32)), Box(20, 20, 60, 90)
    ink = np.zeros((glyph.height, glyph.width), np.float32)
    for row in range(glyph.height):
        ink[row, max(0, 54 - round(0.6 * row)) : 60 - round(0.6 * row)] = 1
    assert may_be_digit(Glyph(ink, glyph), [digit])
    frame = np.zeros_like(ink)
    frame[:4], frame[-4:], frame[:, :4], frame[:, -4:] = 1, 1, 1, 1
    assert not may_be_digit(Glyph(frame, glyph), [digit])


def test_only_slim_strokes_may_be_twice_as_high_as_the_digits() -> None:
    digit = Spotted(50, 40, 30, 60, 0.9, np.full(10, 0.1, np.float32))

    def stroke(width: int, height: int) -> Glyph:
        return Glyph(np.ones((height, width), np.float32), Box(0, 0, width, height))

    assert may_be_digit(stroke(40, 120), [digit])
    assert not may_be_digit(stroke(65, 120), [digit])
    assert not may_be_digit(stroke(40, 140), [digit])
    assert may_be_digit(stroke(40, 140), [])
