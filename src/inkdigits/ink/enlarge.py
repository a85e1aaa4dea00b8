"""Small pictures enlarged: the same on all processors, and in the browser app.

Owns: that one step. Leaves to others: when and by how much (`binarize`).
"""

from __future__ import annotations

import cv2
import numpy as np

from inkdigits.types import Gray


def enlarge(gray: Gray, size: tuple[int, int]) -> Gray:
    """Enlarge by OpenCV's own cubic, alike on all processors, which the browser app repeats.

    Intel's library in its place rounds by rules of its own, and the detector turns one grey level of one pixel into
    another score. The switch holds for the calling thread alone.

    Args:
        gray: (H, W) uint8.
        size: (width, height) of the result, pixels.

    Returns:
        (height, width) uint8.
    """
    uses_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    finally:
        cv2.ipp.setUseIPP(uses_ipp)
