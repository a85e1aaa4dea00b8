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
from inkdigits.datasets.synth.scripts import SCRIPTS
from inkdigits.ink import SIZE_PX, normalize_glyph
from inkdigits.types import Ink, LabelledImages

PEN_FAKES: Final = "pen-fakes"
FAKES: Final = 48_000
SEED: Final = 60
HEIGHT_PX: Final = 64
PEN_PART: Final = (0.035, 0.17)
"""Width of the pen as part of the height."""
KINDS: Final[Mapping[str, float]] = {
    "print": 0.3,
    "letter": 0.16,
    "script": 0.3,
    "sign": 0.04,
    "fake": 0.13,
    "scribble": 0.02,
    "turned": 0.05,
}


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
    forms = [form for each in table.values() for form in each]

    def write(rng: np.random.Generator) -> shapes.Paths:
        form = forms[int(rng.integers(len(forms)))]
        return shapes.write_form(form, rng=rng, jitter=float(rng.uniform(0.7, 2)))

    return write


_WRITERS: Final[Mapping[str, Callable[[np.random.Generator], shapes.Paths]]] = {
    "letter": _write(shapes.LETTERS),
    "script": _write(SCRIPTS),
    "sign": _write(shapes.SIGNS),
    "fake": shapes.make_fake,
    "scribble": shapes.make_scribble,
    "turned": shapes.make_turned,
}
