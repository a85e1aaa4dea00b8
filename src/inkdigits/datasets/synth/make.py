"""One call makes a page of any kind.

Owns: the choice of kind and size of digits. Leaves to others: the kinds themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.crops import make_crop, make_junk
from inkdigits.datasets.synth.forms import make_comb, make_page, make_table
from inkdigits.datasets.synth.page import KINDS, SynthPage
from inkdigits.datasets.synth.scenes import make_scene
from inkdigits.datasets.synth.strips import make_amount, make_blank, make_strip
from inkdigits.errors import UsageError

WEIGHTS = (0.30, 0.25, 0.12, 0.08, 0.08, 0.09, 0.06, 0.02, 0.0)
"""How often each of `KINDS` is made when none is asked for."""
DIGIT_PX = (14.0, 24.0, 44.0)
"""Smallest, middle and largest height of digits that are drawn when none is given."""
SPREAD = 0.33
"""Standard deviation of the logarithm of that height."""


class Maker(Protocol):
    """Makes pages of one kind."""

    def __call__(
        self, bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
    ) -> SynthPage:
        """Make a page of this size."""


MAKERS: Mapping[str, Maker] = {
    "strip": make_strip,
    "amount": make_amount,
    "comb": make_comb,
    "table": make_table,
    "page": make_page,
    "crop": make_crop,
    "junk": make_junk,
    "blank": make_blank,
    "scene": make_scene,
}
TABLE_DIGIT_PX = (14.0, 22.0)
"""Tables are written small."""


def make_synth_page(
    bank: GlyphBank,
    *,
    rng: np.random.Generator,
    kind: str | None = None,
    size_px: tuple[int, int] = (128, 384),
    digit_px: float | None = None,
) -> SynthPage:
    """Make a page with ground truth.

    Args:
        bank: Where glyphs come from.
        rng: Source of all chance; the same state gives the same page.
        kind: One of `KINDS`; drawn when not given.
        size_px: (height, width) of the picture; what stands on it is laid out to fit.
        digit_px: Typical height of its digits; drawn when not given.

    Raises:
        UsageError: If the kind is unknown.
    """
    drawn = str(rng.choice(KINDS, p=WEIGHTS))
    low, middle, high = DIGIT_PX
    drawn_px = float(np.clip(rng.lognormal(np.log(middle), SPREAD), low, high))
    kind = drawn if kind is None else kind
    if kind == "table":
        drawn_px = float(np.clip(0.75 * drawn_px, *TABLE_DIGIT_PX))
    if kind not in MAKERS:
        raise UsageError(
            f"There is no kind of page named {kind!r}", remedy=f"Use one of: {', '.join(KINDS)}."
        )
    return MAKERS[kind](bank, rng=rng, size_px=size_px, digit_px=drawn_px if digit_px is None else digit_px)
