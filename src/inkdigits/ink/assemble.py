"""Digits and candidates for marks become numbers in reading order.

Owns: the way from single signs to numbers, whoever found the signs: components or a detector. Leaves to others:
lines (grouping), marks (marks), rows and columns (tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from inkdigits.ink.grouping import find_lines, split_numbers
from inkdigits.ink.marks import find_marks_among, place_mark
from inkdigits.ink.places import REACH, Candidate, Line
from inkdigits.ink.tables import find_borders, find_column, find_rows, is_on_border
from inkdigits.types import Box, Cells, Digit, Mark, Number, Rule

CELL_GAP = 1.6  # digits in one ruled cell are one number up to this gap, in heights
LEAST_BORDERS = 2  # two may be the margins of a page; more make cells


@dataclass(frozen=True)
class Assembled:
    """What the signs of a page make up.

    Attributes:
        numbers: In reading order.
        rows: The same numbers as a table; () where they are none.
        used: Candidates that became marks.
        struck: Digits that are rests of a ruled border.
    """

    numbers: tuple[Number, ...] = ()
    rows: tuple[Cells, ...] = ()
    used: tuple[Candidate, ...] = ()
    struck: tuple[Digit, ...] = ()


def assemble(
    digits: Sequence[Digit],
    *,
    candidates: Sequence[Candidate] = (),
    rules: Sequence[Rule] = (),
    pen_px: float = 0.0,
    min_confidence: float = 0.0,
    page: int = 0,
) -> Assembled:
    """Put digits and marks together.

    Args:
        digits: Digits of one page, in any order.
        candidates: Other ink that may be a mark; a stroke with the box of a digit is another view of that digit.
        rules: Ruled lines; the borders of columns part numbers.
        pen_px: Typical width of a stroke, pixels of the page; 0 where unknown.
        min_confidence: Digits and marks below it are unsure: place holders in the text of their number.
        page: Index of the page.
    """
    borders = find_borders(rules, [digit.box for digit in digits])
    struck = tuple(digit for digit in digits if is_on_border(borders, digit.box))
    digits = [digit for digit in digits if digit not in struck]
    is_ruled = len(borders) > LEAST_BORDERS
    lines = find_lines([digit.box for digit in digits])
    among = find_marks_among(digits, lines, candidates)
    rest = [[i for i in line if i not in among] for line in lines]
    placed = _place(digits, rest, candidates, rules=[rule.box for rule in rules], pen_px=pen_px)
    for row, mark in among.values():
        placed[row].append(mark)
    columns = [find_column(borders, digit.box) for digit in digits]
    numbers: list[Number] = []
    line_index = 0
    for line, marks in zip(rest, placed, strict=True):
        if line:
            chosen = _one_per_gap(marks, digits, line)
            links = _Links.of(digits, line, chosen, columns=columns, is_ruled=is_ruled)
            numbers += _make_numbers(digits, line, links, line_index=line_index, page=page)
            line_index += 1
    numbers = [_doubt(number, min_confidence) for number in numbers]
    kept = [mark.box for number in numbers for mark in number.marks]
    used = tuple(item for item in candidates if any(_holds(box, item.box) for box in kept))
    return Assembled(tuple(numbers), find_rows(numbers, rules), used, struck)


def _holds(outer: Box, inner: Box) -> bool:
    """True for the ink of a mark: all of it, or one point of a colon."""
    is_across = outer.x <= inner.x and inner.right <= outer.right
    return is_across and outer.y <= inner.y and inner.bottom <= outer.bottom


def _doubt(number: Number, min_confidence: float) -> Number:
    """Make the signs below a confidence place holders."""
    if not min_confidence:
        return number
    return replace(
        number,
        digits=tuple(replace(d, is_sure=d.confidence >= min_confidence) for d in number.digits),
        marks=tuple(replace(m, is_sure=m.confidence >= min_confidence) for m in number.marks),
    )


def _place(
    digits: Sequence[Digit],
    lines: Sequence[Sequence[int]],
    candidates: Sequence[Candidate],
    *,
    rules: Sequence[Box],
    pen_px: float,
) -> list[list[Mark]]:
    """Give each candidate that is a mark to its line."""
    found: list[list[Mark]] = [[] for _ in lines]
    rows = [(index, Line([digits[i].box for i in line])) for index, line in enumerate(lines) if line]
    specks = [item.box for item in candidates if item.shape == "speck"]
    known = {digit.box for digit in digits}
    for item in candidates:
        if item.box in known:
            continue  # another view of a digit
        for index, row in rows:
            mark = place_mark(item, row, pen_px=pen_px, specks=specks, rules=rules)
            if mark:
                found[index].append(mark)
                break
    return found


def _one_per_gap(marks: Sequence[Mark], digits: Sequence[Digit], line: Sequence[int]) -> list[Mark]:
    """Between two digits stands one mark: the surest, of those the largest."""
    best: dict[int, Mark] = {}
    for mark in marks:
        gap = sum(digits[i].box.center[0] < mark.box.center[0] for i in line)
        other = best.get(gap)
        if other is None or _rank(mark) > _rank(other):
            best[gap] = mark
    return [best[gap] for gap in sorted(best)]


def _rank(mark: Mark) -> tuple[float, int]:
    return mark.confidence, mark.box.width * mark.box.height


@dataclass(frozen=True)
class _Links:
    """What holds the digits of a line together and what parts them; keys are indices of the digit after a gap."""

    marks: dict[int, Mark]
    joined: set[int]
    parted: set[int]

    @staticmethod
    def of(
        digits: Sequence[Digit],
        line: Sequence[int],
        marks: Sequence[Mark],
        *,
        columns: Sequence[int],
        is_ruled: bool,
    ) -> _Links:
        boxes = {i: digits[i].box for i in line}
        parted = {b for a, b in pairwise(line) if columns[a] != columns[b]}
        joined = {b for a, b in pairwise(line) if is_ruled and _is_near(boxes[a], boxes[b])} - parted
        after: dict[int, Mark] = {}
        row = Line([digits[i].box for i in line])
        for mark in marks:
            index = next((i for i in line if boxes[i].center[0] >= mark.box.center[0]), None)
            if index is None or (index in parted and mark.label != "-"):
                continue
            after[index] = mark
            if index not in parted and row.locate(mark.box).gaps(mark.box)[0] <= REACH:
                joined.add(index)
        return _Links(after, joined, parted)


def _is_near(left: Box, right: Box) -> bool:
    return right.x - left.right <= CELL_GAP * max(left.height, right.height)


def _make_numbers(
    digits: Sequence[Digit], line: Sequence[int], links: _Links, *, line_index: int, page: int
) -> list[Number]:
    """Cut a line into numbers; a mark belongs to the number of the digit on its right."""
    groups = split_numbers(line, [d.box for d in digits], joined=links.joined, parted=links.parted)
    return [
        Number(
            tuple(digits[i] for i in group),
            line=line_index,
            page=page,
            marks=tuple(links.marks[i] for i in group if i in links.marks),
        )
        for group in groups
    ]
