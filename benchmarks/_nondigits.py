"""Letters and symbols that are no digits, and those among them that nobody could reject by their shape.

A class stands in LOOK_ALIKES if a person who expects digits would call most of its drawings that digit; all
drawings of every class were looked at. It is left out as a whole or not at all: single drawings are not picked for
it. `list_alike` has single drawings, judged without knowing their class or the reader's answer.
Classes in which fewer than half look like a digit (Latin "b" and "y", Aramaic 10, 12 and 14, Korean 37, Greek
sigma, delta and theta) stay in.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from _cases import Case, load_cases
from inkdigits.datasets import load_dataset
from inkdigits.datasets.permitted import CHARACTERS, TRAINED_SYMBOLS, is_trained_character

DRAWINGS = Path(__file__).parent / "look-alikes.toml"
LOOK_ALIKES = {
    "omniglot-small1": {
        "Latin/character07": ("9", "g: a loop with a tail that bends to the left"),
        "Latin/character12": ("1", "l: one upright stroke"),
        "Latin/character15": ("0", "o: a closed ring"),
        "Latin/character17": ("9", "q: a loop with a straight tail"),
        "Latin/character19": ("5", "s: half of them with corners, as 5 is written"),
        "Latin/character26": ("2", "z: as an angular 2"),
        "Greek/character15": ("0", "omicron: a closed ring"),
        "Korean/character21": ("1", "i: one upright stroke"),
        "Korean/character22": ("7", "giyeok: a bar and a stroke down from its right end"),
        "Korean/character23": ("77", "ssang-giyeok: two sevens"),
        "Korean/character27": ("2", "rieul: 2 as a seven-segment display shows it"),
        "Korean/character33": ("0", "ieung: a ring with a tick at its top"),
        "Early_Aramaic/character02": ("9", "beth: a loop with a tail that bends to the left"),
        "Early_Aramaic/character03": ("1 or 7", "gimel: a stroke with a flag to the left"),
        "Early_Aramaic/character04": ("4", "daleth: a triangle with a stem"),
        "Early_Aramaic/character06": ("4", "waw: an open 4"),
        "Early_Aramaic/character16": ("0", "ayin: a closed ring"),
        "Early_Aramaic/character17": ("7", "pe: a bar and a stroke down from its right end"),
        "Early_Aramaic/character20": ("4", "resh: a triangle with a stem"),
        "Balinese/character05": ("7", "a hooked 7"),
    },
    "hasy-symbols": {},
    "greek-letters": {},
}
"""Set -> class -> (digit that a person would call it, why)."""


@cache
def list_alike(name: str) -> frozenset[str]:
    """Return the names of single drawings that at least one of two judges called a digit (look-alikes.toml)."""
    return frozenset(tomllib.loads(DRAWINGS.read_text()).get(name, {}))


def load_symbols(name: str) -> list[Case]:
    """Load what judges of the three sets; the truth of each picture is "no number", its group is its class."""
    if name == "hasy-symbols":
        data = load_dataset(name, "train")
        return [
            Case(f"train/{index}", 255 - data.images[index], "", group=data.label_names[data.labels[index]])
            for index in np.flatnonzero(data.labels >= TRAINED_SYMBOLS)
        ]
    return [
        Case(case.name, case.picture, "", group=case.truth)
        for case in load_cases(name)
        if name != CHARACTERS or not is_trained_character(case.truth)
    ]


def is_alike(name: str, case: Case) -> bool:
    """True if a person would call pictures of this class a digit."""
    return case.group in LOOK_ALIKES[name]
