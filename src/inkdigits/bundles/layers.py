"""What happens between a bundle's input and its answer: the outputs of its layers.

Owns: opening a bundle with its inner layers as outputs; onnx is imported where it is used. Leaves to others: what
is made of them (explaining).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.bundle import BATCH, BundleClassifier, as_ink
from inkdigits.bundles.runtime import onnxruntime
from inkdigits.errors import BundleError, MissingExtraError

ACTIVATIONS: Final = frozenset(
    {
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Elu",
        "Celu",
        "Selu",
        "Gelu",
        "HardSwish",
        "Mish",
        "Sigmoid",
        "Tanh",
        "Clip",
    }
)
"""Operators after which a layer has said what it says."""
_DENSE: Final = frozenset({"Gemm", "MatMul"})


@dataclass(frozen=True)
class LayerOutput:
    """What one layer answers to one glyph.

    Attributes:
        name: Its place in the network, such as "features.2".
        values: (K, H, W) float32 for K maps, or (K,) for K units.
    """

    name: str
    values: npt.NDArray[np.float32]


class BundleLayers:
    """A classifier's bundle, opened so that its layers can be looked at; unchanging, shared by threads.

    Args:
        classifier: The bundle.
        threads: Threads for one call.

    Raises:
        MissingExtraError: If onnx is not installed.
        BundleError: If the file has gone or changed.
    """

    def __init__(self, classifier: BundleClassifier, *, threads: int = 1) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingExtraError("onnx", extra="train") from error
        self._size = classifier.metadata.input_size
        try:
            model = onnx.load(str(classifier.path))
        except Exception as error:  # onnx passes protobuf's own errors on
            raise BundleError(
                f"{classifier.path.name} can't be read again", remedy="It may be damaged: take a fresh copy."
            ) from error
        self._activations = tuple(n.output[0] for n in model.graph.node if n.op_type in ACTIVATIONS)
        self._features = find_features(model.graph)
        inner = dict.fromkeys([*self._activations, *([self._features] if self._features else [])])
        for name in inner:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
        self._session = _open(model.SerializeToString(), threads=threads)
        self._input = self._session.get_inputs()[0].name

    @property
    def has_features(self) -> bool:
        """True if the network ends in a dense layer, whose input describes a glyph."""
        return self._features is not None

    def compute_features(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return what the last dense layer sees.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, F) float32.

        Raises:
            ImageFormatError: If shape or dtype is another.
            BundleError: If the network has no such layer.
        """
        if self._features is None:
            raise BundleError("the network ends in no dense layer", remedy="Use inkdigits.features instead.")
        ink = as_ink(images, size=self._size)
        parts = [self._run(ink[i : i + BATCH], [self._features])[0] for i in range(0, len(ink), BATCH)]
        return np.concatenate([part.reshape(len(part), -1) for part in parts])

    def compute_layers(self, image: npt.NDArray[Any]) -> list[LayerOutput]:
        """Return what each layer with an activation answers to one glyph, from the input on.

        Args:
            image: (28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        if not self._activations:
            return []
        outputs = self._run(as_ink(image, size=self._size), list(self._activations))
        return [
            LayerOutput(shorten(name), np.asarray(output[0], np.float32))
            for name, output in zip(self._activations, outputs, strict=True)
            if output.ndim in (2, 4) and len(output) == 1
        ]

    def _run(self, ink: npt.NDArray[np.float32], names: Sequence[str]) -> list[npt.NDArray[np.float32]]:
        outputs: list[npt.NDArray[np.float32]] = self._session.run(list(names), {self._input: ink})
        return outputs


def find_features(graph: Any) -> str | None:  # noqa: ANN401 - onnx has no types
    """Return the name of what the last dense layer of an ONNX graph sees, or None if it doesn't end in one."""
    made_by = {name: node for node in graph.node for name in node.output}
    fixed = {tensor.name for tensor in graph.initializer}
    fixed |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    node = made_by.get(graph.output[0].name)
    while node is not None and node.op_type in ("Add", "Identity"):  # the bias of a MatMul
        inner = [name for name in node.input if name not in fixed]
        node = made_by.get(inner[0]) if len(inner) == 1 else None
    if node is None or node.op_type not in _DENSE:
        return None
    variable = [name for name in node.input if name not in fixed]
    takes = {place.name for place in graph.input}
    return str(variable[0]) if len(variable) == 1 and variable[0] not in takes else None


def shorten(name: str) -> str:
    """Return a layer's place without what the exporter wraps around it.

    Args:
        name: Such as "/network/features/features.2/features.2.2/Relu_output_0".

    Returns:
        Such as "features.2.2".
    """
    parts = [part for part in name.split("/") if part]
    inner = parts[:-1] or [re.sub(r"_output_\d+$", "", parts[-1])] if parts else [name]
    return inner[-1]


def _open(content: bytes, *, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
