"""Cutting signs out of a page: whole strokes where they stand alone, the part in the box where they touch."""

from __future__ import annotations

import numpy as np

from inkdigits.ink import Glyph, InkPage, cut_glyphs
from inkdigits.types import Box, Ink


def make_page(*boxes: tuple[int, int, int, int]) -> InkPage:
    """Full ink in rectangles x, y, width, height."""
    ink: Ink = np.zeros((60, 120), np.float32)
    for x, y, width, height in boxes:
        ink[y : y + height, x : x + width] = 1
    return InkPage(ink, ink.astype(np.uint8), 1.0, light_on_dark=False, pen_px=4.0)


def cut(page: InkPage, *box: float) -> Glyph | None:
    return cut_glyphs(page, [(box[0], box[1], box[2], box[3])])[0]


def test_a_lone_stroke_is_taken_whole_though_the_box_is_short() -> None:
    page = make_page((20, 10, 8, 40))
    glyph = cut(page, 18, 12, 12, 34)
    assert glyph is not None
    assert glyph.box == Box(20, 10, 8, 40)
    assert glyph.ink.sum() == 8 * 40


def test_of_a_chain_only_the_part_in_the_box_is_taken() -> None:
    page = make_page((10, 20, 100, 8))
    glyph = cut(page, 40, 10, 20, 30)
    assert glyph is not None
    assert glyph.box == Box(40, 20, 20, 8)


def test_the_end_of_a_neighbour_is_left_out() -> None:
    page = make_page((20, 10, 10, 40), (34, 24, 60, 6))
    glyph = cut(page, 18, 8, 20, 44)
    assert glyph is not None
    assert glyph.box == Box(20, 10, 10, 40)
    assert glyph.ink.sum() == 10 * 40


def test_two_strokes_of_one_sign_come_together() -> None:
    page = make_page((20, 10, 20, 4), (20, 18, 4, 30))
    glyph = cut(page, 18, 8, 26, 44)
    assert glyph is not None
    assert glyph.box == Box(20, 10, 20, 38)


def test_an_empty_box_and_a_blank_page_give_nothing() -> None:
    assert cut(make_page((20, 10, 8, 40)), 80, 10, 20, 30) is None
    blank = InkPage(
        np.zeros((9, 9), np.float32), np.zeros((9, 9), np.uint8), 1.0, light_on_dark=False, pen_px=0.0
    )
    assert cut_glyphs(blank, [(0, 0, 5, 5)]) == [None]


def test_boxes_beyond_the_page_are_clipped() -> None:
    glyph = cut(make_page((110, 10, 10, 40)), 100, -20, 60, 200)
    assert glyph is not None
    assert glyph.box == Box(110, 10, 10, 40)
