"""Digits and other ink that pages are made of.

Owns: loading glyphs for making pages, measuring their slant, drawing a hand. Leaves to others: their size, pen and
place (`synth.inking`, `synth.writing`).

Only sets that a shipped model may be trained on are used: the training part of MNIST, raw NIST scans without the
near-duplicates of MNIST's test images, the training part of optdigits, and the pen simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.pens import PENS, render_sign
from inkdigits.datasets.permitted import (
    load_permitted_characters,
    load_permitted_nist,
    load_permitted_symbols,
)
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.synth import shapes
from inkdigits.datasets.synth.fonts import load_font_signs
from inkdigits.datasets.synth.scripts import SCRIPTS
from inkdigits.datasets.writers import WriterStyle, make_free_writer
from inkdigits.types import LabelledImages

Glyph = npt.NDArray[np.uint8]

SHAPES = 300
"""Invented characters and scribbles, of each."""
EACH = 12
"""Writings of each letter and sign."""
PEN_HEIGHT_PX = 56
SHAPE_HEIGHT_PX = 48
PEN = "pen"
HAND_WEIGHTS: Mapping[str, float] = {"mnist": 0.33, "nist": 0.2, "optdigits": 0.05, PEN: 0.42}
"""How often a number is written by each source; photographs of Europe and Latin America want the pen's forms."""
CHINESE_ONE = 1
"""The Chinese 1 is a dash."""
SEED = 11


@dataclass(frozen=True)
class DigitSet:
    """Digits of one source.

    Attributes:
        glyphs: Each (h, w) uint8, ink bright, cropped to its ink.
        slants: (N,) lean of each against its class, in pixels to the right per pixel upward.
        members: For each digit the indices of its glyphs.
    """

    glyphs: Sequence[Glyph]
    slants: npt.NDArray[np.float64]
    members: Sequence[npt.NDArray[np.int64]]

    def pick(self, digit: int, rng: np.random.Generator) -> tuple[Glyph, float]:
        """Return a glyph of this digit, anybody's, and its own slant."""
        choices = self.members[digit]
        index = int(choices[int(rng.integers(len(choices)))])
        return self.glyphs[index], float(self.slants[index])


@dataclass(frozen=True)
class PenHand:
    """One simulated writer, who writes each digit anew with a plain pen; pens of all kinds follow on the page."""

    style: WriterStyle

    def pick(self, digit: int, rng: np.random.Generator) -> tuple[Glyph, float]:
        """Write this digit; its own slant counts as 0."""
        strokes = make_strokes(str(digit), rng=rng, style=self.style)
        ink = render_sign(strokes, height_px=PEN_HEIGHT_PX, rng=rng, style=self.style, pen=PENS["felt"])
        return shapes.crop_to_ink(np.rint(ink * 255).astype(np.uint8)), 0.0


class Hand(Protocol):
    """Who writes a number."""

    def pick(self, digit: int, rng: np.random.Generator) -> tuple[Glyph, float]:
        """Return a glyph of this digit and its own slant, in pixels to the right per pixel upward."""
        ...


@dataclass(frozen=True)
class GlyphBank:
    """All glyphs that pages are made of; built once, never changed.

    Attributes:
        sources: Name -> digits, beside those of simulated pens.
        others: Category ("letter", "print", "sign", "fake", "scribble", "turned", "script", "symbol", "chinese",
            "character") -> glyphs that are no digits.
        signs: Written sign such as "$" -> its glyphs.
        letters: Letter -> its glyphs.
    """

    sources: Mapping[str, DigitSet]
    others: Mapping[str, Sequence[Glyph]]
    signs: Mapping[str, Sequence[Glyph]]
    letters: Mapping[str, Sequence[Glyph]]

    @classmethod
    def load(cls) -> GlyphBank:
        """Build the bank from the data sets on this machine and the pen simulator.

        Raises:
            DataError: If a set is absent or damaged.
        """
        rng = np.random.default_rng(SEED)
        made = cls.simulated(rng)
        sources = {
            "mnist": measure_digits(load_dataset("mnist", "train")),
            "nist": measure_digits(load_permitted_nist()),
            "optdigits": measure_digits(load_dataset("optdigits", "train32x32")),
        }
        chinese = load_dataset("chinese-mnist", "train")
        others = {
            **made.others,
            "symbol": _crop_all(load_permitted_symbols().images),
            "chinese": _crop_all(chinese.images[chinese.labels != CHINESE_ONE]),
            "character": _crop_all(load_permitted_characters().images),
        }
        return cls(sources, others, made.signs, made.letters)

    @classmethod
    def simulated(cls, rng: np.random.Generator) -> GlyphBank:
        """Build a bank that needs no data: every digit and shape comes from simulated pens.

        Args:
            rng: Source of all chance; the same state gives the same bank.
        """

        def draw_form(table: Mapping[str, tuple[str, ...]], name: str) -> Glyph:
            forms = table[name]
            paths = shapes.write_form(forms[int(rng.integers(len(forms)))], rng=rng)
            return _draw(paths, rng)

        signs = {name: [draw_form(shapes.SIGNS, name) for _ in range(EACH)] for name in shapes.SIGNS}
        letters = {name: [draw_form(shapes.LETTERS, name) for _ in range(EACH)] for name in shapes.LETTERS}
        print_signs = load_font_signs()
        for name in letters:
            letters[name] += print_signs.get(name, ())
        others = {
            "letter": [glyph for glyphs in letters.values() for glyph in glyphs],
            "print": [glyph for glyphs in print_signs.values() for glyph in glyphs],
            "sign": [glyph for glyphs in signs.values() for glyph in glyphs],
            "fake": [_draw(shapes.make_fake(rng), rng) for _ in range(SHAPES)],
            "scribble": [_draw(shapes.make_scribble(rng), rng) for _ in range(SHAPES)],
            "turned": [_draw(shapes.make_turned(rng), rng) for _ in range(SHAPES)],
            "script": [
                draw_form(SCRIPTS, name) for name in SCRIPTS for _ in range(EACH * len(SCRIPTS[name]))
            ],
        }
        others = {name: glyphs for name, glyphs in others.items() if glyphs}
        return cls({}, others, signs, letters)

    def draw_hand(self, rng: np.random.Generator) -> Hand:
        """Draw the writer of a number."""
        names = [*self.sources, PEN]
        weights = np.array([HAND_WEIGHTS[name] for name in names])
        name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        return PenHand(make_free_writer(rng)) if name == PEN else self.sources[name]

    def draw_letter(self, letter: str, rng: np.random.Generator) -> Glyph:
        """Draw a letter of `shapes.LETTERS` or a sign of `shapes.SIGNS`."""
        glyphs = (self.letters if letter in self.letters else self.signs)[letter]
        return glyphs[int(rng.integers(len(glyphs)))]

    def draw_other(self, rng: np.random.Generator, *, categories: Sequence[str] = ()) -> Glyph:
        """Draw a glyph that is no digit.

        Args:
            rng: Source of all chance.
            categories: Some of the keys of `others`; those that the bank lacks are passed over. All by default.
        """
        names = [name for name in categories if name in self.others] or list(self.others)
        glyphs = self.others[names[int(rng.integers(len(names)))]]
        return glyphs[int(rng.integers(len(glyphs)))]


def _draw(paths: shapes.Paths, rng: np.random.Generator) -> Glyph:
    return shapes.render_shape(paths, height_px=SHAPE_HEIGHT_PX, pen_px=float(rng.uniform(3, 5)))


def measure_digits(data: LabelledImages) -> DigitSet:
    """Cut glyphs to their ink and measure how they lean against the usual of their class.

    Args:
        data: (N, H, W) uint8, ink bright; labels 0 to 9.
    """
    slants = np.concatenate([_lean(data.images[i : i + 2000]) for i in range(0, len(data), 2000)])
    group = [np.flatnonzero(data.labels == digit) for digit in range(10)]
    for members in group:
        slants[members] -= np.median(slants[members])
    return DigitSet(_crop_all(data.images), slants, group)


def _lean(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the shear of each image, from its second moments (N,)."""
    ink = images.astype(np.float32)
    height, width = images.shape[1:]
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    mass = ink.sum(axis=(1, 2)) + 1e-6
    rows, cols = ink.sum(axis=2), ink.sum(axis=1)
    cy, cx = rows @ y / mass, cols @ x / mass
    var_y = rows @ y**2 / mass - cy**2
    cov = np.einsum("nyx,y,x->n", ink, y, x, optimize=True) / mass - cy * cx
    return np.asarray(np.clip(-cov / np.maximum(var_y, 1), -1.2, 1.2), np.float64)


def _crop_all(images: npt.NDArray[np.uint8]) -> list[Glyph]:
    """Cut each of (N, H, W) to its ink."""
    crop: Callable[[Glyph], Glyph] = shapes.crop_to_ink
    return [crop(image) for image in images]
