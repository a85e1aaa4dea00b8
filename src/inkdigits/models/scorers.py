"""What scikit-learn has learned, as layers of a network: features in, logits out.

Owns: the arithmetic of each classical model after fitting. Its arrays are buffers, so that saving, exporting and
predicting need neither scikit-learn nor pickles. Leaves to others: fitting (`classical`), features (`hog`).

The logits of a forest and of neighbours are logarithms of smoothed votes; a temperature fitted on validation
digits makes probabilities of them, as of any network's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Arrays = Mapping[str, npt.NDArray[Any]]
"""Arrays by name, as they are saved."""

_NEAREST: Final = 1e-2
"""Smallest distance of neighbours; below it float32 can't tell a distance from none."""
_PSEUDO_VOTES: Final = 0.3
"""Votes that each class has from the start: no probability is 0, and the order stays."""


class Scorer(nn.Module):
    """Base of all scorers: each array becomes a buffer.

    Args:
        arrays: What was learned, by name.
    """

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array))


class LinearScorer(Scorer):
    """Weighted sums: `weight` (F, C), `bias` (C,)."""

    weight: Tensor
    bias: Tensor

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, C)."""
        return features @ self.weight + self.bias


class PairScorer(Scorer):
    """Support vector machines, one for each pair of classes.

    Arrays: for the kernel "rbf" `support` (F, S), `coefficients` (S, P) and `gamma` (); for "linear" `weight`
    (F, P); for both `bias` (P,) and `sharpness` (). P = C (C - 1) / 2 pairs in the order (0, 1), (0, 2), ...;
    a positive decision is for the first of the pair.

    A class's logit is the sum of the log-probabilities that it wins its pairs, where a pair's probability is
    the logistic function of its decision times the sharpness. Counting votes instead knows no near miss.
    """

    bias: Tensor
    sharpness: Tensor
    wins: Tensor
    losses: Tensor

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        pairs = list(combinations(range(_count_classes(self.bias.shape[0])), 2))
        classes = torch.arange(pairs[-1][1] + 1)
        first, second = torch.tensor(pairs).unbind(1)
        self.register_buffer("wins", (first[:, None] == classes).float(), persistent=False)
        self.register_buffer("losses", (second[:, None] == classes).float(), persistent=False)
        if "support" in arrays:
            self.register_buffer("squares", self.get_buffer("support").square().sum(dim=0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, C)."""
        decisions = self.sharpness * self.decide(features)
        # Not logsigmoid: in ONNX that is the logarithm of a sigmoid, which underflows to minus infinity.
        return -F.softplus(-decisions) @ self.wins - F.softplus(decisions) @ self.losses

    def decide(self, features: Tensor) -> Tensor:
        """Return the machines' decisions: (N, F) -> (N, P)."""
        if hasattr(self, "weight"):
            return features @ self.get_buffer("weight") + self.bias
        support, squares = self.get_buffer("support"), self.get_buffer("squares")
        distances = _square_distances(features, support, squares)  # (N, S)
        kernel = torch.exp(-self.get_buffer("gamma") * distances)
        return kernel @ self.get_buffer("coefficients") + self.bias


class ForestScorer(Scorer):
    """Decision trees, walked all at once.

    Arrays: `roots` (T,); for the I inner nodes `feature` and `threshold` (I,) and `branches` (2 I,), smaller or
    equal first; for the leaves `shares` (L, C); `depth` () of the deepest. Node I + k is leaf k.
    """

    roots: Tensor
    feature: Tensor
    threshold: Tensor
    branches: Tensor
    shares: Tensor

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self._depth = int(arrays["depth"])

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, C)."""
        trees = self.roots.shape[0]
        return _log_votes(self.share(features) * trees, votes=trees)

    def share(self, features: Tensor) -> Tensor:
        """Return the mean of the trees' probabilities: (N, F) -> (N, C)."""
        inner_count = self.feature.shape[0]
        node = self.roots.expand(features.shape[0], -1)  # (N, T)
        for _ in range(self._depth):
            inner = node.clamp(max=inner_count - 1)
            values = features.gather(1, self.feature[inner])
            is_right = (values > self.threshold[inner]).long()
            node = torch.where(node < inner_count, self.branches[2 * inner + is_right], node)
        return self.shares[node - inner_count].mean(dim=1)  # (N, T, C) -> (N, C)


class NeighbourScorer(Scorer):
    """Votes of the nearest training digits.

    Arrays: `digits` (F, M), `classes` (M, C) one-hot, `neighbours` () and `by_distance` (), 0 or 1.
    """

    digits: Tensor
    squares: Tensor
    classes: Tensor

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.register_buffer("squares", self.digits.square().sum(dim=0), persistent=False)
        self._neighbours = int(arrays["neighbours"])
        self._is_weighted = bool(arrays["by_distance"])

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, C)."""
        return _log_votes(self.share(features) * self._neighbours, votes=self._neighbours)

    def share(self, features: Tensor) -> Tensor:
        """Return each class's share of the votes: (N, F) -> (N, C)."""
        distances = _square_distances(features, self.digits, self.squares)  # (N, M), squared
        squares, nearest = distances.topk(self._neighbours, largest=False)
        votes = self.classes[nearest]  # (N, K, C)
        if not self._is_weighted:
            return votes.mean(dim=1)
        weights = 1 / squares.clamp(min=_NEAREST**2).sqrt()  # (N, K)
        return (votes * weights.unsqueeze(2)).sum(dim=1) / weights.sum(dim=1, keepdim=True)


def _square_distances(features: Tensor, points: Tensor, squares: Tensor) -> Tensor:
    """Return squared Euclidean distances, which rounding may make slightly negative.

    Args:
        features: (N, F).
        points: (F, M); transposing (M, F) here would put the points into a bundle twice.
        squares: (M,) squared lengths of the points.

    Returns:
        (N, M).
    """
    return features.square().sum(dim=1, keepdim=True) + squares - 2 * (features @ points)


def _log_votes(counts: Tensor, *, votes: int) -> Tensor:
    """Return log-probabilities from (N, C) counts that sum to `votes`."""
    return torch.log((counts + _PSEUDO_VOTES) / (votes + _PSEUDO_VOTES * counts.shape[1]))


def _count_classes(pairs: int) -> int:
    """Return C from C (C - 1) / 2."""
    return (1 + math.isqrt(1 + 8 * pairs)) // 2
