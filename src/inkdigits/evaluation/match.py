"""Which digit of an answer belongs to which digit of the ground truth.

Owns: overlap of boxes, pairing, and the rules for digits that have no partner. Leaves to others: rates (metrics).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inkdigits.types import Box, Digit

MIN_OVERLAP = 0.3
"""Least intersection over union of two boxes of one digit: half of the 0.5 that is usual for objects, rounded up,
because a ground-truth box may or may not hold the flourish of a digit."""

Judged = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]
"""Confidence (N,) in [0, 1] and whether the label is right (N,)."""


def keep_digits(text: str) -> str:
    """Return the digits of a text, and "?", which stands for a sign that was seen but not read.

    Args:
        text: Such as "**1.250,-".
    """
    return "".join(sign for sign in text if sign in "0123456789?")


def measure_overlap(first: Box, second: Box) -> float:
    """Return the intersection of two boxes over their union, in [0, 1].

    Args:
        first: A box with an area.
        second: A box with an area.
    """
    width = min(first.right, second.right) - max(first.x, second.x)
    height = min(first.bottom, second.bottom) - max(first.y, second.y)
    shared = max(0, width) * max(0, height)
    return shared / (first.width * first.height + second.width * second.height - shared)


def pair_boxes(
    truth: Sequence[Box], found: Sequence[Box], *, min_overlap: float = MIN_OVERLAP
) -> list[tuple[int, int]]:
    """Pair boxes by overlap, the largest overlap first, each box once.

    Args:
        truth: Boxes of the ground truth.
        found: Boxes of the answer.
        min_overlap: Least intersection over union of a pair.

    Returns:
        (index in truth, index in found), ordered by the index in truth.
    """
    overlaps = [(measure_overlap(a, b), i, j) for i, a in enumerate(truth) for j, b in enumerate(found)]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for overlap, i, j in sorted(overlaps, key=lambda item: (-item[0], item[1], item[2])):
        if overlap >= min_overlap and i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return sorted(pairs.items())


def find_nearest(boxes: Sequence[Box], point: tuple[float, float]) -> int | None:
    """Return the index of the box that is nearest to a point, None if there is none.

    A box that holds the point has the distance 0; among equals the nearest middle decides.

    Args:
        boxes: Boxes.
        point: (x, y).
    """
    if not boxes:
        return None
    return min(range(len(boxes)), key=lambda index: _distance(boxes[index], point))


def judge_digits(
    digits: Sequence[Digit], truth: str, boxes: Sequence[Box] = (), *, strict: bool = False
) -> list[tuple[float, bool]]:
    """Tell for each digit of an answer whether its label is right.

    Where the answer is as long as the truth, digits pair in reading order; else by their boxes; where the truth
    has no boxes, the digit with the largest box is paired with a truth of one digit.

    Args:
        digits: The answer, in reading order.
        truth: Digits that are written.
        boxes: Where they stand, in the same order, or ().
        strict: Also return digits without a partner, as wrong.

    Returns:
        (confidence, is right) of each paired digit.
    """
    if len(digits) == len(truth):
        pairs = [(index, index) for index in range(len(truth))]
    elif boxes:
        pairs = pair_boxes(boxes, [digit.box for digit in digits])
    elif len(truth) == 1 and digits:
        pairs = [(0, max(range(len(digits)), key=lambda i: digits[i].box.width * digits[i].box.height))]
    else:
        pairs = []
    judged = [(digits[j].confidence, digits[j].label == truth[i]) for i, j in pairs]
    if strict:
        partners = {j for _, j in pairs}
        judged += [(digit.confidence, False) for j, digit in enumerate(digits) if j not in partners]
    return judged


def rate_sure(judged: Judged, *, at_least: float) -> tuple[int, int]:
    """Count the digits that are reported with some confidence.

    Args:
        judged: Confidences and whether they are right.
        at_least: The confidence, in [0, 1].

    Returns:
        (right ones, all).
    """
    confidence, is_right = judged
    sure = confidence >= at_least
    return int(is_right[sure].sum()), int(sure.sum())


def _distance(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    x, y = point
    outside = math.hypot(max(box.x - x, 0, x - box.right), max(box.y - y, 0, y - box.bottom))
    return outside, math.dist(box.center, point)
