"""How well was a table read? Numbers found, exactly and in the right order.

Owns: the arithmetic for tables. Leaves to others: reading them (reader), single glyphs (metrics).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inkdigits.datasets.pictures import Cell
from inkdigits.types import Reading


@dataclass(frozen=True)
class TableScore:
    """Counts, so that several tables can be added up.

    Attributes:
        truth: Numbers that are written.
        found: Numbers that were read.
        hits: Numbers that were read exactly, in the right order: the longest common subsequence of both.
    """

    truth: int = 0
    found: int = 0
    hits: int = 0

    @property
    def recall(self) -> float:
        """Share of the written numbers that were read exactly; 1 where nothing is written."""
        return self.hits / self.truth if self.truth else 1.0

    @property
    def precision(self) -> float:
        """Share of what was read that is right; 1 where nothing was read."""
        return self.hits / self.found if self.found else 1.0

    def __add__(self, other: TableScore) -> TableScore:
        return TableScore(self.truth + other.truth, self.found + other.found, self.hits + other.hits)


def score_table(cells: Sequence[Cell], reading: Reading) -> TableScore:
    """Compare a reading with the cells of a table.

    A decimal comma counts as a point. Cells that are no numbers, such as grades, are not to be read: what is read
    there lowers precision.

    Args:
        cells: The table, row by row.
        reading: What was read from it.
    """
    truth = [cell.text for cell in cells if cell.kind == "number"]
    return score_sequence(truth, [number.text for number in reading.numbers])


def score_sequence(truth: Sequence[str], found: Sequence[str]) -> TableScore:
    """Compare two sequences of numbers.

    Args:
        truth: Numbers that are written, in reading order.
        found: Numbers that were read, in reading order.
    """
    written, read = ([text.replace(",", ".") for text in texts] for texts in (truth, found))
    return TableScore(len(written), len(read), longest_common(written, read))


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    Args:
        first: Any sequence.
        second: Any sequence.
    """
    best = [0] * (len(second) + 1)
    for item in first:
        before = best[:]
        for j, other in enumerate(second, start=1):
            best[j] = before[j - 1] + 1 if item == other else max(before[j], best[j - 1])
    return best[-1]


def count_cells(cells: Sequence[Cell], reading: Reading) -> int:
    """Count the numbers that stand in the right row and column of `Reading.rows`.

    Args:
        cells: The table; rows and columns count from 1.
        reading: What was read from it.
    """
    right = 0
    for cell in cells:
        if cell.kind == "number" and cell.row <= len(reading.rows):
            row = reading.rows[cell.row - 1]
            number = row[cell.column - 1] if cell.column <= len(row) else None
            right += number is not None and number.text.replace(",", ".") == cell.text.replace(",", ".")
    return right
