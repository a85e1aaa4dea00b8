"""Where ink stands among the digits of a line, and what is known of ink that may be a mark.

Owns: the geometry that marks are judged by. Leaves to others: the judging (marks, slashes).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean as mean
from statistics import median
from typing import Literal, TypeAlias

import numpy as np

from inkdigits.ink.glyphs import Glyph
from inkdigits.types import Box

Shape: TypeAlias = Literal["speck", "piece", "dash", "stroke", "sign"]

REACH = 0.9  # in heights of the digits nearby: a mark stands at most so far from the digit on either side


@dataclass(frozen=True)
class Candidate:
    """Ink that could be a mark.

    Attributes:
        box: Where it stands, in pixels of the page.
        shape: "speck" or "dash" for small ink that is no digit, "piece" for a glyph that was refused as one,
            "stroke" for a straight slanted glyph (a digit with the same box may be the same ink), "sign" where a
            detector names it.
        slant_deg: Of a stroke: to the right at its top, from upright.
        thickness: Of a stroke: as part of its length.
        fill: Mean ink within the box, in [0, 1].
        label: The mark that a detector sees, else "".
        probability: How sure the detector is.
    """

    box: Box
    shape: Shape
    slant_deg: float = 0.0
    thickness: float = 0.0
    fill: float = 1.0
    label: str = ""
    probability: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a box stands among the digits of a line; lengths in pixels."""

    left: Box | None
    right: Box | None
    height: float
    top: float
    baseline: float

    def rel(self, y: float) -> float:
        """Bring a y to the scale of `POINT_PLACE`."""
        return (y - self.top) / max(1.0, self.baseline - self.top)

    def gaps(self, box: Box) -> tuple[float, float]:
        """Distance to the digits on the left and right, in heights; infinite where there is none."""
        return (
            (box.x - self.left.right) / self.height if self.left else np.inf,
            (self.right.x - box.right) / self.height if self.right else np.inf,
        )


class Line:
    """The digits of one line, for questions about what stands between them.

    Args:
        boxes: Boxes of digits from left to right, at least one.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.boxes = list(boxes)
        self.top, self.bottom = min(box.y for box in boxes), max(box.bottom for box in boxes)

    @cached_property
    def _centers(self) -> list[float]:
        return [box.center[0] for box in self.boxes]

    def locate(self, box: Box) -> Place:
        """Find a box's neighbours and the height of writing there."""
        index = bisect_left(self._centers, box.center[0])
        left = self.boxes[index - 1] if index else None
        right = self.boxes[index] if index < len(self.boxes) else None
        near = self.boxes[max(0, index - 2) : index + 2]
        sides = [side for side in (left, right) if side]
        height = float(median(b.height for b in near))
        large = [b for b in sides if b.height > 0.6 * height] or sides  # raised cents have no baseline
        return Place(
            left,
            right,
            max(1.0, height),
            top=mean(b.y for b in large),
            baseline=mean(b.bottom for b in large),
        )


def make_piece(glyph: Glyph, box: Box) -> Candidate:
    """Return ink that is no digit, but as large as one may be, as what may be a mark.

    Args:
        glyph: The ink.
        box: Where it stands, in pixels of the page.
    """
    return Candidate(box, "piece", fill=float(glyph.ink.sum()) / (glyph.box.height * glyph.box.width))
