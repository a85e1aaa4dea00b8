"""Several models as one: the mean of their probabilities.

Owns: the mean, as a classifier of any classifiers and as one network. Leaves to others: fitting the members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from inkdigits.errors import UsageError
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.types import Classifier, Probs

_SMALLEST: Final = 1e-12
"""Keeps the logarithm finite where all members are sure that it is another class."""


class Ensemble(nn.Module):
    """Networks whose probabilities are averaged inside the graph.

    Args:
        members: Each maps (N, 1, 28, 28) to (N, C) logits.
        temperatures: One for each member.
    """

    temperatures: Tensor

    def __init__(self, members: Sequence[nn.Module], temperatures: Sequence[float]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("temperatures", torch.tensor(temperatures, dtype=torch.float32))

    def forward(self, ink: Tensor) -> Tensor:
        """Return log-probabilities, whose softmax is the mean: (N, 1, 28, 28) -> (N, C)."""
        probs = [
            (member(ink) / self.temperatures[index]).softmax(dim=1)
            for index, member in enumerate(self.members)
        ]
        return torch.stack(probs).mean(dim=0).clamp(min=_SMALLEST).log()


class EnsembleClassifier:
    """The mean of any classifiers' probabilities; see `inkdigits.types.Classifier`.

    Args:
        members: At least one; all with the same labels in the same order.

    Raises:
        UsageError: If there is none, or labels differ.
    """

    def __init__(self, members: Sequence[Classifier]) -> None:
        _check_members(members)
        self._members = tuple(members)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `predict_proba`."""
        return self._members[0].labels

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        """Return the mean of the members' probabilities; see `inkdigits.types.Classifier`."""
        probs: Probs = np.mean([member.predict_proba(images) for member in self._members], axis=0)
        return probs.astype(np.float32)


def join_networks(members: Sequence[NetworkClassifier]) -> NetworkClassifier:
    """Return one network that answers with the mean of its members' probabilities.

    Args:
        members: At least one; all with the same labels in the same order.

    Raises:
        UsageError: If there is none, or labels differ.
    """
    _check_members(members)
    temperatures = [member.temperature for member in members]
    return NetworkClassifier(
        Ensemble([member.network for member in members], temperatures), members[0].labels
    )


def _check_members(members: Sequence[Classifier]) -> None:
    if not members:
        raise UsageError("An ensemble needs at least one member")
    for member in members:
        if member.labels != members[0].labels:
            raise UsageError(
                "The members of an ensemble have different classes", remedy="Join models of one script only."
            )
