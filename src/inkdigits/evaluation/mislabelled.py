"""Which labels are probably wrong? Confident learning, from probabilities of a model that did not learn them.

Owns: the confident joint and the ranking. Leaves to others: who made the probabilities; pictures.

A model that was trained on these very images has learned their wrong labels, too, and finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.evaluation.metrics import Labels
from inkdigits.types import Probs


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
