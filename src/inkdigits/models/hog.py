"""Features as layers, so that a model on features takes ink like any other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inkdigits.features import FeatureName, compute_hog, flatten


class FeatureLayer(nn.Module):
    """Computes `inkdigits.features` inside a network; it has no weights.

    Args:
        name: "raw" or "hog".
    """

    def __init__(self, name: FeatureName) -> None:
        super().__init__()
        self.name = name

    def forward(self, ink: Tensor) -> Tensor:
        """(N, 1, 28, 28) -> (N, F)."""
        glyphs = ink[:, 0]
        features: Tensor = flatten(glyphs) if self.name == "raw" else compute_hog(glyphs, torch)
        return features
