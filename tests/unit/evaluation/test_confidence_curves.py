"""Reliability, risk against coverage, and rejection: against scikit-learn, definitions and by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from inkdigits.evaluation.calibration import measure_reliability
from inkdigits.evaluation.coverage import measure_risk_coverage
from inkdigits.evaluation.metrics import expected_calibration_error
from inkdigits.evaluation.rejection import measure_rejection

Answers = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]


def make_answers(seed: int, *, count: int = 400) -> Answers:
    """Overconfident answers; many confidences occur several times."""
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.uniform(0.1, 1, count), 2)
    return confidence, rng.random(count) < confidence**2


@pytest.mark.parametrize("seed", range(5))
def test_reliability_equals_that_of_scikit_learn(seed: int) -> None:
    confidence, is_right = make_answers(seed)
    confidence = confidence + 1e-3  # no confidence on an edge: there the two sort differently
    confidence = np.clip(confidence, 0, 1)
    made = measure_reliability(confidence, is_right)
    accuracy, mean = calibration_curve(is_right, confidence, n_bins=15)
    filled = made.count > 0
    np.testing.assert_allclose(made.accuracy[filled], accuracy)
    np.testing.assert_allclose(made.confidence[filled], mean)
    assert made.count.sum() == len(confidence)
    assert made.error == pytest.approx(expected_calibration_error(confidence, is_right))
    assert made.is_overconfident


def test_reliability_of_nothing() -> None:
    made = measure_reliability(np.zeros(0), np.zeros(0, np.bool_))
    assert made.error == 0
    assert not made.is_overconfident
    assert made.to_list() == []


def test_bins_that_hold_an_answer_are_listed() -> None:
    made = measure_reliability(np.array([0.05, 1.0, 1.0]), np.array([False, True, False]), bins=10)
    assert made.to_list() == [
        {"from": 0.0, "to": 0.1, "count": 1, "confidence": 0.05, "accuracy": 0.0},
        {"from": 0.9, "to": 1.0, "count": 2, "confidence": 1.0, "accuracy": 0.5},
    ]
    assert made.error == pytest.approx((0.05 + 2 * 0.5) / 3)


def test_risk_and_coverage_by_hand() -> None:
    curve = measure_risk_coverage(np.array([0.9, 0.5, 0.9, 0.7]), np.array([True, False, False, True]))
    np.testing.assert_array_equal(curve.threshold, [0.9, 0.7, 0.5])
    np.testing.assert_array_equal(curve.coverage, [0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [1 / 2, 1 / 3, 2 / 4])
    assert curve.area == pytest.approx(0.5 / 2 + 0.25 / 3 + 0.25 / 2)
    assert curve.best_area == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert curve.find_risk(0.6) == pytest.approx(1 / 3)
    assert curve.find_threshold(0.6) == 0.7
    assert curve.find_risk(0.75) == pytest.approx(1 / 3)
    assert curve.find_coverage(0.4) == 0.75
    assert curve.find_coverage(0.1) == 0


@pytest.mark.parametrize("seed", range(5))
def test_risk_and_coverage_equal_their_definitions(seed: int) -> None:
    confidence, is_right = make_answers(seed)
    curve = measure_risk_coverage(confidence, is_right)
    for threshold, coverage, risk in zip(curve.threshold, curve.coverage, curve.risk, strict=True):
        taken = confidence >= threshold
        assert coverage == pytest.approx(taken.mean())
        assert risk == pytest.approx((~is_right[taken]).mean())
    assert curve.coverage[-1] == 1
    assert curve.best_area <= curve.area <= 1
    assert [point["coverage"] for point in curve.to_dict()["points"]][:2] == [1.0, 0.99]


def test_perfect_order_reaches_the_best_area() -> None:
    curve = measure_risk_coverage(np.linspace(1, 0.1, 10), np.arange(10) < 7)
    assert curve.area == pytest.approx(curve.best_area)
    assert curve.find_coverage(0) == pytest.approx(0.7)


def test_all_answers_right_is_no_risk() -> None:
    curve = measure_risk_coverage(np.array([0.4, 0.6]), np.array([True, True]))
    assert (curve.area, curve.best_area, curve.find_risk(1.0)) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_rejection_equals_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    digits, others = np.round(rng.normal(1, 1, 300), 1), np.round(rng.normal(0, 1, 200), 1)
    made = measure_rejection(digits, others)
    truth, scores = np.r_[np.ones(300), np.zeros(200)], np.r_[digits, others]
    passed, kept, _ = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(np.append(0, made.passed), passed)
    np.testing.assert_allclose(np.append(0, made.kept), kept)
    precision, recall, _ = precision_recall_curve(truth, scores)
    np.testing.assert_allclose(made.precision, precision[:-1][::-1])
    np.testing.assert_allclose(made.kept, recall[:-1][::-1])
    assert made.roc_area == pytest.approx(roc_auc_score(truth, scores))
    assert made.average_precision == pytest.approx(average_precision_score(truth, scores))
    assert (made.digits, made.others) == (300, 200)


def test_rejection_by_hand() -> None:
    made = measure_rejection(np.array([0.9, 0.8, 0.3]), np.array([0.5, 0.1]))
    assert made.roc_area == pytest.approx(5 / 6)
    assert made.find_rejected(0.6) == 1.0
    assert made.find_rejected(0.99) == 0.5
    points = {point["digits_kept"]: point["non_digits_rejected"] for point in made.to_dict()["points"]}
    assert points == {0.9: 0.5, 0.95: 0.5, 0.99: 0.5, 0.999: 0.5}


def test_scores_that_tell_nothing() -> None:
    made = measure_rejection(np.full(5, 0.5), np.full(3, 0.5))
    assert made.roc_area == pytest.approx(0.5)
    assert made.average_precision == pytest.approx(5 / 8)
    assert made.find_rejected(0.9) == 0
