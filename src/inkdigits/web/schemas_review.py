"""The forms of JSON of kept answers and corrections, for checking and for /openapi.json.

Owns: their description. Leaves to others: readings (schemas), what is kept (corrections).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from inkdigits.corrections import State
from inkdigits.web.examples import ANSWER_ID, FORM
from inkdigits.web.schemas import MAX_LABEL_CHARS, Closed, Probability, ReadingOut

MAX_DIGITS = 2000

Label = Annotated[
    Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "none"],
    Field(description="What it really is; none: not a digit."),
]
Labels = Annotated[
    list[Label],
    Field(max_length=MAX_DIGITS, description="One for each digit, in the order of the reading."),
]
AnswerId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        examples=[ANSWER_ID],
        description="Chosen by the client; sending the same again changes nothing.",
    ),
]


class AnswerIn(Closed):
    """An answer that a person wants to keep."""

    id: AnswerId
    consent: Annotated[
        Literal[True], Field(description="Says that the person who wrote wants this to be stored.")
    ]
    reading: Annotated[ReadingOut, Field(description="As it came, with forms=true to learn from later.")]
    labels: Annotated[
        Labels | None, Field(description="Leave it out to put the answer into the review queue.")
    ] = None
    picture: Annotated[
        str | None,
        Field(description="The page, base64 of any supported kind of picture; stored as PNG, without EXIF."),
    ] = None

    @model_validator(mode="after")
    def _check_digits(self) -> AnswerIn:
        digits = [digit for number in self.reading.numbers for digit in number.digits]
        if not 1 <= len(digits) <= MAX_DIGITS:
            raise ValueError(f"an answer has 1 to {MAX_DIGITS} digits")
        if self.reading.forms is not None and len(self.reading.forms) != len(digits):
            raise ValueError("forms and digits differ in number")
        if self.labels is not None and len(self.labels) != len(digits):
            raise ValueError("labels and digits differ in number")
        if any(len(d.label) > MAX_LABEL_CHARS or not d.label.isprintable() for d in digits):
            raise ValueError(f"a label has at most {MAX_LABEL_CHARS} printable characters")
        return self


class JudgementIn(Closed):
    """What a person says of a kept answer."""

    labels: Labels


class JudgedDigitOut(Closed):
    """One digit of a kept answer."""

    label: Annotated[str, Field(description="What was read.")]
    confidence: Probability
    form: Annotated[
        str | None, Field(description="The 28x28 form that the model saw, PNG, base64.", examples=[FORM])
    ]
    correction: Annotated[
        str | None, Field(description="What a person says; none: not a digit; null: nobody has looked.")
    ]


class AnswerOut(Closed):
    """A kept answer."""

    id: str
    state: Annotated[
        State,
        Field(description="open: in the queue; confirmed: all was right; corrected: something was not."),
    ]
    reading: ReadingOut
    digits: list[JudgedDigitOut]
    has_picture: bool
    model: str
    model_hash: Annotated[str, Field(description="SHA-256 of the model's file.")]
    version: Annotated[str, Field(description="Version of InkDigits that read it.")]
    created_at: datetime
    updated_at: datetime


class CountsOut(Closed):
    """How many answers are kept, by state."""

    open: int
    confirmed: int
    corrected: int


class AnswersOut(Closed):
    """Some kept answers, newest first."""

    items: list[AnswerOut]
    next: Annotated[
        int | None, Field(description="To be given as `before` for the following ones; null at the end.")
    ]
    counts: CountsOut


class KeepingOut(Closed):
    """Whether answers can be kept here, and where."""

    is_on: Annotated[bool, Field(description="False: this service stores nothing.")]
    place: Annotated[
        Literal["", "file", "database"],
        Field(description="file: on the service's own disk; database: a PostgreSQL server."),
    ]
    review_below: Annotated[
        Probability,
        Field(description="Answers with a digit less sure than this belong into the review queue."),
    ]
    counts: CountsOut


class DeletedOut(Closed):
    """How many answers were deleted."""

    deleted: int
