"""Confident learning by hand, and on labels that were made wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.bundles import load_classifier
from inkdigits.datasets import load_dataset, subset
from inkdigits.evaluation.mislabelled import ask_neighbours, find_mislabelled, join_opinions
from inkdigits.evaluation.run import predict, to_forms

CONFIRMED = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip
"""Test images of MNIST whose label fewer than three of five people confirmed: mturk/mnist_mturk.json of
https://github.com/cleanlab/label-errors (Northcutt, Athalye and Mueller, 2021)."""


def test_the_joint_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    probs = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.3, 0.7], [0.1, 0.9]], np.float32)
    # Thresholds are the means 0.6 and 0.8. The third reaches that of class 1; the fourth reaches none.
    made = find_mislabelled(labels, probs)
    # Counts [[2, 1], [0, 1]]; rows are brought to 3 and 2 labels.
    np.testing.assert_allclose(made.joint, np.array([[2, 1], [0, 2]]) / 5)
    assert made.expected_count == pytest.approx(1)
    np.testing.assert_array_equal(made.is_suspect, [False, False, True, False, False])
    np.testing.assert_allclose(made.margin, [0.8, 0.4, -0.6, 0.4, 0.8], atol=1e-6)
    assert made.ranking.tolist()[0] == 2
    assert sorted(made.ranking.tolist()) == [0, 1, 2, 3, 4]


def test_of_two_classes_that_are_reached_the_more_probable_counts() -> None:
    labels = np.array([0, 0, 1, 2])
    probs = np.array([[0.4, 0.3, 0.3], [0.2, 0.4, 0.4], [0.5, 0.3, 0.2], [0.3, 0.35, 0.35]], np.float32)
    made = find_mislabelled(labels, probs)  # thresholds 0.3, 0.3, 0.35
    np.testing.assert_array_equal(made.is_suspect, [False, True, True, True])


def test_wrong_labels_are_found() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 2000)
    logits = rng.normal(0, 1, (2000, 4))
    logits[np.arange(2000), truth] += 5
    probs = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    is_wrong = rng.random(2000) < np.where(truth == 1, 0.15, 0.02)  # mostly ones that are called zeros
    labels = np.where(is_wrong, np.where(truth == 1, 0, (truth + 1) % 4), truth)
    made = find_mislabelled(labels, probs)
    assert is_wrong[made.ranking[: is_wrong.sum()]].mean() > 0.9
    assert made.is_suspect[is_wrong].mean() > 0.7
    assert is_wrong[made.is_suspect].mean() > 0.9
    assert made.expected_count == pytest.approx(is_wrong.sum(), rel=0.3)
    assert made.joint.sum() == pytest.approx(1)
    assert made.joint[0, 1] == (made.joint - np.diag(np.diag(made.joint))).max()


def test_classes_without_a_label_are_nobodys() -> None:
    labels = np.array([0, 0, 1])
    probs = np.array([[0.6, 0.2, 0.2], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]], np.float32)
    made = find_mislabelled(labels, probs)
    assert not made.is_suspect.any()
    np.testing.assert_allclose(np.diag(made.joint), [2 / 3, 1 / 3, 0])


def test_equal_probabilities_reach_their_own_mean() -> None:
    probs = np.full((3, 3), np.float32(1) / 3)
    made = find_mislabelled(np.array([0, 0, 0]), probs)
    assert made.expected_count == pytest.approx(0)
    assert not made.is_suspect.any()


@pytest.mark.real_data
def test_errors_of_mnist_that_people_confirmed_stand_in_front() -> None:
    others = np.setdiff1d(np.random.default_rng(0).permutation(10_000)[:400], CONFIRMED)
    data = subset(load_dataset("mnist", "test"), np.concatenate([CONFIRMED, others]))
    made = find_mislabelled(data.labels, predict(load_classifier("latin"), to_forms(data)))
    assert (made.ranking[:30] < len(CONFIRMED)).sum() >= 10


def test_neighbours_outvote_a_wrong_label() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 50)
    features = np.eye(3)[truth] + rng.normal(0, 0.1, (150, 3))
    labels = truth.copy()
    labels[[3, 77]] = 2
    probs = ask_neighbours(features, labels, classes=4, k=10)
    assert probs.shape == (150, 4)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(probs.argmax(axis=1), truth)
    assert probs[:, 3].max() < 0.01
    assert set(find_mislabelled(labels, probs).ranking[:2]) == {3, 77}


def test_votes_by_hand() -> None:
    features = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], float)
    labels = np.array([0, 1, 1, 0])
    probs = ask_neighbours(features, labels, classes=2, k=1)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(probs[0], [0.01 / (half + 0.02), (half + 0.01) / (half + 0.02)], rtol=1e-5)
    np.testing.assert_allclose(probs[3], [0.5, 0.5])  # nothing is like an image without features
    np.testing.assert_allclose(ask_neighbours(features[:1], labels[:1], classes=2), [[0.5, 0.5]])


def test_more_images_than_a_block_are_asked_alike() -> None:
    rng = np.random.default_rng(1)
    features, labels = rng.normal(size=(1200, 4)), rng.integers(0, 3, 1200)
    probs = ask_neighbours(features, labels, classes=3, k=5)
    order = rng.permutation(1200)
    np.testing.assert_allclose(
        ask_neighbours(features[order], labels[order], classes=3, k=5), probs[order], atol=1e-4
    )


def test_joined_opinions_are_their_mean() -> None:
    joined = join_opinions([np.array([[1, 0]], np.float32), np.array([[0.5, 0.5]], np.float32)])
    np.testing.assert_allclose(joined, [[0.75, 0.25]])
