"""Numbers become rows and columns: where uprights and level rules stand, else where numbers stand under each other.

Owns: the geometry of tables. Leaves to others: lines and numbers (assemble).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean as mean
from statistics import median

import numpy as np

from inkdigits.ink.grouping import measure_slope
from inkdigits.types import Box, Cells, Number, Rule

COLUMN_OVERLAP = 0.3  # numbers share a column if they overlap by this part of the narrower one's width
RECENT = 3  # a column's place is taken from so many of its last numbers: pages are turned and seen aslant
LEAST_SIDE = 2  # a table has at least so many rows and columns
LEAST_FILLED = 0.5  # and numbers in this part of its cells: lines of a list or text are no table
RULED_FILLED = 0.15  # a ruled one may be emptier
NARROW = 2.2  # rules closer than this many heights of a digit are the boxes of a form, one for each digit
SAME_RULE = 0.6  # rules closer than this part of a height are one
ON_BORDER, ON_BORDER_PX, SLIM = 0.12, 2.0, 0.45  # a rest of a border: how near, and width to height
STEM = 0.2  # a rule that is part of a digit ends with it, give or take this part of its height
LEAST_REACH = 0.5  # a rule separates columns if it runs along this part of the table's height


def find_borders(rules: Sequence[Rule], boxes: Sequence[Box]) -> list[Rule]:
    """Find the upright rules that separate columns.

    Args:
        rules: Rules of the page.
        boxes: Boxes of its digits.

    Returns:
        From left to right; none where they are the boxes of a form with one digit each.
    """
    uprights = [rule for rule in rules if rule.is_upright]
    if not boxes or not uprights:
        return []
    height = median(box.height for box in boxes)
    uprights = [rule for rule in uprights if not _is_stroke(rule, boxes)]
    borders = _merge(uprights, Box.union(boxes), height=height)
    middle = Box.union(boxes).center[1]
    gaps = np.diff([_x_at(rule, middle) for rule in borders])
    return [] if len(gaps) and float(np.median(gaps)) < NARROW * height else borders


def _is_stroke(rule: Rule, boxes: Sequence[Box]) -> bool:
    """Tell whether a rule reaches out of the digit on which it lies neither above nor below: it is its stem."""
    x, _ = rule.box.center
    return any(
        box.x <= x <= box.right
        and rule.box.y >= box.y - STEM * box.height
        and rule.box.bottom <= box.bottom + STEM * box.height
        for box in boxes
    )


def _merge(uprights: Sequence[Rule], area: Box, *, height: float) -> list[Rule]:
    """Take the rules that run along most of an area, pieces of one rule once, from left to right."""
    middle = area.center[1]
    tall = [rule for rule in uprights if _reach(rule, area) >= LEAST_REACH * area.height]
    borders: list[Rule] = []
    for rule in sorted(tall, key=lambda rule: _x_at(rule, middle)):
        if not borders or _x_at(rule, middle) - _x_at(borders[-1], middle) > SAME_RULE * height:
            borders.append(rule)
    return borders


def find_column(borders: Sequence[Rule], box: Box) -> int:
    """Count the borders on the left of a box.

    Args:
        borders: As `find_borders` gives them.
        box: In the same pixels.
    """
    x, y = box.center
    return sum(_x_at(rule, y) < x for rule in borders)


def is_on_border(borders: Sequence[Rule], box: Box) -> bool:
    """Return True for a narrow upright glyph that stands on a border: a rest of it, not a 1.

    Args:
        borders: As `find_borders` gives them.
        box: In the same pixels.
    """
    x, y = box.center
    near = max(ON_BORDER_PX, ON_BORDER * box.height)
    is_slim = box.width < SLIM * box.height
    return is_slim and any(abs(_x_at(rule, y) - x) <= near for rule in borders)


def find_rows(numbers: Sequence[Number], rules: Sequence[Rule]) -> tuple[Cells, ...]:
    """Bring the numbers of one page into rows and columns.

    Args:
        numbers: In reading order, with their lines.
        rules: Rules of the page.

    Returns:
        Rows of equal length; () where the numbers make up no table.
    """
    lines = sorted({number.line for number in numbers})
    if len(lines) < LEAST_SIDE:
        return ()
    borders = find_borders(rules, [digit.box for number in numbers for digit in number.digits])
    columns = [find_column(borders, number.box) for number in numbers]
    places = {(number.line, column) for number, column in zip(numbers, columns, strict=True)}
    if len(borders) < LEAST_SIDE or len(places) < len(numbers):  # no borders, or two numbers between them
        columns = _chain_columns(numbers)
    if len(set(columns)) < LEAST_SIDE:
        return ()
    first, last = min(columns), max(columns)
    table: list[list[Number | None]] = [[None] * (last - first + 1) for _ in lines]
    for number, column in zip(numbers, columns, strict=True):
        table[lines.index(number.line)][column - first] = number
    filled = len(numbers) / (len(lines) * (last - first + 1))
    is_table = filled >= (RULED_FILLED if borders else LEAST_FILLED)
    return tuple(tuple(row) for row in table) if is_table else ()


def _x_at(rule: Rule, y: float) -> float:
    x, middle = rule.box.center
    return x + rule.slope * (y - middle)


def _reach(rule: Rule, area: Box) -> float:
    return min(rule.box.bottom, area.bottom) - max(rule.box.y, area.y)


def _chain_columns(numbers: Sequence[Number]) -> list[int]:
    """Chain numbers downward: each joins the column whose last numbers it overlaps most in width."""
    slope = measure_slope([digit.box for number in numbers for digit in number.digits])
    spans = [_level_span(number.box, slope) for number in numbers]
    chains: list[list[int]] = []
    for index in sorted(range(len(numbers)), key=lambda i: (numbers[i].line, numbers[i].box.x)):
        best, best_overlap = None, COLUMN_OVERLAP
        for chain in chains:
            if numbers[chain[-1]].line == numbers[index].line:
                continue
            overlap = _overlap(spans[index], [spans[i] for i in chain[-RECENT:]])
            if overlap > best_overlap:
                best, best_overlap = chain, overlap
        if best is None:
            chains.append([index])
        else:
            best.append(index)
    order = sorted(chains, key=lambda chain: mean(sum(spans[i]) for i in chain))
    columns = [0] * len(numbers)
    for column, chain in enumerate(order):
        for index in chain:
            columns[index] = column
    return columns


def _level_span(box: Box, slope: float) -> tuple[float, float]:
    """Left and right of a box on the page turned back."""
    shift = slope * box.center[1]
    return box.x + shift, box.right + shift


def _overlap(span: tuple[float, float], recent: Sequence[tuple[float, float]]) -> float:
    left, right = mean(s[0] for s in recent), mean(s[1] for s in recent)
    shared = min(span[1], right) - max(span[0], left)
    return shared / max(1.0, min(span[1] - span[0], right - left))
