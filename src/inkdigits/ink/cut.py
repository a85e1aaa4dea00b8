"""Cuts the ink of one sign out of a page, given roughly where it stands.

Owns: which ink belongs to a box. Leaves to others: the boxes (the detector), the 28x28 form (normalize).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.ink.binarize import SQUARE, InkPage
from inkdigits.ink.components import select
from inkdigits.ink.glyphs import Glyph
from inkdigits.types import Box, Ink

# A component that lies in the box by this part is the sign's own, wherever it ends: boxes are rough.
OWN = 0.75
# One that lies in it by less than this and holds less ink there than this part of the box's largest is a
# neighbour's end.
FOREIGN = 0.2
LEAST_FILL = 0.5


def cut_glyphs(page: InkPage, boxes: Sequence[tuple[float, float, float, float]]) -> list[Glyph | None]:
    """Cut the ink of several signs.

    A component that stands almost wholly in the box is taken whole; of one that runs on, as the chain of touching
    digits, the part in the box; neighbours' ends that reach into the box are left out.

    Args:
        page: Ink, ruled lines removed.
        boxes: (x, y, width, height) of each sign in working pixels.

    Returns:
        One glyph for each box; None where the box holds no ink.
    """
    if page.is_blank:
        return [None] * len(boxes)
    found = page.components
    return [_cut(page, found.labels, found.stats, box) for box in boxes]


def _cut(
    page: InkPage,
    labels: npt.NDArray[np.int32],
    stats: npt.NDArray[np.int32],
    box: tuple[float, float, float, float],
) -> Glyph | None:
    window = _clip(box, page.mask.shape)
    inside = labels[window]
    ids, counts = np.unique(inside, return_counts=True)
    if ids[0] == 0:
        ids, counts = ids[1:], counts[1:]
    if not len(ids):
        return None
    part = counts / stats[ids, cv2.CC_STAT_AREA]
    is_own = part >= OWN
    is_shared = ~is_own & ((part >= FOREIGN) | (counts >= LEAST_FILL * counts.max()))
    own, shared = ids[is_own].tolist(), ids[is_shared].tolist()
    extent = _extent(own, stats, window)
    keep = select(labels[extent], own)
    if shared:
        top, left = window[0].start - extent[0].start, window[1].start - extent[1].start
        height, width = inside.shape
        keep[top : top + height, left : left + width] |= select(inside, shared)
    x, y, width, height = cv2.boundingRect(keep.view(np.uint8))
    if not width:
        return None
    tight = Box(extent[1].start + x, extent[0].start + y, width, height)
    return Glyph(_with_fringe(page, labels, keep, extent, tight), tight, is_whole=not shared)


def _with_fringe(
    page: InkPage,
    labels: npt.NDArray[np.int32],
    keep: npt.NDArray[np.bool_],
    extent: tuple[slice, slice],
    tight: Box,
) -> Ink:
    """Return the kept ink with the anti-aliased pixel around it, where nothing else has ink."""
    height, width = page.mask.shape
    top, left = max(0, tight.y - 1), max(0, tight.x - 1)
    bottom, right = min(height, tight.bottom + 1), min(width, tight.right + 1)
    own = np.zeros((bottom - top, right - left), np.uint8)
    y, x = tight.y - extent[0].start, tight.x - extent[1].start
    part = keep[y : y + tight.height, x : x + tight.width]
    own[tight.y - top : tight.y - top + tight.height, tight.x - left : tight.x - left + tight.width] = part
    near = cv2.dilate(own, SQUARE) * ((labels[top:bottom, left:right] == 0) | (own > 0))
    ink: Ink = page.ink[top:bottom, left:right] * near
    return ink


def _clip(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> tuple[slice, slice]:
    height, width = shape[:2]
    x, y, w, h = box
    left, top = min(max(round(x), 0), width - 1), min(max(round(y), 0), height - 1)
    right = min(max(round(x + w), left + 1), width)
    bottom = min(max(round(y + h), top + 1), height)
    return slice(top, bottom), slice(left, right)


def _extent(
    own: Sequence[int], stats: npt.NDArray[np.int32], window: tuple[slice, slice]
) -> tuple[slice, slice]:
    """Return the window, grown so that it holds all components that are the sign's own."""
    top, bottom, left, right = window[0].start, window[0].stop, window[1].start, window[1].stop
    for i in own:
        x, y, w, h = (int(v) for v in stats[i, :4])
        top, bottom, left, right = min(top, y), max(bottom, y + h), min(left, x), max(right, x + w)
    return slice(top, bottom), slice(left, right)
