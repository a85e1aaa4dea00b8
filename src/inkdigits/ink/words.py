"""Digits among letters are letters: the O of POST and the S of BANKS.

Owns: which digits belong to a word, by the places of digits and of other glyphs alone. Leaves to others: what is no
digit (finding, deciding), numbers (assemble).
"""

from __future__ import annotations

from collections.abc import Sequence

from inkdigits.ink.grouping import find_lines
from inkdigits.types import Box

GAP = 0.6  # signs of one word stand so close, in heights of the line
LIKE_HEIGHT = (0.45, 1.8)  # a letter is so high in heights of the line; what is lower is a mark or dirt
LEAST_WIDTH = 0.25  # of its height; thinner ones are lines
LEAST_LETTERS = 2  # one other sign beside digits is a currency sign or a tick


def find_words(digits: Sequence[Box], others: Sequence[Box]) -> set[int]:
    """Find digits that stand in a word.

    Args:
        digits: Boxes of digits.
        others: Boxes of glyphs that are no digits.

    Returns:
        Indices of the digits in groups that hold at least two other glyphs, and no more digits than those.
    """
    # A frame holds digits, and a line of it is thin: neither is a letter.
    others = [box for box in others if box.width >= LEAST_WIDTH * box.height and not _holds_any(box, digits)]
    if len(others) < LEAST_LETTERS or not digits:
        return set()
    boxes = [*digits, *others]
    in_words: set[int] = set()
    for line in find_lines(boxes):
        for group in _split(line, boxes):
            heights = sorted(boxes[i].height for i in group)
            middle = heights[len(heights) // 2]
            letters = [
                i for i in group
                if i >= len(digits) and LIKE_HEIGHT[0] * middle <= boxes[i].height <= LIKE_HEIGHT[1] * middle
            ]  # fmt: skip
            members = [i for i in group if i < len(digits)]
            if len(letters) >= max(LEAST_LETTERS, len(members)):
                in_words.update(members)
    return in_words


def _holds_any(box: Box, digits: Sequence[Box]) -> bool:
    """True if the middle of a digit lies in a box."""
    return any(
        box.x < digit.center[0] < box.right and box.y < digit.center[1] < box.bottom for digit in digits
    )


def _split(line: Sequence[int], boxes: Sequence[Box]) -> list[list[int]]:
    """Cut a line where the gap is wide."""
    order = sorted(line, key=lambda i: boxes[i].x)
    heights = sorted(boxes[i].height for i in order)
    most = GAP * heights[len(heights) // 2]
    groups = [[order[0]]]
    right = boxes[order[0]].right
    for index in order[1:]:
        if boxes[index].x - right > most:
            groups.append([])
        groups[-1].append(index)
        right = max(right, boxes[index].right)
    return groups
