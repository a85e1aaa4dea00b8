"""The ONNX target: float32, and int8 weights and activations of the network; run by ONNX Runtime."""

from __future__ import annotations

import inspect
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.bundles import METADATA_KEY
from inkdigits.bundles.runtime import onnxruntime
from inkdigits.errors import MissingExtraError
from inkdigits.export.facts import describe
from inkdigits.export.proof import Answer, Run, make_batches, make_digits
from inkdigits.export.recogniser import INPUTS, OUTPUTS, Form, Recogniser, Source

OPSET: Final = 17
_CALIBRATION_DIGITS: Final = 200
_QUANTIZED: Final = ("Conv", "Gemm", "MatMul", "Relu", "MaxPool", "Add", "Flatten")


def write_onnx(source: Source, form: Form, path: Path) -> None:
    """Write a float32 model; any number of glyphs, any size of picture.

    Args:
        source: The bundle.
        form: What the model takes.
        path: The file.

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    model = onnx.load_model_from_string(_trace(Recogniser(source, form), form))
    merge_constants(model)
    _add_metadata(model, describe(source, form, target="onnx"))
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_onnx_int8(source: Source, form: Form, path: Path) -> None:
    """Write a model whose network computes in eight bits; the normalisation stays float32.

    The ranges of the activations are taken from digits of the pen simulator.

    Args:
        source: The bundle.
        form: What the model takes.
        path: The file.

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
        from onnxruntime import quantization  # after `bundles.runtime`
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / "full.onnx", Path(folder) / "small.onnx"
        write_onnx(source, form, full)
        nodes = onnx.load(str(full)).graph.node
        logging.getLogger().addFilter(
            _is_no_hint
        )  # "please consider pre-processing": nothing to be gained here
        try:
            quantization.quantize_static(
                str(full), str(small), _Calibration(form), quant_format=quantization.QuantFormat.QDQ,
                per_channel=True, activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                nodes_to_quantize=[
                    node.name for node in nodes if "/network/" in node.name and node.op_type in _QUANTIZED
                ],
            )  # fmt: skip
        finally:
            logging.getLogger().removeFilter(_is_no_hint)
        model = onnx.load(str(small))
        del model.metadata_props[:]
        _add_metadata(model, describe(source, form, target="onnx", precision="int8"))
        path.write_bytes(model.SerializeToString(deterministic=True))


def open_onnx(path: Path, form: Form, source: Source) -> Run:
    """Open a written file in ONNX Runtime.

    Args:
        path: The file.
        form: What it takes.
        source: Its bundle.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(batch: npt.NDArray[np.float32]) -> Answer:
        probs, none = session.run(list(OUTPUTS), {INPUTS[form]: batch})
        return probs, none

    return run


def _trace(recogniser: Recogniser, form: Form) -> bytes:
    options: dict[str, Any] = {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = (
            False  # the exporter by tracing gives a smaller graph and needs no further library
        )
    axes = {0: "N"} if form is Form.bare else {0: "N", 1: "H", 2: "W"}
    example = torch.zeros(2, 28, 28) if form is Form.bare else torch.rand(2, 40, 36) * 255
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message="Converting a tensor|torch.from_numpy|torch.tensor")
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            recogniser, (example,), str(path), input_names=[INPUTS[form]], output_names=list(OUTPUTS),
            dynamic_axes={INPUTS[form]: axes, **{name: {0: "N"} for name in OUTPUTS}}, opset_version=OPSET,
            do_constant_folding=True, **options,
        )  # fmt: skip
        return path.read_bytes()


def merge_constants(model: Any) -> None:  # noqa: ANN401
    """Keep each constant once: the trace holds a filter as often as it is used."""
    first: dict[bytes, str] = {}
    names: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
        if node.op_type == "Constant":
            content = node.attribute[0].SerializeToString(deterministic=True)
            names[node.output[0]] = first.setdefault(content, node.output[0])
            if names[node.output[0]] != node.output[0]:
                continue
        kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _add_metadata(model: Any, text: str) -> None:  # noqa: ANN401
    model.producer_version = ""  # the versions stand in the metadata; bytes should not depend on them
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, text


def _is_no_hint(record: logging.LogRecord) -> bool:
    return "pre-processing" not in record.getMessage()


class _Calibration:
    """Digits one after the other, as ONNX Runtime's quantization asks for them."""

    def __init__(self, form: Form) -> None:
        batches = make_batches(make_digits(_CALIBRATION_DIGITS, seed=11), form)
        self._batches: Iterator[npt.NDArray[np.float32]] = iter(batches)
        self._name = INPUTS[form]

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        """Return the next batch, or None after the last one."""
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}
