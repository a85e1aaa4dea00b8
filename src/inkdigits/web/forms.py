"""The 28x28 form of each digit, as the classifier saw it: shown to people, and sent back by them.

Owns: their encoding, checking forms that clients send. Leaves to others: making them (reader).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from inkdigits.images import Limits, load_pages
from inkdigits.types import Gray, Ink
from inkdigits.web.errors import OptionsError

MOST_FORMS = 500  # a page of marks has 300 digits; more are too many to look at
FORM_PX: Final = 28
FORM_LIMITS: Final = Limits(max_bytes=10_000, max_pixels=FORM_PX**2, max_pages=1, max_total_pixels=FORM_PX**2)


def encode_forms(forms: Sequence[Ink | None]) -> list[bytes | None]:
    """Encode the forms that the classifier saw.

    Args:
        forms: One a digit, (28, 28) float32 in [0, 1] with ink = 1; None where there is no ink.

    Returns:
        One PNG of 28x28 grey values a digit, ink bright; None where there is no form, and for all digits after
        `MOST_FORMS`.
    """
    return [
        None if form is None or place >= MOST_FORMS else _encode_form(form)
        for place, form in enumerate(forms)
    ]


def _encode_form(form: Ink) -> bytes:
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
