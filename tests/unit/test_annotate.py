"""The annotated picture: sizes, colours, and what is drawn where."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor

from inkdigits.annotate import (
    LEAST_PX,
    LESS_SURE,
    MOST_REJECTED,
    REJECTED,
    SURE,
    UNSURE,
    annotate_page,
    format_percent,
)
from inkdigits.images import Page
from inkdigits.types import Box, Digit, Mark, Number, Reading, Rejected

MIDDLE = Box(200, 120, 60, 90)


def make_page(height: int = 300, width: int = 500) -> Page:
    return Page(np.full((height, width, 3), 250, np.uint8))


def reading_of(confidence: float, *, box: Box = MIDDLE, page: int = 0) -> Reading:
    return Reading((Number((Digit("4", confidence, box),), page=page),))


def pixels_of(picture: Image.Image, colour: str) -> npt.NDArray[np.bool_]:
    """Where the picture has exactly this colour."""
    same: npt.NDArray[np.bool_] = np.all(np.asarray(picture) == ImageColor.getrgb(colour), axis=-1)
    return same


def test_an_empty_reading_draws_nothing() -> None:
    page = make_page()
    picture = annotate_page(page, Reading())
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture), page.rgb)


@pytest.mark.parametrize(
    ("size", "zoom"), [((28, 28), 17), ((100, 50), 5), ((300, 200), 2), ((480, 100), 1), ((2000, 900), 1)]
)
def test_small_pages_are_enlarged_by_a_whole_factor(size: tuple[int, int], zoom: int) -> None:
    picture = annotate_page(make_page(*size), Reading())
    assert picture.size == (size[1] * zoom, size[0] * zoom)
    assert max(picture.size) >= 0.75 * LEAST_PX


@pytest.mark.parametrize(
    ("confidence", "colour"),
    [(1.0, SURE), (0.95, SURE), (0.949, LESS_SURE), (0.7, LESS_SURE), (0.699, UNSURE), (0.1, UNSURE)],
)
def test_the_colour_tells_the_confidence(confidence: float, colour: str) -> None:
    picture = annotate_page(make_page(), reading_of(confidence))
    seen = [name for name in (SURE, LESS_SURE, UNSURE, REJECTED) if pixels_of(picture, name).any()]
    assert seen == [colour]


def test_the_frame_stands_around_the_digit_and_leaves_its_ink() -> None:
    box = Box(200, 120, 60, 90)
    picture = annotate_page(make_page(), reading_of(0.99, box=box))
    drawn = pixels_of(picture, SURE)
    assert not drawn[box.y : box.bottom, box.x : box.right].any()
    assert drawn[box.y - 1, box.x : box.right].all()
    assert drawn[box.bottom, box.x : box.right].all()
    assert drawn[box.y : box.bottom, box.x - 1].all()
    assert drawn[box.y : box.bottom, box.right].all()


@pytest.mark.parametrize("y", [120, 5, 0])
def test_the_label_stands_above_in_a_margin_if_need_be(y: int) -> None:
    box = Box(200, y, 60, 90)
    picture = annotate_page(make_page(), reading_of(0.99, box=box))
    margin = picture.height - 300
    assert (margin > 0) == (y < 100)
    letters = (np.asarray(picture) == 255).all(axis=-1)[:, box.x : box.right]  # its letters are white
    assert letters[: margin + box.y].any()
    assert not letters[margin + box.y :].any()


def test_boxes_are_enlarged_with_the_page() -> None:
    picture = annotate_page(make_page(60, 60), reading_of(0.99, box=Box(20, 25, 10, 20)))
    drawn = pixels_of(picture, SURE)
    assert picture.size == (480, 480)
    assert drawn[8 * 25 - 1, 8 * 20 : 8 * 30].all()
    assert not drawn[8 * 25 : 8 * 45, 8 * 20 : 8 * 30].any()


def test_marks_are_framed() -> None:
    (number,) = reading_of(0.5).numbers
    marked = Reading((Number(number.digits, marks=(Mark(".", 0.97, Box(280, 200, 8, 8)),)),))
    drawn = pixels_of(annotate_page(make_page(), marked), SURE)
    assert drawn[199, 280:288].all()
    assert not drawn[200:208, 280:288].any()


def test_what_wants_an_eye_stands_out() -> None:
    digit = Digit("4", 0.99, MIDDLE, is_sure=False)  # below what was asked for
    picture = annotate_page(make_page(), Reading((Number((digit,)),)))
    assert pixels_of(picture, UNSURE).any()
    assert not pixels_of(picture, SURE).any()
    odd = Reading((Number((Digit("4", 0.99, MIDDLE),), violates="it has 1 digit instead of 5"),))
    drawn = pixels_of(annotate_page(make_page(), odd), UNSURE)
    assert drawn[MIDDLE.bottom + 5, MIDDLE.x : MIDDLE.right].all()


def test_rejected_ink_is_framed_in_grey() -> None:
    reading = Reading(rejected=(Rejected(Box(10, 20, 30, 40), "rule"),))
    drawn = pixels_of(annotate_page(make_page(), reading), REJECTED)
    assert drawn[20, 10:40].all()
    assert int(drawn.sum()) == 2 * 30 + 2 * 40 - 4


def test_thousands_of_specks_are_not_all_drawn() -> None:
    specks = tuple(Rejected(Box(3 * (i % 160), 3 * (i // 160), 2, 2), "speck") for i in range(1000))
    drawn = pixels_of(annotate_page(make_page(), Reading(rejected=specks)), REJECTED)
    assert int(drawn.sum()) == 4 * MOST_REJECTED


def test_each_page_shows_its_own() -> None:
    reading = Reading(
        (*reading_of(0.99, page=1).numbers,), (Rejected(Box(10, 20, 30, 40), "rule", 0),), ((300, 500),) * 2
    )
    first, second = (annotate_page(make_page(), reading, page_index=i) for i in (0, 1))
    assert pixels_of(first, REJECTED).any()
    assert not pixels_of(first, SURE).any()
    assert pixels_of(second, SURE).any()
    assert not pixels_of(second, REJECTED).any()


def test_the_page_is_not_changed() -> None:
    page = make_page()
    before = page.rgb.copy()
    annotate_page(page, reading_of(0.5))
    np.testing.assert_array_equal(page.rgb, before)


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(499, 299, 1, 1), Box(0, 0, 500, 300)])
def test_boxes_at_the_edge(box: Box) -> None:
    picture = annotate_page(make_page(), reading_of(0.99, box=box))
    assert picture.width == 500
    assert 300 <= picture.height <= 400


@pytest.mark.parametrize(
    ("confidence", "text"),
    [
        (0, "0%"),
        (0.004, "0%"),
        (0.126, "13%"),
        (0.97, "97%"),
        (0.994, "99%"),
        (0.995, "99%"),
        (0.9951, ">99%"),
        (1, ">99%"),
    ],
)
def test_percent_never_reaches_certainty(confidence: float, text: str) -> None:
    assert format_percent(confidence) == text
