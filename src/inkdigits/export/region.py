"""The region classifier's writer: one ONNX file, which proves that it answers like its source.

Owns: the graph's form and the parity check. Leaves to others: opening it (bundles.region).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.bundles.region import TASK, BundleRegions
from inkdigits.errors import BundleError
from inkdigits.export.onnx import BundleFacts
from inkdigits.export.page_network import convert
from inkdigits.export.quantize import quantize
from inkdigits.files import replacing
from inkdigits.ink.region import REGION_PX
from inkdigits.models.region import RegionClassifier

_TOLERANCE: Final = 1e-3
"""Largest difference of a logit; float32 in another order of summation stays below 1e-4."""
_PROBES: Final = 64
_SAME_NAMES: Final = 0.99
"""In 8 bits, this part of the regions must keep their label."""


def export_regions(
    network: RegionClassifier,
    path: Path,
    facts: BundleFacts,
    *,
    regions: npt.NDArray[np.float32] | None = None,
) -> None:
    """Write a region classifier's bundle.

    Args:
        network: Left in evaluation mode.
        path: The file to write; it appears only if it answers like the network.
        facts: What the bundle knows about itself.
        regions: (N, 2, 40, 40) float32 in [0, 1]; with them the bundle is quantised to 8 bits: half of them tell
            the ranges, the other half prove that its answers hardly change.

    Raises:
        BundleError: If the written file answers other than the network does.
        OutputError: If the file can't be written.
        MissingExtraError: If onnx is not installed.
    """
    network.eval()
    with replacing(path) as part:
        content = _convert(network, facts)
        part.write_bytes(content)
        _verify(network, part)
        if regions is not None:
            half = len(regions) // 2
            part.write_bytes(quantize(content, "regions", np.array_split(regions[:half], max(1, half // 64))))
            _verify_quantized(network, part, regions[half:])


def _convert(network: RegionClassifier, facts: BundleFacts) -> bytes:
    example, axes = torch.zeros(2, 2, REGION_PX, REGION_PX), {"regions": {0: "N"}, "logits": {0: "N"}}
    return convert(network, example, facts, axes=axes, task=TASK, input_size=(REGION_PX, REGION_PX))


def _verify(network: RegionClassifier, path: Path) -> None:
    probes = np.random.default_rng(0).random((_PROBES, 2, REGION_PX, REGION_PX), dtype=np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(probes)).numpy()
    answer = BundleRegions(path).run(probes)
    difference = float(np.abs(answer - expected).max()) if answer.shape == expected.shape else np.inf
    if not difference <= _TOLERANCE:
        raise BundleError(
            f"The exported region classifier differs by {difference:.2g} from the network",
            remedy="Please report this as a bug, with the versions of torch and onnxruntime.",
        )


def _verify_quantized(network: RegionClassifier, path: Path, regions: npt.NDArray[np.float32]) -> None:
    with torch.inference_mode():
        expected = network(torch.from_numpy(regions)).numpy()
    kept = float((expected.argmax(axis=1) == BundleRegions(path).run(regions).argmax(axis=1)).mean())
    if not kept >= _SAME_NAMES:
        raise BundleError(
            f"In 8 bits the region classifier keeps only {kept:.1%} of its labels",
            remedy='Write it with precision = "float32".',
        )
