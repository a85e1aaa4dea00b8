"""Marks between digits: decimal point and comma, minus and hyphen, slash.

Owns: which ink between digits is a mark, by its form and place; works on boxes alone, so that candidates may come
from components or from a detector. Leaves to others: finding candidates' ink (glyphs), what a number means
(notation).

A page holds more specks of dirt than decimal points. A point therefore has the size of a pen stroke, stands low,
close to a digit on both sides, and alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import fmean as mean
from statistics import median
from typing import Literal, TypeAlias

import cv2
import numpy as np

from inkdigits.ink.glyphs import Glyph
from inkdigits.notation import is_date
from inkdigits.types import Box, Digit, Mark

Shape: TypeAlias = Literal["speck", "dash", "stroke", "sign"]

# All lengths are parts of the height of the digits nearby.
REACH = 0.9  # a mark stands at most so far from the digit on either side
POINT_SIZE = (0.05, 0.32)
POINT_PENS = 0.55  # a point is at least so many pens large: smaller specks are dirt or grain
END_GAP = 0.12  # what is thinner and so near to a digit's end is that of its stroke, which faded and broke
POINT_FILL = 0.4  # and dark: mean ink within its box
# Middle of a point, 0 at the top of the digits, 1 at their baseline; many put it at half their height: 20·7.
POINT_PLACE = (0.35, 1.2)
LOW_PLACE = 0.72  # above it a point must stand free, in a gap
FREE_GAP = 0.3
CROWD, CROWD_REACH = 2, 1.5  # more specks than this so near are dust
COMMA_HEIGHT = (0.14, 0.6)
COMMA_SLIMNESS, LARGE_COMMA_SLIMNESS = 1.15, 0.85  # height to width of a comma; flat ones are large
LARGE_COMMA, COMMA_WIDTH = 0.2, 0.42
COMMA_TOP = 0.55  # it begins below this
COMMA_TAIL = 0.08  # and ends so far below the baseline
DASH_WIDTH = (0.22, 1.2)
DASH_SLIMNESS = 1.6
DASH_PLACE = (0.2, 0.82)
MINUS_GAP = 0.75  # a minus stands so close to the first digit
SLASH_SLANT_DEG = 20.0
SLASH_HIGHER = 1.15  # a slash is so many times higher than its neighbours
SLASH_CLEARLY_HIGHER = 1.35
SURE_DIGIT = 0.9  # a stroke that is read as 1 or 7 below this is not surely one
# Lower strokes are slashes in a date, and where no 1 lies so flat.
DATE_SLANT_DEG, FLAT_SLANT_DEG, DATE_HIGHER = 22.0, 33.0, 1.0
TINY = 0.42  # nothing so low, on the baseline between two digits, is a digit
SMALL = 0.6  # a glyph lower than this part of the digits beside it may be a comma or a dash
SURE_ZERO = 0.95  # no mark, however small
STRAIGHT = 0.13  # thickness of a straight stroke, as part of its length: standard deviations
# Share of marks placed by geometry that were right, on 1,050 simulated numbers with all papers and pens: 142 of 145
# points, 145 of 146 commas, all of 437 dashes and of 161 slashes. Found were 142 of 150, 145 of 150, 437 of 450 and
# 161 of 450; a slash looks most like a digit, so it is trusted less than it earned.
TRUST = {".": 0.97, ",": 0.98, "-": 0.99, "/": 0.95}


@dataclass(frozen=True)
class Candidate:
    """Ink that could be a mark.

    Attributes:
        box: Where it stands, in pixels of the page.
        shape: "speck" or "dash" for small ink that is no digit, "stroke" for a straight slanted glyph (a digit with
            the same box may be the same ink), "sign" where a detector names it.
        slant_deg: Of a stroke: to the right at its top, from upright.
        fill: Mean ink within the box, in [0, 1].
        label: The mark that a detector sees, else "".
        probability: How sure the detector is.
    """

    box: Box
    shape: Shape
    slant_deg: float = 0.0
    fill: float = 1.0
    label: str = ""
    probability: float = 0.0


@dataclass(frozen=True)
class _Place:
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

    def locate(self, box: Box) -> _Place:
        """Find a box's neighbours and the height of writing there."""
        index = bisect_left(self._centers, box.center[0])
        left = self.boxes[index - 1] if index else None
        right = self.boxes[index] if index < len(self.boxes) else None
        near = self.boxes[max(0, index - 2) : index + 2]
        sides = [side for side in (left, right) if side]
        height = float(median(b.height for b in near))
        large = [b for b in sides if b.height > 0.6 * height] or sides  # raised cents have no baseline
        return _Place(
            left,
            right,
            max(1.0, height),
            top=mean(b.y for b in large),
            baseline=mean(b.bottom for b in large),
        )


def find_strokes(glyphs: Sequence[Glyph], boxes: Sequence[Box]) -> list[Candidate]:
    """Find the straight slanted glyphs, which may be slashes.

    Args:
        glyphs: Glyphs of a page.
        boxes: Their boxes in pixels of the page.
    """
    found = []
    for glyph, box in zip(glyphs, boxes, strict=True):
        slant_deg, thickness = _measure_stroke(glyph)
        if thickness < STRAIGHT and slant_deg > SLASH_SLANT_DEG:
            found.append(Candidate(box, "stroke", slant_deg=slant_deg))
    return found


def _measure_stroke(glyph: Glyph) -> tuple[float, float]:
    """Return the slant of the longer axis from upright, in degrees, and the thickness as part of the length."""
    m = cv2.moments(glyph.ink)
    if m["m00"] <= 0:
        return 0.0, 1.0
    covariance = np.array([[m["mu20"], m["mu11"]], [m["mu11"], m["mu02"]]]) / m["m00"]
    values, vectors = np.linalg.eigh(covariance)
    x, y = vectors[:, 1]
    slant = float(np.rad2deg(np.arctan2(-x * np.sign(y or 1), abs(y))))
    return slant, float(np.sqrt(max(values[0], 0.0) / max(values[1], 1e-9)))


def find_marks_among(
    digits: Sequence[Digit], lines: Sequence[Sequence[int]], candidates: Sequence[Candidate]
) -> dict[int, tuple[int, Mark]]:
    """Find the glyphs that were read as digits but are marks.

    Args:
        digits: All digits of the page.
        lines: Indices of each line's digits from left to right.
        candidates: Ink that could be a mark.

    Returns:
        Index of the digit -> index of its line, and the mark.
    """
    strokes = {item.box: item for item in candidates if item.shape == "stroke"}
    found: dict[int, tuple[int, Mark]] = {}
    for row, line in enumerate(lines):
        for index in _find_slashes(digits, line, strokes):
            found[index] = (row, Mark("/", TRUST["/"], digits[index].box))
    height = float(median(d.box.height for d in digits)) if digits else 0.0
    for index, digit in enumerate(digits):
        is_zero = digit.label == "0" and digit.confidence >= SURE_ZERO  # many write them small and flat
        if digit.box.height >= SMALL * height or index in found or is_zero:
            continue
        for row, line in enumerate(lines):
            label = _name_small(digit.box, [digits[i].box for i in line if i != index and i not in found])
            if label:
                found[index] = (row, Mark(label, TRUST[label], digit.box))
                break
    return found


def _name_small(box: Box, others: Sequence[Box]) -> str:
    if not others:
        return ""
    where = Line(others).locate(box)
    if box.height >= SMALL * where.height:
        return ""
    if _is_comma(box, where):
        return ","
    is_low = where.rel(box.center[1]) >= LOW_PLACE and max(where.gaps(box)) <= REACH
    if is_low and box.height < TINY * where.height and min(where.gaps(box)) > -0.3:
        return "," if box.height > COMMA_SLIMNESS * box.width else "."
    return _name_dash(box, where)


def place_mark(item: Candidate, line: Line, *, pen_px: float, specks: Sequence[Box]) -> Mark | None:
    """Tell which mark a candidate is in a line; None if it is none.

    Args:
        item: The candidate.
        line: Digits of the line.
        pen_px: Typical width of a stroke, pixels of the page.
        specks: Boxes of all specks of the page.
    """
    if not line.top - item.box.height <= item.box.center[1] <= line.bottom + item.box.height:
        return None
    where = line.locate(item.box)
    if item.label:
        is_there = min(where.gaps(item.box)) < REACH and _is_level(item.box, where)
        has_sides = bool(where.right and (where.left or item.label == "-"))
        return Mark(item.label, item.probability, item.box) if is_there and has_sides else None
    label = ""
    if _is_comma(item.box, where):
        label = ","
    elif item.shape == "speck" and _is_point(item, where, pen_px=pen_px):
        label = "."
    elif item.shape in ("speck", "dash"):
        label = _name_dash(item.box, where)
    if not label or (item.shape == "speck" and _is_crowded(item.box, specks, height=where.height)):
        return None
    return Mark(label, TRUST[label], item.box)


def _is_level(box: Box, where: _Place) -> bool:
    return -0.3 < where.rel(box.center[1]) < 1.5


def _is_point(item: Candidate, where: _Place, *, pen_px: float) -> bool:
    size, (before, after) = max(item.box.width, item.box.height), where.gaps(item.box)
    if not POINT_SIZE[0] * where.height <= size <= POINT_SIZE[1] * where.height:
        return False
    if size < POINT_PENS * pen_px or item.fill < POINT_FILL:
        return False
    is_thin = min(item.box.width, item.box.height) < POINT_PENS * pen_px
    if is_thin and abs(min(before, after)) < END_GAP:
        return False
    place = where.rel(item.box.center[1])
    if not POINT_PLACE[0] <= place <= POINT_PLACE[1] or max(before, after) > REACH:
        return False
    if place >= LOW_PLACE:  # arms of a 7 reach over a point
        return min(before, after) > -0.3
    return min(before, after) > 0.0 and before + after > FREE_GAP


def _is_comma(box: Box, where: _Place) -> bool:
    height, (before, after) = box.height / where.height, where.gaps(box)
    slimness = COMMA_SLIMNESS if height < LARGE_COMMA else LARGE_COMMA_SLIMNESS
    has_form = COMMA_HEIGHT[0] <= height <= COMMA_HEIGHT[1] and box.height > slimness * box.width
    has_form = has_form and box.width <= COMMA_WIDTH * where.height
    is_low = where.rel(box.y) >= COMMA_TOP and where.rel(box.bottom) >= 1 + COMMA_TAIL
    return has_form and is_low and max(before, after) <= REACH and min(before, after) > -0.3


def _name_dash(box: Box, where: _Place) -> str:
    """Return "-" for a minus before a number or a hyphen between digits, else ""."""
    width, (before, after) = box.width / where.height, where.gaps(box)
    has_form = DASH_WIDTH[0] <= width <= DASH_WIDTH[1] and box.width > DASH_SLIMNESS * box.height
    is_level = DASH_PLACE[0] <= where.rel(box.center[1]) <= DASH_PLACE[1]
    if not has_form or not is_level or min(before, after) < -0.1:
        return ""
    is_between = max(before, after) <= REACH
    is_minus = after <= MINUS_GAP and before > REACH
    return "-" if is_between or is_minus else ""


def _is_crowded(box: Box, specks: Sequence[Box], *, height: float) -> bool:
    x, y = box.center
    reach = CROWD_REACH * height
    near = sum(abs(s.center[0] - x) < reach and abs(s.center[1] - y) < reach for s in specks)
    return near - 1 > CROWD


def _find_slashes(
    digits: Sequence[Digit], line: Sequence[int], strokes: Mapping[Box, Candidate]
) -> list[int]:
    """Find the strokes of a line that are slashes: by height, or by slant where that makes a date."""
    places = [p for p in range(1, len(line) - 1) if digits[line[p]].box in strokes]
    plain = [digits[i].box for p, i in enumerate(line) if p not in places]
    if not plain:
        return []
    rows = Line(plain)
    leaning = []
    for p in places:
        digit = digits[line[p]]
        where, slant_deg = rows.locate(digit.box), strokes[digit.box].slant_deg
        higher = digit.box.height / where.height
        if max(where.gaps(digit.box)) > 2 * REACH or higher < DATE_HIGHER:
            continue
        is_unsure = digit.confidence < SURE_DIGIT or digit.label not in "17"
        is_slash = (
            higher > (SLASH_HIGHER if is_unsure else SLASH_CLEARLY_HIGHER) or slant_deg > FLAT_SLANT_DEG
        )
        leaning += [(p, is_slash)] if is_slash or slant_deg > DATE_SLANT_DEG else []
    for chosen in ([p for p, _ in leaning], [p for p, is_slash in leaning if is_slash]):
        groups = _split_at([digits[i].label for i in line], chosen)
        is_date_like = len(groups) == 3 and is_date(*groups)
        is_certain = all(is_slash for p, is_slash in leaning if p in chosen)
        if min(map(len, groups)) >= 1 and (is_date_like or (is_certain and len(groups) <= 3)):
            return [line[p] for p in chosen]
    return []


def _split_at(labels: Sequence[str], places: Sequence[int]) -> list[str]:
    """Join the labels between places."""
    edges = [-1, *places, len(labels)]
    return ["".join(labels[a + 1 : b]) for a, b in pairwise(edges)]
