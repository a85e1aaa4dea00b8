"""What one writer keeps through a string: hand, slant, pen, gaps, habits.

Owns: the style and how it is invented. Leaves to others: the glyphs (`synth.bank`), writing (`synth.writing`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inkdigits.datasets.synth.bank import GlyphBank, Hand

GAP_MODES = ("wide", "normal", "touching", "overlapping", "mixed")
GAP_WEIGHTS = (0.16, 0.36, 0.19, 0.12, 0.17)
FAR_LEANING = 0.18  # share of the hands


@dataclass(frozen=True)
class Style:
    """What one writer keeps through a string.

    Attributes:
        hand: Where glyphs come from.
        digit_px: Height of a digit.
        pen_px: Width of the line.
        shear: Lean, pixels to the right per pixel upward.
        aspect: Width of digits against their own.
        gaps: One of `GAP_MODES`.
        size_jitter: Standard deviation of the logarithm of sizes.
        drift: Rise of the baseline per pixel.
        wobble: Standard deviation of the baseline, in digit heights.
        zero: Size of zeros against other digits.
        zero_aspect: Width of zeros against their own, beside `aspect`.
        one: Size of 1s against other digits.
        one_shear: Lean of 1s beside that of all digits.
        first: Size of the first digit of a number against the others.
        fade: Size of each further digit against the one before.
        has_old_figures: Whether 3, 4, 5, 7 and 9 go below the line.
        ligature: Probability that neighbours are joined by a line.
        flag: Probability of a long flag on 5 and 7.
        roof: Probability of a flag on a 1 that goes far down.
        crossed: Probability of a long bar through a 7.
        flying: Probability that the cap of a 5 stands off its body.
        swell: How much the width of the line comes and goes with pressure.
        bending: How far the lines of a digit are bent, in digit heights: no two writings of a form are alike.
    """

    hand: Hand
    digit_px: float
    pen_px: float
    shear: float
    aspect: float
    gaps: str
    size_jitter: float = 0.05
    drift: float = 0.0
    wobble: float = 0.03
    zero: float = 1.0
    zero_aspect: float = 1.0
    one: float = 1.0
    one_shear: float = 0.0
    first: float = 1.0
    fade: float = 1.0
    has_old_figures: bool = False
    ligature: float = 0.0
    flag: float = 0.0
    roof: float = 0.0
    crossed: float = 0.0
    flying: float = 0.0
    swell: float = 0.0
    bending: float = 0.016


def make_style(bank: GlyphBank, *, digit_px: float, rng: np.random.Generator) -> Style:
    """Invent the style of one writer."""
    pen = float(np.clip(rng.lognormal(np.log(0.095), 0.36), 0.045, 0.22)) * digit_px
    return Style(
        hand=bank.draw_hand(rng),
        digit_px=digit_px,
        pen_px=max(1.0, pen),
        shear=_draw_shear(rng),
        aspect=float(np.clip(rng.lognormal(0, 0.16), 0.65, 1.5)),
        gaps=str(rng.choice(GAP_MODES, p=GAP_WEIGHTS)),
        size_jitter=float(rng.uniform(0.02, 0.11)),
        drift=float(rng.normal(0, 0.03)),
        wobble=float(rng.uniform(0.01, 0.08)),
        zero=float(rng.uniform(0.45, 0.85)) if rng.random() < 0.25 else 1.0,
        zero_aspect=float(np.exp(rng.uniform(-0.15, 0.95))) if rng.random() < 0.25 else 1.0,
        one=float(rng.uniform(1.1, 1.9)) if rng.random() < 0.3 else 1.0,
        one_shear=float(rng.uniform(0.1, 0.7)) if rng.random() < 0.3 else 0.0,
        first=float(rng.uniform(1.15, 1.7)) if rng.random() < 0.12 else 1.0,
        fade=float(rng.uniform(0.88, 0.97)) if rng.random() < 0.12 else 1.0,
        has_old_figures=bool(rng.random() < 0.07),
        ligature=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.14 else 0.0,
        flag=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.15 else 0.0,
        roof=float(rng.uniform(0.5, 1.0)) if rng.random() < 0.3 else 0.0,
        crossed=float(rng.uniform(0.5, 1.0)) if rng.random() < 0.2 else 0.0,
        flying=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.12 else 0.0,
        swell=float(rng.uniform(0.1, 0.45)) if rng.random() < 0.25 else 0.0,
        bending=float(np.clip(rng.lognormal(np.log(0.021), 0.45), 0.008, 0.048)),
    )


def _draw_shear(rng: np.random.Generator) -> float:
    """Return how a hand leans: most stand or lean a little, those that learned from copybooks lean far."""
    if rng.random() < FAR_LEANING:
        return float(rng.uniform(0.4, 1.0))
    return float(np.clip(rng.normal(0.12, 0.2), -0.35, 0.75))
