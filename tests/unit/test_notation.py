"""What written numbers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkdigits.notation import Kind, find_kind, is_date, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("007", 7), ("0", 0), ("-12", -12), ("-0", 0),
        ("12.50", 12.5), ("12,5", 12.5), ("0.125", 0.125), ("0,125", 0.125), ("1234.567", 1234.567),
        ("1.250", 1250), ("1,250", 1250), ("-1.250", -1250), ("123.456", 123456),
        ("1.250,00", 1250.0), ("1,250.00", 1250.0), ("1 250", 1250), ("1 250,5", 1250.5), ("1.250.000", 1250000),
        ("1,25,000", 125000), ("12,34,567.8", 1234567.8),
        ("1.25.000,5", 125000.5),
        ("1.2.3", None), ("1,25.00", None), ("1,2,3", None), ("12-5", None), ("3/4", None), ("2024-11-20", None),
        ("1?", None), ("", None), ("-", None), ("--1", None), ("1-", None), (".5", None), ("5.", None),
    ],
)  # fmt: skip
def test_value(text: str, value: float | None) -> None:
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12", "number"), ("-1.5", "number"), ("3/4", "fraction"), ("45/100", "fraction"),
        ("2024-11-20", "date"), ("20.11.2024", "date"), ("11/20/2024", "date"), ("1/2/24", "date"),
        ("2024-13-20", "other"), ("20-11/2024", "other"), ("33/13/2024", "other"), ("1/2/345", "other"),
        ("12-50", "other"), ("1?", "other"), ("1/2/3/4", "other"), ("2024-11-2024", "other"),
    ],
)  # fmt: skip
def test_kind(text: str, kind: Kind) -> None:
    assert find_kind(text) == kind


@given(st.integers(-(10**12), 10**12))
def test_grouped_thousands_are_the_number(number: int) -> None:
    assert parse_value(str(number)) == number
    assert parse_value(f"{number:,}") == number
    assert parse_value(f"{number:,}".replace(",", ".") + ",25") == float(f"{number}.25")


@given(st.text("0123456789.,-/? ", max_size=12))
def test_any_text_has_a_kind_and_only_numbers_a_value(text: str) -> None:
    assert (parse_value(text) is not None) == (find_kind(text) == "number")


@given(
    st.text("0123456789x", max_size=5), st.text("0123456789x", max_size=5), st.text("0123456789x", max_size=5)
)
def test_any_three_groups_are_a_date_or_not(first: str, second: str, third: str) -> None:
    if is_date(first, second, third):
        assert sorted(map(len, (first, second, third)))[0] >= 1
