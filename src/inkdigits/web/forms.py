"""The 28x28 form of each digit, as the classifier saw it, to be shown to people.

Owns: finding the ink of a reading's boxes again. Leaves to others: ink, cutting and normalising (ink).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from inkdigits.errors import EmptyInkError
from inkdigits.images import Page
from inkdigits.ink import Glyph, cut_glyphs, extract_ink, normalize_glyph, remove_rules
from inkdigits.types import Box, Reading

MOST_FORMS = 500  # a page of marks has 300 digits; more are too many to look at


def make_forms(pages: Sequence[Page], reading: Reading) -> list[bytes | None]:
    """Make the form of each digit from the page and the digit's box.

    The reader finds the same ink by the detector's box before it was rounded: where digits touch, a form may differ
    by a row or column of pixels from what the classifier saw.

    Args:
        pages: The pages that were read.
        reading: What was read.

    Returns:
        One PNG of 28x28 grey values a digit, in the order of `reading.digits`, ink bright; None where there is no
        ink, and for all digits after `MOST_FORMS`.
    """
    digits = [(number.page, digit.box) for number in reading.numbers for digit in number.digits]
    forms: list[bytes | None] = [None] * len(digits)
    shown = digits[:MOST_FORMS]
    for index in {page for page, _ in shown}:
        ink = remove_rules(extract_ink(pages[index].gray))[0]
        places = [place for place, (page, _) in enumerate(shown) if page == index]
        glyphs = cut_glyphs(ink, [_scale(shown[place][1], ink.scale) for place in places])
        for place, glyph in zip(places, glyphs, strict=True):
            forms[place] = None if glyph is None else _make_form(glyph)
    return forms


def _scale(box: Box, scale: float) -> tuple[float, float, float, float]:
    return box.x * scale, box.y * scale, box.width * scale, box.height * scale


def _make_form(glyph: Glyph) -> bytes | None:
    try:
        form = normalize_glyph(glyph.ink)
    except EmptyInkError:
        return None
    return cv2.imencode(".png", np.rint(form * 255).astype(np.uint8))[1].tobytes()
