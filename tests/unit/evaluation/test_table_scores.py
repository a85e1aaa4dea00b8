"""Scores of tables: counted by hand, and against brute force."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from inkdigits.datasets.pictures import Cell
from inkdigits.evaluation.tables import (
    TableScore,
    count_cells,
    longest_common,
    score_sequence,
    score_table,
)
from inkdigits.types import Box, Digit, Number, Reading


def number(text: str, *, line: int = 0) -> Number:
    return Number(tuple(Digit(label, 0.9, Box(12 * i, 5, 10, 20)) for i, label in enumerate(text)), line)


CELLS = (Cell(1, 1, "21", "number"), Cell(1, 2, "37", "number"), Cell(1, 3, "A", "grade"),
         Cell(2, 1, "22", "number"), Cell(2, 2, "39", "number"), Cell(2, 3, "B", "grade"))  # fmt: skip


def test_a_perfect_table() -> None:
    numbers = tuple(number(text, line=i // 2) for i, text in enumerate(("21", "37", "22", "39")))
    reading = Reading(numbers, rows=(numbers[:2], numbers[2:]))
    score = score_table(CELLS, reading)
    assert (score.recall, score.precision, count_cells(CELLS, reading)) == (1, 1, 4)


def test_a_grade_that_was_read_lowers_precision() -> None:
    numbers = tuple(number(text) for text in ("21", "37", "4", "22", "38"))
    reading = Reading(numbers, rows=((numbers[1], numbers[0]), (None, numbers[3])))
    assert score_table(CELLS, reading) == TableScore(4, 5, 3)
    assert count_cells(CELLS, reading) == 0


def test_order_counts() -> None:
    assert score_sequence(["1", "2", "3"], ["3", "1", "2"]).hits == 2


def test_a_decimal_comma_is_a_point() -> None:
    assert score_sequence(["1.5"], ["1,5"]).hits == 1


def test_nothing_written_and_nothing_read() -> None:
    assert (TableScore().recall, TableScore().precision) == (1, 1)
    assert score_sequence(["1"], []).recall == 0
    assert TableScore(4, 5, 3) + TableScore(1, 1, 1) == TableScore(5, 6, 4)


SHORT = st.lists(st.sampled_from("123"), max_size=6)


@given(SHORT, SHORT)
def test_longest_common_against_brute_force(first: list[str], second: list[str]) -> None:
    def parts(items: list[str]) -> set[tuple[str, ...]]:
        return {part for size in range(len(items) + 1) for part in combinations(items, size)}

    assert longest_common(first, second) == max(len(part) for part in parts(first) & parts(second))
