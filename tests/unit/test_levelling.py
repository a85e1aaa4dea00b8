"""Pages whose writing runs up or down: they are turned, read, and all boxes lie on the page itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits import Reader
from inkdigits.deciding import Verdict
from inkdigits.finding import Found, Sighting
from inkdigits.images import Page
from inkdigits.images.turn import Turn
from inkdigits.levelling import find_turn, is_as_sure, move_rejected
from inkdigits.types import Box, Gray, Rejected, Rule

READER = Reader()
SIZE = (300, 500)


def write(text: str) -> Gray:
    """A row of digits as a display shows them, dark on white: the reader knows them without doubt."""
    gray = np.full(SIZE, 245, np.uint8)
    for index, digit in enumerate(text):
        place = (60 + 80 * index, 180)
        cv2.putText(gray, digit, place, cv2.FONT_HERSHEY_SIMPLEX, 2.6, 20, 6, cv2.LINE_AA)
    return gray


def turn_picture(gray: Gray, degrees: float) -> Gray:
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    return cv2.warpAffine(gray, matrix, (width, height), borderValue=(245,)).astype(np.uint8)


def page_of(gray: Gray) -> Page:
    return Page(np.repeat(gray[:, :, None], 3, axis=2))


def digit(*, sure: float) -> Verdict:
    probs = np.zeros(10, np.float32)
    probs[3] = sure
    return Verdict(is_digit=True, probs=probs)


def found_at(*boxes: Box) -> Found:
    return Found(page_of(write("")), 0, [Sighting(box, None) for box in boxes], [], [], [], 3.0)


@pytest.mark.parametrize("degrees", [-22, -15, -9, 0, 9, 15, 22])
def test_a_number_is_read_however_the_picture_is_turned(degrees: int) -> None:
    reading = READER.read(turn_picture(write("23745"), degrees))
    assert reading.text == "23745"
    assert reading.page_sizes == (SIZE,)


@pytest.mark.parametrize("degrees", [-18, 12, 20])
def test_boxes_lie_where_the_ink_is(degrees: int) -> None:
    gray = turn_picture(write("23745"), degrees)
    digits = READER.read(gray).digits
    assert len(digits) == 5
    for one in digits:
        box = one.box
        assert 0 <= box.x < box.right <= SIZE[1]
        assert 0 <= box.y < box.bottom <= SIZE[0]
        inside = gray[box.y : box.bottom, box.x : box.right] < 128
        assert inside.sum() > 300  # all of one digit
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        assert abs((rows[0] + rows[-1] + 1) / 2 - box.height / 2) < 12
        assert abs((columns[0] + columns[-1] + 1) / 2 - box.width / 2) < 12


def test_the_forms_of_turned_digits_are_told_too() -> None:
    reading, forms = READER.read_with_forms([page_of(turn_picture(write("23745"), 15))])
    assert reading.text == "23745"
    assert [form is not None and form.shape for form in forms] == [(28, 28)] * 5


def test_coloured_and_grey_pages_are_turned_alike() -> None:
    gray = turn_picture(write("23745"), 15)
    texts = [READER.read(picture).text for picture in (gray, np.repeat(gray[:, :, None], 3, axis=2))]
    assert texts == ["23745"] * 2


def test_only_far_turned_pages_are_turned_back() -> None:
    sure = digit(sure=0.9)
    boxes = [Box(100 + 50 * i, 200 - 12 * i, 30, 50) for i in range(4)]
    turn = find_turn(found_at(*boxes), [sure] * 4)
    assert turn is not None
    assert turn.slope == pytest.approx(-0.24)
    assert turn.size == SIZE
    level = [Box(100 + 50 * i, 200 - 4 * i, 30, 50) for i in range(4)]
    assert find_turn(found_at(*level), [sure] * 4) is None
    assert find_turn(found_at(), []) is None


def test_the_level_page_must_be_as_sure() -> None:
    assert is_as_sure([digit(sure=0.9)] * 3, [digit(sure=0.9)] * 3)
    assert is_as_sure([digit(sure=0.87)] * 3, [digit(sure=0.9)] * 3)
    assert not is_as_sure([digit(sure=0.9)] * 2, [digit(sure=0.9)] * 3)


@pytest.mark.parametrize("slope", [-0.4, -0.1, 0.2, 0.5])
def test_places_come_back(slope: float) -> None:
    gray = np.full(SIZE, 240, np.uint8)
    gray[100:140, 300:330] = 10
    turn = Turn(slope, SIZE)
    turned = turn.apply(page_of(gray)).gray
    assert turned.shape == turn.turned_size
    rows, columns = np.nonzero(turned < 128)
    box = Box(
        int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    )  # around the turned block
    back = turn.back(box)
    assert abs(back.center[0] - 315) < 2
    assert abs(back.center[1] - 120) < 2
    assert back.x <= 300 < 330 <= back.right
    assert back.y <= 100 < 140 <= back.bottom


def test_boxes_stay_on_the_page() -> None:
    turn = Turn(0.3, SIZE)
    rows, columns = turn.turned_size
    for corner in (Box(0, 0, 9, 9), Box(columns - 9, 0, 9, 9), Box(0, rows - 9, 9, 9)):
        back = turn.back(corner)
        assert 0 <= back.x < back.right <= SIZE[1]
        assert 0 <= back.y < back.bottom <= SIZE[0]


def test_rules_keep_their_slope_on_the_page() -> None:
    turn = Turn(0.2, SIZE)
    across = move_rejected(Rule(Box(10, 100, 300, 3), slope=0.01), turn)
    assert isinstance(across, Rule)
    assert across.slope == pytest.approx(0.21)
    upright = move_rejected(Rule(Box(100, 10, 3, 200), slope=0.01), turn)
    assert isinstance(upright, Rule)
    assert upright.slope == pytest.approx(-0.19)
    assert move_rejected(Rejected(Box(10, 10, 5, 5), "speck", 2), turn).page == 2
