"""Glyphs from ink: what is joined, what is apart, what is left out."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.ink import Glyph, InkPage, extract_ink, find_glyphs
from inkdigits.ink.binarize import measure_pen_px
from inkdigits.ink.components import Mask
from inkdigits.types import Box

PEN = 6


def canvas() -> Mask:
    return np.zeros((200, 400), np.uint8)


def line(mask: Mask, *points: tuple[int, int]) -> None:
    cv2.polylines(mask, [np.array(points, np.int32)], False, 1, PEN)


def bar(mask: Mask, x: int, *, top: int = 60, bottom: int = 130) -> None:
    """An upright stroke, such as a 1."""
    mask[top:bottom, x : x + PEN] = 1


def page_of(mask: Mask) -> InkPage:
    return InkPage(mask.astype(np.float32), mask, 1.0, light_on_dark=False, pen_px=measure_pen_px(mask))


def find(mask: Mask) -> tuple[list[Glyph], list[str]]:
    glyphs, rejected = find_glyphs(page_of(mask))
    return sorted(glyphs, key=lambda glyph: glyph.box), [item.reason for item in rejected]


def test_a_blank_page_has_none() -> None:
    blank = InkPage(np.zeros((9, 9), np.float32), np.zeros((9, 9), np.uint8), 1.0, False, 0.0)
    assert find_glyphs(blank) == ([], [])


def test_two_upright_strokes_are_two_glyphs() -> None:
    mask = canvas()
    bar(mask, 100)
    bar(mask, 120)
    glyphs, rejected = find(mask)
    assert [glyph.box for glyph in glyphs] == [Box(100, 60, PEN, 70), Box(120, 60, PEN, 70)]
    assert rejected == []


def test_the_bar_of_a_five_is_joined() -> None:
    mask = canvas()
    line(mask, (110, 80), (110, 100), (140, 105), (140, 125), (108, 130))
    line(mask, (112, 68), (145, 64))
    glyphs, _ = find(mask)
    assert len(glyphs) == 1
    assert glyphs[0].box.y < 70
    assert glyphs[0].box.bottom > 128


def test_a_stroke_broken_by_a_hair_is_joined() -> None:
    mask = canvas()
    for x in (50, 100, 200):
        bar(mask, x)
    bar(mask, 150, top=60, bottom=95)
    bar(mask, 150, top=98, bottom=130)
    glyphs, _ = find(mask)
    assert [glyph.box.height for glyph in glyphs] == [70] * 4


def test_digits_of_two_lines_are_not_joined() -> None:
    mask = canvas()
    for top in (20, 110):
        bar(mask, 100, top=top, bottom=top + 70)
        bar(mask, 150, top=top, bottom=top + 70)
    glyphs, _ = find(mask)
    assert len(glyphs) == 4


def test_a_mark_inside_a_loop_belongs_to_it() -> None:
    mask = canvas()
    cv2.ellipse(mask, (120, 100), (28, 40), 0, 0, 360, 1, PEN)
    line(mask, (115, 110), (125, 88))
    bar(mask, 220)
    glyphs, _ = find(mask)
    assert len(glyphs) == 2
    assert glyphs[0].box.width > 50


def test_a_digit_within_its_box_is_a_glyph_of_its_own() -> None:
    mask = canvas()
    line(mask, (90, 40), (200, 40), (200, 150), (90, 150), (90, 40))
    bar(mask, 120)
    bar(mask, 160)
    glyphs, _ = find(mask)
    assert [glyph.box.x for glyph in glyphs[1:]] == [120, 160]


def test_digits_within_a_large_ring_are_glyphs_of_their_own() -> None:
    mask = canvas()
    cv2.ellipse(mask, (200, 100), (130, 80), 0, 0, 360, 1, PEN)
    for x in (150, 200, 250):
        bar(mask, x, top=68, bottom=134)
    glyphs, _ = find(mask)
    assert sorted(glyph.box.height for glyph in glyphs)[:3] == [66, 66, 66]
    assert len(glyphs) == 4


def test_slanted_strokes_side_by_side_are_two_glyphs() -> None:
    mask = canvas()
    line(mask, (100, 140), (150, 40))
    line(mask, (126, 140), (151, 84))
    assert len(find(mask)[0]) == 2


def test_specks_are_left_out_with_their_reason() -> None:
    mask = canvas()
    bar(mask, 100)
    bar(mask, 160)
    mask[20:24, 300:304] = 1
    mask[170:173, 30:34] = 1
    glyphs, rejected = find(mask)
    assert len(glyphs) == 2
    assert rejected == ["speck", "speck"]


def test_a_long_thin_line_is_a_rule() -> None:
    mask = canvas()
    for x in (60, 100, 140, 180):
        bar(mask, x, top=60, bottom=110)
    mask[150:154, 20:380] = 1
    glyphs, rejected = find(mask)
    assert len(glyphs) == 4
    assert rejected == ["rule"]


def test_a_glyph_holds_its_own_ink_only() -> None:
    mask = canvas()
    line(mask, (100, 130), (140, 60))  # the boxes of these two overlap
    line(mask, (125, 130), (165, 60))
    glyphs, _ = find(mask)
    assert len(glyphs) == 2
    assert glyphs[0].box.right > glyphs[1].box.x
    for glyph in glyphs:
        assert int(np.count_nonzero(glyph.ink >= 0.5)) == int(np.count_nonzero(mask)) // 2
        parts, _ = cv2.connectedComponents((glyph.ink >= 0.5).astype(np.uint8))
        assert parts == 2  # the ground and one stroke


def reasons_in(gray: npt.NDArray[np.uint8]) -> tuple[int, list[str]]:
    glyphs, rejected = find_glyphs(extract_ink(gray))
    return len(glyphs), [item.reason for item in rejected]


@pytest.mark.parametrize("gap", [2, 4, 8, 30])
def test_a_straight_one_beside_a_zero_is_no_edge(gap: int) -> None:
    gray = np.full((160, 240), 235, np.uint8)
    cv2.ellipse(gray, (100, 80), (22, 34), 0, 0, 360, 20, 8)
    cv2.line(gray, (100 + 26 + gap + 4, 48), (100 + 26 + gap + 4, 112), 20, 8)
    assert reasons_in(gray) == (2, [])


def test_a_one_between_two_digits_is_no_edge() -> None:
    gray = np.full((160, 240), 235, np.uint8)
    for x in (70, 138):
        cv2.ellipse(gray, (x, 80), (20, 34), 0, 0, 360, 20, 8)
    cv2.line(gray, (104, 48), (104, 112), 20, 8)
    assert reasons_in(gray) == (3, [])


def test_a_line_where_light_paper_meets_dark_is_an_edge() -> None:
    gray = np.full((160, 240), 235, np.uint8)
    gray[:, 120:] = 170
    cv2.line(gray, (120, 30), (120, 130), 60, 5)
    assert reasons_in(gray) == (0, ["edge"])


def test_a_glyph_keeps_its_soft_edge() -> None:
    mask = canvas()
    bar(mask, 100)
    bar(mask, 160)
    ink = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8).astype(np.float32)
    hard = (ink >= 0.5).astype(np.uint8)
    glyphs, _ = find_glyphs(InkPage(ink, hard, 1.0, False, measure_pen_px(hard)))
    for glyph in glyphs:
        assert ((glyph.ink > 0.02) & (glyph.ink < 0.5)).any()
        assert glyph.ink.dtype == np.float32
        assert glyph.ink.shape == (glyph.box.height + 2, glyph.box.width + 2)


def test_at_the_border_there_is_no_room_for_an_edge() -> None:
    mask = canvas()
    mask[0:70, 0:PEN] = 1
    (glyph,), _ = find(mask)
    assert glyph.box == Box(0, 0, PEN, 70)
    assert glyph.ink.shape == (71, PEN + 1)


@pytest.mark.parametrize("factor", [2, 3])
def test_resolution_does_not_matter(factor: int) -> None:
    mask = canvas()
    line(mask, (110, 80), (110, 100), (140, 105), (140, 125), (108, 130))
    line(mask, (112, 68), (145, 64))
    bar(mask, 200)
    mask[20:24, 300:304] = 1
    large = np.kron(mask, np.ones((factor, factor), np.uint8))
    boxes = [Box(*(factor * side for side in glyph.box.to_list())) for glyph in find(mask)[0]]
    assert [glyph.box for glyph in find(large)[0]] == boxes
    assert find(large)[1] == find(mask)[1]


def test_many_specks_do_not_hide_glyphs_nor_join_them() -> None:
    mask = canvas()
    bar(mask, 100)
    bar(mask, 160)
    mask[2::9, 2::9] |= 1
    glyphs, rejected = find(mask)
    assert [glyph.box for glyph in glyphs] == [Box(100, 60, PEN, 70), Box(160, 60, PEN, 70)]
    assert set(rejected) == {"speck"}
