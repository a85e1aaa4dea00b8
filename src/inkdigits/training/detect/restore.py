"""A network's weights out of its bundle, to learn on from: of a run, often nothing but the bundle is left.

Owns: reading the weights, 8 bits included, and giving the folded norms back. Leaves to others: learning (loop).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from inkdigits.errors import BundleError, MissingExtraError

_REMEDY = "Name a bundle of the same kind of network, as `inkdigits train` and its like write them."


def load_bundle_weights(network: nn.Module, path: Path, examples: Tensor) -> None:
    """Give a network the weights of a bundle of the same form.

    The exporter folds each norm into the convolution before it. Here it comes back: it takes the mean and spread
    that the examples have there, so that the network answers as the bundle does and learns on as others do.

    Args:
        network: Detector, region classifier or classifier; changed, and left in evaluation mode.
        path: Of its bundle, in 32 or 8 bits.
        examples: (N, C, H, W) float32 inputs, some hundred: what the norms measure.

    Raises:
        BundleError: If the file is no bundle, or its network has another form.
        MissingExtraError: If onnx is not installed.
    """
    norms: list[nn.BatchNorm2d] = []
    try:
        for name, weight, bias in _read_layers(path):
            layer = network.get_submodule(name)
            if not isinstance(layer, nn.Conv2d | nn.Linear):
                raise ValueError(f"{name} is no layer with weights")
            _set(layer.weight, weight)
            if layer.bias is not None:
                _set(layer.bias, bias)
                continue
            head, _, last = name.rpartition(".")
            norm = network.get_submodule(f"{head}.{int(last) + 1}")
            if not isinstance(norm, nn.BatchNorm2d):
                raise ValueError(f"no norm follows {name}")
            _make_neutral(norm, bias)
            norms.append(norm)
    except (AttributeError, LookupError, ValueError, RuntimeError) as error:
        raise BundleError(f"{path.name} holds another network", remedy=_REMEDY) from error
    _measure(network.eval(), norms, examples)


def _read_layers(path: Path) -> list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return name, weights and biases of all convolutions and linear layers."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf raises its own classes
        raise BundleError(f"{path.name} can't be opened as a model", remedy=_REMEDY) from error
    values = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in values:  # equal weights are written once
            values[node.output[0]] = values[node.input[0]]
        if node.op_type == "DequantizeLinear" and node.input[0] in values:
            whole, scale, zero = (values[name].astype(np.float32) for name in node.input)
            axes = (-1, *(1,) * (whole.ndim - 1)) if scale.ndim else ()
            values[node.output[0]] = (whole - zero.reshape(axes)) * scale.reshape(axes)
    layers = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    if not layers:
        raise BundleError(f"{path.name} holds no network of layers", remedy=_REMEDY)
    return [(_find_module(node.name), values[node.input[1]], values[node.input[2]]) for node in layers]


def _find_module(node: str) -> str:
    """Return the module that a node was traced from: "/at4/at4.1/first/first.0/Conv" is at4.1.first.0.

    Classifiers were traced within a module that brings pictures into their form, as its "network".
    """
    path: list[str] = []
    for part in node.strip("/").split("/")[:-1]:
        if path and part.startswith(f"{path[-1]}."):
            path[-1] = part
        else:
            path.append(part)
    return ".".join(path[1:] if path[0] == "network" else path)


@torch.no_grad()
def _set(weight: Tensor, value: npt.NDArray[Any]) -> None:
    if weight.shape != value.shape:
        raise ValueError(f"{tuple(weight.shape)} is not {value.shape}")
    weight.copy_(torch.from_numpy(np.array(value, np.float32)))


@torch.no_grad()
def _make_neutral(norm: nn.BatchNorm2d, bias: npt.NDArray[Any]) -> None:
    """Let a norm add the bias and do nothing else."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    _set(norm.bias, bias)


@torch.no_grad()
def _measure(network: nn.Module, norms: list[nn.BatchNorm2d], examples: Tensor) -> None:
    """Let neutral norms take up the mean and variance of what comes in, without changing what goes out."""
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def look(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen[norm] = torch.mean(inputs[0], (0, 2, 3)), torch.var(inputs[0], (0, 2, 3))

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    network(examples)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, variance = seen[norm]
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
