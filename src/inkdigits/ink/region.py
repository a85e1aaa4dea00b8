"""What stands around a box on a view, at the size and in the frame that the region classifier knows.

Owns: the geometry of a region, shared by training and reading. Leaves to others: views (view), who looks at them.

Unlike a glyph in MNIST's form, a region is not cut out of its surroundings: it shows neighbours and print, in the
strength that the view gives them; a second channel tells which box is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.types import Ink

REGION_PX = 40
"""Side of a region."""
BOX_HEIGHT_PX = 24.0
"""Height of the box within it, unless that makes it wider than `BOX_WIDTH_PX`."""
BOX_WIDTH_PX = 34.0
_AWAY = np.abs(np.arange(REGION_PX) + 0.5 - REGION_PX / 2)
"""How far the middle of each pixel is from the region's."""


def measure_scale(width: float, height: float) -> float:
    """Return how many pixels of the region a pixel of the view becomes.

    Args:
        width: Of the box, pixels of the view.
        height: Of the box, pixels of the view.
    """
    return min(BOX_HEIGHT_PX / max(1.0, height), BOX_WIDTH_PX / max(1.0, width))


def cut_regions(view: Ink, boxes: Sequence[tuple[float, float, float, float]]) -> npt.NDArray[np.float32]:
    """Cut regions out of a view.

    Args:
        view: (H, W) float32 in [0, 1] as `make_view` makes it.
        boxes: x, y, width, height in its pixels; pixel (0, 0) covers 0 to 1.

    Returns:
        (N, 2, 40, 40) float32 in [0, 1]: the ink around each box, and the box itself.
    """
    regions = np.zeros((len(boxes), 2, REGION_PX, REGION_PX), np.float32)
    middle = REGION_PX / 2
    for region, (x, y, width, height) in zip(regions, boxes, strict=True):
        scale = measure_scale(width, height)
        left, top = x + width / 2 - middle / scale, y + height / 2 - middle / scale
        # pixel u of the region shows the view at (u + 0.5) / scale + left, whose pixel middles lie at .5
        matrix = np.array(
            [[1 / scale, 0, left + 0.5 / scale - 0.5], [0, 1 / scale, top + 0.5 / scale - 0.5]], np.float64
        )
        region[0] = cv2.warpAffine(
            view, matrix, (REGION_PX, REGION_PX), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        np.multiply(_cover(height * scale)[:, None], _cover(width * scale), out=region[1])
    return regions


def _cover(length: float) -> npt.NDArray[np.float32]:
    """Return how much of each pixel lies within this length around the middle, (40,)."""
    part: npt.NDArray[np.float32] = np.minimum(np.maximum(length / 2 - _AWAY + 0.5, 0), 1).astype(np.float32)
    return part
