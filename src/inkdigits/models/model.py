"""The one contract of everything that can be fitted, be it by gradients, by scikit-learn or from other models.

Owns: `Model` and the file in which a fitted one is kept. Leaves to others: fitting (`classical`,
`inkdigits.training.fit`) and bundles (`inkdigits.export`).

The file is a NumPy archive of plain arrays and one JSON header: reading it runs no code.
"""

from __future__ import annotations

import json
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inkdigits.errors import BundleError, InkdigitsError, UsageError
from inkdigits.features import FeatureName
from inkdigits.files import replacing
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.ensemble import Ensemble
from inkdigits.models.registry import get_model_spec, make_estimator, make_network
from inkdigits.models.scorers import Scorer
from inkdigits.types import LabelledImages, Probs

_HEADER: Final = "header"
_FORMAT: Final = 1
"""Raised when the header's keys change their meaning."""


@dataclass(frozen=True)
class Plan:
    """What has to be known of a model beside its weights to build it again.

    Attributes:
        name: Its name in the register.
        options: The model's own options.
        features: What it sees of a glyph.
        members: The plans of an ensemble's members.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    features: FeatureName = "raw"
    members: tuple[Plan, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "name": self.name,
            "options": dict(self.options),
            "features": self.features,
            "members": [member.to_dict() for member in self.members],
        }

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> Plan:
        """Return the plan that plain JSON types describe."""
        members = tuple(Plan.from_dict(member) for member in raw["members"])
        return Plan(str(raw["name"]), raw["options"], raw["features"], members)


class Model(ABC):
    """A model that is fitted to digits and then keeps `inkdigits.types.Classifier`."""

    _classifier: NetworkClassifier | None = None

    @property
    @abstractmethod
    def plan(self) -> Plan:
        """How to build it again."""

    @abstractmethod
    def fit(self, train: LabelledImages, validation: LabelledImages | None = None) -> Self:
        """Learn.

        Args:
            train: Digits to learn from, 28x28.
            validation: Digits that make probabilities mean what they say (a temperature is fitted on them), and
                that stop a network early if its recipe says so.

        Returns:
            This model.

        Raises:
            UsageError: If there are too few digits, or a class has none.
        """

    @property
    def classifier(self) -> NetworkClassifier:
        """What was learned.

        Raises:
            UsageError: Before `fit`.
        """
        if self._classifier is None:
            raise UsageError(
                f"The model {self.plan.name!r} has learned nothing yet", remedy="Call fit first."
            )
        return self._classifier

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `predict_proba`."""
        return self.classifier.labels

    @property
    def network(self) -> nn.Module:
        """What was learned as a network: (N, 1, 28, 28) ink -> (N, C) logits."""
        return self.classifier.network

    @property
    def temperature(self) -> float:
        """What the logits are divided by before the softmax."""
        return self.classifier.temperature

    @property
    def parameters(self) -> int:
        """How many numbers were learned, a forest's and the neighbours' included."""
        tensors: list[torch.Tensor] = list(self.network.parameters())
        for module in self.network.modules():
            if isinstance(module, Scorer):
                tensors += module.state_dict().values()
        return sum(tensor.numel() for tensor in tensors)

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        """Return calibrated probabilities; see `inkdigits.types.Classifier`."""
        return self.classifier.predict_proba(images)

    def save(self, path: Path) -> None:
        """Write what was learned into one file; `load_model` reads it.

        Raises:
            OutputError: If the file can't be written.
            UsageError: Before `fit`.
        """
        header = {
            "format": _FORMAT,
            "plan": self.plan.to_dict(),
            "labels": list(self.labels),
            "temperature": self.temperature,
        }
        arrays = {name: value.numpy() for name, value in self.network.state_dict().items()}
        with replacing(path) as part, part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **{_HEADER: np.array(json.dumps(header))}, **arrays)


class FittedModel(Model):
    """A model from a file: it predicts, and can be saved again.

    Args:
        plan: How it was built.
        classifier: What was learned.
    """

    def __init__(self, plan: Plan, classifier: NetworkClassifier) -> None:
        self._plan = plan
        self._classifier = classifier

    @property
    def plan(self) -> Plan:
        """How it was built."""
        return self._plan

    def fit(self, train: LabelledImages, validation: LabelledImages | None = None) -> Self:
        """Refuse: a loaded model stays what it is.

        Raises:
            UsageError: Always.
        """
        raise UsageError("A loaded model can't be fitted", remedy="Make a new one with make_model.")


def load_model(path: Path) -> FittedModel:
    """Read a model that `Model.save` wrote.

    Args:
        path: The file.

    Raises:
        BundleError: If it is missing, damaged or of another kind.
    """
    remedy = "Check the path, or fit and save the model again."
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop(_HEADER)))
        if header["format"] != _FORMAT:
            raise BundleError(f"{path} has an unknown form", remedy="Upgrade InkDigits.")
        plan, labels = Plan.from_dict(header["plan"]), tuple(header["labels"])
        network = build_network(plan, arrays, classes=len(labels))
        temperature = float(header["temperature"])
    except BundleError:
        raise
    # Whatever is wrong inside, the answer is the same: this file is no model.
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path} can't be read as a model", remedy=remedy) from error
    except InkdigitsError as error:
        raise BundleError(f"{path} can't be read as a model: {error.message}", remedy=remedy) from error
    return FittedModel(plan, NetworkClassifier(network, labels, temperature=temperature))


def build_network(plan: Plan, arrays: Mapping[str, npt.NDArray[Any]], *, classes: int) -> nn.Module:
    """Return the network of a plan with the given weights.

    Args:
        plan: How it was built.
        arrays: Its state, by name.
        classes: Number of classes.
    """
    kind = get_model_spec(plan.name).kind
    if kind == "estimator":
        return make_estimator(plan.name, features=plan.features, **plan.options).build(arrays)
    if kind == "ensemble":
        parts = [
            build_network(member, _select(arrays, f"members.{index}."), classes=classes)
            for index, member in enumerate(plan.members)
        ]
        network: nn.Module = Ensemble(parts, [1.0] * len(parts))
    else:
        network = make_network(plan.name, classes=classes, **plan.options)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return network


def _select(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
