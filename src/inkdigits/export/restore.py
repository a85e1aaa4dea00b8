"""The way back: the weights of a bundle's ONNX file go into a torch network, and prove that they are the same.

Owns: matching the nodes of a graph with the layers of a network. Leaves to others: writing bundles (onnx), which
network it is (its recipe).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from inkdigits.errors import BundleError, MissingExtraError
from inkdigits.export.onnx import INPUT_SIZE, verify_parity

_REMEDY: Final = "Only bundles of networks that this version of inkdigits trained can be continued."
_WEIGHTED: Final = ("Conv", "Gemm", "BatchNormalization")
_NORMS: Final = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True, slots=True)
class _Node:
    """One node of the graph with its constants, in the order of its inputs."""

    kind: str
    constants: list[npt.NDArray[Any]]
    is_transposed: bool = True


def restore_network(path: Path, network: nn.Module, *, classes: int) -> None:
    """Give a network the weights of a bundle.

    The exporter folds batch norms into the convolutions before them. They come back as norms that only add the bias
    (mean 0, deviation 1, scale 1): in evaluation mode the network answers like the bundle, but these statistics are
    not those of any data, so further training must leave them as they are.

    Args:
        path: The bundle.
        network: Built by the bundle's recipe; it is changed, and left in evaluation mode.
        classes: Number of logits.

    Raises:
        BundleError: If the graph is another network's, or the restored one answers otherwise.
        MissingExtraError: If onnx is not installed.
    """
    nodes = _read_nodes(path)
    with torch.no_grad():
        for layer, norm in _pair_layers(network):
            _fill(layer, norm, nodes, name=path.name)
    if next(nodes, None) is not None:
        raise _misfit(path.name)
    network.eval()
    verify_parity(network, path, classes=classes)


def _read_nodes(path: Path) -> Iterator[_Node]:
    """Yield the nodes with weights, in the order in which they are computed."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf raises its own classes
        raise BundleError(f"{path.name} can't be opened as a model", remedy=_REMEDY) from error
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for node in graph.node:
        if node.op_type in _WEIGHTED:
            transposes = [attribute.i for attribute in node.attribute if attribute.name == "transB"]
            held = [constants[name] for name in node.input if name in constants]
            yield _Node(node.op_type, held, bool(transposes and transposes[0]))


def _pair_layers(network: nn.Module) -> list[tuple[nn.Module, nn.Module | None]]:
    """Return layers with weights in the order of computing; a convolution with the norm that takes its output."""
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []
    hooks = [
        layer.register_forward_hook(lambda layer, given, made: seen.append((layer, given[0], made)))
        for layer in network.modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear, *_NORMS))
    ]
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, 1, *INPUT_SIZE))
    for hook in hooks:
        hook.remove()
    pairs: list[tuple[nn.Module, nn.Module | None]] = []
    last: Tensor | None = None
    for layer, given, made in seen:
        if isinstance(layer, _NORMS) and given is last and isinstance(pairs[-1][0], nn.Conv2d):
            pairs[-1] = (pairs[-1][0], layer)
        else:
            pairs.append((layer, None))
        last = made
    return pairs


def _fill(layer: nn.Module, norm: nn.Module | None, nodes: Iterator[_Node], *, name: str) -> None:
    node = next(nodes, None)
    if node is None:
        raise _misfit(name)
    if isinstance(layer, _NORMS):
        scale, bias, mean, variance = _expect(node, "BatchNormalization", 4, name)
        _copy(layer.weight, scale, name)
        _copy(layer.bias, bias, name)
        _copy(layer.running_mean, mean, name)
        _copy(layer.running_var, variance, name)
        return
    if isinstance(layer, nn.Linear):
        weight, bias = _expect(node, "Gemm", 2, name)
        _copy(layer.weight, weight if node.is_transposed else weight.T, name)
        _copy(layer.bias, bias, name)
        return
    assert isinstance(layer, nn.Conv2d)
    has_bias = norm is not None or layer.bias is not None
    weight, *rest = _expect(node, "Conv", 1 + has_bias, name)
    _copy(layer.weight, weight, name)
    if norm is None:
        if layer.bias is not None:
            _copy(layer.bias, rest[0], name)
        return
    assert isinstance(norm, nn.BatchNorm2d)
    if layer.bias is not None:
        layer.bias.zero_()
    norm.weight.fill_(1)
    _copy(norm.bias, rest[0], name)
    for statistic, value in ((norm.running_mean, 0.0), (norm.running_var, 1.0 - norm.eps)):
        if statistic is not None:
            statistic.fill_(value)


def _expect(node: _Node, kind: str, count: int, name: str) -> list[npt.NDArray[Any]]:
    if node.kind != kind or len(node.constants) != count:
        raise _misfit(name)
    return node.constants


def _copy(target: Tensor | None, values: npt.NDArray[Any], name: str) -> None:
    if target is None or tuple(target.shape) != values.shape:
        raise _misfit(name)
    target.copy_(torch.from_numpy(np.array(values, np.float32)))


def _misfit(name: str) -> BundleError:
    return BundleError(f"The graph of {name} is not the network that its recipe names", remedy=_REMEDY)
