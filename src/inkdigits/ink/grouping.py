"""Glyphs become lines and numbers, in reading order.

Owns: the geometry of reading. Leaves to others: what the glyphs are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inkdigits.types import Box

# Digits of one number stand closer than this part of their height (gap between boxes). In tables and lists the
# gaps between numbers are wider than a digit; within a number they rarely exceed half a digit.
NUMBER_GAP = 0.9
LINE_OVERLAP = 0.45  # boxes share a line if they overlap by this part of the lower one's height


def group_lines(boxes: Sequence[Box]) -> list[list[list[int]]]:
    """Group boxes into lines of writing, and lines into numbers.

    Args:
        boxes: Boxes of glyphs, in any order.

    Returns:
        Lines from top to bottom; a line is its numbers from left to right; a number is the indices of its
        boxes from left to right.
    """
    lines = _find_lines(boxes)
    return [_split_numbers(line, boxes) for line in lines]


def _find_lines(boxes: Sequence[Box]) -> list[list[int]]:
    """Chain boxes from left to right: each joins the line whose last box it overlaps most in height."""
    lines: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].center[0]):
        best, best_overlap = None, LINE_OVERLAP
        for line in lines:
            overlap = _overlap_with_line(boxes[index], [boxes[i] for i in line[-3:]])
            if overlap > best_overlap:
                best, best_overlap = line, overlap
        if best is None:
            lines.append([index])
        else:
            best.append(index)
    return sorted(lines, key=lambda line: float(np.mean([boxes[i].center[1] for i in line])))


def _overlap_with_line(box: Box, recent: Sequence[Box]) -> float:
    """Overlap in height with the end of a line, as part of the lower of the two."""
    top = float(np.mean([b.y for b in recent]))
    bottom = float(np.mean([b.bottom for b in recent]))
    shared = min(box.bottom, bottom) - max(box.y, top)
    return shared / max(1.0, min(box.height, bottom - top))


def _split_numbers(line: Sequence[int], boxes: Sequence[Box]) -> list[list[int]]:
    """Cut a line where the gap is wide for the height of its digits."""
    height = float(np.median([max(boxes[i].height, boxes[i].width) for i in line]))
    numbers: list[list[int]] = [[line[0]]]
    right = boxes[line[0]].right
    for index in line[1:]:
        if boxes[index].x - right > NUMBER_GAP * height:
            numbers.append([])
        numbers[-1].append(index)
        right = max(right, boxes[index].right)
    return numbers
