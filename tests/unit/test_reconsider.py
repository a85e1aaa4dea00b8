"""Doubtful sightings beside sure digits: which of them are taken for digits, too."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.deciding import Verdict, reconsider
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
