from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.errors import UsageError
from inkdigits.models import make_network
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.ensemble import EnsembleClassifier, join_networks
from inkdigits.types import Probs

LABELS = tuple("0123456789")
IMAGES = np.random.default_rng(0).integers(0, 256, (9, 28, 28)).astype(np.uint8)


class Sure:
    """Always gives the same class."""

    labels = LABELS

    def __init__(self, label: int) -> None:
        self._label = label

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        probs: Probs = np.eye(10, dtype=np.float32)[np.full(len(images), self._label)]
        return probs


def test_any_classifiers_are_averaged() -> None:
    probs = EnsembleClassifier([Sure(3), Sure(3), Sure(5)]).predict_proba(IMAGES)
    np.testing.assert_allclose(probs[0, [3, 5]], [2 / 3, 1 / 3])
    assert probs.dtype == np.float32
    assert EnsembleClassifier([Sure(3)]).labels == LABELS
    assert EnsembleClassifier([Sure(3)]).predict_proba(IMAGES[:0]).shape == (0, 10)


def test_one_network_gives_the_same_mean() -> None:
    members = [
        NetworkClassifier(make_network(name), LABELS, temperature=temperature)
        for name, temperature in (("cnn-nano", 0.05), ("mlp", 2.0))
    ]
    apart = EnsembleClassifier(members).predict_proba(IMAGES)
    np.testing.assert_allclose(join_networks(members).predict_proba(IMAGES), apart, atol=1e-6)


def test_members_must_fit_together() -> None:
    with pytest.raises(UsageError, match="at least one"):
        EnsembleClassifier([])
    other = NetworkClassifier(make_network("cnn-nano", classes=2), ("a", "b"))
    with pytest.raises(UsageError, match="different classes"):
        EnsembleClassifier([Sure(1), other])
    with pytest.raises(UsageError, match="at least one"):
        join_networks([])
