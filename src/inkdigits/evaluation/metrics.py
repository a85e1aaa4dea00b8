"""Numbers that judge a classifier, from labels and probabilities alone.

Owns: the arithmetic. Leaves to others: pictures of it (plots), running the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.types import Probs

Labels = npt.NDArray[np.int64]
BINS = 15  # of equal width, as in Guo et al., "On Calibration of Modern Neural Networks", 2017
WILSON_Z = 1.959964  # two-sided 95 % of the normal distribution


@dataclass(frozen=True)
class Scores:
    """How well a classifier did.

    Attributes:
        count: Number of images.
        correct: Number of right answers.
        accuracy: In [0, 1].
        interval: Wilson interval of the accuracy, 95 %.
        loss: Mean cross-entropy, nats.
        calibration_error: Expected calibration error, 15 bins, in [0, 1].
        confusion: (C, C) int64; rows are true classes, columns are answers.
        precision: (C,) float64; 0 for a class that was never answered.
        recall: (C,) float64; 0 for a class that does not occur.
        f1: (C,) float64.
        top2: Share of images whose true class is among the two most probable, in [0, 1].
    """

    count: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    calibration_error: float
    confusion: npt.NDArray[np.int64]
    precision: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    f1: npt.NDArray[np.float64]
    top2: float = 0.0

    @property
    def macro(self) -> dict[str, float]:
        """Means of "precision", "recall" and "f1" over the classes that occur, in [0, 1].

        A class without an image has no recall; counted as 0 it would lower the mean of sets that lack it.
        """
        occurs = self.confusion.sum(axis=1) > 0
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {name: float(rate[occurs].mean()) for name, rate in rates.items()}


def score(labels: Labels, probs: Probs) -> Scores:
    """Judge the answers of a classifier.

    Args:
        labels: (N,) int64 true classes, N at least 1.
        probs: (N, C) float32, rows sum to 1.
    """
    answers = probs.argmax(axis=1)
    confusion = count_confusion(labels, answers, classes=probs.shape[1])
    hits = np.diag(confusion).astype(float)
    precision = _ratio(hits, confusion.sum(axis=0))
    recall = _ratio(hits, confusion.sum(axis=1))
    correct = int(hits.sum())
    return Scores(
        count=len(labels),
        correct=correct,
        accuracy=correct / len(labels),
        interval=wilson_interval(correct, len(labels)),
        loss=cross_entropy(labels, probs),
        calibration_error=expected_calibration_error(probs.max(axis=1), answers == labels),
        confusion=confusion,
        precision=precision,
        recall=recall,
        f1=_ratio(2 * precision * recall, precision + recall),
        top2=top_accuracy(labels, probs, among=2),
    )


def top_accuracy(labels: Labels, probs: Probs, *, among: int) -> float:
    """Return the share of images whose true class is among the most probable; of equal ones the first count.

    Args:
        labels: (N,) true classes, N at least 1.
        probs: (N, C) probabilities.
        among: How many of the most probable classes.
    """
    best = np.argsort(-probs, axis=1, kind="stable")[:, :among]
    return float((best == labels[:, None]).any(axis=1).mean())


def count_confusion(labels: Labels, answers: Labels, *, classes: int) -> npt.NDArray[np.int64]:
    """Count how often each class was answered for each true class.

    Args:
        labels: (N,) true classes.
        answers: (N,) answered classes.
        classes: Number of classes C.

    Returns:
        (C, C) int64; rows are true classes.
    """
    flat = np.bincount(labels * classes + answers, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def cross_entropy(labels: Labels, probs: Probs) -> float:
    """Return the mean of -log(probability of the true class), in nats; probabilities are kept above 1e-12."""
    chosen = probs[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def expected_calibration_error(
    confidence: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_], *, bins: int = BINS
) -> float:
    """Return the mean distance between confidence and accuracy over bins of equal width.

    Args:
        confidence: (N,) in [0, 1].
        is_right: (N,) bool.
        bins: Number of bins.
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(index, weights=is_right - confidence.astype(float), minlength=bins)
    return float(np.abs(gap).sum() / max(1, len(confidence)))


def wilson_interval(correct: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson 1927), which stays within [0, 1].

    Args:
        correct: Number of successes.
        count: Number of trials; at least 1.
    """
    z2 = WILSON_Z**2
    rate = correct / count
    middle = (rate + z2 / (2 * count)) / (1 + z2 / count)
    half = WILSON_Z / (1 + z2 / count) * math.sqrt(rate * (1 - rate) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def edit_distance(truth: str, answer: str) -> int:
    """Count the insertions, deletions and substitutions that turn one text into the other (Levenshtein 1966).

    Args:
        truth: What is written.
        answer: What was read.
    """
    row = list(range(len(answer) + 1))
    for i, wanted in enumerate(truth, start=1):
        previous, row[0] = row[0], i
        for j, got in enumerate(answer, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (wanted != got))
    return row[-1]


def _ratio(
    top: npt.NDArray[np.float64], bottom: npt.NDArray[np.floating | np.integer]
) -> npt.NDArray[np.float64]:
    ratio: npt.NDArray[np.float64] = np.divide(top, bottom, out=np.zeros(len(top)), where=bottom > 0)
    return ratio
