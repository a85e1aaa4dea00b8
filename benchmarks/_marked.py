"""Numbers with and without marks, by simulated pens: made by code, since few sets hold any.

Each number has its own writer and pen, dark on white. What counts is where digits and marks stand: which digit one
is, other sets ask.
"""

from __future__ import annotations

import numpy as np

from _cases import Case
from inkdigits.datasets.pens import PENS, render_sign
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_writer

KINDS = ("decimal points", "decimal commas", "minus signs and hyphens", "dates with a year", "no mark")
NUMBERS, SEED = 500, 11
HEIGHT_PX = (40, 90)  # of one digit
MARGIN_PX, PAPER, INK = 30, 250, 40


def make_marked_cases() -> list[Case]:
    """Return 500 numbers, each (H, W) uint8, an equal part of every kind."""
    rng, pens = np.random.default_rng(SEED), list(PENS.values())
    cases = []
    for index in range(NUMBERS):
        kind = KINDS[index % len(KINDS)]
        text, writer, pen = _invent(kind, rng), make_writer(rng), pens[int(rng.integers(len(pens)))]
        strokes = make_strokes(text, rng=rng, style=writer)
        drawn = render_sign(strokes, height_px=int(rng.integers(*HEIGHT_PX)), rng=rng, style=writer, pen=pen)
        ink = np.pad(drawn / drawn.max(), MARGIN_PX)
        picture = (PAPER - ink * (PAPER - INK)).astype(np.uint8)
        cases.append(Case(f"{index:03d}-{text.replace('/', '_')}", picture, text, group=kind))
    return cases


def hide_digits(text: str) -> str:
    """Return a text with each digit as a 9, without blanks."""
    return "".join("9" if sign.isdigit() or sign == "?" else sign for sign in text if sign != " ")


def _invent(kind: str, rng: np.random.Generator) -> str:
    def draw(least: int, most: int) -> str:
        return "".join(rng.choice(list("0123456789"), size=int(rng.integers(least, most + 1))))

    if kind == KINDS[0]:
        return f"{draw(1, 3)}.{draw(1, 2)}"
    if kind == KINDS[1]:
        return f"{draw(1, 3)},{draw(1, 2)}"
    if kind == KINDS[2]:
        return f"-{draw(1, 4)}" if rng.random() < 0.5 else f"{draw(2, 4)}-{draw(2, 3)}"
    if kind == KINDS[3]:
        return f"{rng.integers(1, 32)}/{rng.integers(1, 13)}/{rng.integers(1950, 2030)}"
    return draw(3, 6)
