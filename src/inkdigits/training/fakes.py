"""Glyphs that are no digits, by simulated pens: letters and signs of many scripts, invented ones, scribbles.

Owns: how many of which, and with which pens. Leaves to others: their forms (datasets.synth.shapes), the 28x28 form
(ink).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.datasets.synth import shapes
from inkdigits.datasets.synth.fonts import load_font_signs
from inkdigits.datasets.synth.inking import ink_glyph
from inkdigits.ink import SIZE_PX, normalize_glyph
from inkdigits.types import Ink, LabelledImages

PEN_FAKES: Final = "pen-fakes"
FAKES: Final = 48_000
SEED: Final = 60
HEIGHT_PX: Final = 64
PEN_PART: Final = (0.035, 0.17)
"""Width of the pen as part of the height."""
KINDS: Final[Mapping[str, float]] = {
    "print": 0.4,
    "letter": 0.18,
    "greek": 0.1,
    "sign": 0.05,
    "fake": 0.16,
    "scribble": 0.03,
    "turned": 0.08,
}
# Left out because hands write them like digits: delta (6, 8), sigma (6), omicron (0), iota (1), zeta (3).
GREEK: Final[Mapping[str, tuple[str, ...]]] = {
    "alpha": ("56,6 30,60 14,96 2,70 10,40 28,34 44,70 60,100", "50,34 34,84 14,98 2,70 14,40 32,50 56,98"),
    "beta": ("2,130 8,40 22,4 40,12 34,40 20,48! 44,60 40,88 22,96 8,84",),
    "gamma": ("0,30 14,26 26,60 24,110 16,120 18,96 46,26",),
    "epsilon": ("42,32 22,26 8,40 26,56! 6,70 12,96 44,90",),
    "eta": ("2,40 10,30 14,96 / 14,50 30,30 42,44 42,130",),
    "theta": ("26,2 6,24 4,70 20,98 40,80 44,30 26,2 / 6,50 42,49",),
    "lambda": ("4,2 20,10 52,100 / 28,44 2,100",),
    "mu": ("4,130 6,40! 8,84 24,96 40,76 42,40! 44,86 54,96",),
    "pi": ("0,44 10,36 60,34 / 18,38 12,98 / 44,36 44,88 54,96",),
    "rho": ("4,132 8,50 28,34 44,56 34,86 8,82",),
    "tau": ("0,44 8,36 48,34 / 26,38 22,88 34,96",),
    "phi": ("12,44 2,66 20,92 46,84 54,56 38,40 30,60 26,130", "26,34 4,60 26,88 50,60 26,34 / 30,6 22,126"),
    "chi": ("2,36 16,40 38,120 52,124 / 50,34 2,126",),
    "psi": ("2,36 8,70 26,84 46,70 52,34 / 28,10 24,124",),
    "omega": ("14,40 2,66 12,94 28,80 30,60! 32,82 48,94 58,66 46,40",),
    "Sigma": ("52,4 4,2! 34,48! 2,98! 56,96",),
    "Omega": ("2,98 20,97! 6,60 12,16 34,2 54,18 58,60 44,97! 62,98",),
    "Delta": ("28,2 2,98! 58,98! 28,2",),
}  # fmt: skip


def write_fakes(count: int = FAKES, *, seed: int = SEED) -> LabelledImages:
    """Let simulated pens write what is no digit.

    Args:
        count: How many.
        seed: The same seed gives the same glyphs.

    Returns:
        (count, 28, 28) uint8, normalised as the reader does it, all of the class "none".
    """
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(KINDS), size=count, p=list(KINDS.values()))
    images = np.zeros((count, SIZE_PX, SIZE_PX), np.uint8)
    signs = [glyphs for glyphs in load_font_signs().values() if glyphs]
    for image, kind in zip(images, kinds, strict=True):
        if kind == "print" and signs:
            ink: Ink = _trace(signs[int(rng.integers(len(signs)))], rng)
        else:
            write = _WRITERS["letter" if kind == "print" else str(kind)]
            ink = _render(write(rng), rng).astype(np.float32) / np.float32(255)
        image[:] = np.rint(normalize_glyph(np.pad(ink, 3)) * 255)
    names = (*"0123456789", NO_DIGIT)
    return LabelledImages(images, np.full(count, len(names) - 1, np.int64), names, name=PEN_FAKES)


def _trace(glyphs: Sequence[npt.NDArray[np.uint8]], rng: np.random.Generator) -> Ink:
    """Write a printed sign by hand: another width, slant and turn, and lines that are not quite straight."""
    glyph = glyphs[int(rng.integers(len(glyphs)))]
    margin = 12
    padded = cv2.copyMakeBorder(glyph, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    height, width = padded.shape
    bend = rng.normal(0, 1, (2, 4, 4)).astype(np.float32) * np.float32(rng.uniform(1, 5))
    fields = [cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) for field in bend]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(padded, columns + fields[0], rows + fields[1], cv2.INTER_LINEAR)
    return ink_glyph(
        shapes.crop_to_ink(np.asarray(bent, np.uint8)),
        height_px=HEIGHT_PX,
        pen_px=HEIGHT_PX * float(rng.uniform(*PEN_PART)),
        aspect=float(np.exp(rng.normal(0, 0.18))),
        shear=float(rng.normal(0.08, 0.18)),
        angle_deg=float(rng.normal(0, 6)),
    )


def _render(paths: shapes.Paths, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Draw with a random pen, slant and width."""
    pen_px = HEIGHT_PX * float(rng.uniform(*PEN_PART))
    slant, wide = float(rng.normal(0.1, 0.2)), float(np.exp(rng.normal(0, 0.18)))
    turn = np.array([[wide, -slant], [0.0, 1.0]])
    drawn = shapes.render_shape([path @ turn.T for path in paths], height_px=HEIGHT_PX, pen_px=pen_px)
    if rng.random() < 0.3:
        drawn = cv2.GaussianBlur(drawn, (0, 0), float(rng.uniform(0.5, 2))).astype(np.uint8)
    return drawn


def _write(table: Mapping[str, tuple[str, ...]]) -> Callable[[np.random.Generator], shapes.Paths]:
    names = list(table)

    def write(rng: np.random.Generator) -> shapes.Paths:
        forms = table[names[int(rng.integers(len(names)))]]
        return shapes.write_form(
            forms[int(rng.integers(len(forms)))], rng=rng, jitter=float(rng.uniform(0.7, 2))
        )

    return write


_WRITERS: Final[Mapping[str, Callable[[np.random.Generator], shapes.Paths]]] = {
    "letter": _write(shapes.LETTERS),
    "greek": _write(GREEK),
    "sign": _write(shapes.SIGNS),
    "fake": shapes.make_fake,
    "scribble": shapes.make_scribble,
    "turned": shapes.make_turned,
}
