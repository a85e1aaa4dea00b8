"""Smooth noises, made once and cut from for every texture.

Owns: the noises. Leaves to others: what they are used for.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from inkdigits.types import Ink

NOISE_PX = (448, 704)
"""Size of the noises that textures are cut from."""
CELLS_PX = (1, 2, 5, 14, 40)
SEED = 5


@lru_cache(maxsize=1)
def _noises() -> tuple[Ink, ...]:
    """Return one noise for each size of cell, mean 0, deviation 1."""
    rng = np.random.default_rng(SEED)
    noises = []
    for cell in CELLS_PX:
        size = NOISE_PX[0] // cell + 3, NOISE_PX[1] // cell + 3
        coarse = rng.standard_normal(size, np.float32)
        noise = (
            cv2.resize(coarse, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC) if cell > 1 else coarse
        )
        noises.append(np.asarray((noise - noise.mean()) / noise.std(), np.float32))
    return tuple(noises)


def cut_noise(size_px: tuple[int, int], *, cell: int, rng: np.random.Generator) -> Ink:
    """Return smooth noise, mean 0 and deviation 1, of cells of `CELLS_PX[cell]`.

    Args:
        size_px: (height, width); sizes beyond the stored noise are enlarged from it.
        cell: Index into `CELLS_PX`.
        rng: Where it is cut, and how it is mirrored.
    """
    noise = _noises()[cell]
    flips = rng.integers(0, 2, 2)
    height, width = size_px
    free = noise.shape[0] - height, noise.shape[1] - width
    if min(free) < 0:
        larger = (max(width, noise.shape[1]), max(height, noise.shape[0]))
        noise = np.asarray(cv2.resize(noise, larger), np.float32)
        free = noise.shape[0] - height, noise.shape[1] - width
    top, left = int(rng.integers(free[0] + 1)), int(rng.integers(free[1] + 1))
    cut = noise[top : top + height, left : left + width]
    return np.asarray(cut[:: 1 - 2 * int(flips[0]), :: 1 - 2 * int(flips[1])], np.float32)
