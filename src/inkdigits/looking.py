"""Looks at a page on several scales and joins what the detector sees there.

Owns: which scales, and how their answers become one. Leaves to others: the view of a page (ink), the network
(bundles).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.detector import Spotted, drop_covered
from inkdigits.ink import InkPage, make_view
from inkdigits.ink.region import measure_scale
from inkdigits.ink.view import DIGIT_PX, MARGIN_PX
from inkdigits.types import Ink, Probs

LEAST_SCORE = 0.1  # answers of the detector below it are no digits, whatever the classifier says
LEAST_MARK_SCORE = 0.5
MOST_VIEW_PX = 2400  # longer side of a view
MOST_ENLARGED = 2.0  # digits lower than 12 working pixels are not sought: grain has components of that size
MOST_ENLARGED_PX = 700_000  # nor are larger pages enlarged beyond this
# The height of digits is only guessed from components before the first look; where print or boxes mislead, the
# guess is wrong by a factor of two. These are the factors of the scales that are looked at, and the most pixels of
# a view other than the first.
STEPS = (1.0, 0.8, 1.3, 0.6, 0.42, 1.8)
MOST_OTHER_PX = 300_000
# Two looks are enough if they agree on digits of the right height, each with such a score and probability.
LEAST_LOOKS = 2
SETTLED_SCORE = 0.55
SETTLED_PROB = 0.8
MOST_UNSETTLED = 0.05  # part of a page's digits that may be worse
# Large frames around small digits make the guess wrong by more than all steps: it is given up for the height of
# digits that were seen if that differs by so much, and so many were seen with such a score; where nothing is seen
# clearly, with such a part of the best score.
FAR_OFF, LEAST_SEEN, SEEN_SCORE, SEEN_PART = 1.9, 2, 0.2, 0.5
# An answer counts by how near the height of its box is to the height that the detector was trained on: a Gaussian
# of its logarithm with this standard deviation.
HEIGHT_SPREAD = 0.35
LEAST_WEIGHT = 0.02
SIZES = (1.0, 0.9, 1.12)  # of a box, when it is looked at again
MOST_THRICE = 40  # more boxes than so many are looked at in their own size only
SAME_BOX = 0.45  # boxes of two scales that agree so much (intersection over union) are the same sign
LEAST_PROB = 1e-4  # no scale may veto a label


class Detector(Protocol):
    """Anything that finds digits and marks on a view; see `inkdigits.bundles.detector.BundleDetector`."""

    @property
    def marks(self) -> tuple[str, ...]:
        """Labels of marks, in the order of their probabilities."""
        ...

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        """Return digits and marks, best first, boxes in pixels of the view."""
        ...


class Regions(Protocol):
    """Anything that tells which digit stands in a box; see `inkdigits.bundles.region.BundleRegions`."""

    def predict(
        self, view: Ink, boxes: Sequence[tuple[float, float, float, float]]
    ) -> tuple[Probs, npt.NDArray[np.float32]]:
        """Return (N, 10) which digit each box holds if any, and (N,) how probable it is that it holds none."""
        ...


class Look(NamedTuple):
    """What was seen on one scale; boxes in working pixels."""

    scale: float
    digits: list[Spotted]
    marks: list[Spotted]


def look(page: InkPage, detector: Detector, *, height_px: float) -> tuple[list[Spotted], list[Spotted]]:
    """Let the detector look at a page on several scales, and on others if its digits have quite another height.

    Args:
        page: Ink with its ruled lines.
        detector: The detector.
        height_px: How high digits seem to be, working pixels.

    Returns:
        Digits and marks, best first, boxes in working pixels.
    """
    digits, marks = _look_around(page, detector, height_px=height_px)
    seen_px = measure_seen(digits)
    if seen_px is None or not is_far_off(height_px, seen_px):
        return digits, marks
    again = _look_around(page, detector, height_px=seen_px)
    return again if _sum_scores(again[0]) > _sum_scores(digits) else (digits, marks)


def measure_seen(digits: Sequence[Spotted]) -> float | None:
    """Return the middle height of digits that the detector sees, or None where it sees hardly any.

    Args:
        digits: Their boxes in working pixels.
    """
    least = min(SEEN_SCORE, SEEN_PART * max((sign.score for sign in digits), default=1.0))
    heights = [sign.height for sign in digits if sign.score >= least]
    return median(heights) if len(heights) >= LEAST_SEEN else None


def is_far_off(guess_px: float, seen_px: float) -> bool:
    """Tell whether a guess of the height of digits was so wrong that frames or print must have misled it."""
    return not 1 / FAR_OFF <= seen_px / guess_px <= FAR_OFF


def _sum_scores(digits: Sequence[Spotted]) -> float:
    return sum(sign.score for sign in digits)


def _look_around(
    page: InkPage, detector: Detector, *, height_px: float
) -> tuple[list[Spotted], list[Spotted]]:
    """Look on scales around that of a height; arguments and answer as for `look`."""
    most = min(MOST_ENLARGED, (MOST_VIEW_PX - 2 * MARGIN_PX) / max(page.mask.shape))
    most = min(most, max(1.0, (MOST_ENLARGED_PX / page.mask.size) ** 0.5))
    first = min(most, DIGIT_PX / max(4.0, height_px))
    scales = [first]
    for step in STEPS[1:]:
        scale = min(most, step * first)
        if scale not in scales and page.mask.size * scale**2 <= MOST_OTHER_PX:
            scales.append(scale)
    looks: list[Look] = []
    digits: list[Spotted] = []
    for scale in scales:
        looks.append(Look(scale, *_detect(page, detector, scale)))
        if len(looks) >= LEAST_LOOKS:
            digits = pool_looks({one.scale: one.digits for one in looks})
            if _is_settled(digits, first):
                break
    if len(scales) == 1:  # a large page: one more look if the guess was far off
        better = _correct(looks[0], most=most)
        looks = [looks[0] if better is None else Look(better, *_detect(page, detector, better))]
        digits = pool_looks({one.scale: one.digits for one in looks})
    marks = pool_looks({one.scale: one.marks for one in looks})
    return digits, [mark for mark in marks if mark.score >= LEAST_MARK_SCORE]


def look_again(
    page: InkPage, regions: Regions, boxes: Sequence[tuple[float, float, float, float]]
) -> tuple[Probs, npt.NDArray[np.float32]]:
    """Look at each box again, at the size that it wants, with what stands around it.

    Args:
        page: Ink with its ruled lines.
        regions: The region classifier.
        boxes: x, y, width, height in working pixels.

    Returns:
        (N, 10) which digit each box holds if it holds one, and (N,) how probable it is that it holds none.
    """
    probs, none = np.zeros((len(boxes), 10), np.float32), np.ones(len(boxes), np.float32)
    most = MOST_VIEW_PX / max(page.mask.shape)
    wanted = [min(most, 2.0 ** round(np.log2(measure_scale(w, h)))) for _, _, w, h in boxes]
    for scale in sorted(set(wanted)):  # views whose scale is right within a factor of 1.4
        rows = [row for row, want in enumerate(wanted) if want == scale]
        scaled = [
            (x * scale + MARGIN_PX, y * scale + MARGIN_PX, w * scale, h * scale)
            for x, y, w, h in (boxes[row] for row in rows)
        ]
        probs[rows], none[rows] = _ask_thrice(regions, make_view(page, scale=scale), scaled)
    return probs, none


def _ask_thrice(
    regions: Regions, view: Ink, boxes: Sequence[tuple[float, float, float, float]]
) -> tuple[Probs, npt.NDArray[np.float32]]:
    """Ask about boxes as they are, a little tighter and wider, and join the answers as geometric means."""
    sizes = SIZES if len(boxes) <= MOST_THRICE else SIZES[:1]
    sized = [_resize(box, factor) for factor in sizes for box in boxes]
    probs, none = regions.predict(view, sized)
    joint = np.concatenate([probs * (1 - none[:, None]), none[:, None]], axis=1)
    logs = np.log(np.maximum(joint, LEAST_PROB)).reshape(len(sizes), len(boxes), -1).mean(axis=0)
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    digits = shares[:, :-1] / np.maximum(shares[:, :-1].sum(axis=1, keepdims=True), 1e-9)
    return digits.astype(np.float32), shares[:, -1].astype(np.float32)


def _resize(box: tuple[float, float, float, float], factor: float) -> tuple[float, float, float, float]:
    x, y, width, height = box
    more_x, more_y = (factor - 1) * width / 2, (factor - 1) * height / 2
    return x - more_x, y - more_y, width * factor, height * factor


def pool_looks(seen: Mapping[float, Sequence[Spotted]]) -> list[Spotted]:
    """Join what was seen on several scales.

    A sign's score is the mean of its scores on all scales, weighted by how well each scale suits its height; a
    scale that doesn't see it counts as 0. Labels are the weighted geometric mean.

    Args:
        seen: Scale -> signs, boxes in working pixels.

    Returns:
        Signs, best first; of those that lie on each other the best remains.
    """
    scales = np.array(list(seen), np.float64)
    counts = [len(signs) for signs in seen.values()]
    of, ends = np.repeat(np.arange(len(counts)), counts), np.cumsum(counts)
    spans = [slice(end - count, end) for count, end in zip(counts, ends, strict=True) if count]
    signs = [sign for each in seen.values() for sign in each]
    if not signs:
        return []
    sides = np.array([(s.x, s.y, s.width, s.height) for s in signs])
    boxes = np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)
    corners = np.ascontiguousarray(boxes.T)  # left, top, right, bottom
    logs = np.log(np.maximum(np.stack([sign.probs for sign in signs]), LEAST_PROB))
    fit = _weigh(boxes[:, 3] - boxes[:, 1], scales)  # (signs, scales)
    weights = fit[np.arange(len(signs)), of]
    strength = weights * np.array([s.score for s in signs])
    is_free = weights >= LEAST_WEIGHT
    totals = [float(each.sum()) for each in fit]
    joined = []
    for index in np.argsort(-strength, kind="stable"):
        if not is_free[index]:
            continue
        agreement = _agree(corners, int(index)) * is_free
        agreement[index] = np.inf
        best = [span.start + int(agreement[span].argmax()) for span in spans]
        members = [member for member in best if agreement[member] >= SAME_BOX]
        is_free[members] = False
        joined.append(_join(sides[members], logs[members], strength[members], total=totals[index]))
    joined.sort(key=lambda sign: -sign.score)
    return _drop_doubles([sign for sign in joined if sign.score >= LEAST_SCORE])


def _join(
    sides: npt.NDArray[np.float64], logs: Probs, strength: npt.NDArray[np.float64], *, total: float
) -> Spotted:
    """Join what several scales say about one sign: x, y, width, height (N, 4), log-probabilities (N, C)."""
    shares = strength / strength.sum()
    probs = np.exp(shares @ logs)
    x, y, width, height = shares @ sides
    return Spotted(
        float(x), float(y), float(width), float(height),
        min(0.999, float(strength.sum()) / total), (probs / probs.sum()).astype(np.float32),
    )  # fmt: skip


def _drop_doubles(signs: Sequence[Spotted]) -> list[Spotted]:
    if not signs:
        return []
    boxes = np.array([(s.x, s.y, s.x + s.width, s.y + s.height) for s in signs])
    return [signs[index] for index in drop_covered(boxes)]


def _weigh(heights: npt.NDArray[np.float64], scales: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how well each scale suits signs of these working heights, (signs, scales)."""
    off = np.log(np.maximum(heights, 1)[:, None] * scales[None] / DIGIT_PX) / HEIGHT_SPREAD
    weights: npt.NDArray[np.float64] = np.exp(-(off**2) / 2)
    return weights


def _agree(corners: npt.NDArray[np.float64], index: int) -> npt.NDArray[np.float64]:
    """Return intersection over union of one box with all, (N,); corners are left, top, right, bottom, (4, N)."""
    left, top, right, bottom = corners
    width = np.minimum(right[index], right) - np.maximum(left[index], left)
    height = np.minimum(bottom[index], bottom) - np.maximum(top[index], top)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (right - left) * (bottom - top)
    agreement: npt.NDArray[np.float64] = shared / np.maximum(areas[index] + areas - shared, 1e-6)
    return agreement


def _is_settled(digits: Sequence[Spotted], scale: float) -> bool:
    """Tell whether further looks than those that saw these digits would hardly change anything."""
    unsettled = sum(
        sign.score < SETTLED_SCORE
        or float(sign.probs.max()) < SETTLED_PROB
        or abs(np.log(sign.height * scale / DIGIT_PX)) > 2 * HEIGHT_SPREAD
        for sign in digits
    )
    return bool(digits) and unsettled <= MOST_UNSETTLED * len(digits)


def _correct(one: Look, *, most: float) -> float | None:
    """Return the scale on which digits have the height that the detector knows; None if they nearly have it."""
    sure = [s.height for s in one.digits if s.score >= min(0.5, one.digits[0].score)]
    if not sure:
        return None
    height = median(sure) * one.scale
    better = min(most, one.scale * DIGIT_PX / height)
    is_good = abs(np.log(height / DIGIT_PX)) <= HEIGHT_SPREAD
    return None if is_good or better == one.scale else better


def _detect(page: InkPage, detector: Detector, scale: float) -> tuple[list[Spotted], list[Spotted]]:
    digits, marks = detector.detect(make_view(page, scale=scale), least_score=LEAST_SCORE)
    return [_to_working(sign, scale) for sign in digits], [_to_working(sign, scale) for sign in marks]


def _to_working(sign: Spotted, scale: float) -> Spotted:
    return replace(
        sign,
        x=(sign.x - MARGIN_PX) / scale,
        y=(sign.y - MARGIN_PX) / scale,
        width=sign.width / scale,
        height=sign.height / scale,
    )
