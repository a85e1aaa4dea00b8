"""Which labels are probably wrong? Confident learning, from probabilities of models that did not learn them.

Owns: the confident joint and the ranking; what neighbours say; joining opinions. Leaves to others: who made the
probabilities and features; pictures.

A model that was trained on these very images has learned their wrong labels, too, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.evaluation.metrics import Labels
from inkdigits.types import Probs

NEIGHBOURS = 20
"""Of MNIST's confirmed wrong test labels, 10, 20 and 50 neighbours put as many among the first 40, but for one."""
_DOUBT = 0.01  # votes that each class has beforehand: nothing is impossible
_BLOCK = 1000


@dataclass(frozen=True)
class Mislabelled:
    """How many labels seem to be wrong, and which.

    Attributes:
        joint: (C, C) float64, sums to 1: estimated share of images with the given label (row) and the true one
            (column).
        margin: (N,) float64, probability of the given label less that of the best other one, in [-1, 1].
        is_suspect: (N,) bool, images that are confidently of another class than their label.
        ranking: (N,) int64 positions of the images, the most doubtful first: suspects, then by margin.
    """

    joint: npt.NDArray[np.float64]
    margin: npt.NDArray[np.float64]
    is_suspect: npt.NDArray[np.bool_]
    ranking: npt.NDArray[np.int64]

    @property
    def expected_count(self) -> float:
        """Estimated number of wrong labels: what lies off the diagonal of the joint."""
        return float((1 - np.trace(self.joint)) * len(self.margin))


def find_mislabelled(labels: Labels, probs: Probs) -> Mislabelled:
    """Rank images by how probably their label is wrong.

    An image counts as confidently of a class if its probability reaches the mean probability of that class among
    the images labelled so. Where several classes are reached, the most probable one counts.

    Args:
        labels: (N,) int64 given labels, N at least 1.
        probs: (N, C) probabilities by a model that has not learned from these images.

    References:
        Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of
        Artificial Intelligence Research 70, 2021: equations 1 to 3; ranking by normalised margin, section 3.2.
    """
    classes, rows = probs.shape[1], np.arange(len(labels))
    given = probs[rows, labels].astype(np.float64)
    counts = np.bincount(labels, minlength=classes)
    threshold = np.bincount(labels, weights=given, minlength=classes) / np.maximum(counts, 1)
    # A class without a label has no threshold: nothing is confidently of it. Means round: hence the 1e-9.
    reached = (probs >= threshold - 1e-9) & (counts > 0)
    confident = np.where(reached, probs, -1).argmax(axis=1)
    is_confident = reached.any(axis=1)
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[is_confident], confident[is_confident]), 1)
    # Rows are brought to the counts of the given labels: unsure images are shared out as the sure ones.
    sums = joint.sum(axis=1, keepdims=True)
    joint = np.divide(joint, sums, out=np.eye(classes), where=sums > 0) * counts[:, None] / len(labels)
    others = probs.astype(np.float64)
    others[rows, labels] = -np.inf
    margin = given - others.max(axis=1)
    is_suspect = is_confident & (confident != labels)
    return Mislabelled(joint, margin, is_suspect, np.lexsort((margin, ~is_suspect)).astype(np.int64))


def ask_neighbours(
    features: npt.NDArray[np.floating], labels: Labels, *, classes: int, k: int = NEIGHBOURS
) -> Probs:
    """Let the labels of the nearest other images vote; a second opinion beside a model's.

    Each vote weighs the cosine of the two images' features. An image has no vote on itself, so its own wrong label
    is outvoted by those that look like it.

    Args:
        features: (N, F), such as what the last layer of a network sees (`inkdigits.bundles.layers`).
        labels: (N,) int64 given labels.
        classes: C, number of classes.
        k: How many neighbours vote, fewer if N is smaller.

    Returns:
        (N, C) float32, rows sum to 1.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = (features / np.maximum(lengths, 1e-12)).astype(np.float32)
    k = min(k, len(labels) - 1)
    votes = np.full((len(labels), classes), _DOUBT)
    for start in range(0, len(labels) if k > 0 else 0, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(labels)))
        similarity = directions[rows] @ directions.T  # (B, N)
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        weights = np.maximum(np.take_along_axis(similarity, nearest, axis=1), 0)
        np.add.at(votes, (rows[:, None], labels[nearest]), weights)
    probs: Probs = (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
    return probs


def join_opinions(opinions: Sequence[Probs]) -> Probs:
    """Return the mean of several opinions on the same images: what only one of them doubts weighs less.

    Args:
        opinions: At least one, each (N, C), rows sum to 1.
    """
    joined: Probs = np.asarray(np.mean(np.stack(opinions), axis=0, dtype=np.float64), np.float32)
    return joined
