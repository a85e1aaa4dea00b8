"""What the validation digits say about a trained model: its temperature, accuracy and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.models.temperature import fit_temperature

__all__ = ["Calibration", "calibrate", "fit_temperature"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature, and what the validation digits say about the model.

    Attributes:
        temperature: Divides the logits.
        metrics: "validation_accuracy", and "validation_loss" after calibration.
    """

    temperature: float
    metrics: Mapping[str, float]


def calibrate(logits: Tensor, labels: npt.NDArray[np.int64]) -> Calibration:
    """Fit a temperature and measure; logits (N, C), labels (N,), N at least 1."""
    targets = torch.from_numpy(np.ascontiguousarray(labels))
    temperature = fit_temperature(logits, targets)
    loss = F.cross_entropy(logits.double() / temperature, targets).item()
    accuracy = (logits.argmax(1) == targets).double().mean().item()
    return Calibration(temperature, {"validation_accuracy": accuracy, "validation_loss": loss})
