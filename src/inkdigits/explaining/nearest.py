"""Which digits that a model could learn from look most like this one to it?

Owns: the search. Leaves to others: features (bundles, features), data (datasets), the picture (plot).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets import get_info, is_present, load_dataset
from inkdigits.datasets.locate import describe_remedy
from inkdigits.errors import DataNotFoundError, UsageError
from inkdigits.ink import SIZE_PX, normalize_images
from inkdigits.types import Gray, Ink

FeatureMaker: TypeAlias = Callable[[npt.NDArray[Any]], npt.NDArray[np.float32]]
"""(N, 28, 28) -> (N, F)."""
CANDIDATES_PER_CLASS: Final = 100
"""Only so many digits of each class, the nearest by pixels, are compared by features: those of all 60,000 digits of
MNIST take a minute."""
_COARSE_PX: Final = 14
_BLOCK: Final = 4096


@dataclass(frozen=True)
class Neighbour:
    """A training digit that looks like another one.

    Attributes:
        label: What it is.
        similarity: Cosine of the two digits' features, at most 1.
        index: Its position in its data set.
        form: (28, 28) uint8, ink = 255.
    """

    label: str
    similarity: float
    index: int
    form: Gray

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "label": self.label,
            "similarity": round(self.similarity, 6),
            "index": self.index,
            "form": self.form.tolist(),
        }


@dataclass(frozen=True)
class TrainingDigits:
    """Digits to compare with.

    Attributes:
        forms: (N, 28, 28) uint8, ink = 255, in the form that classifiers see.
        labels: (N,) int64.
        label_names: Names of the labels.
        name: Such as "mnist/train".
    """

    forms: Gray
    labels: npt.NDArray[np.int64]
    label_names: tuple[str, ...]
    name: str

    def rank(self, form: Ink, compute: FeatureMaker) -> tuple[Neighbour, ...]:
        """Return digits by the direction of their features, those that agree most with the form's first.

        Args:
            form: (28, 28) float32 in [0, 1], ink = 1.
            compute: Makes the features.

        Returns:
            At most `CANDIDATES_PER_CLASS` of each class.
        """
        candidates = self._find_candidates(form)
        if not len(candidates):
            return ()
        features = compute(self.forms[candidates])
        own = compute(form[None])[0]
        lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(own)
        similarity = features @ own / np.maximum(lengths, 1e-12)
        return tuple(
            Neighbour(
                self.label_names[self.labels[candidates[i]]],
                float(similarity[i]),
                int(candidates[i]),
                self.forms[candidates[i]],
            )
            for i in np.argsort(-similarity, kind="stable")
        )

    def _find_candidates(self, form: Ink) -> npt.NDArray[np.int64]:
        """Return positions of the nearest digits by coarse pixels, some of each class."""
        blocks = range(0, len(self.forms), _BLOCK)
        parts = [_measure_distances(self.forms[start : start + _BLOCK], form) for start in blocks]
        distances = np.concatenate([np.zeros(0, np.float32), *parts])
        chosen = [np.zeros(0, np.int64)]
        for value in range(len(self.label_names)):
            own = np.flatnonzero(self.labels == value)
            chosen.append(own[np.argsort(distances[own], kind="stable")[:CANDIDATES_PER_CLASS]])
        return np.concatenate(chosen).astype(np.int64)


def load_training_digits(name: str) -> TrainingDigits:
    """Load the part of a data set that models learn from.

    Args:
        name: A set of single digits, such as "mnist"; of its splits on this machine one that begins with "train",
            else the first.

    Raises:
        DataNotFoundError: If the set is unknown or not on this machine; nothing is downloaded.
        UsageError: If it holds pictures of many sizes.
    """
    info = get_info(name)
    present = [part for part in info.splits if is_present(name, split=part)]
    split = min(present, key=lambda part: not part.startswith("train"), default=None)
    if split is None:
        raise DataNotFoundError(f"The data set {name} is not on this machine", remedy=describe_remedy(info))
    if info.kind == "pictures" and info.size is None:
        raise UsageError(
            f"{name} holds pictures of many sizes", remedy="Take a set of single digits, such as mnist."
        )
    data = load_dataset(name, split)
    forms = data.images
    if forms.shape[1:] != (SIZE_PX, SIZE_PX):
        forms = np.rint(normalize_images(forms) * 255).astype(np.uint8)
    return TrainingDigits(forms, data.labels, data.label_names, data.name)


def _measure_distances(forms: Gray, form: Ink) -> npt.NDArray[np.float32]:
    """Return Euclidean distances on a coarse grid: (N, 28, 28), (28, 28) -> (N,)."""
    block = SIZE_PX // _COARSE_PX
    coarse = forms.reshape(len(forms), _COARSE_PX, block, _COARSE_PX, block).mean((2, 4), dtype=np.float32)
    own = cv2.resize(form.astype(np.float32), (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA)
    difference = coarse.reshape(len(forms), -1) / np.float32(255) - own.ravel()
    distances: npt.NDArray[np.float32] = np.linalg.norm(difference, axis=1)
    return distances
