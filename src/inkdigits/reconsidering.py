"""Looks at the verdicts on a page together: digits of one number stand in a line, are alike in height, of one ink.

Owns: what neighbours say about a sighting. Leaves to others: what is said of each alone (deciding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp
from statistics import median

import numpy as np
import numpy.typing as npt

from inkdigits.deciding import Verdict
from inkdigits.types import Box

# Set on one half of orand-car-a and looked at on the other; docs/reading.md, "What was tried".
# A doubtful sighting beside sure digits is one more of them, if it stands in their line as one of them would.
LEAST_BESIDE = 0.2  # its probability of being a digit is at least this
LEAST_SAME_INK = 0.05  # or this, if its ink is as strong as theirs
SUPPORT = 2.5  # log-odds: of those that were 0.2 to 0.45 probable, three of four were digits
LIKE_HEIGHT = (0.65, 1.5)  # its height, in heights of the nearest digit
MOST_HEIGHT_OF_1 = 2.0  # the same of a 1: many people write it long
SAME_LINE = 0.5  # they share this part of the lower one's height
MOST_GAP = 1.0  # and stand so near, in heights of the digit
MOST_SHARED = 0.35  # part of the narrower one's width that both share
MOST_SHARED_OF_1 = 0.35  # the same of a 1: many lean into their neighbour
# What is lower than this part of the digits beside it is a point, a dash or a piece, unless it is so sure.
LOW = 0.55
LOW_ZERO = 0.35  # zeros are often small
LEAST_DIGITS_BESIDE = 2
SURE_THOUGH_LOW = 0.97
# Ink is compared with that of the sure digits of the same line, no farther away than so many heights.
SURE = 0.7  # of those of blurred pictures few reach 0.9; then nothing told which ink was writing
REACH = 4.0
NEAR_LINE = 0.4  # part of the lower one's height that both share
FAINT = 0.75  # what stands out from the paper less than so much of what they do is print or a shadow
SAME_INK = 0.85  # what does so at least is written with the same pen
SURE_THOUGH_FAINT = 0.97
FAINT_ALONE = 0.17  # a fold, a stain or grain; pencils stand out more: part of the paper's brightness
# Signs of other scripts fall into parts that look like digits: where nothing else stands on a page, each part must
# be so probable a digit of its label.
SURE_PART, LEAST_PARTS = 0.75, 2


@dataclass(frozen=True)
class _Seen:
    """What is known of one sighting.

    Attributes:
        box: Where it stands.
        verdict: What was made of it.
        contrast: How far its ink stands out from the paper, if that is known.
        ink: The same as part of that of its neighbours, if there are some.
    """

    box: Box
    verdict: Verdict
    contrast: float | None
    ink: float | None

    @property
    def probability(self) -> float:
        return float(self.verdict.probs.sum())

    @property
    def label(self) -> int:
        return int(self.verdict.probs.argmax())


def reconsider(
    boxes: Sequence[Box], verdicts: Sequence[Verdict], contrasts: Sequence[float | None] | None = None
) -> list[Verdict]:
    """Let neighbours have their say.

    Doubtful sightings that continue a line of digits are taken for digits; what is much lower or fainter than the
    digits beside it is taken back.

    Args:
        boxes: Where the sightings stand.
        verdicts: What was made of each alone.
        contrasts: How far the ink of each stands out, as part of its paper's brightness; None where unknown.

    Returns:
        Verdicts in the same order.
    """
    known = [None] * len(boxes) if contrasts is None else contrasts
    inks = _compare_inks(boxes, verdicts, known)
    lines = [_Seen(*each) for each in zip(boxes, verdicts, known, inks, strict=True)]
    lines = [_doubt(line) if _is_faint(line) else line for line in lines]
    lines = _refuse_low(lines)
    return [line.verdict for line in _take_doubtful(lines)]


def doubt_parts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Take back the digits that a page's only piece of ink was cut into, unless each of them is sure.

    Args:
        verdicts: What was made of them, in the end.
    """
    digits = [verdict for verdict in verdicts if verdict.is_digit]
    if len(digits) < LEAST_PARTS or all(float(verdict.probs.max()) >= SURE_PART for verdict in digits):
        return list(verdicts)
    return [replace(verdict, is_digit=False) for verdict in verdicts]


def _refuse(line: _Seen) -> _Seen:
    return replace(
        line, verdict=replace(line.verdict, is_digit=False, probs=np.zeros_like(line.verdict.probs))
    )


def _doubt(line: _Seen) -> _Seen:
    """Take back a digit, but don't call it a letter: faint print says nothing about the writing beside it."""
    return replace(line, verdict=replace(line.verdict, is_digit=False))


def _compare_inks(
    boxes: Sequence[Box], verdicts: Sequence[Verdict], contrasts: Sequence[float | None]
) -> list[float | None]:
    """Return the contrast of each as part of the middle one of the sure digits in its line, if there are some."""
    sure = [
        index
        for index, (verdict, contrast) in enumerate(zip(verdicts, contrasts, strict=True))
        if verdict.is_digit and float(verdict.probs.sum()) >= SURE and contrast is not None
    ]
    parts: list[float | None] = [None] * len(boxes)
    if len(sure) < LEAST_DIGITS_BESIDE:
        return parts
    sides = _get_sides(boxes)
    known = np.array([contrasts[index] for index in sure], float)
    is_beside = _are_in_line(sides, sides[sure])
    is_beside[sure, np.arange(len(sure))] = False  # none stands beside itself
    for index, contrast in enumerate(contrasts):
        beside = known[is_beside[index]]
        if contrast is not None and len(beside) >= LEAST_DIGITS_BESIDE:
            parts[index] = contrast / max(float(np.median(beside)), 1e-6)
    return parts


def _are_in_line(boxes: npt.NDArray[np.float64], digits: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell which boxes (N, 4) stand in line with which digits (M, 4), (N, M); left, top, right, bottom."""
    left, top, right, bottom = (boxes[:, None, side] for side in range(4))
    heights, height = bottom - top, digits[:, 3] - digits[:, 1]
    level = np.minimum(bottom, digits[:, 3]) - np.maximum(top, digits[:, 1])
    gap = np.maximum(left, digits[:, 0]) - np.minimum(right, digits[:, 2])
    in_line: npt.NDArray[np.bool_] = (level >= NEAR_LINE * np.minimum(heights, height)) & (
        gap <= REACH * height
    )
    return in_line


def are_faint(
    boxes: Sequence[Box],
    contrasts: Sequence[float | None],
    *,
    digits: Sequence[Box],
    digit_contrasts: Sequence[float | None],
) -> list[bool]:
    """Tell which ink stands out less than that of the digits in its line, as print behind them does.

    Args:
        boxes: Where it stands.
        contrasts: How far each stands out from the paper; None where unknown.
        digits: Boxes of digits.
        digit_contrasts: The same for each of them.
    """
    pairs = [
        (digit, other) for digit, other in zip(digits, digit_contrasts, strict=True) if other is not None
    ]
    if not boxes or not pairs:
        return [False] * len(boxes)
    known = np.array([other for _, other in pairs], float)
    is_beside = _are_in_line(_get_sides(boxes), _get_sides([digit for digit, _ in pairs]))
    return [
        contrast is not None and bool(row.any()) and contrast < FAINT * float(np.median(known[row]))
        for contrast, row in zip(contrasts, is_beside, strict=True)
    ]


def _get_sides(boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    return np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], float)


def _is_faint(line: _Seen) -> bool:
    is_weaker = line.ink is not None and line.ink < FAINT
    is_weak = line.contrast is not None and line.contrast < FAINT_ALONE
    return (is_weaker or is_weak) and line.probability < SURE_THOUGH_FAINT


def _refuse_low(lines: Sequence[_Seen]) -> list[_Seen]:
    """Take back what is much lower than the digits beside it (points, dashes, pieces), unless it is sure."""
    kept = [line for line in lines if line.verdict.is_digit]
    return [_refuse(line) if line.verdict.is_digit and _is_low(line, kept) else line for line in lines]


def _is_low(line: _Seen, digits: Sequence[_Seen]) -> bool:
    if line.probability >= SURE_THOUGH_LOW:
        return False
    box = line.box
    beside = [
        other.box.height for other in digits
        if min(box.bottom, other.box.bottom) > max(box.y, other.box.y) and box.height < other.box.height
    ]  # fmt: skip
    if len(beside) < LEAST_DIGITS_BESIDE:
        return False
    return box.height < (LOW_ZERO if line.label == 0 else LOW) * median(beside)


def _take_doubtful(lines: Sequence[_Seen]) -> list[_Seen]:
    """Take doubtful sightings for digits where they continue a line of digits; the least doubtful first."""
    result = list(lines)
    sure = [line.box for line in lines if line.verdict.is_digit]
    doubtful = [index for index, line in enumerate(lines) if _is_possible(line)]
    for index in sorted(doubtful, key=lambda i: -lines[i].probability):
        line = lines[index]
        is_1 = line.label == 1
        most = MOST_HEIGHT_OF_1 if is_1 else LIKE_HEIGHT[1]
        shared = MOST_SHARED_OF_1 if is_1 else MOST_SHARED
        if _continues_line(line.box, sure, most_height=most, most_shared=shared):
            result[index] = replace(line, verdict=_support(line.verdict))
            sure.append(line.box)
    return result


def _support(verdict: Verdict) -> Verdict:
    """Make what neighbours take for a digit more probable one; which it is, they don't say."""
    probability = min(max(float(verdict.probs.sum()), 1e-3), 1 - 1e-3)
    odds = exp(SUPPORT) * probability / (1 - probability)
    return Verdict(is_digit=True, probs=verdict.probs * np.float32(odds / (1 + odds) / probability))


def _is_possible(line: _Seen) -> bool:
    has_same_ink = line.ink is not None and line.ink >= SAME_INK
    least = LEAST_SAME_INK if has_same_ink else LEAST_BESIDE
    is_faint = line.ink is not None and line.ink < FAINT
    return (
        not line.verdict.is_digit and not line.verdict.is_other and line.probability >= least and not is_faint
    )


def _continues_line(box: Box, digits: Sequence[Box], *, most_height: float, most_shared: float) -> bool:
    """Tell whether a box stands beside one of the digits as one of their line would, and on none of them."""
    is_beside = False
    for digit in digits:
        level = min(box.bottom, digit.bottom) - max(box.y, digit.y)
        if level < SAME_LINE * min(box.height, digit.height):
            continue
        gap = max(box.x, digit.x) - min(box.right, digit.right)
        if -gap > most_shared * min(box.width, digit.width):
            return False
        is_alike = LIKE_HEIGHT[0] <= box.height / digit.height <= most_height
        is_beside |= is_alike and gap <= MOST_GAP * digit.height
    return is_beside
