"""Ink that is no digit, written by strokes: letters, invented characters, scribbles, signatures.

Owns: simple forms of letters and signs, and chance forms. Leaves to others: pens (`synth.inking`), digits
(`datasets.strokes`).

Forms are written as in `datasets.allographs`: points in percent of the height, "!" is a corner, "/" lifts the pen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.allographs import ALLOGRAPHS, parse_form
from inkdigits.datasets.synth.inking import draw_lines, smooth_path

Paths = list[npt.NDArray[np.float64]]

# Left out because hands write them like digits: o O l I i s S z Z b q g B G D, and j y.
LETTERS: Mapping[str, tuple[str, ...]] = {
    "A": ("0,100 28,0! 56,100 / 10,62 46,60", "2,100 14,40 30,2! 40,50 50,100 / 6,60 54,56"),
    "C": ("56,14 34,0 8,18 2,52 12,88 36,100 58,86",),
    "E": ("50,2 4,2! 3,50 4,98! 52,98 / 4,50 42,49", "50,8 22,2 8,18 26,46! 6,66 10,94 34,100 54,88"),
    "F": ("52,3 6,3! 4,100 / 5,48 42,47",),
    "H": ("4,0 3,100 / 52,0 51,100 / 4,50 52,48",),
    "J": ("46,2 45,70 34,96 14,98 2,80 / 24,2 66,2",),
    "K": ("5,0 3,100 / 50,4 6,54! 52,100",),
    "L": ("6,0 4,98! 50,97",),
    "M": ("2,100 8,2! 32,64! 58,2! 64,100",),
    "N": ("4,100 6,2! 50,98! 52,0",),
    "P": ("6,2 4,100 / 4,4 38,2 50,24 36,48 5,50",),
    "Q": ("34,2 10,20 4,56 20,96 46,92 60,54 50,14 34,2 / 36,70 64,106",),
    "R": ("6,2 4,100 / 4,4 36,2 48,24 34,46 6,50! 30,70 52,100",),
    "T": ("0,3 60,2 / 30,3 28,100",),
    "U": ("4,0 4,68 18,97 38,97 52,70 54,0",),
    "V": ("2,0 28,100! 54,0",),
    "W": ("0,0 18,100! 36,30! 54,100! 72,0",),
    "X": ("2,2 52,98 / 52,0 2,100", "4,4 30,40 50,96 / 48,2 26,50 0,100"),
    "Y": ("2,0 28,48! 54,0 / 28,48 26,100",),
    "a": ("46,48 22,42 4,68 16,98 40,84 48,48! 47,84 58,100",),
    "c": ("44,52 24,42 6,66 14,96 40,94",),
    "d": ("46,52 22,44 4,70 16,98 40,88 50,0! 48,84 60,100",),
    "e": ("6,72 42,66 38,46 18,44 4,70 16,98 46,92",),
    "f": ("46,8 30,0 20,20 18,100 / 4,46 40,44",),
    "h": ("4,0 3,100 / 4,64 22,46 36,58 38,100",),
    "k": ("4,0 3,100 / 36,48 4,74! 40,100",),
    "m": ("2,48 3,100 / 3,62 18,46 28,60 28,100 / 28,62 44,46 54,60 56,100",),
    "n": ("3,46 4,100 / 4,62 22,44 36,58 38,100",),
    "p": ("4,44 3,134 / 4,54 26,42 42,66 26,96 4,88",),
    "r": ("3,46 4,100 / 4,66 16,48 32,48",),
    "t": ("18,10 16,84 30,100 42,90 / 0,42 38,40",),
    "u": ("3,46 6,86 22,98 38,84 40,46! 41,86 52,100",),
    "v": ("2,46 20,100! 40,44",),
    "w": ("0,46 14,100! 28,56! 42,100! 56,44",),
    "x": ("2,48 38,98 / 38,46 0,100",),
}

SIGNS: Mapping[str, tuple[str, ...]] = {
    "$": (
        "50,18 30,6 8,20 20,44 44,58 46,84 22,96 2,82 / 27,-8 26,110",
        "48,20 26,8 8,26 26,46 48,66 40,92 8,92 / 22,-10 20,112 / 32,-10 30,112",
    ),
    "#": ("18,4 8,100 / 44,2 34,98 / 0,36 56,32 / -2,70 54,66",),
    "*": ("24,20 26,80 / 2,36 50,66 / 50,34 2,68", "4,22 46,78 / 46,20 4,80"),
    "=": ("2,42 46,40 / 2,66 46,64",),
    "+": ("24,26 25,82 / -2,54 50,53",),
    "%": ("12,8 2,24 12,40 22,24 12,8 / 50,2 4,100 / 46,60 36,76 46,94 56,76 46,60",),
    "(": ("22,-4 4,30 4,72 22,106",),
    ")": ("2,-4 20,30 20,72 2,106",),
    "€": ("56,14 34,0 12,20 8,52 16,86 38,100 58,88 / 0,42 42,40 / 0,60 40,58",),
    "?": ("4,20 20,2 42,14 36,36 22,50 20,70 / 20,94 21,98",),
    "✓": ("0,58 18,96! 60,4",),
}


# Digits and how they are turned: x and y afterwards for each of x and y. Turned 4s and 7s look too much like other
# ways to write them.
TURNED = (
    ("36", ((-1, 0), (0, 1))),
    ("235", ((0, 1), (-1, 0))),
    ("235", ((0, -1), (1, 0))),
    ("3", ((-1, 0), (0, -1))),
)


def write_form(form: str, *, rng: np.random.Generator, jitter: float = 1.0) -> Paths:
    """Return the lines of a form as a hand would write it, in heights."""
    bend = rng.normal(0, 0.03 * jitter, (2, 2))
    phase = rng.uniform(0, 6, 2)
    paths = []
    for runs in parse_form(form):
        path = np.concatenate(
            [smooth_path(run + rng.normal(0, 0.018 * jitter, run.shape)) for run in runs if len(run) > 1]
        )
        paths.append(path + np.sin(3.5 * path + phase) @ bend)
    return paths


def make_fake(rng: np.random.Generator) -> Paths:
    """Invent a character of two to four arcs, lines, hooks and loops; in heights."""
    paths = []
    for _ in range(int(rng.integers(2, 5))):
        start, end = rng.uniform((0, 0), (0.65, 1), (2, 2))
        kind = int(rng.integers(4))
        middle = (start + end) / 2
        across = np.array([end[1] - start[1], start[0] - end[0]])
        if kind == 0:
            points = np.stack([start, middle + 0.05 * across, end])
        elif kind == 1:
            points = np.stack([start, middle + rng.uniform(0.3, 0.9) * across, end])
        elif kind == 2:
            points = np.stack([start, middle, end, end + 0.35 * across])
        else:
            turns = np.linspace(0, float(rng.uniform(4, 7)), 9) + float(rng.uniform(0, 6))
            radii = rng.uniform(0.12, 0.35, 2)
            points = middle + np.stack([np.cos(turns), np.sin(turns)], axis=1) * radii
        paths.append(smooth_path(points + rng.normal(0, 0.01, points.shape)))
    return paths


def make_turned(rng: np.random.Generator) -> Paths:
    """Write a digit mirrored, lying or upside down, where that makes no other digit; in heights."""
    digits, turn = TURNED[int(rng.integers(len(TURNED)))]
    forms = ALLOGRAPHS[digits[int(rng.integers(len(digits)))]]
    paths = write_form(forms[int(rng.integers(len(forms)))], rng=rng, jitter=1.3)
    return [(path - 0.5) @ np.array(turn, np.float64) + 0.5 for path in paths]


def make_scribble(rng: np.random.Generator) -> Paths:
    """Return a scribble in heights: zigzag, coil, scrawl or crossing out."""
    kind = int(rng.integers(4))
    count = int(rng.integers(6, 16))
    wide = float(rng.uniform(0.6, 3))
    if kind == 0:
        x = np.linspace(0, wide, count)
        points = np.stack([x, 0.5 + np.where(np.arange(count) % 2, 0.45, -0.45)], axis=1)
    elif kind == 1:
        angle = np.linspace(0, float(rng.uniform(12, 30)), 4 * count)
        points = np.stack(
            [angle / angle[-1] * wide + 0.35 * np.cos(angle), 0.5 + 0.45 * np.sin(angle)], axis=1
        )
    elif kind == 2:
        points = rng.uniform((0, 0), (wide, 1), (count, 2))
    else:
        ends = rng.uniform((0, 0), (wide, 1), (4, 2))
        return [np.linspace(ends[i], ends[i + 1], 6) for i in (0, 2)]
    return [smooth_path(points + rng.normal(0, 0.05, points.shape))]


def make_signature(rng: np.random.Generator) -> Paths:
    """Return a signature in heights: a capital, waves that grow flat, and a flourish."""
    count = int(rng.integers(8, 18))
    x = np.cumsum(rng.uniform(0.08, 0.3, count))
    tall = rng.uniform(0.2, 1.1, count) * np.linspace(1.0, 0.4, count)
    points = np.stack([x, np.where(np.arange(count) % 2, 1.0, 1.0 - tall)], axis=1)
    points[::3, 0] -= 0.15
    paths = [smooth_path(points)]
    if rng.random() < 0.6:
        sweep = np.array([[x[-1], 1.0], [x[-1] * 0.6, 1.25], [0.1, 1.2], [x[-1] * 1.2, 1.1]])
        paths.append(smooth_path(sweep + rng.normal(0, 0.06, sweep.shape)))
    return paths


def render_shape(paths: Paths, *, height_px: float, pen_px: float) -> npt.NDArray[np.uint8]:
    """Draw lines given in heights as a glyph, (H, W) uint8, ink bright, cropped."""
    ink, _ = draw_lines([path * height_px for path in paths], pen_px=pen_px)
    return crop_to_ink(np.rint(ink * 255).astype(np.uint8))


def crop_to_ink(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Cut away what holds no ink; a picture without ink stays as it is."""
    rows, cols = np.flatnonzero((image > 80).any(axis=1)), np.flatnonzero((image > 80).any(axis=0))
    if not len(rows):
        return image
    return np.ascontiguousarray(image[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])
