"""The words of this room: an answer that is kept, its digits, and where it stands.

Owns: plain records. Leaves to others: tables (tables), the database (store). Importing it loads no SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.errors import InkdigitsError, UsageError

State: TypeAlias = Literal["open", "confirmed", "corrected"]
"""Open: nobody has looked yet. Confirmed: every digit was right. Corrected: at least one was not."""

NOT_A_DIGIT: Final = NO_DIGIT
LABELS: Final = (*"0123456789", NOT_A_DIGIT)
"""What a person may say that a digit is."""


class CorrectionsError(InkdigitsError):
    """A database of corrections that can't be used."""

    exit_code = 9
    http_status = 503


class UnknownAnswerError(InkdigitsError):
    """No answer of this name is kept."""

    exit_code = 9
    http_status = 404


@dataclass(frozen=True, slots=True)
class JudgedDigit:
    """One digit of an answer.

    Attributes:
        label: What was read.
        confidence: How sure that was, in [0, 1].
        form: The 28x28 form that the model saw, PNG, ink bright; None where there is none.
        correction: What a person says it is, one of `LABELS`; None if nobody has said.
    """

    label: str
    confidence: float
    form: bytes | None = None
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer to be kept.

    Attributes:
        id: Chosen by the client: sending the same again changes nothing.
        reading: As `Reading.to_dict` gives it.
        digits: In the order of the reading.
        labels: What a person says that the digits are, as many as there are; None puts it into the review queue.
        picture: One page, PNG; None to keep none.
        model: Name of the model that read it.
        model_hash: SHA-256 of its file, hexadecimal.
        version: Version of this package.
    """

    id: str
    reading: Mapping[str, Any]
    digits: tuple[JudgedDigit, ...]
    labels: tuple[str, ...] | None = None
    picture: bytes | None = None
    model: str = ""
    model_hash: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept; see `NewAnswer`.

    Attributes:
        number: Grows with each new answer; never used again.
        id: Chosen by the client.
        state: Where it stands.
        reading: As `Reading.to_dict` gives it.
        digits: In the order of the reading.
        has_picture: Whether the page is kept too.
        model: Name of the model that read it.
        model_hash: SHA-256 of its file, hexadecimal.
        version: Version of the package that read it.
        created_at: When it was first kept, UTC.
        updated_at: When it was last changed, UTC.
    """

    number: int
    id: str
    state: State
    reading: Mapping[str, Any]
    digits: tuple[JudgedDigit, ...]
    has_picture: bool
    model: str
    model_hash: str
    version: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answers there are of each state."""

    open: int = 0
    confirmed: int = 0
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """Some answers, newest first.

    Attributes:
        items: The answers.
        next: The `number` before which the following ones stand; None if these are the last.
    """

    items: tuple[KeptAnswer, ...]
    next: int | None


def judge(digits: Sequence[JudgedDigit], labels: Sequence[str] | None) -> tuple[State, list[str | None]]:
    """Tell the state of an answer and the corrections of its digits from what a person said.

    Args:
        digits: As they were read.
        labels: As many of `LABELS`, or None if nobody has looked.

    Raises:
        UsageError: If their count is another, or one is no label.
    """
    if labels is None:
        return "open", [None] * len(digits)
    if len(labels) != len(digits):
        raise UsageError(
            f"{len(labels)} labels don't fit the {len(digits)} digits of this answer",
            remedy="Send one for each digit, in the order of the reading.",
        )
    for label in labels:
        if label not in LABELS:
            raise UsageError(f"{label!r} is no label", remedy=f"Use one of: {', '.join(LABELS)}.")
    is_right = all(label == digit.label for label, digit in zip(labels, digits, strict=True))
    return "confirmed" if is_right else "corrected", list(labels)
