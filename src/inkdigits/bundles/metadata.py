"""What a bundle says about itself: labels, calibration, where it comes from and what may be done with it.

Owns: the metadata's form and its checks. Leaves to others: the network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inkdigits.errors import BundleError

METADATA_KEY = "inkdigits"
SCHEMA = 1
NO_DIGIT = "none"
"""Name of the class of ink that is no digit; where a network has it, it is the last."""
_REMEDY = "Take a bundle that 'inkdigits train' wrote, or reinstall the package."


@dataclass(frozen=True)
class BundleMetadata:
    """Metadata of one bundle, stored as JSON under the ONNX key "inkdigits".

    Attributes:
        name: Name of the model.
        labels: Names of the classes, in the order of the network's outputs.
        input_size: (height, width) of a glyph, pixels.
        temperature: Logits are divided by it before the softmax (fitted on validation data); above 0.
        rejection_threshold: Below this confidence a glyph is reported as unsure; in [0, 1].
        parameters: Number of trained weights.
        everything: The whole JSON object, with recipe, data, commit, licence, versions and metrics.
    """

    name: str
    labels: tuple[str, ...]
    input_size: tuple[int, int]
    temperature: float
    rejection_threshold: float
    parameters: int
    everything: Mapping[str, Any] = field(repr=False)

    @staticmethod
    def from_json(text: str) -> BundleMetadata:
        """Read and check the metadata.

        Args:
            text: JSON object.

        Raises:
            BundleError: If a key is missing or has an impossible value.
        """
        try:
            raw = json.loads(text)
            schema = int(raw.get("schema", 0))
            height, width = (int(side) for side in raw["input_size"])
            metadata = BundleMetadata(
                name=str(raw["name"]),
                labels=tuple(str(label) for label in raw["labels"]),
                input_size=(height, width),
                temperature=float(raw["temperature"]),
                rejection_threshold=float(raw["rejection_threshold"]),
                parameters=int(raw.get("parameters", 0)),
                everything=raw,
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise BundleError(f"the bundle's metadata can't be read ({error})", remedy=_REMEDY) from error
        metadata._check(schema)
        return metadata

    def _check(self, schema: int) -> None:
        if schema > SCHEMA:
            raise BundleError(
                f"the bundle has format {schema}, this version reads up to {SCHEMA}",
                remedy="Upgrade with: pip install --upgrade inkdigits.",
            )
        is_possible = (
            0 < self.temperature < math.inf
            and 0 <= self.rejection_threshold <= 1
            and len(set(self.labels)) == len(self.labels) >= 2
            and min(self.input_size) > 0
        )
        if not is_possible:
            raise BundleError("the bundle's metadata holds impossible values", remedy=_REMEDY)
