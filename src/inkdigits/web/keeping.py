"""What a client wants to keep becomes what the database takes, and back.

Owns: checking pictures and forms, the JSON of kept answers. Leaves to others: the database (corrections), routes.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import cv2
import numpy as np

from inkdigits.corrections import JudgedDigit, KeptAnswer, NewAnswer
from inkdigits.images import Limits, Page, load_pages
from inkdigits.web.forms import decode_base64, decode_form
from inkdigits.web.reading import shrink_rgb
from inkdigits.web.schemas_review import AnswerIn

Place: TypeAlias = Literal["", "file", "database"]
NOWHERE: Final = ""


@dataclass(frozen=True, slots=True)
class AboutModel:
    """Which model reads in this process.

    Attributes:
        name: Its name.
        sha256: Of its file, hexadecimal.
        version: Of this package.
    """

    name: str
    sha256: str
    version: str


def to_new_answer(answer: AnswerIn, about: AboutModel, *, limits: Limits) -> NewAnswer:
    """Check and decode what a client wants to keep.

    Pictures are decoded and written anew, so that what is kept is a picture, and holds neither EXIF nor anything
    else beside the pixels.

    Args:
        answer: As the client sent it.
        about: The model that reads here.
        limits: Of the picture.

    Raises:
        ImageError: If picture or forms can't be used.
        OptionsError: If one is no base64, or a form has another size.
    """
    reading = answer.reading.model_dump(mode="json", by_alias=True, exclude={"forms", "pictures"})
    digits = [digit for number in answer.reading.numbers for digit in number.digits]
    forms = answer.reading.forms or [None] * len(digits)
    return NewAnswer(
        id=answer.id,
        reading=reading,
        digits=tuple(
            JudgedDigit(digit.label, digit.confidence, None if form is None else _clean_form(form))
            for digit, form in zip(digits, forms, strict=True)
        ),
        labels=None if answer.labels is None else tuple(answer.labels),
        picture=None if answer.picture is None else _clean_picture(answer.picture, limits),
        model=about.name,
        model_hash=about.sha256,
        version=about.version,
    )


def describe_answer(answer: KeptAnswer) -> dict[str, Any]:
    """Return the JSON form of a kept answer.

    Args:
        answer: The answer.
    """
    return {
        "id": answer.id,
        "state": answer.state,
        "reading": dict(answer.reading),
        "digits": [
            {
                "label": digit.label,
                "confidence": digit.confidence,
                "form": None if digit.form is None else base64.b64encode(digit.form).decode("ascii"),
                "correction": digit.correction,
            }
            for digit in answer.digits
        ],
        "has_picture": answer.has_picture,
        "model": answer.model,
        "model_hash": answer.model_hash,
        "version": answer.version,
        "created_at": answer.created_at.isoformat(),
        "updated_at": answer.updated_at.isoformat(),
    }


def _clean_form(text: str) -> bytes:
    return cv2.imencode(".png", decode_form(text))[1].tobytes()


def _clean_picture(text: str, limits: Limits) -> bytes:
    page: Page = load_pages(decode_base64(text, "picture"), limits=replace(limits, max_pages=1))[0]
    rgb = shrink_rgb(page)
    is_gray = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    stored = rgb[..., 0] if is_gray else rgb[..., ::-1]
    return cv2.imencode(".png", np.ascontiguousarray(stored))[1].tobytes()
