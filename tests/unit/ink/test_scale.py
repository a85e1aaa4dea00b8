"""The typical height of a digit: a median that specks, frames and cut pieces can't move."""

from __future__ import annotations

import pytest

from inkdigits.ink.scale import touches_border, typical_height
from inkdigits.types import Box

PAGE = (400, 600)


def digit(x: int, *, height: int = 50, width: int = 30, y: int = 100) -> Box:
    return Box(x, y, width, height)


def height_of(*boxes: Box, pen_px: float = 5.0) -> float:
    return typical_height(boxes, pen_px=pen_px, page_size=PAGE)


def test_it_is_the_median() -> None:
    assert height_of(digit(50, height=40), digit(100, height=50), digit(150, height=90)) == 50


def test_of_two_the_higher() -> None:
    assert height_of(digit(50, height=30), digit(100, height=60)) == 60


def test_a_wide_component_counts_half_its_width() -> None:
    assert height_of(Box(50, 50, 200, 40)) == 100


def test_specks_do_not_count() -> None:
    specks = [Box(10 * i + 5, 300, 4, 4) for i in range(40)]
    assert height_of(digit(100), digit(150), *specks) == 50


def test_small_marks_do_not_count_beside_digits() -> None:
    commas = [Box(20 * i + 5, 300, 8, 10) for i in range(3)]
    assert height_of(digit(100), digit(150), *commas, pen_px=2.0) == 50


def test_one_large_blot_among_many_digits_is_the_exception() -> None:
    digits = [digit(20 * i + 5, height=20, width=12) for i in range(10)]
    assert height_of(*digits, Box(200, 200, 180, 150), pen_px=3.0) == 20


def test_what_touches_the_border_does_not_count() -> None:
    edge = Box(0, 0, 30, 390)
    assert height_of(digit(100), edge) == 50
    assert height_of(edge) == 390  # unless there is nothing else


def test_only_specks() -> None:
    assert height_of(Box(10, 10, 3, 3), Box(30, 10, 4, 4)) == 4


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        (Box(1, 1, 598, 398), False),
        (Box(0, 1, 10, 10), True),
        (Box(1, 0, 10, 10), True),
        (Box(590, 1, 10, 10), True),
        (Box(1, 390, 10, 10), True),
        (Box(589, 389, 10, 10), False),
    ],
)
def test_touching_the_border(box: Box, *, touches: bool) -> None:
    assert touches_border(box, PAGE) is touches
