"""Temperature scaling: one number that makes probabilities mean what they say."""

from __future__ import annotations

import math
from typing import Final

import torch.nn.functional as F
from torch import Tensor

_RANGE: Final = (0.05, 20.0)
"""Limits of the temperature; outside them the model, not its scale, is wrong."""
_STEPS: Final = 60
"""Golden sections; 60 narrow the range to less than 1e-11."""


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the temperature that minimises the negative log-likelihood.

    Args:
        logits: (N, C) of digits that the model was not trained on; N at least 1.
        labels: (N,) int64.

    Returns:
        A number in [0.05, 20]: probabilities are softmax(logits / temperature).

    References:
        Guo et al., "On calibration of modern neural networks", 2017.
    """
    exact = logits.double()

    def measure(log_temperature: float) -> float:
        return F.cross_entropy(exact / math.exp(log_temperature), labels).item()

    # The loss has a single minimum along the logarithm of the temperature: golden sections find it.
    ratio = (math.sqrt(5) - 1) / 2
    low, high = (math.log(limit) for limit in _RANGE)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    left_loss, right_loss = measure(left), measure(right)
    for _ in range(_STEPS):
        if left_loss < right_loss:
            high, right, right_loss = right, left, left_loss
            left = high - ratio * (high - low)
            left_loss = measure(left)
        else:
            low, left, left_loss = left, right, right_loss
            right = low + ratio * (high - low)
            right_loss = measure(right)
    return math.exp((low + high) / 2)
