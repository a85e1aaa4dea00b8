"""The tensor operations of graphs, in torch."""

# ruff: noqa: D102 - the protocol `Tensors` says what each does.

from __future__ import annotations

import torch
from torch.nn import functional

from inkdigits.export.tensors import Constant, Tensor


class TorchTensors:
    """See `inkdigits.export.tensors.Tensors`."""

    def __init__(self) -> None:
        self._constants: dict[tuple[tuple[int, ...], bytes], Tensor] = {}

    def constant(self, values: Constant) -> Tensor:
        # The same filter many times over would be as many times in the file.
        return self._constants.setdefault((values.shape, values.tobytes()), torch.from_numpy(values))

    def ones_like(self, x: Tensor) -> Tensor:
        return torch.ones_like(x)

    def count_up(self, x: Tensor, axis: int) -> Tensor:
        return torch.cumsum(x, dim=axis)

    def first(self, x: Tensor, axis: int) -> Tensor:
        return x[:, :1] if axis == 1 else x[:, :, :1]

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.matmul(a, b)

    def transpose(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)

    def expand(self, x: Tensor, axis: int) -> Tensor:
        return x.unsqueeze(axis)

    def total(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        return torch.sum(x, dim=axes, keepdim=True)

    def highest(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        return torch.amax(x, dim=axes, keepdim=True)

    def maximum(self, a: Tensor, b: Tensor | float) -> Tensor:
        return torch.clamp_min(a, b) if isinstance(b, float) else torch.maximum(a, b)

    def minimum(self, a: Tensor, b: Tensor | float) -> Tensor:
        return torch.clamp_max(a, b) if isinstance(b, float) else torch.minimum(a, b)

    def absolute(self, x: Tensor) -> Tensor:
        return torch.abs(x)

    def sqrt(self, x: Tensor) -> Tensor:
        return torch.sqrt(x)

    def is_less(self, a: Tensor, b: Tensor | float) -> Tensor:
        return (a < b).to(torch.float32)

    def max_window(self, x: Tensor, rows: int, columns: int) -> Tensor:
        window = (rows, columns)
        return functional.max_pool2d(
            x.unsqueeze(1), window, stride=1, padding=(rows // 2, columns // 2)
        ).squeeze(1)
