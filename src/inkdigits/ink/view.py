"""What the digit detector sees of a page: the contrast of the ink, reduced until digits have the height it knows.

Owns: the detector's input, shared by training and reading. Leaves to others: finding ink (binarize), the network.
"""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.ink.binarize import InkPage
from inkdigits.types import Ink

DIGIT_PX = 24.0  # digits of this height are what the detector knows best; it was trained on 14 to 40
MULTIPLE = 16  # height and width are filled up to a multiple of this with paper
# Thinner lines fade when reduced: they are widened before to this width after the reduction. MNIST's thin pens.
LEAST_PEN_PX = 1.5
MARGIN_PX = (
    40  # paper around the page: without it, what the network knows of borders is all it sees of a lone digit
)


def make_view(page: InkPage, *, scale: float, margin_px: int = MARGIN_PX) -> Ink:
    """Reduce or enlarge the contrast of a page.

    Unlike `InkPage.ink`, nothing is cut off by a threshold: weak print behind writing stays visibly weaker.

    Args:
        page: A page that is not blank.
        scale: Pixels of the view per working pixel of the page.
        margin_px: Paper that is added on each side.

    Returns:
        (H, W) float32 in [0, 1], 1 where the contrast is that of the pen nearby; H and W are multiples of
        `MULTIPLE`. Pixel (x, y) of the page lies at (x * scale + margin_px, y * scale + margin_px).
    """
    measured = page.measured
    strength = page.ink if measured is None else measured.strength
    lacking = round(LEAST_PEN_PX / scale - page.pen_px)
    if lacking >= 1:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (lacking + 1, lacking + 1))
        strength = cv2.dilate(strength, disc).astype(np.float32, copy=False)
    height, width = (max(1, round(side * scale)) for side in strength.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    view = strength if scale == 1 else cv2.resize(strength, (width, height), interpolation=method)
    canvas = np.zeros((_fill_up(height + 2 * margin_px), _fill_up(width + 2 * margin_px)), np.float32)
    canvas[margin_px : margin_px + height, margin_px : margin_px + width] = view
    return canvas


def _fill_up(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE
