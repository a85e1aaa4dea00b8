"""The few tensor operations that the normalisation inside a graph is written in, for every framework alike.

Owns: their meaning. Leaves to others: the normalisation (picture_graph), the frameworks' own calls (tensors_torch,
tensors_keras). Only what ONNX, TFLite, Keras and torch all have is here; nothing asks a tensor for its shape, so
that graphs stay free in it.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Tensor: TypeAlias = Any
"""A tensor of one framework, concrete or symbolic; it has the operators + - * / and a unary minus."""
Constant: TypeAlias = npt.NDArray[np.float32]


class Tensors(Protocol):
    """What a framework must be able to do; axes count from the front, batch first."""

    def constant(self, values: Constant) -> Tensor:
        """Return a tensor of fixed values."""
        ...

    def ones_like(self, x: Tensor) -> Tensor:
        """Return ones of the same shape."""
        ...

    def count_up(self, x: Tensor, axis: int) -> Tensor:
        """Return running sums along an axis."""
        ...

    def first(self, x: Tensor, axis: int) -> Tensor:
        """Return the first slice along an axis of (N, H, W); the axis stays with length 1."""
        ...

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        """Return matrix products over the last two axes."""
        ...

    def transpose(self, x: Tensor) -> Tensor:
        """Swap axes 1 and 2 of (N, H, W)."""
        ...

    def expand(self, x: Tensor, axis: int) -> Tensor:
        """Put in an axis of length 1."""
        ...

    def total(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        """Return sums; the axes stay with length 1."""
        ...

    def highest(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        """Return maxima; the axes stay with length 1."""
        ...

    def maximum(self, a: Tensor, b: Tensor | float) -> Tensor:
        """Return the larger of two."""
        ...

    def minimum(self, a: Tensor, b: Tensor | float) -> Tensor:
        """Return the smaller of two."""
        ...

    def absolute(self, x: Tensor) -> Tensor:
        """Return values without sign."""
        ...

    def sqrt(self, x: Tensor) -> Tensor:
        """Return square roots."""
        ...

    def is_less(self, a: Tensor, b: Tensor | float) -> Tensor:
        """Return 1.0 where a < b, else 0.0."""
        ...

    def max_window(self, x: Tensor, rows: int, columns: int) -> Tensor:
        """Return the maximum over a window around each place of (N, H, W); both sides are odd numbers.

        Places outside count as the smallest number.
        """
        ...
