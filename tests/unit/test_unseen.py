"""What the detector left: strokes that may be digits, frames that are none, words that hide in wide ink."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.bundles.detector import Spotted
from inkdigits.ink import Glyph
from inkdigits.types import Box
from inkdigits.unseen import find_hidden_letters, may_be_digit


def spot(box: Box) -> Spotted:
    return Spotted(box.x, box.y, box.width, box.height, 0.9, np.full(10, 0.1, np.float32))


@pytest.mark.parametrize(
    ("columns", "height", "wanted"),
    [
        ((40, 200), 40, 5),  # a word that hangs together with one digit
        ((40, 200), 12, 0),  # a sweep of the pen
        ((40, 60), 40, 0),  # a little of a neighbour
    ],
)
def test_ink_as_high_as_digits_that_hangs_together_with_one_is_letters(
    columns: tuple[int, int], height: int, wanted: int
) -> None:
    mask = np.zeros((60, 220), np.uint8)
    mask[10:50, 5:35] = 1
    mask[50 - height : 50, columns[0] : columns[1]] = 1
    letters = find_hidden_letters(mask, [Box(5, 10, columns[1] - 5, 40)], [spot(Box(5, 10, 30, 40))])
    assert len(letters) == wanted
    assert all(box.x >= columns[0] - 30 for box in letters)


def test_a_chain_of_digits_holds_no_letters() -> None:
    mask = np.ones((60, 120), np.uint8)
    chain = [spot(Box(left, 10, 30, 40)) for left in (0, 30, 60, 90)]
    assert find_hidden_letters(mask, [Box(0, 10, 120, 40)], chain) == []
    assert find_hidden_letters(mask, [Box(0, 10, 120, 40)], []) == []


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
