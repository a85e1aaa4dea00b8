"""The detector's writer: one ONNX file for pages of any size, which proves that it answers like its source.

Owns: the graph's form and the parity check. Leaves to others: opening it (bundles.detector).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.bundles.detector import DIGIT_LABELS, TASK, BundleDetector
from inkdigits.errors import BundleError
from inkdigits.export.onnx import BundleFacts
from inkdigits.export.page_network import convert
from inkdigits.export.quantize import quantize
from inkdigits.files import replacing
from inkdigits.models.detector import DigitDetector

_TOLERANCE: Final = 1e-3
"""Largest difference of an output; float32 in another order of summation stays below 1e-4 in 20 layers."""
_PROBES: Final = ((48, 64), (128, 384))
_SAME_NAMES: Final = 0.985
"""In 8 bits, this part of the places that may be signs must keep their label,"""
_HEAT_TOLERANCE: Final = 0.15
"""and their log-odds may change by this much on average."""


def export_detector(
    network: DigitDetector,
    path: Path,
    facts: BundleFacts,
    *,
    views: npt.NDArray[np.uint8] | None = None,
) -> None:
    """Write a detector's bundle.

    Args:
        network: Left in evaluation mode.
        path: The file to write; it appears only if it answers like the network.
        facts: What the bundle knows about itself.
        views: (N, H, W) uint8, at least 32; with them the bundle is quantised to 8 bits: half of them tell the
            ranges, the other half prove that its answers hardly change.

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
        if views is not None:
            ink = (views[:, None, None] / 255).astype(np.float32)
            part.write_bytes(quantize(content, "ink", ink[: len(ink) // 2]))
            _verify_quantized(network, part, ink[len(ink) // 2 :, 0, 0])


def _convert(network: DigitDetector, facts: BundleFacts) -> bytes:
    axes = {"ink": {0: "N", 2: "H", 3: "W"}, "signs": {0: "N", 2: "h", 3: "w"}}
    return convert(network, torch.zeros(1, 1, 64, 64), facts, axes=axes, task=TASK, input_size=(16, 16))


def _verify(network: DigitDetector, path: Path) -> None:
    detector = BundleDetector(path)
    generator = np.random.default_rng(0)
    for size in _PROBES:
        view = generator.random(size, dtype=np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(view[None, None]))[0].numpy()
        answer = detector.run(view)
        difference = float(np.abs(answer - expected).max()) if answer.shape == expected.shape else np.inf
        if not difference <= _TOLERANCE:
            raise BundleError(
                f"The exported detector differs by {difference:.2g} from the network",
                remedy="Please report this as a bug, with the versions of torch and onnxruntime.",
            )


def _verify_quantized(network: DigitDetector, path: Path, views: npt.NDArray[np.float32]) -> None:
    detector = BundleDetector(path)
    same, off = [], []
    for view in views:
        with torch.inference_mode():
            expected = network(torch.from_numpy(view[None, None]))[0].numpy()
        answer = detector.run(view)
        places = expected[0] > 0
        names = slice(2, 2 + DIGIT_LABELS)
        same.append(expected[names].argmax(axis=0)[places] == answer[names].argmax(axis=0)[places])
        off.append(np.abs(expected[0] - answer[0])[places])
    kept, change = float(np.concatenate(same).mean()), float(np.concatenate(off).mean())
    if not (kept >= _SAME_NAMES and change <= _HEAT_TOLERANCE):
        raise BundleError(
            f"In 8 bits the detector keeps {kept:.1%} of its labels and changes its log-odds by {change:.2f}",
            remedy='Write it with precision = "float32".',
        )
