"""Doubtful sightings beside sure digits: which of them are taken for digits, too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkdigits.deciding import Verdict
from inkdigits.reconsidering import are_faint, doubt_parts, reconsider
from inkdigits.types import Box


def verdict(probability: float, *, is_digit: bool) -> Verdict:
    return Verdict(is_digit, np.full(10, probability / 10, np.float32))


SURE = [Box(0, 0, 15, 30), Box(20, 1, 15, 30)]


@pytest.mark.parametrize(
    ("box", "probability", "wanted"),
    [
        (Box(40, 0, 8, 29), 0.3, True),  # a thin 1 at the end of the line
        (Box(40, 0, 8, 29), 0.1, False),  # hardly a digit at all
        (Box(40, 20, 8, 9), 0.4, False),  # as low as a point
        (Box(90, 0, 8, 29), 0.4, False),  # far away
        (Box(40, 60, 8, 29), 0.4, False),  # on another line
        (Box(14, 0, 12, 30), 0.4, False),  # on top of a digit
    ],
)
def test_what_continues_a_line_is_a_digit(box: Box, probability: float, *, wanted: bool) -> None:
    verdicts = [verdict(0.9, is_digit=True)] * 2 + [verdict(probability, is_digit=False)]
    assert [v.is_digit for v in reconsider([*SURE, box], verdicts)] == [True, True, wanted]


def test_one_doubtful_digit_may_support_the_next() -> None:
    boxes = [SURE[0], Box(22, 0, 14, 30), Box(60, 0, 14, 30)]
    verdicts = [verdict(0.9, is_digit=True), verdict(0.4, is_digit=False), verdict(0.3, is_digit=False)]
    assert all(v.is_digit for v in reconsider(boxes, verdicts))


def test_without_a_sure_digit_nothing_changes() -> None:
    verdicts = [verdict(0.4, is_digit=False)] * 2
    assert reconsider(SURE, verdicts) == verdicts


LINE = [*SURE, Box(40, 0, 14, 30)]


@pytest.mark.parametrize(
    ("contrast", "probability", "is_digit", "wanted"),
    [
        (0.5, 0.1, False, True),  # hardly a digit, but of their ink and in their line
        (0.3, 0.1, False, False),
        (None, 0.1, False, False),
        (0.3, 0.6, True, False),  # the print behind the writing
        (0.3, 0.98, True, True),  # unless it is so sure
        (0.4, 0.6, True, True),  # another pressure
    ],
)
def test_digits_of_a_line_have_the_same_ink(
    contrast: float | None, probability: float, *, is_digit: bool, wanted: bool
) -> None:
    verdicts = [verdict(0.95, is_digit=True)] * 2 + [verdict(probability, is_digit=is_digit)]
    judged = reconsider(LINE, verdicts, [0.5, 0.52, contrast])
    assert [v.is_digit for v in judged] == [True, True, wanted]


def test_another_field_may_be_written_with_another_pen() -> None:
    boxes = [*SURE, Box(400, 0, 14, 30), Box(0, 200, 14, 30)]
    verdicts = [verdict(0.95, is_digit=True)] * 2 + [verdict(0.6, is_digit=True)] * 2
    assert all(v.is_digit for v in reconsider(boxes, verdicts, [0.6, 0.6, 0.2, 0.2]))


@pytest.mark.parametrize(
    ("contrast", "probability", "wanted"),
    [(0.1, 0.8, False), (0.1, 0.98, True), (0.3, 0.8, True), (None, 0.8, True)],
)
def test_what_hardly_stands_out_must_be_sure(
    contrast: float | None, probability: float, *, wanted: bool
) -> None:
    judged = reconsider([SURE[0]], [verdict(probability, is_digit=True)], [contrast])
    assert judged[0].is_digit == wanted


def with_label(label: int, probability: float, *, is_digit: bool) -> Verdict:
    probs = np.zeros(10, np.float32)
    probs[label] = probability
    return Verdict(is_digit, probs)


@pytest.mark.parametrize(("label", "wanted"), [(1, True), (4, False)])
def test_only_ones_may_be_long(label: int, *, wanted: bool) -> None:
    verdicts = [verdict(0.95, is_digit=True)] * 2 + [with_label(label, 0.4, is_digit=False)]
    judged = reconsider([*SURE, Box(40, -20, 14, 55)], verdicts)
    assert judged[2].is_digit == wanted


@pytest.mark.parametrize(("label", "wanted"), [(0, True), (6, False)])
def test_zeros_may_be_small(label: int, *, wanted: bool) -> None:
    verdicts = [verdict(0.95, is_digit=True)] * 2 + [with_label(label, 0.8, is_digit=True)]
    judged = reconsider([*SURE, Box(40, 16, 14, 14)], verdicts)
    assert judged[2].is_digit == wanted


def test_neighbours_make_a_doubtful_digit_more_probable_but_say_not_which() -> None:
    doubtful = with_label(4, 0.3, is_digit=False)
    judged = reconsider(LINE, [verdict(0.95, is_digit=True)] * 2 + [doubtful])[2]
    assert judged.is_digit
    assert 0.7 < judged.probs.sum() < 0.95
    assert judged.probs.argmax() == 4


def test_ink_is_faint_beside_that_of_the_digits_of_its_line() -> None:
    boxes = [Box(40, 0, 14, 30), Box(40, 0, 14, 30), Box(40, 0, 14, 30), Box(40, 200, 14, 30)]
    found = are_faint(boxes, [0.2, 0.5, None, 0.2], digits=SURE, digit_contrasts=[0.6, 0.6])
    assert found == [True, False, False, False]  # print, pen, unknown, another line


def test_without_known_digits_no_ink_is_faint() -> None:
    assert are_faint([SURE[0]], [0.1], digits=[], digit_contrasts=[]) == [False]
    assert are_faint([SURE[0]], [0.1], digits=SURE, digit_contrasts=[None, None]) == [False]
    assert are_faint([], [], digits=SURE, digit_contrasts=[0.5, 0.5]) == []


def test_neighbours_make_no_digit_of_another_sign() -> None:
    sign = Box(40, 0, 14, 30)
    verdicts = [verdict(0.9, is_digit=True)] * 2 + [replace(verdict(0.4, is_digit=False), is_other=True)]
    assert [v.is_digit for v in reconsider([*SURE, sign], verdicts)] == [True, True, False]


@pytest.mark.parametrize(("probability", "wanted"), [(0.8, True), (0.6, False)])
def test_ink_is_compared_with_that_of_fairly_sure_digits(probability: float, *, wanted: bool) -> None:
    verdicts = [verdict(probability, is_digit=True)] * 2 + [verdict(0.1, is_digit=False)]
    assert reconsider(LINE, verdicts, [0.5, 0.5, 0.5])[2].is_digit is wanted


def lean(probability: float) -> Verdict:
    return Verdict(True, np.array([probability] + 9 * [0.01], np.float32))


def test_parts_of_one_piece_are_digits_only_if_each_is_sure() -> None:
    left = verdict(0.3, is_digit=False)
    assert [v.is_digit for v in doubt_parts([lean(0.9), left, lean(0.8)])] == [True, False, True]
    assert [v.is_digit for v in doubt_parts([lean(0.9), left, lean(0.5)])] == [False, False, False]


def test_a_single_doubtful_part_stays_a_digit() -> None:
    assert doubt_parts([lean(0.5), verdict(0.3, is_digit=False)])[0].is_digit
    assert doubt_parts([]) == []
