"""How good a recipe is, for a search: a network by its validation digits, epoch by epoch.

Owns: one number for a recipe, and reporting on the way there. Leaves to others: which recipes (`tune`).
"""

from __future__ import annotations

from inkdigits.training.log import EpochRecord, QuietListener
from inkdigits.training.loop import Trainer, build_network
from inkdigits.training.recipe import Recipe
from inkdigits.training.tune import Measure, Report
from inkdigits.types import LabelledImages


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


class _EpochReporter(QuietListener):
    """Passes each epoch's accuracy on; what `report` raises ends the training."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def take_epoch(self, record: EpochRecord) -> None:
        self._report(record.epoch, record.validation_accuracy)
