"""Writing that is bent a little, each time another way: no hand writes a form twice alike.

Owns: smooth chance shifts of pixels. Leaves to others: sampling views and regions (loop, regions).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

KNOT_PX = 10
"""Distance of the knots, about half a digit's height."""


def draw_bends(count: int, size_px: tuple[int, int], *, most_px: float, rng: np.random.Generator) -> Tensor:
    """Return shifts for `grid_sample`.

    Args:
        count: How many pictures.
        size_px: Their height and width.
        most_px: Standard deviation of the shifts, drawn between 0 and this for each picture, in pixels.
        rng: Source of all chance.

    Returns:
        (count, height, width, 2) float32, x and y, in half sides of the picture.
    """
    height, width = size_px
    knots = rng.normal(0, 1, (count, 2, 1 + height // KNOT_PX, 1 + width // KNOT_PX))
    knots *= rng.uniform(0, most_px, (count, 1, 1, 1))
    knots *= np.array([2 / width, 2 / height]).reshape(1, 2, 1, 1)
    coarse = torch.from_numpy(knots.astype(np.float32))
    return F.interpolate(coarse, size=size_px, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
