"""Is one model really better than another? McNemar's exact test on what each of them gets right.

Owns: the test, its sentence, and the compact form of right and wrong. Leaves to others: running the models.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.errors import DataCorruptError, UsageError

REAL_BELOW = 0.05
"""The usual level: one in twenty comparisons of equally good models is called real."""
_REMEDY = "Take a report.json that 'inkdigits evaluate --report' wrote, or its --format json."


@dataclass(frozen=True)
class Items:
    """Which images of a set a model gets right.

    Attributes:
        model: Name of the model.
        digest: SHA-256 of the images and their truth: only equal sets can be compared.
        is_right: (N,) bool.
    """

    model: str
    digest: str
    is_right: npt.NDArray[np.bool_]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: one bit an image, the first in the highest bit, as base64."""
        bits = base64.b64encode(np.packbits(self.is_right).tobytes()).decode("ascii")
        return {"count": len(self.is_right), "digest": self.digest, "right": bits}


@dataclass(frozen=True)
class McNemar:
    """Two models on the same images.

    Attributes:
        this: Name of one model.
        other: Name of the other.
        both: Images that both get right.
        only_this: Images that only one gets right.
        only_other: Images that only the other gets right.
        neither: Images that both get wrong.
        p_value: Probability that equally good models differ at least as much, in (0, 1].
    """

    this: str
    other: str
    both: int
    only_this: int
    only_other: int
    neither: int
    p_value: float

    @property
    def is_real(self) -> bool:
        """True if the difference is hardly an accident."""
        return self.p_value < REAL_BELOW

    @property
    def sentence(self) -> str:
        """What the test says, in plain words."""
        count = self.both + self.only_this + self.only_other + self.neither
        counts = (
            f"{self.this} gets {self.both + self.only_this:,} of {count:,} right, "
            f"{self.other} {self.both + self.only_other:,}"
        )
        if not self.only_this and not self.only_other:
            return f"{counts}. Both are right and wrong on the very same images: there is no difference."
        parts = (
            f"They disagree on {self.only_this + self.only_other:,}: "
            f"{self.only_this:,} only {self.this} gets right, {self.only_other:,} only {self.other}"
        )
        chance = f"McNemar's exact test, p = {format_p_value(self.p_value)}"
        if not self.is_real:
            return (
                f"{counts}. {parts}. Two equally good models would often differ as much: "
                f"this shows no real difference ({chance})."
            )
        better, worse = (
            (self.this, self.other) if self.only_this > self.only_other else (self.other, self.this)
        )
        return (
            f"{counts}. {parts}. Two equally good models would hardly differ so much: on images such as these, "
            f"{better} is really better than {worse} ({chance})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the sentence with them."""
        return {
            "model": self.other,
            "both_right": self.both,
            "only_this_right": self.only_this,
            "only_other_right": self.only_other,
            "both_wrong": self.neither,
            "p_value": self.p_value,
            "is_real": self.is_real,
            "sentence": self.sentence,
        }


def compare_items(this: Items, other: Items) -> McNemar:
    """Test whether two models differ by more than chance.

    Raises:
        UsageError: If they were judged on other images.

    References:
        McNemar, "Note on the sampling error of the difference between correlated proportions", 1947.
    """
    if this.digest != other.digest or len(this.is_right) != len(other.is_right):
        raise UsageError(
            f"{this.model} and {other.model} were judged on different images",
            remedy="Judge both on the same set and split.",
        )
    only_this = int((this.is_right & ~other.is_right).sum())
    only_other = int((other.is_right & ~this.is_right).sum())
    return McNemar(
        # Two runs of one model, such as an older one, still need two names.
        this=this.model,
        other=other.model if other.model != this.model else f"the other {other.model}",
        both=int((this.is_right & other.is_right).sum()),
        only_this=only_this,
        only_other=only_other,
        neither=int((~this.is_right & ~other.is_right).sum()),
        p_value=find_p_value(only_this, only_other),
    )


def find_p_value(first: int, second: int) -> float:
    """Return the two-sided p-value of the exact binomial test that both counts are equally likely.

    Whole numbers throughout, so that it is exact for any counts.

    Args:
        first: Images that only one model gets right.
        second: Images that only the other gets right.
    """
    count = first + second
    term = total = 1  # binomial coefficients (count over k), summed up to the smaller count
    for k in range(1, min(first, second) + 1):
        term = term * (count - k + 1) // k
        total += term
    return min(1.0, 2 * total / (1 << count))


def load_items(path: Path) -> Items:
    """Read right and wrong from a report.

    Args:
        path: A report.json, or what `--format json` wrote.

    Raises:
        DataCorruptError: If it is missing, or no report.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return _parse_items(raw)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataCorruptError(f"{path} holds no right and wrong answers", remedy=_REMEDY) from error


def format_p_value(p_value: float) -> str:
    """Return a p-value with two digits, such as "0.032" or "below 0.0001".

    Args:
        p_value: In [0, 1].
    """
    return "below 0.0001" if p_value < 0.0001 else f"{p_value:.2g}"


def _parse_items(raw: Mapping[str, Any]) -> Items:
    items = raw["items"]
    count = int(items["count"])
    bits = np.frombuffer(base64.b64decode(items["right"], validate=True), np.uint8)
    if len(bits) != -(-count // 8):
        raise ValueError("the count doesn't fit")
    return Items(str(raw["model"]), str(items["digest"]), np.unpackbits(bits, count=count).astype(np.bool_))
