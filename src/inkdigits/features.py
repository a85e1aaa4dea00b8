"""Features of 28x28 glyphs: the pixels themselves, or histograms of oriented gradients (HOG).

Owns: their one definition. It is written with operations that NumPy and torch share and that add in a fixed
order, so that training (NumPy), the network form (`inkdigits.models.hog`) and a bundle (ONNX) see the same numbers
to the last bit of a square root: a forest's thresholds would turn larger differences into other votes. Leaves to
others: models.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from inkdigits.errors import ImageFormatError

FeatureName: TypeAlias = Literal["raw", "hog"]
FEATURES: Final[tuple[FeatureName, ...]] = get_args(FeatureName)
"""Names of all features."""

Features: TypeAlias = npt.NDArray[np.float32]
"""(N, F) float32."""

_SIDE_PX: Final = 28
ORIENTATIONS: Final = 12
"""Directions over the full turn: what is ink and what is paper is known, so the sign of a gradient says on which
side of a stroke it lies. SVM, 6,000 digits to learn and 8,000 to judge: 98.99 % (12 signed), 98.89 % (8 signed);
Dalal and Triggs' own setting (9 unsigned, blocks of 2x2 cells, L2-hys) 98.56 %."""
CELL_PX: Final = 4
"""Side of a cell; 7x7 cells cover a glyph."""
_CELLS: Final = _SIDE_PX // CELL_PX
_BATCH: Final = 32
"""Glyphs at once; the maps of more would leave the processor's cache."""

_ArrayModule: TypeAlias = Any
"""`numpy` or `torch`; the functions used here have the same names and order of arguments in both."""


def compute_features(images: npt.NDArray[Any], name: FeatureName = "raw") -> Features:
    """Return the features of glyphs.

    Args:
        images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.
        name: "raw" or "hog".

    Returns:
        (N, 784) pixels in [0, 1], row by row, or (N, 588) histograms in [0, 1]. N may be 0.

    Raises:
        ImageFormatError: If shape or dtype is another.
    """
    is_known_dtype = images.dtype == np.uint8 or np.issubdtype(images.dtype, np.floating)
    if images.ndim != 3 or images.shape[1:] != (_SIDE_PX, _SIDE_PX) or not is_known_dtype:
        raise ImageFormatError(
            f"Features are made of (N, 28, 28) uint8 or float32, not {images.shape} {images.dtype}",
            remedy="Bring glyphs into that form with inkdigits.ink.",
        )
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    compute: Callable[[Any], Any] = {"raw": flatten, "hog": compute_hog}[name]
    features = np.empty((len(images), count_features(name)), np.float32)
    for start in range(0, len(images), _BATCH):
        part = images[start : start + _BATCH].astype(np.float32) / scale
        features[start : start + _BATCH] = compute(part)
    return features


def count_features(name: FeatureName) -> int:
    """Return the length F of the features' rows."""
    return {"raw": _SIDE_PX**2, "hog": ORIENTATIONS * _CELLS**2}[name]


def flatten(ink: Any) -> Any:  # noqa: ANN401 - an array of NumPy or torch
    """(N, 28, 28) -> (N, 784)."""
    return ink.reshape(-1, _SIDE_PX**2)


def compute_hog(ink: Any, xp: _ArrayModule = np) -> Any:  # noqa: ANN401
    """Return histograms of oriented gradients.

    Gradients are central differences. Each is shared between the two nearest directions as the parallelogram of
    forces shares it, and between the nearest cells by its distance from their middles. The whole glyph is one
    block, normalised by its sum; then comes the square root ("L1-sqrt"), which keeps a long stroke from drowning
    the rest.

    Args:
        ink: (N, 28, 28) float32 in [0, 1], an array of `xp`.
        xp: `numpy` or `torch`.

    Returns:
        (N, 12 * 7 * 7) in [0, 1], an array of `xp`; 0 for blank glyphs.

    References:
        Dalal and Triggs, "Histograms of oriented gradients for human detection", 2005 (section 6.4: L1-sqrt).
    """
    cells = _sum_cells(_compute_maps(ink, xp), xp)  # (N, 12, 7, 7)
    total = cells[:, :, 0, 0] * 0
    for row in range(_CELLS):
        for column in range(_CELLS):
            total = total + cells[:, :, row, column]
    energy = total[:, 0]
    for orientation in range(1, ORIENTATIONS):
        energy = energy + total[:, orientation]
    # The 1 is a speck of ink: it keeps the noise of blank paper from being blown up.
    shares = cells.reshape(-1, ORIENTATIONS * _CELLS**2) / (energy + 1).reshape(-1, 1)
    return xp.sqrt(shares)


def _compute_maps(ink: Any, xp: _ArrayModule) -> Any:  # noqa: ANN401
    """Return how much of each pixel's gradient goes to each direction: (N, 28, 28) -> (N, 12, 28, 28).

    A gradient g at angle a between the directions b and b + step is sin(b + step - a) / sin(step) |g| of the one
    and sin(a - b) / sin(step) |g| of the other. For a given direction that is the smaller of two sines, where
    both are positive: no arc tangent is needed, whose last bit differs between libraries.
    """
    down = xp.concatenate([ink[:, 1:], ink[:, -1:]], 1) - xp.concatenate([ink[:, :1], ink[:, :-1]], 1)
    right = (
        xp.concatenate([ink[:, :, 1:], ink[:, :, -1:]], 2)
        - xp.concatenate([ink[:, :, :1], ink[:, :, :-1]], 2)
    )  # fmt: skip
    step = 2 * math.pi / ORIENTATIONS
    turned = []  # |g| sin(a - k * step) / sin(step)
    for k in range(ORIENTATIONS):
        cosine, sine = (f(k * step) / math.sin(step) for f in (math.cos, math.sin))
        turned.append(down * _round(cosine) - right * _round(sine))
    nothing = ink[:, :1, :1] * 0  # a plain 0 is no tensor, and NumPy's clip takes five times as long
    maps = [
        xp.maximum(xp.minimum(turned[k - 1], -turned[(k + 1) % ORIENTATIONS]), nothing)
        for k in range(ORIENTATIONS)
    ]
    return xp.stack(maps, 1)


def _sum_cells(maps: Any, xp: _ArrayModule) -> Any:  # noqa: ANN401
    """Sum over cells, each pixel shared between the nearest: (N, 12, 28, 28) -> (N, 12, 7, 7)."""
    half = CELL_PX // 2
    empty_rows = maps[:, :, :half] * 0
    maps = _sum_rows(xp.concatenate([empty_rows, maps, empty_rows], 2))  # (N, 12, 7, 28)
    empty_columns = maps[:, :, :, :half] * 0
    maps = xp.concatenate([empty_columns, maps, empty_columns], 3)
    return _sum_rows(maps.swapaxes(2, 3)).swapaxes(2, 3)


def _sum_rows(maps: Any) -> Any:  # noqa: ANN401
    """(N, K, 32, W) -> (N, K, 7, W): each cell sees two of its sides, its weight falls to both ends."""
    total: Any = 0
    span = CELL_PX * (_CELLS - 1) + 1
    for upper in range(CELL_PX):
        lower = 2 * CELL_PX - 1 - upper
        pair = maps[:, :, upper : upper + span : CELL_PX] + maps[:, :, lower : lower + span : CELL_PX]
        total = total + pair * ((upper + 0.5) / CELL_PX)
    return total


def _round(value: float) -> float:
    """Return the float32 nearest to a number, so that all libraries multiply by the same."""
    return float(np.float32(value))
