"""Teachers: networks that are trained already, whose mean answer is learned from beside the labels.

Owns: opening them, their answer, and its share of the target. Leaves to others: the loss and the steps (loop).

Networks trained apart err apart: together they answer better than any of them, and one that learns to answer like
all of them keeps a part of that, at the price of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.errors import RecipeError

TAUGHT: Final = 0.7
"""Share of the target that is the teachers'; the rest is the label's."""
CONTRADICTED: Final = (0.03, 0.3)
"""Where the label says "none" and the teachers find that so probable, only the label counts: they never saw such
things. Where they are surer of a digit they are heard: a ring is a zero whoever drew it."""


class Teachers:
    """Bundles that are asked together.

    Args:
        names: Names of models that ship, or paths of bundles.
        labels: Names of the classes of the network that learns, in their order.

    Raises:
        BundleError: If one of them can't be opened.
        RecipeError: If one of them has other classes.

    References:
        Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015.
    """

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        self._bundles = open_teachers(names)
        self._knows_none = labels[-1] == NO_DIGIT
        for bundle in self._bundles:
            if bundle.metadata.labels != tuple(labels):
                raise RecipeError(
                    f"The teacher {bundle.path} has other classes than the digits to learn",
                    remedy=f"Take bundles for: {', '.join(labels)}.",
                )

    def answer(self, ink: Tensor) -> Tensor:
        """Return what they say together: the mean of their log-probabilities, as probabilities.

        Args:
            ink: (N, 1, 28, 28) float32 in [0, 1], ink = 1.

        Returns:
            (N, C) float32 on the same device, rows sum to 1.
        """
        glyphs = ink.squeeze(1).cpu().numpy()
        answers = [
            F.log_softmax(
                torch.from_numpy(bundle.predict_logits(glyphs)) / bundle.metadata.temperature, dim=1
            )
            for bundle in self._bundles
        ]
        return torch.stack(answers).mean(0).softmax(dim=1).to(ink.device)

    def mix(self, targets: Tensor, ink: Tensor) -> Tensor:
        """Return targets of which the teachers decide a share.

        Args:
            targets: (N, C) float32, rows sum to 1.
            ink: (N, 1, 28, 28) float32 in [0, 1], ink = 1.

        Returns:
            (N, C) float32, rows sum to 1.
        """
        answer = self.answer(ink)
        share = torch.full_like(targets[:, :1], TAUGHT)
        if self._knows_none:
            none, (low, high) = answer[:, -1:], CONTRADICTED
            is_contradicted = (targets[:, -1:] > 0.5) & (low < none) & (none < high)
            share = share * ~is_contradicted
        return targets + share * (answer - targets)


def open_teachers(names: Sequence[str]) -> list[BundleClassifier]:
    """Open bundles by the names of models that ship, or by their paths.

    Raises:
        BundleError: If one of them can't be opened.
    """
    return [load_classifier(name) for name in names]
