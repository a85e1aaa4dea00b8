"""Rows and columns from numbers and rules, straight, turned and seen aslant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from inkdigits.ink.assemble import Assembled, assemble
from inkdigits.ink.tables import find_borders
from inkdigits.types import Box, Digit, Rule

PITCH = (70, 32)  # of columns and rows; digits are 18 px high


def warp(x: float, y: float, *, angle_deg: float, squeeze: float) -> tuple[float, float]:
    """Turn a point, and let lines converge to the right, as a camera does."""
    y = 300 + (y - 300) * (1 - squeeze * x / 700)
    a = np.deg2rad(angle_deg)
    return float(x * np.cos(a) - y * np.sin(a)), float(x * np.sin(a) + y * np.cos(a))


def make(table: Sequence[Sequence[str]], *, angle_deg: float = 0, squeeze: float = 0) -> list[Digit]:
    """Digits of a table; "" is an empty cell."""
    digits = []
    for row, cells in enumerate(table):
        for column, text in enumerate(cells):
            for i, label in enumerate(text):
                place = (40 + PITCH[0] * column + 15 * i, 60 + PITCH[1] * row)
                x, y = warp(*place, angle_deg=angle_deg, squeeze=squeeze)
                digits.append(Digit(label, 0.9, Box(round(x) + 200, round(y) + 200, 11, 18)))
    return digits


def upright(x: int, *, slope: float = 0.0) -> Rule:
    return Rule(Box(x, 230, 2, 400), slope=slope)


def texts(made: Assembled) -> list[list[str]]:
    return [["" if cell is None else cell.text for cell in row] for row in made.rows]


FULL = [[str(10 * r + c + 10) for c in range(6)] for r in range(9)]
GAPS = [
    [text if (r * 5 + c) % 4 or c == 0 else "" for c, text in enumerate(row)] for r, row in enumerate(FULL)
]


@pytest.mark.parametrize("table", [FULL, GAPS])
@pytest.mark.parametrize("angle_deg", [-6, -2, 0, 2, 6])
@pytest.mark.parametrize("squeeze", [0, 0.12])
def test_aligned_numbers_are_a_table(table: list[list[str]], angle_deg: float, squeeze: float) -> None:
    made = assemble(make(table, angle_deg=angle_deg, squeeze=squeeze))
    assert texts(made) == table
    assert all(cell in made.numbers for row in made.rows for cell in row if cell)


@pytest.mark.parametrize("table", [[["12"]], [["12", "34"]], [["12"], ["34"]], []])
def test_one_row_or_column_is_no_table(table: list[list[str]]) -> None:
    assert assemble(make(table)).rows == ()


def test_lines_of_text_are_no_table() -> None:
    digits = []
    for row, xs in enumerate([(0, 50, 130, 190), (25, 95, 160), (10, 75), (60, 200, 290), (40, 115, 250)]):
        digits += [Digit("5", 0.9, Box(x, 60 + 40 * row, 11, 18)) for x in xs]
    assert assemble(digits).rows == ()


def test_rules_keep_empty_columns_and_part_numbers() -> None:
    rules = [upright(230 + 70 * i) for i in range(7)]
    table = [[*row[:2], "", *row[3:]] for row in FULL]
    assert texts(assemble(make(table), rules=rules)) == table
    close = [Digit(t, 0.9, Box(x, 560, 11, 18)) for t, x in zip("1234", (270, 285, 305, 320), strict=True)]
    assert [n.text for n in assemble([*make(FULL), *close], rules=rules).numbers[-2:]] == ["12", "34"]


def test_a_rest_of_a_border_is_no_digit() -> None:
    rules = [upright(230 + 70 * i) for i in range(7)]
    rest = Digit("1", 0.9, Box(299, 262, 4, 18))
    made = assemble([*make(FULL), rest], rules=rules)
    assert texts(made) == FULL
    assert made.struck == (rest,)


def test_a_slanted_border() -> None:
    boxes = [digit.box for digit in make(FULL)]
    (border,) = find_borders([upright(300, slope=0.1)], boxes)
    assert border.slope == 0.1


def test_boxes_for_single_digits_are_one_number() -> None:
    digits = [Digit(str(i), 0.9, Box(100 + 30 * i, 100, 12, 20)) for i in range(5)]
    rules = [Rule(Box(91 + 30 * i, 92, 2, 36)) for i in range(6)]
    made = assemble(digits, rules=rules)
    assert [number.text for number in made.numbers] == ["01234"]
    assert made.rows == ()


def test_pieces_of_one_rule_count_once() -> None:
    boxes = [digit.box for digit in make(FULL)]
    assert len(find_borders([upright(300), upright(303), upright(371)], boxes)) == 2
    assert find_borders([Rule(Box(300, 230, 2, 60))], boxes) == []  # too short
    assert find_borders([upright(300)], []) == []


def test_the_stem_of_a_digit_is_no_border() -> None:
    one, other = Box(100, 100, 14, 40), Box(140, 100, 20, 40)
    stem = Rule(Box(104, 108, 6, 30))
    assert find_borders([stem], [one, other]) == []
    assert find_borders([Rule(Box(104, 108, 6, 36))], [one, other]) == []  # a rest of ink below it
    longer = Rule(Box(104, 90, 6, 60))
    assert find_borders([longer], [one, other]) == [longer]
    beside = Rule(Box(125, 102, 4, 36))
    assert find_borders([beside], [one, other]) == [beside]
