"""Digits and candidates for marks become numbers in reading order.

Owns: the way from single signs to numbers, whoever found the signs: components or a detector. Leaves to others:
lines (grouping), marks (marks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inkdigits.ink.grouping import find_lines, split_numbers
from inkdigits.ink.marks import REACH, Candidate, Line, find_marks_among, place_mark
from inkdigits.types import Box, Digit, Mark, Number


@dataclass(frozen=True)
class Assembled:
    """What the signs of a page make up.

    Attributes:
        numbers: In reading order.
        used: Candidates that became marks.
    """

    numbers: tuple[Number, ...]
    used: tuple[Candidate, ...]


def assemble(
    digits: Sequence[Digit],
    *,
    candidates: Sequence[Candidate] = (),
    pen_px: float = 0.0,
    min_confidence: float = 0.0,
    page: int = 0,
) -> Assembled:
    """Put digits and marks together.

    Args:
        digits: Digits of one page, in any order.
        candidates: Other ink that may be a mark; a stroke with the box of a digit is another view of that digit.
        pen_px: Typical width of a stroke, pixels of the page; 0 where unknown.
        min_confidence: Digits and marks below it are unsure: place holders in the text of their number.
        page: Index of the page.
    """
    lines = find_lines([digit.box for digit in digits])
    among = find_marks_among(digits, lines, candidates)
    rest = [[i for i in line if i not in among] for line in lines]
    placed = _place(digits, rest, candidates, pen_px=pen_px)
    for row, mark in among.values():
        placed[row].append(mark)
    numbers: list[Number] = []
    line_index = 0
    for line, marks in zip(rest, placed, strict=True):
        if line:
            chosen = _one_per_gap(marks, digits, line)
            numbers += _make_numbers(digits, line, chosen, line_index=line_index, page=page)
            line_index += 1
    numbers = [_doubt(number, min_confidence) for number in numbers]
    kept = {mark.box for number in numbers for mark in number.marks}
    return Assembled(tuple(numbers), tuple(item for item in candidates if item.box in kept))


def _doubt(number: Number, min_confidence: float) -> Number:
    """Make the signs below a confidence place holders."""
    return replace(
        number,
        digits=tuple(replace(d, is_sure=d.confidence >= min_confidence) for d in number.digits),
        marks=tuple(replace(m, is_sure=m.confidence >= min_confidence) for m in number.marks),
    )


def _place(
    digits: Sequence[Digit], lines: Sequence[Sequence[int]], candidates: Sequence[Candidate], *, pen_px: float
) -> list[list[Mark]]:
    """Give each candidate that is a mark to its line."""
    found: list[list[Mark]] = [[] for _ in lines]
    rows = [(index, Line([digits[i].box for i in line])) for index, line in enumerate(lines) if line]
    specks = [item.box for item in candidates if item.shape == "speck"]
    for item in candidates:
        if item.shape == "stroke":
            continue
        for index, row in rows:
            mark = place_mark(item, row, pen_px=pen_px, specks=specks)
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


def _make_numbers(
    digits: Sequence[Digit], line: Sequence[int], marks: Sequence[Mark], *, line_index: int, page: int
) -> list[Number]:
    """Cut a line into numbers; a mark belongs to the number of the digit on its right, and joins what it links."""
    boxes = [digit.box for digit in digits]
    after = {_next_digit(mark.box, boxes, line): mark for mark in marks}
    joined = {i for i, mark in after.items() if i is not None and _links(mark, boxes, line, i)}
    groups = split_numbers(line, boxes, joined=joined)
    return [
        Number(
            tuple(digits[i] for i in group),
            line=line_index,
            page=page,
            marks=tuple(after[i] for i in group if i in after),
        )
        for group in groups
    ]


def _next_digit(box: Box, boxes: Sequence[Box], line: Sequence[int]) -> int | None:
    return next((i for i in line if boxes[i].center[0] >= box.center[0]), None)


def _links(mark: Mark, boxes: Sequence[Box], line: Sequence[int], after: int) -> bool:
    """True unless a mark begins a number: a minus."""
    before = line.index(after) - 1
    if before < 0:
        return False
    near = Line([boxes[i] for i in line]).locate(mark.box)
    return mark.label != "-" or near.gaps(mark.box)[0] <= REACH
