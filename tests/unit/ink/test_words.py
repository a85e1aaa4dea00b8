"""Digits among letters are dropped; digits beside one other sign stay."""

from __future__ import annotations

from inkdigits.ink.words import find_words
from inkdigits.types import Box


def row(text: str, *, y: int = 0, x: int = 0) -> tuple[list[Box], list[Box]]:
    """Boxes of digits and of letters; a blank is a gap."""
    digits, others = [], []
    for index, sign in enumerate(text):
        box = Box(x + 24 * index, y, 18, 30)
        if sign.isdigit():
            digits.append(box)
        elif sign != " ":
            others.append(box)
    return digits, others


def test_zeros_and_fives_in_words_are_letters() -> None:
    assert find_words(*row("P05T")) == {0, 1}
    assert find_words(*row("0FFICE")) == {0}


def test_numbers_stay() -> None:
    assert find_words(*row("1984")) == set()
    assert find_words(*row("$250")) == set()
    assert find_words(*row("12x4")) == set()


def test_a_number_beside_a_word_stays() -> None:
    digits, others = row("P0ST   1234")
    assert find_words(digits, others) == {0}


def test_lines_are_told_apart() -> None:
    (digits, others), (more, _) = row("BANK"), row("2493", y=80)
    assert find_words([*digits, *more], others) == set()


def test_small_specks_are_no_letters() -> None:
    digits, _ = row("12")
    assert find_words(digits, [Box(20, 25, 3, 3), Box(44, 25, 3, 3), Box(50, 25, 3, 3)]) == set()


def test_frames_and_their_lines_are_no_letters() -> None:
    digits, _ = row("24")
    frame, line, other = Box(-4, -6, 60, 42), Box(20, -4, 3, 40), Box(66, -4, 3, 40)
    assert find_words(digits, [frame, line, other]) == set()
