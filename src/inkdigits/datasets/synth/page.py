"""What a made page is: a picture, its signs and its text.

Owns: the types of ground truth. Leaves to others: making pages (`synth.make`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatBox: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

KINDS = ("strip", "amount", "comb", "table", "page", "crop", "junk", "blank", "scene")
"""The kinds of pages that can be asked for."""

MARKS = ".,-/"
"""Signs that are no digits and yet are named."""


@dataclass(frozen=True)
class SynthSign:
    """One piece of ink on a made page.

    Attributes:
        label: "0" to "9", one of `MARKS`, or "" for ink that is no digit: a letter, a symbol, print, a stamp, a
            scribble, a digit mostly outside the picture.
        box: x, y, width, height of its visible ink in pixels of the final picture, clipped to it.
        number: Index of the number that it belongs to, in reading order; -1 if none.
    """

    label: str
    box: FloatBox
    number: int


@dataclass(frozen=True)
class SynthPage:
    """A made page with its ground truth.

    Attributes:
        image: (H, W) or (H, W, 3) uint8, RGB, either polarity.
        signs: All signs, line by line from left to right.
        kind: One of `KINDS`.
        text: One line per line of writing, numbers separated by blanks; "" without numbers.
    """

    image: npt.NDArray[np.uint8]
    signs: tuple[SynthSign, ...]
    kind: str
    text: str
