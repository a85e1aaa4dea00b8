"""A bundle's network, read back from its ONNX file: a short list of layers that networks can be built from again.

Owns: which layers there are, and their form in torch, to be exported or to learn on. Leaves to others: their form
in Keras (to_keras), learning (training.adapt).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inkdigits.errors import BundleError, MissingExtraError
from inkdigits.export.onnx import verify_parity

Array = npt.NDArray[np.float32]
_REMEDY: Final = "Take a network: cnn, cnn-nano, cnn-fast, cnn-tutorial, mlp, mlp-tutorial or resnet."


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of a network.

    Attributes:
        kind: "conv", "relu", "max_pool", "flatten", "dense", "norm" (batch norm of features), "add", "mean" (over
            height and width) or "crop".
        inputs: Names of what it takes; the network's input is "ink", (N, 1, 28, 28).
        output: Name of what it gives; that of the last layer are the logits.
        options: Whole numbers: strides, window, pads (top, left, bottom, right), groups, crop (the same four).
        weights: "weight" and "bias" as torch holds them; "norm" has "mean" and "var" too.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    options: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)


INPUT: Final = "ink"


def read_network(path: Path) -> tuple[Layer, ...]:
    """Read the layers of a bundle.

    Args:
        path: Of a classifier's bundle.

    Raises:
        BundleError: If the file is no ONNX graph, or its network has a step that is none of the kinds of `Layer`,
            as forests and neighbours do.
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf raises its own classes
        raise BundleError(f"{path.name} can't be opened as a model", remedy=_REMEDY) from error
    values: dict[str, npt.NDArray[Any]] = {
        entry.name: numpy_helper.to_array(entry) for entry in graph.initializer
    }
    names = {graph.input[0].name: INPUT}
    layers: list[Layer] = []
    for node in graph.node:
        options = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
        inputs = [names.get(name, name) for name in node.input]
        output = node.output[0]
        if node.op_type == "Constant":
            values[output] = numpy_helper.to_array(options["value"])
        elif node.op_type == "Identity" and inputs[0] in values:
            values[output] = values[inputs[0]]
        elif node.op_type in ("Identity", "Unsqueeze"):  # the channel axis, which `INPUT` has already
            names[output] = inputs[0]
        else:
            constants = [values[name] for name in inputs if name in values]
            free = tuple(name for name in inputs if name not in values)
            layers.append(_make_layer(node.op_type, free, output, options, constants))
    return tuple(layers)


def restore_network(path: Path, *, classes: int) -> Network:
    """Build the network of a bundle in torch, to learn on, and prove that it answers like the file.

    Norms that the exporter folded into the convolutions before them stay there, other norms are one factor and one
    addend, and dropout is gone: nothing in it depends on the batch.

    Args:
        path: Of a classifier's bundle.
        classes: Number of logits.

    Returns:
        It, in evaluation mode.

    Raises:
        BundleError: As for `read_network`, or if it answers otherwise.
        MissingExtraError: If onnx is not installed.
    """
    network = Network(read_network(path)).eval()
    verify_parity(network, path, classes=classes)
    return network


def _make_layer(
    operation: str,
    inputs: tuple[str, ...],
    output: str,
    options: Mapping[str, Any],
    constants: Sequence[npt.NDArray[Any]],
) -> Layer:
    match operation:
        case "Conv" if set(options.get("dilations", [1])) == {1}:
            return Layer("conv", inputs, output, _window(options), _named(constants, "weight", "bias"))
        case "MaxPool" if not options.get("ceil_mode"):
            return Layer("max_pool", inputs, output, _window(options))
        case "Relu" | "Flatten" | "Add" if not constants:
            return Layer(operation.lower(), inputs, output)
        case "Gemm" if options.get("transB") and options.get("alpha", 1) == options.get("beta", 1) == 1:
            return Layer("dense", inputs, output, {}, _named(constants, "weight", "bias"))
        case "BatchNormalization":
            weights = _named(constants, "weight", "bias", "mean", "var")
            # y = (x - mean) / sqrt(var + epsilon): kept as one factor and one addend.
            scale = weights["weight"] / np.sqrt(weights["var"] + np.float32(options.get("epsilon", 1e-5)))
            return Layer(
                "norm",
                inputs,
                output,
                {},
                {"weight": scale, "bias": weights["bias"] - weights["mean"] * scale},
            )
        case "ReduceMean" if sorted(axis % 4 for axis in options.get("axes", ())) == [
            2,
            3,
        ] and not options.get("keepdims", 1):
            return Layer("mean", inputs, output)
        case "Slice" if len(constants) == 4 and set(constants[3].tolist()) == {1}:
            return Layer("crop", inputs, output, _crop(*constants[:3]))
    raise BundleError(f"The network has a step {operation} that other formats don't take", remedy=_REMEDY)


def _window(options: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {
        "window": tuple(options["kernel_shape"]),
        "strides": tuple(options.get("strides", (1, 1))),
        "pads": tuple(options.get("pads", (0, 0, 0, 0))),
        "groups": (int(options.get("group", 1)),),
    }


def _named(constants: Sequence[npt.NDArray[Any]], *names: str) -> dict[str, Array]:
    """Name a step's constants; a missing bias is zero."""
    weights = {name: np.array(array, np.float32) for name, array in zip(names, constants, strict=False)}
    weights.setdefault("bias", np.zeros(len(weights["weight"]), np.float32))
    return weights


def _crop(
    starts: npt.NDArray[Any], ends: npt.NDArray[Any], axes: npt.NDArray[Any]
) -> dict[str, tuple[int, ...]]:
    """What is cut off at top, left, bottom and right."""
    cut = [0, 0, 0, 0]
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        if axis not in (2, 3) or start < 0 or (end >= 0 and end < 2**31):
            raise BundleError("The network cuts its input in a way other formats don't take", remedy=_REMEDY)
        cut[axis - 2], cut[axis] = start, max(0, -end) if end < 0 else 0
    return {"crop": tuple(cut)}


class Network(nn.Module):
    """The layers in torch.

    Args:
        layers: As `read_network` gives them.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._layers = tuple(layers)
        self.steps = nn.ModuleList([_make_module(layer) for layer in layers])

    def forward(self, ink: Tensor) -> Tensor:
        """(N, 1, 28, 28) -> (N, C) logits."""
        values = {INPUT: ink}
        for layer, step in zip(self._layers, self.steps, strict=True):
            values[layer.output] = step(*(values[name] for name in layer.inputs))
        return values[self._layers[-1].output]


class _Add(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class _Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


class _Crop(nn.Module):
    def __init__(self, top: int, left: int, bottom: int, right: int) -> None:
        super().__init__()
        self._rows, self._columns = slice(top, -bottom or None), slice(left, -right or None)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, self._rows, self._columns]


class _Norm(nn.Module):
    """One factor and one addend for each feature; written as a batch norm, so that its bundle can be read again."""

    mean: Tensor
    var: Tensor

    def __init__(self, weight: Array, bias: Array) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(weight))
        self.bias = nn.Parameter(torch.from_numpy(bias))
        self.register_buffer("mean", torch.zeros(len(weight)), persistent=False)
        self.register_buffer("var", torch.ones(len(weight)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.mean, self.var, self.weight, self.bias, training=False, eps=0.0)


def _make_module(layer: Layer) -> nn.Module:
    match layer.kind:
        case "conv":
            return _make_conv(layer)
        case "dense":
            outputs, inputs = layer.weights["weight"].shape
            return _fill(nn.Linear(inputs, outputs), layer)
        case "max_pool":
            top, left, bottom, right = layer.options["pads"]
            window, strides = layer.options["window"], layer.options["strides"]
            if (top, left) != (bottom, right):
                raise BundleError("The network has a pooling padded on one side", remedy=_REMEDY)
            return nn.MaxPool2d((window[0], window[1]), stride=(strides[0], strides[1]), padding=(top, left))
        case "norm":
            return _Norm(layer.weights["weight"], layer.weights["bias"])
        case "crop":
            top, left, bottom, right = layer.options["crop"]
            return _Crop(top, left, bottom, right)
    simple: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "flatten": nn.Flatten, "add": _Add, "mean": _Mean}
    return simple[layer.kind]()


def _make_conv(layer: Layer) -> nn.Module:
    weight, (top, left, bottom, right) = layer.weights["weight"], layer.options["pads"]
    if (top, left) != (bottom, right):
        raise BundleError("The network has a convolution padded on one side", remedy=_REMEDY)
    (groups,) = layer.options["groups"]
    strides, window = layer.options["strides"], layer.options["window"]
    conv = nn.Conv2d(
        weight.shape[1] * groups, weight.shape[0], (window[0], window[1]), stride=(strides[0], strides[1]),
        padding=(top, left), groups=groups,
    )  # fmt: skip
    return _fill(conv, layer)


def _fill(module: nn.Conv2d | nn.Linear, layer: Layer) -> nn.Module:
    module.load_state_dict({name: torch.from_numpy(array) for name, array in layer.weights.items()})
    return module
