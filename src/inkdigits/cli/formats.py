"""The forms in which readings are written: text, JSON, JSON lines, CSV as a table or as a list of numbers.

Owns: what each form looks like. Leaves to others: where it goes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from inkdigits.types import Reading

CSV_COLUMNS = ("source", "page", "line", "text", "confidence", "x", "y", "width", "height")


class Format(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    list = "list"


class Writer(Protocol):
    """Collects readings and gives them back as one text."""

    def add(self, reading: Reading) -> None:
        """Take one reading."""
        ...

    def finish(self) -> str:
        """Return everything that was taken."""
        ...


def make_writer(form: Format, *, is_single: bool) -> Writer:
    """Make the writer of a form.

    Args:
        form: The form.
        is_single: True if there is one source: its text then stands alone, its JSON is an object, not a list.
    """
    match form:
        case Format.text:
            return _TextWriter(is_single)
        case Format.json:
            return _JsonWriter(is_single)
        case Format.jsonl:
            return _JsonLinesWriter()
        case Format.csv:
            return _TableWriter(is_single)
        case Format.list:
            return _ListWriter()


class _TextWriter:
    """One line of text per line of writing; with several sources each line begins with its source and a tab."""

    def __init__(self, is_single: bool) -> None:
        self._is_single = is_single
        self._lines: list[str] = []

    def add(self, reading: Reading) -> None:
        lines = reading.text.splitlines()
        if self._is_single:
            self._lines += lines
        else:
            self._lines += [f"{reading.source}\t{line}" for line in lines or [""]]

    def finish(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


class _JsonWriter:
    def __init__(self, is_single: bool) -> None:
        self._is_single = is_single
        self._readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        self._readings.append(reading)

    def finish(self) -> str:
        everything = [reading.to_dict() for reading in self._readings]
        if self._is_single and not everything:
            return ""
        return (
            json.dumps(everything[0] if self._is_single else everything, ensure_ascii=False, indent=2) + "\n"
        )


class _JsonLinesWriter:
    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, reading: Reading) -> None:
        self._lines.append(json.dumps(reading.to_dict(), ensure_ascii=False) + "\n")

    def finish(self) -> str:
        return "".join(self._lines)


class _ListWriter:
    """One row a number; a source without numbers has one row with an empty text, so that none goes missing."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._rows = csv.writer(self._buffer, lineterminator="\n")
        self._rows.writerow(CSV_COLUMNS)

    def add(self, reading: Reading) -> None:
        for number in reading.numbers:
            place = (reading.source, number.page + 1, number.line + 1)
            self._rows.writerow((*place, number.text, f"{number.confidence:.4f}", *number.box.to_list()))
        if not reading.numbers:
            self._rows.writerow((reading.source, "", "", "", "", "", "", "", ""))

    def finish(self) -> str:
        return self._buffer.getvalue()


class _TableWriter:
    """Tables as they stand on the page; a list of numbers unless every source is a table.

    With several sources each row begins with its source. A blank source is no obstacle and has one row of its own.
    """

    def __init__(self, is_single: bool) -> None:
        self._is_single = is_single
        self._readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        self._readings.append(reading)

    def finish(self) -> str:
        written = [reading for reading in self._readings if reading.numbers]
        if not written or not all(_is_all_table(reading) for reading in written):
            return _write_list(self._readings)
        buffer = io.StringIO()
        rows = csv.writer(buffer, lineterminator="\n")
        for reading in self._readings:
            table = [["" if cell is None else cell.text for cell in row] for row in reading.rows]
            rows.writerows(table if self._is_single else [[reading.source, *row] for row in table or [[]]])
        return buffer.getvalue()


def _is_all_table(reading: Reading) -> bool:
    """True if every number stands in a table: one page of a document may be none."""
    return sum(cell is not None for row in reading.rows for cell in row) == len(reading.numbers)


def _write_list(readings: Iterable[Reading]) -> str:
    writer = _ListWriter()
    for reading in readings:
        writer.add(reading)
    return writer.finish()
