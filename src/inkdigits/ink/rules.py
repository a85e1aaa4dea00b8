"""Ruled lines, boxes and edges of paper: long, straight, thin ink that is not writing.

Owns: finding and removing horizontal and vertical rules without cutting the strokes that cross them. Leaves to
others: what remains (glyphs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from inkdigits.ink.binarize import InkPage, measure_pen_px
from inkdigits.ink.components import Components, Mask, find_components, measure_centers
from inkdigits.ink.scale import LEAST_PENS, touches_border, typical_height
from inkdigits.types import Box, Ink, Rule

# All lengths are relative to the typical height of a digit. A digit is about 0.6 of its height wide, so its own
# bars are shorter than PIECE; nothing of a digit is as long as LENGTH.
PIECE = 0.7
LENGTH = 2.2
FALLBACK_PENS = 15  # height of a digit in pen widths, where everything is one component (squared paper)
FALLBACK_PART = 0.35  # and at least this part of the page's shorter side: a lone digit may fill its picture
GRAIN_PX = 5  # gaps of this length within a rule do not interrupt it
SPAN = 0.4  # part of the page that a rule of printed paper spans at least, even if faint and broken
ON_RULE_PX = 2  # a broken end lies so close to its rule's straight line
CUT = 0.75  # a rule that leaves the page may be shorter by this
DARKER = 1.35  # pixels that are darker than the rule by this belong to a stroke that runs along it
REACH = 4.0  # a rule is followed so many heights beyond where it was found
LEAST_REST = 0.5  # something of this part of the typical height must remain, or the rule was the writing
MOST_PAGE_PART = 0.6  # components longer than this part of the page say nothing about the height of digits


def remove_rules(page: InkPage) -> tuple[InkPage, list[Rule]]:
    """Take ruled lines out of the ink.

    Args:
        page: Ink of the page.

    Returns:
        The page without rules (the same object if there are none), and where they were, on the working scale.
    """
    height_px = _guess_height(page)
    across, lying = _find_horizontal(_Layers(page), height_px=height_px)
    down, turned = _find_horizontal(_Layers(page, turned=True), height_px=height_px)
    upright = [replace(found, box=_turn(found.box)) for found in turned]
    rules = [Rule(found.box, slope=found.slope) for found in lying + upright]
    if not rules:
        return page, []
    mask: Mask = page.mask & (1 - (across | down.T))
    is_printed = sum(_spans(rule.box, mask) for rule in rules) >= 2
    if is_printed:
        most_px = 1 + max(round(found.thickness) for found in lying + upright)
        strict, mask = _drop_pieces(mask, (), most_px=most_px), _drop_pieces(mask, rules, most_px=most_px)
        # On blank squared paper whole rules are broken to pieces: strokes as thin as they are don't prove writing.
        if not _holds_writing(strict, height_px=height_px):
            mask = strict
    if not _holds_writing(mask, height_px=height_px):
        if not is_printed:
            return page, []  # nothing else is written: the line is the writing, such as a plain 1
        mask = np.zeros_like(mask)  # blank ruled paper; what remained were crossings of its lines
    ink: Ink = (page.ink * (1 - _fringe(page.mask & (1 - mask), mask))).astype(np.float32)
    cleaned = replace(page, ink=ink, mask=mask, pen_px=measure_pen_px(mask))
    return cleaned, rules


def _turn(box: Box) -> Box:
    """Exchange rows and columns."""
    return Box(box.y, box.x, box.height, box.width)


def _drop_pieces(mask: Mask, rules: Sequence[Rule], *, most_px: int) -> Mask:
    """Drop thin pieces that lie on the straight line of a rule: broken ends of it. A 1 between rules stays.

    Without rules, all thin pieces are dropped.
    """
    found, centers = measure_centers(mask)
    labels, stats = found.labels, found.stats
    is_thin = stats[:, 2:4].min(axis=1) <= most_px
    is_piece = np.zeros_like(is_thin) if rules else is_thin
    for rule in rules:
        x, y = rule.box.center
        (along, across), (mid, other) = (
            (centers.T, (x, y)) if not rule.is_upright else (centers.T[::-1], (y, x))
        )
        away = np.abs(across - other - rule.slope * (along - mid))
        is_piece |= is_thin & (away <= ON_RULE_PX + most_px)
    is_piece[0] = False
    pieces: Mask = is_piece[labels].astype(np.uint8)
    return mask & (1 - pieces)


def _holds_writing(mask: Mask, *, height_px: float) -> bool:
    """True if a component is as large as a digit could be."""
    stats = find_components(mask).stats
    return bool((stats[1:, 2:4].max(axis=1, initial=0) >= LEAST_REST * height_px).any())


def _spans(box: Box, mask: Mask) -> bool:
    """True if a rule takes a large part of the page; a lone stroke may, several hardly do."""
    height, width = mask.shape
    return bool(box.width >= SPAN * width or box.height >= SPAN * height)


def _guess_height(page: InkPage) -> float:
    """Estimate the height of a digit before rules are removed: long components don't count."""
    fitting = [box for box in page.components.boxes if _could_be_digit(box, page)]
    if fitting:
        return typical_height(fitting, pen_px=page.pen_px, page_size=page.mask.shape)
    return float(max(FALLBACK_PENS * page.pen_px, FALLBACK_PART * min(page.mask.shape)))


def _could_be_digit(box: Box, page: InkPage) -> bool:
    """True unless the component is a speck, or so long on this page that it may be a rule or a grid."""
    longer, shorter = max(box.width, box.height), max(1, min(box.width, box.height))
    if longer < LEAST_PENS * page.pen_px:
        return False
    if longer <= MOST_PAGE_PART * max(page.mask.shape):
        return True
    return longer < 4 * shorter and not touches_border(box, page.mask.shape)


@dataclass(frozen=True)
class _Layers:
    """What rules are sought in; `turned`, rows become columns, and vertical rules horizontal ones."""

    page: InkPage
    turned: bool = False

    @cached_property
    def mask(self) -> Mask:
        """The ink."""
        return self._turn(self.page.mask)

    @cached_property
    def faint(self) -> Mask:
        """The ink with all that is faint."""
        return self._turn(self.page.mask if self.page.measured is None else self.page.measured.faint)

    @cached_property
    def contrast(self) -> Ink:
        """Its contrast; most pages have no rules, and nobody asks for it."""
        contrast = self.page.ink if self.page.measured is None else self.page.measured.contrast
        return cv2.transpose(contrast).astype(np.float32, copy=False) if self.turned else contrast

    def _turn(self, layer: Mask) -> Mask:
        return cv2.transpose(layer).astype(np.uint8, copy=False) if self.turned else layer


@dataclass(frozen=True)
class _Found:
    """A horizontal rule: its box, how far it falls per pixel, its thickness in pixels."""

    box: Box
    slope: float
    thickness: float


def _find_horizontal(page: _Layers, *, height_px: float) -> tuple[Mask, list[_Found]]:
    """Find horizontal rules, without the pixels of strokes that cross them or run along them.

    They are sought in the faint ink: beside strong ink, the threshold of writing breaks weak lines to pieces.
    """
    shape = page.faint.shape
    piece_px = max(9, round(PIECE * height_px))
    runs = _find_runs(page.faint, piece_px=piece_px, least_px=CUT * LENGTH * height_px)
    straight = [] if runs is None else [
        i for i, run in enumerate(runs.stats.tolist()) if i and _is_rule(run, shape[1], height_px=height_px)
    ]  # fmt: skip
    rules, found = np.zeros(shape, np.uint8), []
    if runs is None or not straight:
        return rules, []
    contrast = cv2.blur(page.contrast, (GRAIN_PX, 1))  # averaged along the rules: grain is not darkness
    for index in straight:
        x, y, width, height, area = runs.stats[index].tolist()
        thickness = area / width
        window = (slice(y, y + height), slice(x, x + width))
        own = (runs.labels[window] == index).view(np.uint8) & page.faint[window]
        box, slope = Box(x, y, width, height), _measure_slope(own)
        band = _extend(own, box, shape, slope=slope, thickness=thickness, by_px=REACH * height_px)
        # Writing is higher than the rule where it crosses, and darker where it runs along.
        darkest = DARKER * float(np.median(contrast[window][own > 0]))
        weak = (contrast <= darkest).astype(np.uint8)
        rules |= band & page.mask & weak & (1 - _standing(page.mask, thickness=thickness))
        found.append(_Found(box, slope[0], thickness))
    return rules, found


def _is_rule(run: Sequence[int], page_width: int, *, height_px: float) -> bool:
    """True if a chain of runs (x, y, width, height, area) is long, straight and thin."""
    x, _, width, height, area = run
    is_cut = x <= 1 or x + width >= page_width - 1  # it goes on beyond the page
    least = LENGTH * height_px * (CUT if is_cut else 1)
    return width >= least and height <= 0.15 * width and area <= 0.3 * height_px * width


def _find_runs(faint: Mask, *, piece_px: int, least_px: float) -> Components | None:
    """Find chains of long horizontal runs; None where none can be `least_px` long, as around a lone digit."""
    bridge_px = max(3, piece_px // 4)
    if faint.shape[1] <= piece_px or _measure_reach(faint, bridge_px // 2) < least_px:
        return None
    # Widened by a pixel on both sides, a slightly slanted line still holds long horizontal runs.
    # Gaps of a few pixels are the grain of paper in a faint line.
    wide = cv2.dilate(faint, np.ones((3, 1), np.uint8))
    whole = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((1, GRAIN_PX), np.uint8))
    runs = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((1, piece_px), np.uint8)).astype(np.uint8) & faint
    # Strokes that stand on a rule interrupt it; bars of neighbouring digits in a row must not become one.
    bridged = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((3, bridge_px), np.uint8))
    if (
        _measure_longest(bridged.astype(np.uint8, copy=False)) < least_px
    ):  # half as dear as finding components
        return None
    return find_components(bridged.astype(np.uint8, copy=False))


def _measure_reach(mask: Mask, margin_px: int) -> int:
    """Return how many columns lie between the first and the last with ink, and so many around them."""
    x, _, width, _ = cv2.boundingRect(mask)
    return min(mask.shape[1], x + width + margin_px) - max(0, x - margin_px) if width else 0


def _measure_longest(mask: Mask) -> int:
    """Return the most neighbouring columns with ink: no component is wider."""
    has_ink = cv2.reduce(mask, 0, cv2.REDUCE_MAX)[0]
    gaps = np.flatnonzero(np.concatenate(([0], has_ink, [0])) == 0)
    return int(np.diff(gaps).max()) - 1


def _measure_slope(own: Mask) -> tuple[float, float]:
    """Return slope and offset of the straight line through the ink."""
    y, x = np.nonzero(own)
    slope, offset = np.polyfit(x, y, 1) if len(x) > 1 else (0.0, 0.0)
    return float(slope), float(offset)


def _extend(
    own: Mask,
    box: Box,
    shape: tuple[int, ...],
    *,
    slope: tuple[float, float],
    thickness: float,
    by_px: float,
) -> Mask:
    """Draw the rule's straight line on, beyond its ends and over its gaps: beside strong ink it is broken."""
    left, right = max(-box.x, round(-by_px)), min(shape[1] - box.x, round(box.width + by_px))
    ends = [(box.x + x_, box.y + round(slope[0] * x_ + slope[1])) for x_ in (left, right)]
    band: Mask = np.zeros(shape[:2], np.uint8)
    cv2.line(band, ends[0], ends[1], color=1, thickness=round(thickness) + 2)
    band[box.y : box.bottom, box.x : box.right] |= own
    return band


def _standing(mask: Mask, *, thickness: float) -> Mask:
    """Find the pixels whose vertical run of ink is clearly higher than the rule: strokes that cross it."""
    tall = np.ones((round(1.6 * thickness) + 2, 1), np.uint8)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, tall).astype(np.uint8)


def _fringe(rules: Mask, kept: Mask) -> Mask:
    """Rules with their anti-aliased edge, but without the edge of the strokes that stay."""
    near_kept: Mask = cv2.dilate(kept, np.ones((3, 3), np.uint8)).astype(np.uint8)
    near_rules: Mask = cv2.dilate(rules, np.ones((3, 3), np.uint8)).astype(np.uint8)
    return near_rules & (1 - near_kept * (1 - rules))
