"""A network as a classifier: the contract that bundles and fitted models keep too.

Owns: pictures in, calibrated probabilities out, for a torch network. Leaves to others: fitting it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inkdigits.errors import ImageFormatError
from inkdigits.types import Probs

_SIZE: Final = (28, 28)
_BATCH: Final = 512
"""Digits at once; the maps of more would leave the processor's cache."""


class NetworkClassifier:
    """Answers for a trained network; see `inkdigits.types.Classifier`.

    Args:
        network: Maps (N, 1, 28, 28) ink to (N, C) logits; it is set to evaluation mode and must not be
            trained on while this is in use.
        labels: Names of the C classes.
        temperature: Divides the logits before the softmax.
    """

    def __init__(self, network: nn.Module, labels: tuple[str, ...], *, temperature: float = 1.0) -> None:
        self._network = network.eval()
        self._labels = tuple(labels)
        self._temperature = temperature

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `predict_proba`."""
        return self._labels

    @property
    def network(self) -> nn.Module:
        """The network, in evaluation mode."""
        return self._network

    @property
    def temperature(self) -> float:
        """What the logits are divided by before the softmax."""
        return self._temperature

    @torch.inference_mode()
    def predict_logits(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the network's raw outputs, before the temperature.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, C) float32.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        is_known_dtype = images.dtype == np.uint8 or np.issubdtype(images.dtype, np.floating)
        if images.ndim != 3 or images.shape[1:] != _SIZE or not is_known_dtype:
            raise ImageFormatError(
                f"A classifier takes (N, 28, 28) uint8 or float32, not {images.shape} {images.dtype}",
                remedy="Bring glyphs into that form with inkdigits.ink.",
            )
        scale = 255 if images.dtype == np.uint8 else 1
        logits = np.empty((len(images), len(self._labels)), np.float32)
        for start in range(0, len(images), _BATCH):
            part = images[start : start + _BATCH].astype(np.float32) / np.float32(scale)
            ink = torch.from_numpy(part).unsqueeze(1)  # (B, 28, 28) -> (B, 1, 28, 28)
            logits[start : start + _BATCH] = self._network(ink).numpy()
        return logits

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        """Return calibrated probabilities; see `inkdigits.types.Classifier`.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, C) float32, rows sum to 1.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        logits = torch.from_numpy(self.predict_logits(images))
        probs: Probs = (logits / self._temperature).softmax(dim=1).numpy()
        return probs
