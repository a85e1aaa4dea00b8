"""The forms of JSON that go in and out, for checking and for /openapi.json.

Owns: their description. Leaves to others: `Reading.to_dict`, which makes most of what goes out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from inkdigits.web.strokes import Points

MAX_STROKES = 1000
MAX_POINTS = 20_000  # of all strokes; three minutes of writing at 120 points a second
FARTHEST = 1e5
MAX_FORM_CHARS = 14_000  # base64 of 10,000 bytes, the most that a form may have
MAX_LABEL_CHARS = 16

Coordinate = Annotated[
    float, Field(ge=-FARTHEST, le=1e13, allow_inf_nan=False)
]  # times may be Unix milliseconds
Point = Annotated[list[Coordinate], Field(min_length=2, max_length=4, examples=[[140.5, 62.0, 0.016, 0.5]])]
Stroke = Annotated[list[Point], Field(min_length=1, max_length=MAX_POINTS)]


class AnswerFormat(StrEnum):
    """What comes back."""

    json = "json"
    annotated = "annotated"


class Closed(BaseModel):
    """JSON without unknown keys, infinities and numbers that are none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StrokesIn(Closed):
    """Pen strokes: lists of points [x, y], [x, y, t] or [x, y, t, pressure]; y grows downward."""

    strokes: Annotated[list[Stroke], Field(min_length=1, max_length=MAX_STROKES)]
    width: Annotated[int | None, Field(ge=1, le=FARTHEST, description="Of what was written on.")] = None
    height: Annotated[int | None, Field(ge=1, le=FARTHEST, description="Of what was written on.")] = None
    pen_width: Annotated[
        float, Field(gt=0, le=500, description="Width of the line, in units of x and y.")
    ] = 10.0
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    field: Annotated[str, Field(max_length=200, examples=["length=5,checksum=luhn"])] = ""
    forms: bool = False

    @model_validator(mode="after")
    def _check_points(self) -> StrokesIn:
        if sum(len(stroke) for stroke in self.strokes) > MAX_POINTS:
            raise ValueError(f"more than {MAX_POINTS} points")
        for stroke in self.strokes:
            if len({len(point) for point in stroke}) > 1:
                raise ValueError("the points of one stroke have different lengths")
            if any(abs(point[0]) > FARTHEST or abs(point[1]) > FARTHEST for point in stroke):
                raise ValueError(f"x and y must lie within {FARTHEST:g}")
        return self

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of what was written on, if both are known."""
        return (self.height, self.width) if self.height and self.width else None

    @property
    def points(self) -> list[Points]:
        """The strokes as arrays."""
        return [np.array(stroke, float) for stroke in self.strokes]


BoxOut = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="[x, y, width, height], pixels of the upright page."),
]
Probability = Annotated[float, Field(ge=0, le=1)]


class AlternativeOut(Closed):
    """Another label."""

    label: str
    confidence: Probability


class DigitOut(Closed):
    """One digit."""

    label: str
    confidence: Probability
    box: BoxOut
    alternatives: list[AlternativeOut]
    is_sure: bool


class MarkOut(Closed):
    """A decimal point, comma, minus, hyphen, slash or colon."""

    label: str
    confidence: Probability
    box: BoxOut
    is_sure: bool


class NumberOut(Closed):
    """Digits and marks that stand together."""

    text: str
    value: float | int | None
    kind: Literal["number", "date", "fraction", "other"]
    confidence: Probability
    box: BoxOut
    line: int
    page: int
    digits: list[DigitOut]
    marks: list[MarkOut]
    seen: str
    violates: str


class ReviewOut(Closed):
    """What a person should look at."""

    reason: Literal["unsure", "violates"]
    box: BoxOut
    guess: str
    confidence: Probability
    alternatives: list[AlternativeOut]
    number: int
    page: int


class RejectedOut(Closed):
    """Ink that is no digit, and why."""

    box: BoxOut
    reason: str
    page: int


class PageOut(Closed):
    """Size of an upright page."""

    width: int
    height: int


class ReadingOut(Closed):
    """Everything that was read from one picture or document."""

    schema_: Annotated[int, Field(alias="schema")]
    source: str
    text: str
    pages: list[PageOut]
    numbers: list[NumberOut]
    rows: list[list[int | None]]
    review: list[ReviewOut]
    rejected: list[RejectedOut]
    forms: Annotated[
        list[str | None] | None,
        Field(description="With forms=true: one PNG (base64) a digit, 28x28, as the model saw it."),
    ] = None
    pictures: Annotated[
        list[str] | None, Field(description="With pages=true: each upright page as JPEG (base64).")
    ] = None


class ProblemOut(Closed):
    """What went wrong (RFC 9457), and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str


class BatchItemOut(Closed):
    """One file of several: its reading, or its problem."""

    name: str
    reading: ReadingOut | None = None
    problem: ProblemOut | None = None


class BatchOut(Closed):
    """Several files, in the order in which they were sent."""

    items: list[BatchItemOut]


class ExplainIn(Closed):
    """One digit to be explained."""

    form: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_FORM_CHARS,
            description="Its 28x28 form as it came with forms=true: PNG, base64.",
        ),
    ]
    label: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_LABEL_CHARS,
            description="What the ink is to speak for: what was read, or any other label of the model.",
        ),
    ]


SaliencyRow = Annotated[list[float], Field(min_length=28, max_length=28)]


class ExplainOut(Closed):
    """Which ink speaks for a label and which against it."""

    label: str
    classifier_probs: Annotated[
        dict[str, Probability],
        Field(description='What the classifier alone says of the form; with "none" where it knows that.'),
    ]
    saliency: Annotated[
        list[SaliencyRow],
        Field(
            min_length=28,
            max_length=28,
            description="Rows from the top, in nats: how much the log-odds of the label fall where this ink is "
            "covered; above 0 it speaks for the label, below 0 against it, 0 on paper.",
        ),
    ]


class ModelOut(Closed):
    """A model that this service has."""

    name: str
    is_active: bool
    labels: list[str]
    parameters: int
    bytes: int
    data: list[str]
    licence: str
    metrics: dict[str, object]


class ModelsOut(Closed):
    """All models, the active one among them."""

    models: list[ModelOut]
