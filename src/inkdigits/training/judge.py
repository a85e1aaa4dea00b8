"""How good a recipe is, for a search: networks by validation digits, other models by cross-validation.

Owns: one number for a recipe, and reporting on the way there. Leaves to others: which recipes (`tune`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from inkdigits.datasets import subset
from inkdigits.errors import UsageError
from inkdigits.training.fit import make_model
from inkdigits.training.log import EpochRecord, QuietListener
from inkdigits.training.loop import Trainer, build_network
from inkdigits.training.recipe import Recipe
from inkdigits.training.tune import Measure, Report
from inkdigits.types import LabelledImages

_FEWEST_IN_FOLD: Final = 2
"""Digits of each class that a fold must have, to learn from and to judge by."""


def judge_by_validation(train: LabelledImages, validation: LabelledImages) -> Measure:
    """Return what trains a recipe's network and tells its accuracy on the validation digits.

    Args:
        train: Digits to learn from, the same for each recipe.
        validation: Digits to judge by, none of them in `train`.
    """

    def measure(recipe: Recipe, report: Report) -> float:
        network = build_network(recipe, classes=len(train.label_names))
        reporter = _EpochReporter(report)
        result = Trainer(network, recipe, train=train, validation=validation, listener=reporter).fit()
        return result.history[result.best_epoch - 1].validation_accuracy

    return measure


def judge_by_folds(data: LabelledImages, *, folds: int, seed: int) -> Measure:
    """Return what judges a recipe's model on each part of the digits after learning from all others.

    It tells the mean accuracy. Each part has the classes in their shares, and is the same for each recipe.

    Args:
        data: Digits to learn from and to judge by.
        folds: Number of parts, at least 2.
        seed: Decides which digit is in which part.

    Raises:
        UsageError: If a class has too few digits.
    """
    parts = split_folds(data, folds=folds, seed=seed)

    def measure(recipe: Recipe, report: Report) -> float:
        shares: list[float] = []
        for step, judge in enumerate(parts, start=1):
            learn = np.setdiff1d(np.arange(len(data)), judge)
            model = make_model(recipe).fit(subset(data, learn))
            answers = model.predict_proba(data.images[judge]).argmax(axis=1)
            shares.append(float((answers == data.labels[judge]).mean()))
            report(step, float(np.mean(shares)))
        return float(np.mean(shares))

    return measure


def split_folds(data: LabelledImages, *, folds: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Return the positions of the digits of each part; every class is dealt out like cards.

    Raises:
        UsageError: If a class has fewer than two digits for each part.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    if counts.min() < _FEWEST_IN_FOLD * folds:
        raise UsageError(
            f"{int(counts.min())} digits of a class are too few for {folds} folds",
            remedy="Raise --train-size, or lower --folds.",
        )
    dealt = np.concatenate(
        [rng.permutation(np.flatnonzero(data.labels == label)) for label in range(len(counts))]
    )
    return [np.sort(dealt[part::folds]) for part in range(folds)]


class _EpochReporter(QuietListener):
    """Passes each epoch's accuracy on; what `report` raises ends the training."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def take_epoch(self, record: EpochRecord) -> None:
        self._report(record.epoch, record.validation_accuracy)
