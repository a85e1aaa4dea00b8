"""The forms of output: what each looks like for one source, for several, and for none."""

from __future__ import annotations

import csv
import io
import json

import pytest

from inkdigits.cli.formats import CSV_COLUMNS, Format, make_writer
from inkdigits.types import Box, Digit, Mark, Number, Reading


def number(text: str, *, line: int = 0, page: int = 0) -> Number:
    signs = [(label, Box(10 * i, 5, 8, 20)) for i, label in enumerate(text)]
    digits = tuple(Digit(label, 0.9, box, is_sure=label != "?") for label, box in signs if label != ".")
    marks = tuple(Mark(label, 0.9, box) for label, box in signs if label == ".")
    return Number(digits, line, page, marks)


FIRST = Reading((number("12"), number("7"), number("345", line=1)), page_sizes=((100, 200),), source="a.png")
BLANK = Reading(page_sizes=((10, 20),), source="blank.png")
NAMED = Reading((number("9", page=1),), page_sizes=((100, 200),) * 2, source='odd, "name"\n.tif')


def write(form: Format, *readings: Reading) -> str:
    writer = make_writer(form, is_single=len(readings) == 1)
    for reading in readings:
        writer.add(reading)
    return writer.finish()


def test_text_of_one_source_stands_alone() -> None:
    assert write(Format.text, FIRST) == "12 7\n345\n"


def test_text_of_several_sources_names_them() -> None:
    assert write(Format.text, FIRST, BLANK) == "a.png\t12 7\na.png\t345\nblank.png\t\n"


def test_text_of_a_blank_page_is_empty() -> None:
    assert write(Format.text, BLANK) == ""


def test_json_of_one_source_is_an_object() -> None:
    text = write(Format.json, FIRST)
    assert json.loads(text) == FIRST.to_dict()
    assert text.endswith("}\n")


@pytest.mark.parametrize("readings", [(FIRST, BLANK), (FIRST, BLANK, NAMED)])
def test_json_of_several_sources_is_a_list(readings: tuple[Reading, ...]) -> None:
    assert json.loads(write(Format.json, *readings)) == [reading.to_dict() for reading in readings]


def test_json_lines_has_one_object_per_line() -> None:
    lines = write(Format.jsonl, FIRST, BLANK, NAMED).splitlines()
    assert [json.loads(line) for line in lines] == [item.to_dict() for item in (FIRST, BLANK, NAMED)]


def test_json_lines_of_one_source_is_one_line() -> None:
    assert write(Format.jsonl, FIRST).count("\n") == 1


def test_list_has_one_row_per_number() -> None:
    rows = list(csv.DictReader(io.StringIO(write(Format.list, FIRST))))
    assert [row["text"] for row in rows] == ["12", "7", "345"]
    assert [row["line"] for row in rows] == ["1", "1", "2"]  # people count from 1
    assert rows[0] == {
        "source": "a.png", "page": "1", "line": "1", "text": "12", "confidence": "0.8100",
        "x": "0", "y": "5", "width": "18", "height": "20",
    }  # fmt: skip


def test_list_keeps_a_row_for_sources_without_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(write(Format.list, BLANK, FIRST))))
    assert rows[0] == dict.fromkeys(CSV_COLUMNS, "") | {"source": "blank.png"}
    assert len(rows) == 4


def test_list_quotes_odd_names() -> None:
    (row,) = csv.DictReader(io.StringIO(write(Format.list, NAMED)))
    assert row["source"] == NAMED.source
    assert row["page"] == "2"


def test_list_keeps_leading_zeros_and_its_width() -> None:
    text = write(Format.list, Reading((number("007"),), source="a"))
    assert "007" in text
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {len(CSV_COLUMNS)}


CELLS = tuple(number(text, line=i // 2) for i, text in enumerate(("12", "7.5", "3", "?")))
TABLE = Reading(CELLS, rows=((CELLS[0], CELLS[1], None), (None, CELLS[2], CELLS[3])), source="t.png")


def test_csv_writes_a_table_as_it_stands() -> None:
    assert write(Format.csv, TABLE) == "12,7.5,\n,3,?\n"


def test_csv_of_several_tables_names_their_sources() -> None:
    text = write(Format.csv, TABLE, BLANK, TABLE)
    assert text == "t.png,12,7.5,\nt.png,,3,?\nblank.png\nt.png,12,7.5,\nt.png,,3,?\n"


@pytest.mark.parametrize("readings", [(FIRST,), (TABLE, FIRST), (BLANK,), (BLANK, NAMED)])
def test_csv_without_tables_is_a_list(readings: tuple[Reading, ...]) -> None:
    assert write(Format.csv, *readings) == write(Format.list, *readings)


def test_csv_loses_no_number_beside_a_table() -> None:
    mixed = Reading((*CELLS, number("99", page=1)), rows=TABLE.rows)
    assert write(Format.csv, mixed) == write(Format.list, mixed)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Format.text, ""),
        (Format.json, "[]\n"),
        (Format.jsonl, ""),
        (Format.csv, ",".join(CSV_COLUMNS) + "\n"),
        (Format.list, ",".join(CSV_COLUMNS) + "\n"),
    ],
)
def test_nothing_was_readable(form: Format, text: str) -> None:
    assert write(form) == text


def test_the_only_source_was_unreadable() -> None:
    assert make_writer(Format.json, is_single=True).finish() == ""
