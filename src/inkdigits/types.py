"""The words that all rooms share: boxes, digits, numbers, readings, and what a classifier is.

Owns: result types and their JSON form. Leaves to others: how results come about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from inkdigits.notation import UNSURE, Kind, find_kind, parse_value

Gray: TypeAlias = npt.NDArray[np.uint8]
"""A raw grey picture, (H, W), 0 is black."""
Rgb: TypeAlias = npt.NDArray[np.uint8]
"""A raw colour picture, (H, W, 3), red first."""
Ink: TypeAlias = npt.NDArray[np.float32]
"""Ink, (H, W) or (N, 28, 28), range [0, 1]: ink is 1, paper is 0."""
Probs: TypeAlias = npt.NDArray[np.float32]
"""Probabilities, (N, C), rows sum to 1."""

SCHEMA_VERSION = 1
"""Version of the JSON form; raised when a key changes its meaning or disappears."""


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle in pixels of the upright picture; (x, y) is its top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column that lies right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row that lies below the box."""
        return self.y + self.height

    @property
    def center(self) -> tuple[float, float]:
        """Middle of the box, (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @staticmethod
    def union(boxes: Sequence[Box]) -> Box:
        """Return the smallest box that holds all boxes.

        Args:
            boxes: At least one box.
        """
        x, y = min(b.x for b in boxes), min(b.y for b in boxes)
        return Box(x, y, max(b.right for b in boxes) - x, max(b.bottom for b in boxes) - y)

    def to_list(self) -> list[int]:
        """Return [x, y, width, height]."""
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True, slots=True)
class Digit:
    """One glyph that was read as a digit.

    Attributes:
        label: The class with the highest probability, a string such as "7".
        confidence: Calibrated probability of `label`, in [0, 1].
        box: Where it stands.
        alternatives: The other classes, best first, as (label, probability).
        is_sure: False if `confidence` is below what the reader was asked for: `label` is then no more than the
            best guess, the number's text has "?" in its place.
    """

    label: str
    confidence: float
    box: Box
    alternatives: tuple[tuple[str, float], ...] = ()
    is_sure: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; see `Reading.to_dict`."""
        return {
            "label": self.label,
            "confidence": round(self.confidence, 6),
            "box": self.box.to_list(),
            "alternatives": [{"label": a, "confidence": round(p, 6)} for a, p in self.alternatives],
            "is_sure": self.is_sure,
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign between or before the digits of a number.

    Attributes:
        label: ".", ",", "-", "/" or ":".
        confidence: How sure that it is this mark, in [0, 1]; where geometry alone decided, the share of such marks
            that were right on simulated pages.
        box: Where it stands.
        is_sure: As for `Digit`.
    """

    label: str
    confidence: float
    box: Box
    is_sure: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; see `Reading.to_dict`."""
        return {
            "label": self.label,
            "confidence": round(self.confidence, 6),
            "box": self.box.to_list(),
            "is_sure": self.is_sure,
        }


@dataclass(frozen=True, slots=True)
class Number:
    """Digits that stand together, from left to right, with the marks between them.

    Attributes:
        digits: At least one digit.
        line: Index of the line of writing, from the top, from 0, within the page.
        page: Index of the page, from 0.
        marks: Decimal point or comma, minus, hyphens, slashes, from left to right.
        seen: What stood in `text` before a field decided between alternatives; "" where no field was given.
        violates: Why no choice of alternatives satisfies the field, one sentence; "" if it is satisfied.
    """

    digits: tuple[Digit, ...]
    line: int = 0
    page: int = 0
    marks: tuple[Mark, ...] = ()
    seen: str = ""
    violates: str = ""

    @property
    def signs(self) -> tuple[Digit | Mark, ...]:
        """Digits and marks from left to right."""
        signs: list[Digit | Mark] = [*self.digits, *self.marks]
        return tuple(sorted(signs, key=lambda sign: sign.box.center[0]))

    @property
    def text(self) -> str:
        """The labels of digits and marks, joined; "?" where one is unsure."""
        return "".join(sign.label if sign.is_sure else UNSURE for sign in self.signs)

    @property
    def value(self) -> int | float | None:
        """The value; None for dates, fractions and unsure digits. See `inkdigits.notation.parse_value`."""
        return parse_value(self.text)

    @property
    def kind(self) -> Kind:
        """What is written: "number", "date", "fraction" or "other"."""
        return find_kind(self.text)

    @property
    def confidence(self) -> float:
        """Probability that every digit and mark is right, taken as independent: the product."""
        return float(np.prod([sign.confidence for sign in self.signs]))

    @property
    def box(self) -> Box:
        """The smallest box around all digits and marks."""
        return Box.union([sign.box for sign in self.signs])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; see `Reading.to_dict`."""
        return {
            "text": self.text,
            "value": self.value,
            "kind": self.kind,
            "confidence": round(self.confidence, 6),
            "box": self.box.to_list(),
            "line": self.line,
            "page": self.page,
            "digits": [d.to_dict() for d in self.digits],
            "marks": [m.to_dict() for m in self.marks],
            "seen": self.seen,
            "violates": self.violates,
        }


@dataclass(frozen=True, slots=True)
class Rejected:
    """Ink that was judged not to be a digit.

    Attributes:
        box: Where it stands.
        reason: One of a small documented set of words, such as "speck" or "rule".
        page: Index of the page, from 0.
    """

    box: Box
    reason: str
    page: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; see `Reading.to_dict`."""
        return {"box": self.box.to_list(), "reason": self.reason, "page": self.page}


@dataclass(frozen=True, slots=True)
class Rule(Rejected):
    """A ruled line, the border of a cell or of a form.

    Attributes:
        slope: How far it falls for each pixel to the right; of an upright one, how far it goes to the right for
            each pixel down.
    """

    reason: str = "rule"
    slope: float = 0.0

    @property
    def is_upright(self) -> bool:
        """True if it is higher than wide."""
        return self.box.height > self.box.width


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Something that a person should look at.

    Attributes:
        reason: "unsure" for a digit or mark below the least confidence, "violates" for a number that can't satisfy
            its field.
        box: Where it stands.
        guess: The best guess: a label, or the text of a number.
        confidence: Of the guess.
        alternatives: Other labels, best first, as (label, probability).
        number: Index in `Reading.numbers`.
        page: Index of the page, from 0.
    """

    reason: str
    box: Box
    guess: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    number: int
    page: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; see `Reading.to_dict`."""
        return {
            "reason": self.reason,
            "box": self.box.to_list(),
            "guess": self.guess,
            "confidence": round(self.confidence, 6),
            "alternatives": [{"label": a, "confidence": round(p, 6)} for a, p in self.alternatives],
            "number": self.number,
            "page": self.page,
        }


Cells: TypeAlias = tuple[Number | None, ...]
"""One row of a table, from left to right; None where a cell holds no number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read from one picture or document.

    Attributes:
        numbers: In reading order: by page, line, then from left to right.
        rejected: Ink that was judged not to be a digit.
        page_sizes: (height, width) of each upright page, pixels.
        source: Name of the file, or "" for pictures from memory.
        rows: The numbers as a table, from the top, all rows of a page equally long; () where they make up no table.
    """

    numbers: tuple[Number, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    page_sizes: tuple[tuple[int, int], ...] = ()
    source: str = ""
    rows: tuple[Cells, ...] = ()

    @property
    def text(self) -> str:
        """One line of text per line of writing; numbers on one line are separated by a blank."""
        lines = groupby(self.numbers, key=lambda number: (number.page, number.line))
        return "\n".join(" ".join(number.text for number in line) for _, line in lines)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits of all numbers, in reading order."""
        return tuple(digit for number in self.numbers for digit in number.digits)

    @property
    def review(self) -> tuple[ReviewItem, ...]:
        """What wants a person's eye: unsure digits and marks, and numbers that can't satisfy their field."""
        return tuple(item for index, number in enumerate(self.numbers) for item in _review(number, index))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: dict, list, str, int, float, bool, None.

        Keys: `schema` (int), `source`, `text`, `pages` (list of {"width", "height"}), `numbers` (each with
        `text`, `value`, `kind`, `confidence`, `box`, `line`, `page`, `digits`, `marks`, `seen`, `violates`; each
        digit with `label`, `confidence`, `box`, `alternatives`, `is_sure`, each mark without `alternatives`),
        `rows` (each a list of indices into `numbers`, or null), `review` (each with `reason`, `box`, `guess`,
        `confidence`, `alternatives`, `number`, `page`) and `rejected` (each with `box`, `reason`, `page`). A box is
        [x, y, width, height] in pixels of the upright page.
        """
        places = {number: index for index, number in enumerate(self.numbers)}
        return {
            "schema": SCHEMA_VERSION,
            "source": self.source,
            "text": self.text,
            "pages": [{"width": width, "height": height} for height, width in self.page_sizes],
            "numbers": [number.to_dict() for number in self.numbers],
            "rows": [[None if cell is None else places[cell] for cell in row] for row in self.rows],
            "review": [item.to_dict() for item in self.review],
            "rejected": [item.to_dict() for item in self.rejected],
        }


def _review(number: Number, index: int) -> list[ReviewItem]:
    items = [
        ReviewItem(
            "unsure",
            sign.box,
            sign.label,
            sign.confidence,
            sign.alternatives if isinstance(sign, Digit) else (),
            index,
            number.page,
        )
        for sign in number.signs
        if not sign.is_sure
    ]
    if number.violates:
        items.append(
            ReviewItem("violates", number.box, number.text, number.confidence, (), index, number.page)
        )
    return items


class Classifier(Protocol):
    """Anything that tells which digit a 28x28 glyph is: a bundle, a torch or a scikit-learn model."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `predict_proba`."""
        ...

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        """Return calibrated probabilities.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, C) float32, rows sum to 1. N may be 0.
        """
        ...


@dataclass(frozen=True)
class LabelledImages:
    """Glyphs with their classes.

    Attributes:
        images: (N, H, W) uint8, ink is bright (255), paper is 0.
        labels: (N,) int64, index into `label_names`.
        label_names: What each index means, such as ("0", ..., "9").
        name: Name and split of the set, such as "mnist/train".
        writers: (N,) int64 number of the writer where known, else None.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    label_names: tuple[str, ...]
    name: str = ""
    writers: npt.NDArray[np.int64] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)
