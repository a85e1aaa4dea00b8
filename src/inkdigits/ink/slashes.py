"""Straight strokes among digits: which are slashes, and which are 1s.

Owns: strokes, by their form, and dates. Leaves to others: all other marks (marks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import atan2, degrees, hypot, sqrt
from statistics import median

import cv2

from inkdigits.ink.glyphs import Glyph
from inkdigits.ink.places import REACH, Candidate, Line
from inkdigits.notation import is_date
from inkdigits.types import Box, Digit

# All lengths are parts of the height of the digits nearby.
SLASH_SLANT_DEG, LEAST_SLANT_DEG = 20.0, 8.0
SLASH_HIGHER = 1.15  # a slash is so many times higher than its neighbours
SLASH_CLEARLY_HIGHER = 1.35
SURE_DIGIT = 0.9  # a stroke that is read as 1 or 7 below this is not surely one
# Lower strokes are slashes in a date, between two digits alone, and where hardly a 1 lies so flat. MNIST has 1s
# that lean by 35 to 45 degrees: in a longer number a sure 1 must be higher than its neighbours, too.
DATE_SLANT_DEG, FLAT_SLANT_DEG, FRACTION_SLANT_DEG = 22.0, 33.0, 38.0
DATE_HIGHER, FLAT_HIGHER = 1.0, 1.1
# What makes a date with a year is a date, if both strokes lean more than its 1s or are higher.
DATE_SIGNS, CENTURIES = (8, 10), (19, 20)
DATE_LEANS_DEG, DATE_RISES, DATED_HIGHER = 4.0, 1.08, 0.9
# Thickness of a straight stroke, as part of its length: standard deviations; and of one in bold, which a 1 with a
# flag may look like.
STRAIGHT, BOLD = 0.13, 0.2


def find_strokes(glyphs: Sequence[Glyph], boxes: Sequence[Box]) -> list[Candidate]:
    """Find the straight slanted glyphs, which may be slashes.

    Args:
        glyphs: Glyphs of a page.
        boxes: Their boxes in pixels of the page.
    """
    found = []
    for glyph, box in zip(glyphs, boxes, strict=True):
        slant_deg, thickness = _measure_stroke(glyph)
        if thickness < BOLD and slant_deg > LEAST_SLANT_DEG:
            found.append(Candidate(box, "stroke", slant_deg=slant_deg, thickness=thickness))
    return found


def _measure_stroke(glyph: Glyph) -> tuple[float, float]:
    """Return the slant of the longer axis from upright, in degrees, and the thickness as part of the length."""
    m = cv2.moments(glyph.ink)
    if m["m00"] <= 0:
        return 0.0, 1.0
    xx, xy, yy = (m[key] / m["m00"] for key in ("mu20", "mu11", "mu02"))
    spread = hypot((xx - yy) / 2, xy)
    most, least = (xx + yy) / 2 + spread, (xx + yy) / 2 - spread
    x, y = (xy, most - xx) if yy >= xx else (most - yy, xy)  # along the longer axis
    slant = degrees(atan2(-x if y >= 0 else x, abs(y)))
    return slant, sqrt(max(least, 0.0) / max(most, 1e-9))


def find_slashes(digits: Sequence[Digit], line: Sequence[int], strokes: Mapping[Box, Candidate]) -> list[int]:
    """Find the strokes of a line that are slashes: by height, or by slant where that makes a date.

    Args:
        digits: All digits of the page.
        line: Indices of the line's digits from left to right.
        strokes: Its straight strokes, by their boxes.

    Returns:
        Indices of the digits that are slashes.
    """
    straight = [p for p in range(1, len(line) - 1) if digits[line[p]].box in strokes]
    dated = _find_date(digits, line, straight, strokes)
    if dated:
        return dated
    straight = [p for p in straight if strokes[digits[line[p]].box].thickness < STRAIGHT]
    places = [p for p in straight if strokes[digits[line[p]].box].slant_deg > SLASH_SLANT_DEG]
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
        is_fraction = len(line) == 3 and slant_deg > FRACTION_SLANT_DEG
        is_flat = slant_deg > FLAT_SLANT_DEG and (is_unsure or higher > FLAT_HIGHER or is_fraction)
        is_slash = is_flat or higher > (SLASH_HIGHER if is_unsure else SLASH_CLEARLY_HIGHER)
        leaning += [(p, is_slash)] if is_slash or slant_deg > DATE_SLANT_DEG else []
    for chosen in ([p for p, _ in leaning], [p for p, is_slash in leaning if is_slash]):
        groups = _split_at([digits[i].label for i in line], chosen)
        is_date_like = len(groups) == 3 and is_date(*groups)
        is_certain = all(is_slash for p, is_slash in leaning if p in chosen)
        if min(map(len, groups)) >= 1 and (is_date_like or (is_certain and len(groups) <= 3)):
            return [line[p] for p in chosen]
    return []


def _find_date(
    digits: Sequence[Digit], line: Sequence[int], straight: Sequence[int], strokes: Mapping[Box, Candidate]
) -> list[int]:
    """Find the two strokes that make a date with a year of this or the last century; they lean or rise above 1s."""
    labels, boxes = [digits[i].label for i in line], [digits[i].box for i in line]
    others = [box.height for p, box in enumerate(boxes) if p not in straight]
    if not DATE_SIGNS[0] <= len(line) <= DATE_SIGNS[1] or not others:
        return []
    high = [p for p in straight if boxes[p].height >= DATED_HIGHER * median(others)]
    for chosen in combinations(high, 2):
        groups = _split_at(labels, chosen)
        has_year = any(len(group) == 4 and int(group) // 100 in CENTURIES for group in groups)
        if not has_year or not is_date(*groups):
            continue
        ones = [p for p in straight if p not in chosen]
        slant = max((strokes[boxes[p]].slant_deg for p in ones), default=0.0) + DATE_LEANS_DEG
        height = DATE_RISES * max((boxes[p].height for p in ones), default=0)
        if all(strokes[boxes[p]].slant_deg >= slant or boxes[p].height >= height for p in chosen):
            return [line[p] for p in chosen]
    return []


def _split_at(labels: Sequence[str], places: Sequence[int]) -> list[str]:
    """Join the labels between places."""
    edges = [-1, *places, len(labels)]
    return ["".join(labels[a + 1 : b]) for a, b in pairwise(edges)]
