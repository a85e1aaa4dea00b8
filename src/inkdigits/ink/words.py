"""Digits among letters are letters: the O of POST and the S of BANKS; and a 1 with a point above it is an i.

Owns: which digits belong to a word, by the places of digits and other glyphs and by how sure the digits are. Leaves
to others: what is no digit (finding, deciding), numbers (assemble).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from inkdigits.ink.grouping import find_lines
from inkdigits.types import Box

GAP = 0.6  # signs of one word stand so close, in heights of the line
LIKE_HEIGHT = (0.45, 1.8)  # a letter is so high in heights of the line; what is lower is a mark or dirt
LEAST_WIDTH = 0.25  # of its height; thinner ones are lines
LEAST_LETTERS = 2  # one other sign beside digits is a currency sign or a tick
# Digits may outnumber letters in a word if they are unsure: what a letter weighs against their log-odds, and the
# most that a digit weighs.
LETTER_WEIGHT = 3.0
LETTER_WEIGHT_INSIDE = 4.5  # where one stands between digits: numbers have their signs at the ends
MOST_SURENESS = 3.5
LIKE_LETTER = 0.4  # a digit less probable than this was only taken for one because of its neighbours
SURE = 0.97  # words stand beside words; a number beside them has a digit that is so sure
LEAST_LETTERS_ABOVE = 3  # in a column of letters
COLUMN_SPREAD = 0.7  # middles of its signs differ by so much at most, in heights
SURE_BESIDE = 0.8  # a digit beside another makes both a number, if it is so sure
WORD_GAP = 1.5  # and words stand so close, in heights
# A dark point above a stem makes it an i: the point's longer side in heights of the stem, how far it is above the
# stem, how far to its side, and its shorter side as part of the longer. Specks of paper above 1s are smaller and
# paler, what a picture's border leaves of print is flat, and a 1 with a flag is no stem.
DOT_SIZE = (0.07, 0.3)
DOT_FILL = 0.62
DOT_GAP = (0.03, 0.45)
DOT_ASIDE = 0.15
DOT_ROUND = 0.55
STEM_WIDTH = 0.5
EXPLAINED = 0.85  # part of a box that lies on digits; at 0.5 symbols of two strokes are read as two digits
EXPLAINED_BY_ONE = 0.5  # more than this of it lies on one of them


def is_explained(box: Box, digits: Sequence[Box]) -> bool:
    """Tell whether a box lies on digits by so much that it shows parts of them, and hardly anything of its own.

    Args:
        box: Where something was seen that is no digit.
        digits: Boxes of digits.
    """
    shared = [
        max(0, min(box.right, digit.right) - max(box.x, digit.x))
        * max(0, min(box.bottom, digit.bottom) - max(box.y, digit.y))
        for digit in digits
    ]
    area = box.width * box.height
    return sum(shared) >= EXPLAINED * area or max(shared, default=0) > EXPLAINED_BY_ONE * area


def find_dotted(stems: Sequence[Box], specks: Sequence[tuple[Box, float]]) -> set[int]:
    """Find what was taken for a 1 and has a point above it, as an i has.

    Args:
        stems: Boxes of the 1s.
        specks: Boxes of small ink, each with the mean ink within it, in [0, 1].

    Returns:
        Indices of the stems.
    """
    slim = [index for index, stem in enumerate(stems) if stem.width <= STEM_WIDTH * stem.height]
    dark = [box for box, fill in specks if fill >= DOT_FILL] if slim else []
    if not dark:
        return set()
    x, y, width, height = np.array([(box.x, box.y, box.width, box.height) for box in dark], float).T
    longer = np.maximum(width, height)
    is_round, middle, bottom = np.minimum(width, height) >= DOT_ROUND * longer, x + width / 2, y + height
    dotted = set()
    for index in slim:
        stem = stems[index]
        gap, aside = stem.y - bottom, middle - stem.x
        is_dot = is_round & (DOT_SIZE[0] * stem.height <= longer) & (longer <= DOT_SIZE[1] * stem.height)
        is_dot &= (DOT_GAP[0] * stem.height <= gap) & (gap <= DOT_GAP[1] * stem.height)
        is_dot &= (-DOT_ASIDE * stem.height <= aside) & (aside <= stem.width + DOT_ASIDE * stem.height)
        if is_dot.any():
            dotted.add(index)
    return dotted


def find_words(
    digits: Sequence[Box],
    others: Sequence[Box],
    *,
    probabilities: Sequence[float] | None = None,
    doubtful: Sequence[Box] = (),
    uprights: Sequence[Box] = (),
) -> set[int]:
    """Find digits that stand in a word.

    A group of close signs is a word if it holds at least two other glyphs and no more digits than those, or digits
    so unsure that the other glyphs outweigh them. Unsure digits beside a word in the same cell are one, too.

    Args:
        digits: Boxes of digits.
        others: Boxes of glyphs that are no digits.
        probabilities: How probable each digit is one, in [0, 1]; without them all are sure.
        doubtful: Boxes of glyphs that may be digits or not; they only fill gaps.
        uprights: Boxes of upright rules.

    Returns:
        Indices of the digits in words.
    """
    # A frame holds digits, and a line of it is thin: neither is a letter.
    others = [box for box in others if _is_wide(box) and not _holds_any(box, digits)]
    sure = [1.0] * len(digits) if probabilities is None else probabilities
    boxes = [*digits, *others, *doubtful]
    # A doubtful digit may be a letter, too, but no line: long 1s at the start of a number are often doubtful.
    are_letters = [
        probability < LIKE_LETTER and _is_wide(box) for box, probability in zip(digits, sure, strict=True)
    ]
    are_letters += [True] * len(others) + [False] * len(doubtful)
    in_words: set[int] = set()
    if sum(are_letters) < LEAST_LETTERS or not digits:
        return in_words
    for line in find_lines(boxes):
        groups = [_Group.of(group, boxes, sure, are_letters) for group in _split(line, boxes)]
        are_words = [group.is_word for group in groups]
        for order in (range(1, len(groups)), range(len(groups) - 2, -1, -1)):
            for index in order:
                beside = index - 1 if order.step > 0 else index + 1
                one, other = groups[index], groups[beside]
                if are_words[beside] and one.is_unsure and one.is_near(other, uprights):
                    are_words[index] = True
        in_words.update(
            i for group, is_word in zip(groups, are_words, strict=True) if is_word for i in group.digits
        )
    return in_words


@dataclass(frozen=True)
class _Group:
    """Close signs of one line.

    Attributes:
        digits: Indices of its digits.
        letters: Number of its letters: other glyphs that are as high as its digits, and hardly probable digits.
        sureness: How sure each of the other digits is, as log-odds.
        has_inside: Whether a letter stands between digits.
        left, right, height: Where it stands, and the middle height of its signs.
        level: Of its middle sign.
    """

    digits: tuple[int, ...]
    letters: int
    sureness: tuple[float, ...]
    has_inside: bool
    left: float
    right: float
    height: float
    level: float

    @classmethod
    def of(
        cls,
        group: Sequence[int],
        boxes: Sequence[Box],
        probabilities: Sequence[float],
        are_letters: Sequence[bool],
    ) -> _Group:
        heights = sorted(boxes[i].height for i in group)
        middle = heights[len(heights) // 2]
        letters = [
            i for i in group
            if are_letters[i] and LIKE_HEIGHT[0] * middle <= boxes[i].height <= LIKE_HEIGHT[1] * middle
        ]  # fmt: skip
        digits = tuple(i for i in group if i < len(probabilities))
        lefts = [boxes[i].x for i in digits if not are_letters[i]]
        has_inside = any(min(lefts) < boxes[i].x < max(lefts) for i in letters) if lefts else False
        return cls(
            digits,
            len(letters),
            tuple(_log_odds(probabilities[i]) for i in digits if not are_letters[i]),
            has_inside,
            min(boxes[i].x for i in group),
            max(boxes[i].right for i in group),
            middle,
            sorted(boxes[i].center[1] for i in group)[len(group) // 2],
        )

    @property
    def is_word(self) -> bool:
        if self.letters < LEAST_LETTERS:
            return False
        weight = LETTER_WEIGHT_INSIDE if self.has_inside else LETTER_WEIGHT
        return self.letters >= len(self.sureness) or sum(self.sureness) < weight * self.letters

    @property
    def is_unsure(self) -> bool:
        return max(self.sureness, default=0.0) < _log_odds(SURE)

    def is_near(self, other: _Group, uprights: Sequence[Box]) -> bool:
        start, end = min(self.right, other.right), max(self.left, other.left)
        if end - start > WORD_GAP * max(self.height, other.height):
            return False
        return not any(
            start <= rule.center[0] <= end and rule.y <= self.level <= rule.bottom for rule in uprights
        )


def _log_odds(probability: float) -> float:
    return min(MOST_SURENESS, log(max(probability, 1e-3) / max(1 - probability, 1e-3)))


def find_letter_columns(
    digits: Sequence[Box], others: Sequence[Box], *, probabilities: Sequence[float] | None = None
) -> set[int]:
    """Find digits that stand alone in a column of letters, as the B among the grades of a mark sheet.

    Args:
        digits: Boxes of digits.
        others: Boxes of glyphs that are no digits.
        probabilities: How probable each digit is one, in [0, 1]; without them all are sure.

    Returns:
        Indices of the digits that have no sure digit beside them, and above or below them at least three other
        glyphs of their height, and no fewer of these than of digits.
    """
    letters = [box for box in others if _is_wide(box) and not _holds_any(box, digits)]
    sure = [i for i in range(len(digits)) if probabilities is None or probabilities[i] >= SURE_BESIDE]
    found: set[int] = set()
    while True:  # what stands beside a letter of the column is no digit of a number either
        more = {
            i for i in range(len(digits))
            if i not in found and _is_in_column_of_letters(i, digits, sure, letters)
        }  # fmt: skip
        if not more:
            return found
        found |= more
        sure = [j for j in sure if j not in found]


def _is_in_column_of_letters(
    index: int, digits: Sequence[Box], sure: Sequence[int], letters: Sequence[Box]
) -> bool:
    digit = digits[index]
    count = _count_rows([box for box in letters if _is_above(box, digit)])
    if count < LEAST_LETTERS_ABOVE or count < sum(_is_above(other, digit) for other in digits):
        return False
    return not any(_is_beside(digits[other], digit) for other in sure if other != index)


def _count_rows(boxes: Sequence[Box]) -> int:
    """Count boxes that stand one under another; those of one word, side by side, count once."""
    count, bottom = 0, float("-inf")
    for box in sorted(boxes, key=lambda box: box.center[1]):
        if box.center[1] > bottom:
            count, bottom = count + 1, float(box.bottom)
    return count


def _is_above(box: Box, digit: Box) -> bool:
    """Tell whether a box stands above or below a digit, and is as high; the digit itself does so, too."""
    is_alike = LIKE_HEIGHT[0] * digit.height <= box.height <= LIKE_HEIGHT[1] * digit.height
    return is_alike and abs(box.center[0] - digit.center[0]) <= COLUMN_SPREAD * digit.height


def _is_beside(box: Box, digit: Box) -> bool:
    level = min(box.bottom, digit.bottom) - max(box.y, digit.y)
    gap = max(box.x, digit.x) - min(box.right, digit.right)
    return level > 0.5 * min(box.height, digit.height) and gap <= digit.height


def _is_wide(box: Box) -> bool:
    return box.width >= LEAST_WIDTH * box.height


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
