"""Pairs of MNIST's test digits that touch, alone on paper: made by code, since no set has them by themselves.

Both keep their own size and height on the line; the second is moved to the left, pixel by pixel, until both are one
piece of ink. They are three times as large as in MNIST, about 60 px high, dark on white.
"""

from __future__ import annotations

import cv2
import numpy as np

from _cases import Array, Case
from inkdigits.datasets import load_dataset

PAIRS, SEED = 400, 5
ENLARGED = 3
INK = 90  # of 255, from which pixels hang together
SIZE_PX = (150, 200)
CORNER = (45, 30)  # row and column of the first digit
MOST_APART, MOST_LAPPED = 8, 40  # pixels
WOBBLE = 3  # pixels that the second stands higher or lower at most
SPECK = 20  # pixels of ink that don't count as a piece of their own


def make_touching_cases() -> list[Case]:
    """Return up to 400 pairs, each (150, 200) uint8; digits that don't become one piece are left out."""
    digits = load_dataset("mnist", "test")
    rng = np.random.default_rng(SEED)
    cases = []
    for index in range(PAIRS):
        first, second = (int(number) for number in rng.integers(len(digits), size=2))
        joined = _join(_enlarge(digits.images[first]), _enlarge(digits.images[second]), rng)
        if joined is not None:
            truth = f"{digits.labels[first]}{digits.labels[second]}"
            cases.append(Case(f"{index:03d}-{truth}", np.asarray(255 - joined, np.uint8), truth))
    return cases


def _enlarge(image: Array) -> Array:
    rows, columns = np.flatnonzero(image.max(axis=1) > INK), np.flatnonzero(image.max(axis=0) > INK)
    tight = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(
        cv2.resize(tight, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _join(first: Array, second: Array, rng: np.random.Generator) -> Array | None:
    top, left = CORNER
    lower = top + int(rng.integers(-WOBBLE, WOBBLE + 1))
    for gap in range(MOST_APART, -MOST_LAPPED, -1):
        page = np.zeros(SIZE_PX, np.uint8)
        page[top : top + first.shape[0], left : left + first.shape[1]] = first
        x = left + first.shape[1] + gap
        place = page[lower : lower + second.shape[0], x : x + second.shape[1]]
        np.maximum(place, second, out=place)
        _, _, stats, _ = cv2.connectedComponentsWithStats((page > INK).astype(np.uint8))
        if np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] > SPECK) == 1:
            return page
    return None
