"""How numbers are written: what a text of digits and marks means.

Owns: kinds and values of written numbers. Leaves to others: where the signs come from.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "date", "fraction", "other"]
"""What a text is: "other" where it is nothing known, or where a sign is unsure."""

UNSURE = "?"
"""Stands in a text for a sign that is too unsure to be read."""

# Groups of three, and India's "1,25,000".
_GROUPS = r"\d{1,3}(?:SEP\d{3})+|\d{1,2}(?:SEP\d{2})+SEP\d{3}"
_SEPARATORS = ((",", "."), (".", ","), (" ", "."), (" ", ","))  # thousands, decimals
_GROUPED = tuple(
    (re.compile(rf"({_GROUPS.replace('SEP', re.escape(group))})(?:{re.escape(point)}(\d+))?"), group)
    for group, point in _SEPARATORS
)
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?")
_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_FRACTION = re.compile(r"\d+/\d+")


def parse_value(text: str) -> int | float | None:
    """Tell the value of a written number.

    Marks of two kinds settle each other: "1.250,00" and "1,250.00" are 1250.0. A single point or comma that is
    followed by exactly three digits and preceded by one to three, the first not 0, separates thousands: "1.250" and
    "1,250" are 1250, "0.125" is 0.125 and "1.25" is 1.25. The context may know better; the text stays as written.

    Args:
        text: Digits and marks, such as "-12,50".

    Returns:
        An int, or a float where decimals are written; None for dates, fractions, unsure signs and anything else.
    """
    if find_kind(text) != "number":
        return None
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, decimals = _split(body) or ("", None)
    return sign * (int(whole) if decimals is None else float(f"{whole}.{decimals}"))


def find_kind(text: str) -> Kind:
    """Tell what a text of digits and marks is.

    Args:
        text: Digits and marks; "?" for unsure signs.
    """
    if _split(text.removeprefix("-")):
        return "number"
    if _FRACTION.fullmatch(text):
        return "fraction"
    date = _DATE.fullmatch(text)
    return "date" if date and is_date(date[1], date[3], date[4]) else "other"


def is_date(first: str, second: str, third: str) -> bool:
    """Return True if three groups of digits can be year, month, day or day, month, year, in any usual order.

    Args:
        first: Digits; anything else gives False.
        second: As first.
        third: As first.
    """
    if not all(group.isdecimal() and len(group) <= 4 for group in (first, second, third)):
        return False
    if len(first) == 4:
        return len(third) <= 2 and _is_day_and_month(third, second)
    if len(third) not in (2, 4) or len(first) > 2:
        return False
    return _is_day_and_month(first, second) or _is_day_and_month(second, first)


def _is_day_and_month(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _split(body: str) -> tuple[str, str | None] | None:
    """Split an unsigned number into its whole part, without separators, and its decimals; None if it is none."""
    for pattern, group in _GROUPED:
        match = pattern.fullmatch(body)
        if match and not body.startswith("0"):
            return match[1].replace(group, ""), match[2]
    plain = _PLAIN.fullmatch(body)
    return (plain[1], plain[2]) if plain else None
