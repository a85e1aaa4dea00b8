"""A guard joined to a region classifier's bundle: one file, in which the region classifier stays bit by bit.

Owns: joining both graphs, and the proof that only "none" gains. Leaves to others: the guard's training
(training.detect.guard), opening the file (bundles.region).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.bundles import METADATA_KEY
from inkdigits.bundles.metadata import SCHEMA
from inkdigits.bundles.region import TASK, BundleRegions
from inkdigits.errors import BundleError, MissingExtraError
from inkdigits.export.onnx import BundleFacts
from inkdigits.export.page_network import convert
from inkdigits.export.quantize import quantize
from inkdigits.files import replacing
from inkdigits.ink.region import REGION_PX
from inkdigits.models.region import RegionClassifier

TRUST: Final = 2.0
"""How much "none" gains, as log-odds, for each of the guard's log-odds above its threshold."""
MOST_DOUBT: Final = 4.0
"""Of the guard's log-odds above it, so many count."""
_PREFIX: Final = "guard/"
_TOLERANCE: Final = 1e-3


def export_guarded(
    regions: Path,
    guard: RegionClassifier,
    path: Path,
    facts: BundleFacts,
    *,
    least: float,
    probes: npt.NDArray[np.float32],
    is_quantized: bool,
) -> None:
    """Write a bundle that answers like a region classifier, but with more "none" where the guard sees a thing.

    Args:
        regions: Bundle of the region classifier.
        guard: With one class: how sure it is, as log-odds, that a region shows a thing and no writing.
        path: The file to write; it appears only if it answers so.
        facts: What the bundle knows about itself.
        least: From which of these log-odds on the guard has a say.
        probes: (N, 2, 40, 40) float32 in [0, 1]: they prove it, and tell the ranges of 8 bits.
        is_quantized: Whether the guard's weights and activations are written in 8 bits.

    Raises:
        BundleError: If the file can't be opened, or the written one answers other than told.
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    guard.eval()
    example, axes = torch.zeros(2, 2, REGION_PX, REGION_PX), {"regions": {0: "N"}, "logits": {0: "N"}}
    content = convert(guard, example, facts, axes=axes, task="guard", input_size=(REGION_PX, REGION_PX))
    if is_quantized:
        content = quantize(content, "regions", np.array_split(probes, max(1, len(probes) // 64)))
    before = BundleRegions(regions).run(probes)
    model = _join(
        onnx.load(str(regions)), onnx.load_model_from_string(content), least=least, classes=before.shape[1]
    )
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key = METADATA_KEY
    told = {"schema": SCHEMA, **asdict(facts), "input_size": [REGION_PX, REGION_PX], "task": TASK}
    entry.value = json.dumps(told, ensure_ascii=False, sort_keys=True)
    onnx.checker.check_model(model, full_check=True)
    with replacing(path) as part:
        part.write_bytes(model.SerializeToString(deterministic=True))
        after = BundleRegions(part).run(probes)
        gained = after[:, -1] - before[:, -1]
        is_so = np.array_equal(after[:, :-1], before[:, :-1]) and bool((gained >= 0).all())
        if not is_so or float(gained.max()) > TRUST * MOST_DOUBT + _TOLERANCE:
            raise BundleError(
                "The joined bundle does not answer like its parts",
                remedy="Please report this as a bug, with the versions of torch and onnxruntime.",
            )


def _join(known: Any, guard: Any, *, least: float, classes: int) -> Any:  # noqa: ANN401
    """Lay both graphs side by side on one input, and add what the guard has to say to the last logit."""
    import onnx
    from onnx import compose, helper, numpy_helper

    guard = compose.add_prefix(guard, _PREFIX)
    graph, into, out = known.graph, known.graph.input[0].name, known.graph.output[0].name
    asks, said = guard.graph.input[0].name, guard.graph.output[0].name
    for node in graph.node:
        _rename(node.output, out, "alone")
        _rename(node.input, out, "alone")
    for node in guard.graph.node:
        _rename(node.input, asks, into)
    graph.node.extend(guard.graph.node)
    graph.initializer.extend(guard.graph.initializer)
    share = np.zeros((1, classes), np.float32)
    share[0, -1] = TRUST
    constants = {"least": least, "lowest": 0.0, "highest": MOST_DOUBT, "share": share}
    for name, value in constants.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
    graph.node.extend(
        [
            helper.make_node("Sub", [said, "least"], ["above"]),
            helper.make_node("Clip", ["above", "lowest", "highest"], ["doubt"]),
            helper.make_node("Mul", ["doubt", "share"], ["more"]),
            helper.make_node("Add", ["alone", "more"], [out]),
        ]
    )
    versions = {entry.domain: entry.version for entry in known.opset_import}
    for entry in guard.opset_import:
        if entry.domain not in versions:
            known.opset_import.append(entry)
    known.ir_version = max(known.ir_version, guard.ir_version)
    assert isinstance(known, onnx.ModelProto)
    return known


def _rename(names: Any, old: str, new: str) -> None:  # noqa: ANN401
    for index, name in enumerate(names):
        if name == old:
            names[index] = new
