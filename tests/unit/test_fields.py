"""Fields: brute force over all labels as oracle, checksums by hand, one sentence for each bad description."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkdigits.errors import UsageError
from inkdigits.fields import DIGITS, LEAST_SHARE, Field, apply_field, decide, is_luhn, is_mod97, parse_field
from inkdigits.types import Box, Digit, Mark, Number, Reading


def digit(shares: dict[str, float], *, place: int = 0) -> Digit:
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    (label, confidence), *others = ranked
    return Digit(label, confidence, Box(20 * place, 5, 12, 20), tuple(others))


def number(
    text: str, *, second: dict[int, tuple[str, float]] | None = None, line: int = 0, start: int = 0
) -> Number:
    """A number that is sure but for some digits, which have a second label of a given share."""
    digits = []
    for place, label in enumerate(text):
        other, share = (second or {}).get(place, ("", 0.0))
        shares = {label: 1 - share} | ({other: share} if other else {})
        digits.append(digit(shares, place=start + place))
    return Number(tuple(digits), line)


def test_what_is_right_stays() -> None:
    seen = number("12345", second={0: ("7", 0.3)})
    found = decide(seen, Field(length=5))
    assert (found.text, found.seen, found.violates) == ("12345", "12345", "")
    assert found.confidence == seen.confidence


def test_a_checksum_moves_the_doubtful_digit_and_says_what_it_cost() -> None:
    found = decide(number("79927398773", second={9: ("1", 0.2)}), Field(checksum="luhn"))
    assert (found.text, found.seen, found.violates) == ("79927398713", "79927398773", "")
    assert found.confidence == pytest.approx(0.2)
    assert found.digits[9].alternatives == (("7", 0.8),)


def test_a_range_decides() -> None:
    field = Field(minimum=1, maximum=31)
    found = decide(number("71", second={0: ("1", 0.01), 1: ("7", 0.4)}), field)
    assert (found.text, found.value) == ("11", 11)
    assert found.confidence == pytest.approx(0.01 * 0.6)


def test_marks_count_in_ranges() -> None:
    seen = number("950", second={0: ("4", 0.4)})
    price = Number(seen.digits, marks=(Mark(".", 0.9, Box(14, 20, 3, 3)),))
    assert decide(price, Field(maximum=5)).text == "4.50"
    assert decide(price, Field(allow=DIGITS)).violates == "it holds ., which the field does not allow"


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (Field(length=3), "it has 2 digits instead of 3"),
        (Field(minimum=50), "no probable choice of digits satisfies minimum=50"),
        (Field(allow="23"), "no probable choice of digits satisfies allow=23"),
        (Field(length=2, checksum=lambda digits: False), "no probable choice of digits satisfies length=2,"),
    ],
)
def test_a_violation_keeps_what_was_seen(field: Field, reason: str) -> None:
    seen = number("12", second={0: ("9", LEAST_SHARE / 2)})  # too improbable to be chosen
    found = decide(seen, field)
    assert found.text == found.seen == "12"
    assert found.digits == seen.digits
    assert found.violates.startswith(reason)


def test_a_chosen_digit_may_be_unsure() -> None:
    found = decide(number("79927398773", second={9: ("1", 0.2)}), Field(checksum="luhn"), min_confidence=0.5)
    assert found.text == "799273987?3"
    assert found.digits[9].label == "1"


SHARES = st.lists(st.integers(0, 100), min_size=10, max_size=10).filter(lambda row: max(row) > 0)
FIELDS = st.sampled_from(
    [Field(), Field(checksum="luhn"), Field(checksum="mod97"), Field(minimum=20, maximum=57), Field(allow="1357"),
     Field(length=3), Field(checksum=lambda digits: int(digits) % 7 == 3, maximum=400)]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(SHARES, min_size=1, max_size=4), FIELDS)
def test_the_choice_is_the_most_probable_of_all(rows: list[list[int]], field: Field) -> None:
    probs = [np.array(row) / sum(row) for row in rows]
    seen = Number(
        tuple(digit(dict(zip(DIGITS, map(float, row), strict=True)), place=i) for i, row in enumerate(probs))
    )
    best = 0.0
    for labels in product(range(10), repeat=len(rows)):
        shares = [float(row[label]) for row, label in zip(probs, labels, strict=True)]
        allowed = all(s >= LEAST_SHARE or s == row.max() for s, row in zip(shares, probs, strict=True))
        if allowed and field.accepts("".join(map(str, labels))):
            best = max(best, float(np.prod(shares)))
    found = decide(seen, field)
    assert bool(found.violates) == (best == 0)
    if best:
        assert field.accepts(found.text)
        assert found.confidence == pytest.approx(best)
        for chosen, before in zip(found.digits, seen.digits, strict=True):
            together = {(chosen.label, chosen.confidence), *chosen.alternatives}
            assert together == {(before.label, before.confidence), *before.alternatives}


def test_a_length_joins_the_pieces_of_a_line() -> None:
    whole = (number("13"), number("4", start=4), number("67", start=6))
    pieces = (*whole, number("12", line=1), number("34567", line=2))
    found = apply_field(Reading(pieces), Field(length=5))
    assert [(n.text, n.seen) for n in found.numbers] == [
        ("13467", "13 4 67"), ("12", "12"), ("34567", "34567"),
    ]  # fmt: skip
    assert [item.reason for item in found.review] == ["violates"]


def test_cells_of_a_table_follow() -> None:
    pieces = (number("71", second={0: ("1", 0.4)}), number("20", line=1))
    found = apply_field(Reading(pieces, rows=((pieces[0], None), (None, pieces[1]))), Field(maximum=50))
    assert [[cell and cell.text for cell in row] for row in found.rows] == [["11", None], [None, "20"]]
    assert found.rows[0][0] in found.numbers


def test_long_numbers_end_soon() -> None:
    flat = Number(tuple(digit(dict.fromkeys(DIGITS, 0.1), place=i) for i in range(30)))
    assert decide(flat, Field(checksum=lambda digits: False)).violates


@pytest.mark.parametrize("text", ["79927398713", "4539148803436467", "00"])
def test_luhn(text: str) -> None:
    assert is_luhn(text)
    assert not is_luhn(text[:-1] + str((int(text[-1]) + 1) % 10))


def test_mod97() -> None:
    assert is_mod97("3214282912345698765432161182")  # the worked example of an IBAN, letters as numbers
    assert not is_mod97("3214282912345698765432161183")
    assert not is_mod97("1")


def test_descriptions() -> None:
    assert parse_field("length=5, checksum=luhn") == Field(length=5, checksum="luhn")
    assert parse_field("minimum=-1.5,maximum=20,allow=digits") == Field(
        minimum=-1.5, maximum=20, allow=DIGITS
    )
    assert parse_field("") == Field()
    assert str(Field(length=5, checksum=is_luhn)) == "length=5, checksum=is_luhn"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size=5", "'size=5' describes no field"),
        ("length", "'length' describes no field"),
        ("length=", "describes no field"),
        ("length=many", "the length of a field can't be 'many'"),
        ("length=2.5", "can't be '2.5'"),
        ("length=0", "a field of 0 digits is empty"),
        ("minimum=9,maximum=1", "no number lies between 9"),
        ("minimum=nan", "no number lies between nan"),
        ("checksum=crc", "there is no checksum 'crc'"),
        ("allow=abc", "can't allow just 'abc'"),
        ("allow=./", "can't allow just './'"),
    ],
)
def test_a_bad_description_is_one_sentence_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace(".", r"\.")) as error:
        parse_field(text)
    assert error.value.remedy
