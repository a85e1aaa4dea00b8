"""Ruled lines and grids go, digits that stand on them stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.paper import PAPERS, make_page
from inkdigits.ink import InkPage, extract_ink, find_glyphs, remove_rules
from inkdigits.ink.binarize import measure_pen_px
from inkdigits.ink.components import Mask
from inkdigits.ink.rules import _find_runs, _measure_reach
from inkdigits.types import Box

HEIGHT, WIDTH = 240, 480


def digits(mask: Mask, *, y: int = 80) -> None:
    """Four forms of 60 px: two loops and two uprights."""
    for x in (80, 240):
        cv2.ellipse(mask, (x, y + 30), (18, 27), 0, 0, 360, 1, 6)
    for x in (150, 310):
        cv2.line(mask, (x, y + 3), (x, y + 57), 1, 6)


def page_of(mask: Mask) -> InkPage:
    return InkPage(mask.astype(np.float32), mask, 1.0, light_on_dark=False, pen_px=measure_pen_px(mask))


def make_mask() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    digits(mask)
    return mask


def test_without_rules_the_page_is_the_same_object() -> None:
    page = page_of(make_mask())
    cleaned, rejected = remove_rules(page)
    assert cleaned is page
    assert rejected == []


@pytest.mark.parametrize("y", [40, 170])
@pytest.mark.parametrize("thickness", [1, 3])
def test_a_line_apart_from_the_digits_goes(y: int, thickness: int) -> None:
    mask = make_mask()
    wanted = mask.copy()
    mask[y : y + thickness, :] = 1
    cleaned, rejected = remove_rules(page_of(mask))
    np.testing.assert_array_equal(cleaned.mask, wanted)
    np.testing.assert_array_equal(cleaned.ink, wanted)
    assert [item.reason for item in rejected] == ["rule"]
    assert rejected[0].box.width == WIDTH
    assert rejected[0].box.y == y


def test_an_upright_line_goes() -> None:
    mask = make_mask().T.copy()
    wanted = mask.copy()
    mask[:, 30:33] = 1
    cleaned, rejected = remove_rules(page_of(mask))
    np.testing.assert_array_equal(cleaned.mask, wanted)
    assert rejected[0].box.height == 480


def test_a_line_through_the_digits_leaves_them_whole() -> None:
    mask = make_mask()
    alone = mask.copy()
    mask[125:128, :] = 1
    cleaned, _ = remove_rules(page_of(mask))
    assert not cleaned.mask[125:128, :50].any()
    lost = alone & (1 - cleaned.mask)
    assert int(lost.sum()) <= 0.03 * int(alone.sum())
    parts, _ = cv2.connectedComponents(cleaned.mask)
    assert parts == 5  # the ground and four digits


def test_a_slightly_slanted_line_goes() -> None:
    mask = make_mask()
    alone = mask.copy()
    cv2.line(mask, (0, 165), (WIDTH, 171), 1, 2)
    cleaned, rejected = remove_rules(page_of(mask))
    assert {item.reason for item in rejected} == {"rule"}
    left = cleaned.mask & (1 - alone)
    assert int(left.sum()) < 0.1 * int((mask & (1 - alone)).sum())


@pytest.mark.parametrize("turned", [False, True])
def test_a_lone_stroke_is_writing(*, turned: bool) -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[20:180, 97:103] = 1
    page = page_of(mask.T.copy() if turned else mask)
    assert remove_rules(page)[0] is page


def test_the_bar_of_a_seven_stays() -> None:
    mask = make_mask()
    mask[83:89, 370:415] = 1
    cv2.line(mask, (413, 85), (385, 140), 1, 6)
    cleaned, rejected = remove_rules(page_of(mask))
    assert rejected == []
    assert cleaned.mask[85, 375]


def in_reading_order(box: Box) -> tuple[int, int]:
    """Two lines of writing, the first above row 120."""
    return int(box.center[1] > 120), box.x


@pytest.mark.parametrize("paper", ["ruled", "squared"])
@pytest.mark.parametrize("seed", range(4))
def test_printed_paper_keeps_its_digits(paper: str, seed: int) -> None:
    # no 5: where its cap flies off, components see two signs
    page, truth = make_page(["2706", "386"], rng=np.random.default_rng(seed), paper=PAPERS[paper])
    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    cleaned, _ = remove_rules(extract_ink(gray))
    found = sorted((glyph.box for glyph in find_glyphs(cleaned)[0]), key=in_reading_order)
    written = sorted((box for line in truth for box in line.boxes), key=in_reading_order)
    assert len(found) == len(written), [box.to_list() for box in found if box.height < 40]
    for box, wanted in zip(found, written, strict=True):
        assert np.abs(np.subtract(box.to_list(), wanted.to_list())).max() <= 8


@pytest.mark.parametrize("step", [40, 60])
@pytest.mark.parametrize("is_grid", [False, True])
def test_blank_printed_paper_is_blank(step: int, *, is_grid: bool) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y in range(step, HEIGHT, step):
        mask[y : y + 2] = 1
    if is_grid:
        for x in range(step, WIDTH, step):
            mask[:, x : x + 2] = 1
    cleaned, rejected = remove_rules(page_of(mask))
    assert cleaned.is_blank
    assert not cleaned.ink.any()
    assert {item.reason for item in rejected} == {"rule"}


@pytest.mark.parametrize("thickness", [2, 8])
def test_one_stroke_from_edge_to_edge_is_writing(thickness: int) -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[:, 96 : 96 + thickness] = 1
    page = page_of(mask)
    assert remove_rules(page)[0] is page


def test_small_digits_and_ones_stay_between_slanted_rules() -> None:
    # A slanted rule's box is as high as a small digit is wide, and a 1 is as thin as the rule itself.
    mask = np.zeros((460, 650), np.uint8)
    for y in range(30, 440, 40):
        cv2.line(mask, (0, y), (649, y + 10), 1, 2)
    for x in range(20, 640, 70):
        cv2.line(mask, (x, 0), (x + 4, 459), 1, 2)
    for y in range(48, 400, 40):
        for x in range(45, 600, 70):
            cv2.ellipse(mask, (x, y + 9), (5, 9), 0, 0, 360, 1, 2)
            cv2.line(mask, (x + 18, y), (x + 17, y + 18), 1, 2)
    cleaned, rules = remove_rules(page_of(mask))
    assert len(find_glyphs(cleaned)[0]) == 2 * 9 * 8
    assert {rule.is_upright for rule in rules} == {True, False}
    assert all(abs(rule.slope - 10 / 650) < 0.004 for rule in rules if not rule.is_upright)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_taken_for_too_short_holds_no_long_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((90, int(rng.integers(40, 160))), np.uint8)
    for _ in range(int(rng.integers(1, 12))):
        x, y = int(rng.integers(mask.shape[1])), int(rng.integers(90))
        cv2.line(mask, (x, y), (x + int(rng.integers(5, 80)), y + int(rng.integers(-3, 4))), 1, 2)
    piece_px = int(rng.integers(9, 40))
    everything = _find_runs(mask, piece_px=piece_px, least_px=0)
    assert everything is not None
    widest = int(everything.stats[1:, 2].max(initial=0))
    assert widest <= _measure_reach(mask, max(3, piece_px // 4) // 2)
    assert _find_runs(mask, piece_px=piece_px, least_px=widest) is not None
    assert _find_runs(mask, piece_px=piece_px, least_px=mask.shape[1] + 1) is None


def test_a_page_without_ink_reaches_nowhere() -> None:
    assert _measure_reach(np.zeros((5, 7), np.uint8), 3) == 0
