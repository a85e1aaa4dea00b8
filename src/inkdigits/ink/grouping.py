"""Glyphs become lines and numbers, in reading order.

Owns: the geometry of reading. Leaves to others: what the glyphs are, marks between them (marks), tables (tables).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from inkdigits.types import Box

# Digits of one number stand closer than this part of their height (gap between boxes). In tables and lists the
# gaps between numbers are wider than a digit; within a number they rarely exceed half a digit.
NUMBER_GAP = 0.9
LINE_OVERLAP = 0.45  # boxes share a line if they overlap by this part of the lower one's height
RECENT = 3  # a line's height is taken from so many of its last boxes
# A page is turned back before lines are chained if this many neighbours agree on its slope; the slopes of fewer say
# more about the digits than about the page.
LEAST_NEIGHBOURS = 8
MOST_SLOPE = 0.36  # 20 degrees
SLOPE_SIGMAS = 3.0
# A single number that is written uphill or turned: digits alike in height, all on one straight line.
LEAST_IN_ROW = 3
ROW_SLOPE = (0.1, 0.5)  # flatter ones need no turning
ROW_OFF = 0.25  # no middle is farther from that line than this part of the digits' height
ROW_HEIGHTS = 0.6  # all are higher than this part of the highest, but for one of four or more
SMALL = 0.75  # raised cents and their denominator are lower than this part of the digits before them


def group_lines(boxes: Sequence[Box]) -> list[list[list[int]]]:
    """Group boxes into lines of writing, and lines into numbers.

    Args:
        boxes: Boxes of glyphs, in any order.

    Returns:
        Lines from top to bottom; a line is its numbers from left to right; a number is the indices of its
        boxes from left to right.
    """
    return [split_numbers(line, boxes) for line in find_lines(boxes)]


def find_lines(boxes: Sequence[Box]) -> list[list[int]]:
    """Chain boxes from left to right: each joins the line whose last boxes it overlaps most in height.

    Args:
        boxes: Boxes of glyphs, in any order.

    Returns:
        Lines from top to bottom, each the indices of its boxes from left to right.
    """
    slope = measure_slope(boxes)
    level = [
        (box.y - slope * box.center[0], box.bottom - slope * box.center[0], box.x, box.right) for box in boxes
    ]
    lines: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].center[0]):
        best, best_overlap = None, LINE_OVERLAP
        for line in lines:
            overlap = _overlap_with_line(level[index], [level[i] for i in line[-RECENT:]])
            if overlap > best_overlap:
                best, best_overlap = line, overlap
        best = best or next((line for line in lines if _is_small_beside(level, index, line)), None)
        if best is None:
            lines.append([index])
        else:
            best.append(index)
    if len(lines) == 1:
        return lines
    return sorted(lines, key=lambda line: float(np.mean([level[i][0] + level[i][1] for i in line])))


def split_numbers(
    line: Sequence[int], boxes: Sequence[Box], *, joined: Collection[int] = (), parted: Collection[int] = ()
) -> list[list[int]]:
    """Cut a line where the gap is wide for the height of its digits.

    Args:
        line: Indices of boxes from left to right.
        boxes: All boxes.
        joined: Indices before which there is no cut: a mark stands in the gap.
        parted: Indices before which there is a cut in any case: a rule stands in the gap.
    """
    height = float(median(max(boxes[i].height, boxes[i].width) for i in line))
    numbers: list[list[int]] = [[line[0]]]
    right = boxes[line[0]].right
    for index in line[1:]:
        is_wide = boxes[index].x - right > NUMBER_GAP * height and index not in joined
        if is_wide or index in parted:
            numbers.append([])
        numbers[-1].append(index)
        right = max(right, boxes[index].right)
    return numbers


def measure_slope(boxes: Sequence[Box]) -> float:
    """Measure how far writing falls for each pixel to the right: a turned page.

    Args:
        boxes: Boxes of glyphs.

    Returns:
        The median over neighbours; where they are few, that of the only line; 0 where they don't agree.
    """
    if len(boxes) < LEAST_NEIGHBOURS:
        return _measure_row(boxes)
    sides = np.array([box.to_list() for box in boxes], float)
    x, y, height = sides[:, 0] + sides[:, 2] / 2, sides[:, 1] + sides[:, 3] / 2, sides[:, 3]
    slopes = []
    for i in range(len(boxes)):
        across, down = x - x[i], y - y[i]
        near = (across > 0.3 * height[i]) & (across < 3 * height[i]) & (np.abs(down) < 0.5 * across)
        alike = near & (height > 0.7 * height[i]) & (height < 1.4 * height[i])
        if alike.any():
            j = int(np.argmin(np.where(alike, across, np.inf)))
            slopes.append(down[j] / across[j])
    if len(slopes) < LEAST_NEIGHBOURS:
        return _measure_row(boxes)
    slope = float(np.median(slopes))
    error = float(1.25 * np.std(slopes) / np.sqrt(len(slopes)))  # of a median
    return slope if SLOPE_SIGMAS * error < abs(slope) < MOST_SLOPE else _measure_row(boxes)


def _measure_row(boxes: Sequence[Box]) -> float:
    """Measure the slope of boxes that all stand in one straight row, close together; 0 if they don't."""
    if len(boxes) < LEAST_IN_ROW:
        return 0.0
    row = sorted(boxes, key=lambda box: box.center[0])
    height = float(median(box.height for box in row))
    heights = sorted(box.height for box in row)
    if heights[len(heights) > LEAST_IN_ROW] < ROW_HEIGHTS * heights[-1]:
        return 0.0
    if any(second.x - first.right > NUMBER_GAP * height for first, second in pairwise(row)):
        return 0.0
    x, y = (np.array([box.center[axis] for box in row]) for axis in (0, 1))
    across, down = x - x.mean(), y - y.mean()
    slope = float((across * down).sum() / max(1.0, (across**2).sum()))
    is_straight = float(np.abs(down - slope * across).max()) <= ROW_OFF * height
    return slope if is_straight and ROW_SLOPE[0] < abs(slope) < ROW_SLOPE[1] else 0.0


def _overlap_with_line(
    box: tuple[float, float, int, int], recent: Sequence[tuple[float, float, int, int]]
) -> float:
    """Overlap in height with the end of a line, as part of the lower of the two."""
    top = sum(b[0] for b in recent) / len(recent)
    bottom = sum(b[1] for b in recent) / len(recent)
    shared = min(box[1], bottom) - max(box[0], top)
    return shared / max(1.0, min(box[1] - box[0], bottom - top))


def _is_small_beside(level: Sequence[tuple[float, float, int, int]], index: int, line: Sequence[int]) -> bool:
    """True for a small digit within the height of a line's large ones, such as the 100 of "5 20/100"."""
    top, bottom, left, _ = level[index]
    large = max((level[i] for i in line[-2 * RECENT :]), key=lambda b: b[1] - b[0])
    height = large[1] - large[0]
    is_near = left - max(level[i][3] for i in line[-RECENT:]) < NUMBER_GAP * height
    is_within = min(bottom, large[1]) - max(top, large[0]) > LINE_OVERLAP * (bottom - top)
    return is_near and is_within and bottom - top < SMALL * height
