"""The 28x28 form of each digit, as the classifier saw it: shown to people, and sent back by them.

Owns: finding the ink of a reading's boxes again, checking forms that clients send. Leaves to others: ink, cutting
and normalising (ink).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from inkdigits.errors import EmptyInkError
from inkdigits.images import Limits, Page, load_pages
from inkdigits.ink import Glyph, cut_glyphs, extract_ink, normalize_glyph, remove_rules
from inkdigits.types import Box, Gray, Reading
from inkdigits.web.errors import OptionsError

MOST_FORMS = 500  # a page of marks has 300 digits; more are too many to look at
FORM_PX: Final = 28
FORM_LIMITS: Final = Limits(max_bytes=10_000, max_pixels=FORM_PX**2, max_pages=1, max_total_pixels=FORM_PX**2)


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


def decode_form(text: str) -> Gray:
    """Decode and check a form that a client sends back.

    Args:
        text: Base64 of any supported kind of picture.

    Returns:
        (28, 28) uint8, ink bright.

    Raises:
        ImageError: If it is no usable picture.
        OptionsError: If it is no base64, or has another size.
    """
    gray = load_pages(decode_base64(text, "form"), limits=FORM_LIMITS)[0].gray
    if gray.shape != (FORM_PX, FORM_PX):
        raise OptionsError(f"A form has {FORM_PX}x{FORM_PX} pixels", remedy="Send forms as they came.")
    return gray


def decode_base64(text: str, what: str) -> bytes:
    """Decode base64.

    Args:
        text: Base64.
        what: What it is, for the message.

    Raises:
        OptionsError: If it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise OptionsError(f"{what}: not base64", remedy="See /openapi.json for the form.") from error
