"""Digits among letters: what counts as a letter there, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.deciding import Verdict
from inkdigits.finding import Found, Sighting
from inkdigits.images import Page
from inkdigits.ink import Glyph
from inkdigits.ink.places import Candidate
from inkdigits.letters import find_letters
from inkdigits.types import Box

UNSURE, SURE = 0.6, 0.99
DATE = (SURE, 0.1, UNSURE, UNSURE, 0.1, UNSURE, UNSURE)  # "1/12/20" with a pale pen


def see(*sureness: float, is_digit: bool = True) -> tuple[list[Sighting], list[Verdict]]:
    """Signs of one row, each so sure to be a digit."""
    sightings, verdicts = [], []
    for index, sure in enumerate(sureness):
        box = Box(100 + 40 * index, 100, 24, 50)
        sightings.append(Sighting(box, Glyph(np.ones((50, 24), np.float32), box)))
        probs = np.zeros(10, np.float32)
        probs[7] = sure
        verdicts.append(Verdict(is_digit=is_digit or sure >= 0.5, probs=probs))
    return sightings, verdicts


def find(
    sightings: list[Sighting], verdicts: list[Verdict], *strokes: int, thickness: float = 0.06
) -> set[int]:
    page = Page(np.full((200, 500, 3), 240, np.uint8))
    candidates = [Candidate(sightings[i].box, "stroke", slant_deg=15.0, thickness=thickness) for i in strokes]
    return find_letters(Found(page, 0, sightings, [], [], candidates, 5.0), verdicts, verdicts)


def test_unsure_digits_among_letters_are_letters() -> None:
    assert find(*see(*DATE)) == set(range(7))


def test_slashes_make_no_word_of_a_date() -> None:
    assert find(*see(*DATE), 1, 4) == set()


def test_a_thick_stroke_may_be_a_letter() -> None:
    assert find(*see(*DATE), 1, 4, thickness=0.15) == set(range(7))


@pytest.mark.parametrize(("strokes", "wanted"), [((), {0, 2, 3, 5, 6}), ((1, 4), set())])
def test_slashes_that_were_refused_as_digits_are_no_letters(
    strokes: tuple[int, ...], wanted: set[int]
) -> None:
    sightings, verdicts = see(*DATE, is_digit=False)
    digits = [index for index, verdict in enumerate(verdicts) if verdict.is_digit]
    assert {digits[i] for i in find(sightings, verdicts, *strokes)} == wanted


def test_sure_digits_stay() -> None:
    assert find(*see(SURE, SURE, SURE, 0.2, 0.2)) == set()
