"""Pairing of digits, against brute force and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.evaluation.match import (
    find_nearest,
    judge_digits,
    keep_digits,
    measure_overlap,
    pair_boxes,
    rate_sure,
)
from inkdigits.types import Box, Digit


def make_boxes(seed: int, *, count: int) -> list[Box]:
    rng = np.random.default_rng(seed)
    return [Box(*(int(n) for n in row)) for row in np.c_[rng.integers(0, 30, (count, 2)),
                                                        rng.integers(1, 20, (count, 2))]]  # fmt: skip


def make_mask(box: Box) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    mask = np.zeros((60, 60), np.bool_)
    mask[box.y : box.bottom, box.x : box.right] = True
    return mask


def make_digit(label: str, x: int, *, confidence: float = 0.9, size: int = 10) -> Digit:
    return Digit(label, confidence, Box(x, 0, size, size))


@pytest.mark.parametrize("seed", range(20))
def test_overlap_equals_that_of_counted_pixels(seed: int) -> None:
    first, second = make_boxes(seed, count=2)
    a, b = make_mask(first), make_mask(second)
    assert measure_overlap(first, second) == pytest.approx((a & b).sum() / (a | b).sum())
    assert measure_overlap(first, first) == 1


@pytest.mark.parametrize("seed", range(20))
def test_pairs_overlap_enough_and_use_each_box_once(seed: int) -> None:
    truth, found = make_boxes(seed, count=6), make_boxes(seed + 100, count=7)
    pairs = pair_boxes(truth, found, min_overlap=0.1)
    assert all(measure_overlap(truth[i], found[j]) >= 0.1 for i, j in pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    free_i = set(range(6)) - {i for i, _ in pairs}
    free_j = set(range(7)) - {j for _, j in pairs}
    assert all(measure_overlap(truth[i], found[j]) < 0.1 for i in free_i for j in free_j)


def test_the_larger_overlap_is_paired_first() -> None:
    assert pair_boxes([Box(0, 0, 10, 10), Box(4, 0, 10, 10)], [Box(3, 0, 10, 10)]) == [(1, 0)]
    assert pair_boxes([], [Box(0, 0, 1, 1)]) == []


def test_the_nearest_box_holds_the_point_or_is_closest_to_it() -> None:
    wide, small, far = Box(0, 0, 40, 40), Box(15, 15, 10, 10), Box(50, 0, 5, 5)
    assert find_nearest([wide, far], (38, 38)) == 0
    assert find_nearest([wide, small, far], (20, 20)) == 0  # both hold it, both have their middle there
    assert find_nearest([wide, small, far], (22, 22)) == 0
    assert find_nearest([far, small], (30, 20)) == 1
    assert find_nearest([], (0, 0)) is None


def test_a_point_in_two_boxes_goes_to_the_nearer_middle() -> None:
    assert find_nearest([Box(0, 0, 40, 40), Box(22, 22, 10, 10)], (27, 27)) == 1


def test_answers_of_equal_length_pair_in_reading_order() -> None:
    digits = [make_digit("1", 90, confidence=0.5), make_digit("7", 0, confidence=0.8)]
    assert judge_digits(digits, "12", [Box(0, 0, 10, 10)] * 2) == [(0.5, True), (0.8, False)]


def test_answers_of_other_length_pair_by_boxes() -> None:
    digits = [make_digit("1", 0), make_digit("4", 20), make_digit("2", 41)]
    boxes = [Box(0, 0, 10, 10), Box(40, 0, 10, 10)]
    assert judge_digits(digits, "12", boxes) == [(0.9, True), (0.9, True)]
    assert judge_digits(digits, "12", boxes, strict=True) == [(0.9, True), (0.9, True), (0.9, False)]


def test_without_boxes_a_single_digit_is_the_largest() -> None:
    digits = [make_digit("1", 0, size=3), make_digit("4", 20)]
    assert judge_digits(digits, "4") == [(0.9, True)]
    assert judge_digits(digits, "4", strict=True) == [(0.9, True), (0.9, False)]
    assert judge_digits(digits, "4123") == []
    assert judge_digits([], "4", strict=True) == []


def test_sure_digits_are_counted_from_the_confidence_on() -> None:
    judged = (np.array([0.95, 0.99, 0.94, 1.0]), np.array([True, False, True, True]))
    assert rate_sure(judged, at_least=0.95) == (2, 3)
    assert rate_sure((np.zeros(0), np.zeros(0, np.bool_)), at_least=0.95) == (0, 0)


@pytest.mark.parametrize(
    ("text", "digits"), [("1.250,-", "1250"), ("12 5\n7", "1257"), ("1?3", "1?3"), ("BANK", ""), ("٣²", "")]
)
def test_only_digits_and_unsure_signs_are_kept(text: str, digits: str) -> None:
    assert keep_digits(text) == digits
