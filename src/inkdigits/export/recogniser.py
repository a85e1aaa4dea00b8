"""What is exported: a network with its calibration, with or without the normalisation before it.

Owns: the two forms and what they take and give, in torch. Leaves to others: writing them (to_*).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from inkdigits.bundles import BundleClassifier, BundleMetadata
from inkdigits.export.network import Layer, Network, read_network
from inkdigits.export.picture_graph import PictureGraph
from inkdigits.export.tensors_torch import TorchTensors


class Form(StrEnum):
    """What an exported model takes.

    `bare`: "ink", (N, 28, 28) float32 in [0, 1], ink = 1, in MNIST's form. `picture`: "picture", (N, H, W) float32
    grey values in [0, 255] of one glyph, H and W from 28 to 512, either polarity.
    """

    bare = "bare"
    picture = "picture"


INPUTS: Final = {Form.bare: "ink", Form.picture: "picture"}
OUTPUTS: Final = ("probs", "none")
"""(N, C) calibrated probabilities of the labels, rows sum to 1; (N,) probability that the ink is no digit, 1 for
blank pictures, 0 throughout where the network has no such class."""


@dataclass(frozen=True, slots=True)
class Source:
    """A bundle that is to be exported.

    Attributes:
        classifier: The bundle as it runs here: what exports are compared with.
        layers: Its network.
    """

    classifier: BundleClassifier
    layers: tuple[Layer, ...]

    @staticmethod
    def open(path: Path) -> Source:
        """Read a bundle.

        Args:
            path: Of a classifier's bundle.

        Raises:
            BundleError: If it is no classifier, or its network can't be taken elsewhere.
            MissingExtraError: If onnx is not installed.
        """
        return Source(BundleClassifier(path), read_network(path))

    @property
    def metadata(self) -> BundleMetadata:
        """What the bundle says about itself."""
        return self.classifier.metadata


class Recogniser(nn.Module):
    """One form of a bundle in torch.

    Args:
        source: The bundle.
        form: With or without normalisation.
    """

    def __init__(self, source: Source, form: Form) -> None:
        super().__init__()
        self.network = Network(source.layers)
        self._temperature = source.metadata.temperature
        self._knows_none = source.classifier.knows_none
        self._graph = PictureGraph(TorchTensors()) if form is Form.picture else None
        self.eval()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return `OUTPUTS` for what `Form` says."""
        if self._graph is None:
            return self._classify(pixels)
        ink, has_ink = self._graph.build(pixels)
        probs, none = self._classify(ink)
        return probs, torch.maximum(none, 1.0 - has_ink[:, 0, 0])

    def _classify(self, ink: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(ink.unsqueeze(1)) / self._temperature
        if not self._knows_none:
            return logits.softmax(dim=1), logits[:, 0] * 0.0
        return logits[:, :-1].softmax(dim=1), logits.softmax(dim=1)[:, -1]
