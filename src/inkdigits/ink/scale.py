"""How high is a digit on this page? Every other length in this room is relative to it.

Owns: that estimate. Leaves to others: what it is used for (rules, glyphs).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.types import Box

LEAST_PENS = 4  # a component shorter than this many pen widths says nothing about the height of digits
LARGE = 0.22  # nor does one smaller than this part of the largest
FEW = 0.2  # unless the large ones are fewer than this part: then they are the exception


def typical_height(boxes: Sequence[Box], *, pen_px: float, page_size: tuple[int, int]) -> float:
    """Estimate the height of a digit: the median over components that could be one.

    Args:
        boxes: At least one component.
        pen_px: Typical width of a stroke.
        page_size: (height, width) in working pixels; what touches the border counts only if nothing else does.

    Returns:
        Working pixels.
    """
    tall = [box for box in boxes if max(box.width, box.height) >= LEAST_PENS * pen_px] or list(boxes)
    inner = [box for box in tall if not touches_border(box, page_size)] or tall
    sizes = np.sort(np.array([max(box.height, box.width / 2) for box in inner], float))
    large = sizes[sizes >= LARGE * sizes[-1]]
    chosen = large if len(large) >= FEW * len(sizes) else sizes
    return float(chosen[len(chosen) // 2])  # of two, the higher: the lower may be a piece


def measure_height(mask: npt.NDArray[np.uint8], *, pen_px: float) -> float:
    """Estimate the height of a digit from the components of a page; see `typical_height`.

    Args:
        mask: (H, W), 1 where there is ink; some must be there.
        pen_px: Typical width of a stroke.

    Returns:
        Working pixels.
    """
    stats = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)[2]
    boxes = [Box(*sides) for sides in stats[1:, :4].tolist()]
    return typical_height(boxes, pen_px=pen_px, page_size=(mask.shape[0], mask.shape[1]))


def touches_border(box: Box, page_size: tuple[int, int]) -> bool:
    """Return True if a box reaches the edge of the page.

    Args:
        box: In the same pixels as the page.
        page_size: (height, width).
    """
    height, width = page_size
    return box.x <= 0 or box.y <= 0 or box.right >= width or box.bottom >= height
