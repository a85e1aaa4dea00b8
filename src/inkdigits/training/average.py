"""Exponentially averaged weights: a smoother model than the last step's, at no cost in reading."""

from __future__ import annotations

import copy

import torch
from torch import nn


class WeightAverage:
    """Keeps an averaged copy of a network, buffers such as those of batch norm included.

    Args:
        network: The network that is trained.
        decay: Share of the old average that each step keeps.

    Attributes:
        network: The averaged copy, in evaluation mode.
    """

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, *, step: int) -> None:
        """Move the average towards `network`; early steps move it more, so that it forgets the start."""
        decay = min(self._decay, (1 + step) / (10 + step))
        current = network.state_dict()
        for name, average in self.network.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name], 1 - decay)
            else:
                average.copy_(current[name])
