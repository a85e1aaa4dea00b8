"""Metrics against scikit-learn, published values and brute force."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from inkdigits.evaluation.metrics import (
    BINS,
    count_confusion,
    cross_entropy,
    edit_distance,
    expected_calibration_error,
    score,
    top_accuracy,
    wilson_interval,
)
from inkdigits.types import Probs


def make_answers(seed: int, *, count: int = 300, classes: int = 10) -> tuple[npt.NDArray[np.int64], Probs]:
    """Labels, and probabilities that are mostly right."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    logits = rng.normal(0, 1.5, (count, classes))
    logits[np.arange(count), labels] += 2
    exponents = np.exp(logits)
    return labels, (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 10, 25])
def test_scores_equal_those_of_scikit_learn(seed: int, classes: int) -> None:
    labels, probs = make_answers(seed, classes=classes)
    answers, names = probs.argmax(axis=1), list(range(classes))
    scores = score(labels, probs)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, answers, labels=names, zero_division=0)
    assert scores.accuracy == pytest.approx(accuracy_score(labels, answers))
    assert scores.correct == accuracy_score(labels, answers, normalize=False)
    assert scores.count == len(labels)
    np.testing.assert_allclose(scores.precision, precision)
    np.testing.assert_allclose(scores.recall, recall)
    np.testing.assert_allclose(scores.f1, f1)
    np.testing.assert_array_equal(scores.confusion, confusion_matrix(labels, answers, labels=names))
    assert scores.macro == pytest.approx(
        {"precision": precision.mean(), "recall": recall.mean(), "f1": f1.mean()}
    )
    if classes > 2:
        assert scores.top2 == pytest.approx(top_k_accuracy_score(labels, probs, k=2, labels=names))
    # Normalised again, since scikit-learn wants rows that sum to 1 more exactly than float32 does.
    exact = probs.astype(np.float64) / probs.sum(axis=1, keepdims=True, dtype=np.float64)
    assert scores.loss == pytest.approx(log_loss(labels, exact, labels=names), abs=1e-6)


def test_classes_that_never_occur_or_are_never_answered_count_zero() -> None:
    labels = np.array([0, 0, 1, 1])
    probs = np.eye(4, dtype=np.float32)[[0, 0, 2, 2]]
    scores = score(labels, probs)
    np.testing.assert_array_equal(scores.precision, [1, 0, 0, 0])
    np.testing.assert_array_equal(scores.recall, [1, 0, 0, 0])
    np.testing.assert_array_equal(scores.f1, [1, 0, 0, 0])
    assert scores.accuracy == 0.5


def test_means_leave_out_classes_that_do_not_occur() -> None:
    labels = np.array([0, 0, 1, 1])
    scores = score(labels, np.eye(10, dtype=np.float32)[[0, 0, 1, 7]])
    assert scores.macro == pytest.approx({"precision": 1, "recall": 0.75, "f1": (1 + 2 / 3) / 2})


@pytest.mark.parametrize(("among", "share"), [(1, 0.5), (2, 0.75), (3, 1.0), (9, 1.0)])
def test_the_truth_among_the_most_probable(among: int, share: float) -> None:
    probs = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3]], np.float32)
    assert top_accuracy(np.array([0, 1, 2, 0]), probs, among=among) == share


@pytest.mark.parametrize("is_right", [True, False])
def test_all_right_and_all_wrong(*, is_right: bool) -> None:
    labels = np.arange(10)
    probs = np.eye(10, dtype=np.float32)[labels if is_right else (labels + 1) % 10]
    scores = score(labels, probs)
    assert scores.accuracy == float(is_right)
    assert scores.calibration_error == float(not is_right)
    assert scores.loss == pytest.approx(0 if is_right else -np.log(1e-12))


def test_confusion_has_true_classes_in_rows() -> None:
    confusion = count_confusion(np.array([2, 2, 0]), np.array([1, 1, 0]), classes=3)
    np.testing.assert_array_equal(confusion, [[1, 0, 0], [0, 0, 0], [0, 2, 0]])
    assert confusion.dtype == np.int64


def test_cross_entropy_of_an_impossible_truth_stays_finite() -> None:
    assert cross_entropy(np.array([1]), np.array([[1.0, 0.0]], np.float32)) == pytest.approx(27.631, abs=1e-3)


def slow_calibration_error(confidence: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]) -> float:
    """The definition of Guo et al. 2017, bin by bin."""
    total = 0.0
    for bin_ in range(BINS):
        low, high = bin_ / BINS, (bin_ + 1) / BINS
        inside = (confidence >= low) & ((confidence < high) | (bin_ == BINS - 1))
        if inside.any():
            gap = abs(float(is_right[inside].mean()) - float(confidence[inside].mean()))
            total += float(inside.mean()) * gap
    return total


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_equals_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0, 1, 500)
    is_right = rng.random(500) < confidence**2
    found = expected_calibration_error(confidence, is_right)
    assert found == pytest.approx(slow_calibration_error(confidence, is_right))
    assert found > 0.05  # these answers are overconfident


@pytest.mark.parametrize(
    ("confidence", "is_right", "error"),
    [
        ([0.8] * 10, [True] * 8 + [False] * 2, 0.0),
        ([1.0] * 4, [True, True, True, False], 0.25),
        ([], [], 0.0),
    ],
)
def test_calibration_errors_by_hand(confidence: list[float], is_right: list[bool], error: float) -> None:
    found = expected_calibration_error(np.array(confidence), np.array(is_right, bool))
    assert found == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize(
    ("correct", "count", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0000)),
    ],
)
def test_wilson_intervals_of_the_literature(correct: int, count: int, interval: tuple[float, float]) -> None:
    assert wilson_interval(correct, count) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(("correct", "count"), [(0, 1), (1, 1), (5, 10), (9_950, 10_000), (3, 7)])
def test_wilson_intervals_hold_the_rate_and_mirror(correct: int, count: int) -> None:
    low, high = wilson_interval(correct, count)
    assert 0 <= low <= correct / count <= high <= 1
    assert wilson_interval(count - correct, count) == pytest.approx((1 - high, 1 - low))


@cache
def slow_distance(one: str, two: str) -> int:
    """Levenshtein's recursion as it stands in textbooks."""
    if not one or not two:
        return len(one) + len(two)
    return min(
        slow_distance(one[1:], two) + 1,
        slow_distance(one, two[1:]) + 1,
        slow_distance(one[1:], two[1:]) + (one[0] != two[0]),
    )


def test_edit_distance_against_brute_force() -> None:
    words = ["".join(word) for length in range(5) for word in itertools.product("01", repeat=length)]
    words += ["1984", "9184", "19 84", "184", "90214", "92014"]
    for one, two in itertools.product(words, repeat=2):
        assert edit_distance(one, two) == slow_distance(one, two), (one, two)


@pytest.mark.parametrize(
    ("truth", "answer", "edits"),
    [("", "", 0), ("", "123", 3), ("1250", "1250", 0), ("kitten", "sitting", 3), ("12\n3", "123", 1)],
)
def test_edit_distances_by_hand(truth: str, answer: str, edits: int) -> None:
    assert edit_distance(truth, answer) == edits
