"""What a search asks of a recipe, on digits that are quick to learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from inkdigits.errors import UsageError
from inkdigits.training.builtin import make_recipe
from inkdigits.training.judge import judge_by_folds, judge_by_validation, split_folds
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import ModelSection, TrainSection
from inkdigits.types import LabelledImages


def make_digits(count: int) -> LabelledImages:
    """scikit-learn's 8x8 digits, each pixel grown to 3x3 and framed: (count, 28, 28)."""
    digits = load_digits()
    grown = np.kron(digits.images[:count] * (255 / 16), np.ones((3, 3)))
    images = np.pad(grown, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return LabelledImages(images, digits.target[:count].astype(np.int64), tuple("0123456789"), name="tiny")


class Stop(Exception):
    pass


def test_a_network_is_judged_after_each_epoch() -> None:
    data = make_digits(300)
    reports: list[tuple[int, float]] = []
    recipe = Recipe(model=ModelSection("cnn-nano"), train=TrainSection(epochs=3, batch_size=32))
    measure = judge_by_validation(data, make_digits(100))
    accuracy = measure(recipe, lambda step, share: reports.append((step, share)))
    assert [step for step, _ in reports] == [1, 2, 3]
    assert accuracy == reports[-1][1]
    assert accuracy == measure(recipe, lambda step, share: None)


def test_early_stopping_tells_the_accuracy_of_the_weights_that_are_kept() -> None:
    reports: list[float] = []
    train = TrainSection(epochs=4, batch_size=32, early_stopping_patience=4)
    recipe = Recipe(model=ModelSection("cnn-nano"), train=train)
    measure = judge_by_validation(make_digits(200), make_digits(100))
    assert measure(recipe, lambda step, share: reports.append(share)) in reports


def test_what_the_report_raises_ends_the_training() -> None:
    steps: list[int] = []

    def stop(step: int, accuracy: float) -> None:
        steps.append(step)
        raise Stop

    recipe = Recipe(model=ModelSection("cnn-nano"), train=TrainSection(epochs=5, batch_size=32))
    with pytest.raises(Stop):
        judge_by_validation(make_digits(100), make_digits(50))(recipe, stop)
    assert steps == [1]


def test_a_classical_model_is_judged_on_each_fold() -> None:
    data = make_digits(400)
    reports: list[tuple[int, float]] = []
    recipe = make_recipe("logistic", options={"max_iter": 10})
    accuracy = judge_by_folds(data, folds=3, seed=0)(
        recipe, lambda step, share: reports.append((step, share))
    )
    assert [step for step, _ in reports] == [1, 2, 3]
    assert accuracy == reports[-1][1]
    assert 0.8 < accuracy < 1
    weak = replace(recipe, model=replace(recipe.model, options={"C": 1e-7, "max_iter": 10}))
    assert judge_by_folds(data, folds=3, seed=0)(weak, lambda step, share: None) < accuracy


def test_folds_part_the_digits_and_keep_the_shares_of_the_classes() -> None:
    data = make_digits(500)
    parts = split_folds(data, folds=4, seed=1)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(500))
    assert {len(part) for part in parts} == {125}
    for label in range(10):
        counts = [int((data.labels[part] == label).sum()) for part in parts]
        assert max(counts) - min(counts) <= 1
    assert all(np.array_equal(a, b) for a, b in zip(parts, split_folds(data, folds=4, seed=1), strict=True))
    assert not np.array_equal(parts[0], split_folds(data, folds=4, seed=2)[0])


def test_too_few_digits_for_the_folds() -> None:
    with pytest.raises(UsageError, match="--folds"):
        split_folds(make_digits(60), folds=5, seed=0)
