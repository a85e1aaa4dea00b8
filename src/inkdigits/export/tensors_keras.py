"""The tensor operations of graphs, in Keras: on symbolic tensors they become layers that Keras can save."""

# ruff: noqa: D102 - the protocol `Tensors` says what each does.

from __future__ import annotations

from typing import Any

from inkdigits.errors import MissingExtraError
from inkdigits.export.tensors import Constant, Tensor


class KerasTensors:
    """See `inkdigits.export.tensors.Tensors`.

    Raises:
        MissingExtraError: If keras is not installed.
    """

    def __init__(self) -> None:
        try:
            from keras import ops
        except ImportError as error:
            raise MissingExtraError("keras", extra="keras") from error
        self._ops: Any = ops

    def constant(self, values: Constant) -> Tensor:
        return values  # kept in the operation that uses it

    def ones_like(self, x: Tensor) -> Tensor:
        return self._ops.ones_like(x)

    def count_up(self, x: Tensor, axis: int) -> Tensor:
        return self._ops.cumsum(x, axis=axis)

    def first(self, x: Tensor, axis: int) -> Tensor:
        return x[:, :1] if axis == 1 else x[:, :, :1]

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return self._ops.matmul(a, b)

    def transpose(self, x: Tensor) -> Tensor:
        return self._ops.transpose(x, (0, 2, 1))

    def expand(self, x: Tensor, axis: int) -> Tensor:
        return self._ops.expand_dims(x, axis)

    def total(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        return self._ops.sum(x, axis=axes, keepdims=True)

    def highest(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        return self._ops.max(x, axis=axes, keepdims=True)

    def maximum(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self._ops.maximum(a, b)

    def minimum(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self._ops.minimum(a, b)

    def absolute(self, x: Tensor) -> Tensor:
        return self._ops.abs(x)

    def sqrt(self, x: Tensor) -> Tensor:
        return self._ops.sqrt(x)

    def is_less(self, a: Tensor, b: Tensor | float) -> Tensor:
        return self._ops.cast(self._ops.less(a, b), "float32")

    def max_window(self, x: Tensor, rows: int, columns: int) -> Tensor:
        pooled = self._ops.max_pool(
            self._ops.expand_dims(x, -1),
            (rows, columns),
            strides=1,
            padding="same",
            data_format="channels_last",
        )
        return self._ops.squeeze(pooled, axis=-1)
