"""Ink becomes glyphs: connected components, specks dropped, broken strokes joined.

Owns: which ink belongs to one glyph. Leaves to others: the order of glyphs (grouping), their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.ink.binarize import CROSS, SQUARE, InkPage, median_of
from inkdigits.ink.components import select
from inkdigits.ink.scale import typical_height
from inkdigits.types import Box, Ink, Rejected

# The three sizes below were set on synthetic pages and looked at on photographs; all are relative to the pen or
# to the typical glyph, so that nothing depends on resolution.
SPECK_HEIGHT = 0.22  # components lower and narrower than this part of the typical height are specks
SPECK_PENS = 2.5  # or those smaller than this many pen widths in both directions
RULE_LENGTH = 3.0  # a thin component this many times longer than digits are high is a ruled line or an edge
LEAST_PX = 7  # no digit is lower than this, in pixels of the picture itself
# Softness from which ink is no stroke: 609 photographed and drawn digits have at most 0.17, cheques on textured
# paper up to 0.4, clouds of chalk dust and deep shadows 0.3 to 0.8.
SMUDGE = 0.45
DASH = 2.5  # no digit is so much wider than high; the widest of 609 is a 2 with 1.8
HYPHEN_PLACE = (0.3, 0.75)  # a hyphen stands at this part of the height of the digit beside it
HYPHEN_INSIDE = 0.25  # and reaches into its width by less than this part of its own
COMMA_PLACE = 0.8  # the middle of a comma stands at least so low
COMMA_TAIL = 0.08  # and its end so far below the digit
EDGE_SLIMNESS = 2.5  # only components this much longer than wide can be the edge of a sheet
EDGE_STEP = (
    0.12  # and only if the ground on one side is darker by this part; across a stroke paper changes by 2 %
)
EDGE_SEEN = 0.25  # paper must be seen on both sides of this part of it
INSIDE = 0.5  # what stands in another's box and is higher than this part of it is a sign of its own
HIGHEST = 1.9  # no glyph is higher than this many digits; a frame around several is
JOIN_GAP = 0.22  # strokes of one glyph are at most this part of the typical height apart
BESIDE = 0.08  # and a broken end beside a glyph this part


@dataclass(frozen=True)
class Glyph:
    """Ink that belongs together.

    Attributes:
        ink: (h, w) float32 in [0, 1], ink of this glyph alone, on the working scale.
        box: On the working scale.
        is_whole: False if it was cut out of ink that runs on, as a chain of touching digits.
    """

    ink: Ink
    box: Box
    is_whole: bool = True


@dataclass(frozen=True)
class _Part:
    """One or more connected components."""

    ids: tuple[int, ...]
    box: Box
    area: int


def find_glyphs(page: InkPage, *, height_px: float | None = None) -> tuple[list[Glyph], list[Rejected]]:
    """Find the glyphs of a page.

    Args:
        page: Ink of the page.
        height_px: How high digits are, working pixels; None to guess it from the components.

    Returns:
        Glyphs in no particular order, and what was left out, with boxes on the working scale.
    """
    if page.is_blank:
        return [], []
    labels, boxes = page.components.labels, page.components.boxes
    areas = page.components.stats[1:, cv2.CC_STAT_AREA].tolist()
    parts = [_Part((i,), box, area) for i, (box, area) in enumerate(zip(boxes, areas, strict=True), start=1)]
    height = height_px or typical_height(boxes, pen_px=page.pen_px, page_size=page.mask.shape)
    kept, rejected = _drop_non_glyphs(parts, height_px=height, pen_px=page.pen_px)
    joined = _join_strokes(kept, height_px=height, pen_px=page.pen_px)
    reasons = [_reason_no_digit(page, labels, part) for part in joined]
    rejected += [Rejected(part.box, reason) for part, reason in zip(joined, reasons, strict=True) if reason]
    glyphs = [part for part, reason in zip(joined, reasons, strict=True) if not reason]
    return [_cut(page, labels, part) for part in glyphs], rejected


def _drop_non_glyphs(
    parts: list[_Part], *, height_px: float, pen_px: float
) -> tuple[list[_Part], list[Rejected]]:
    kept, rejected = [], []
    for part in parts:
        reason = _reason_to_drop(part, height_px=height_px, pen_px=pen_px)
        if reason:
            rejected.append(Rejected(part.box, reason))
        else:
            kept.append(part)
    return kept, rejected


def _reason_to_drop(part: _Part, *, height_px: float, pen_px: float) -> str:
    longer = max(part.box.width, part.box.height)
    if longer < max(SPECK_HEIGHT * height_px, min(SPECK_PENS * pen_px, 0.5 * height_px)):
        return "speck"
    is_long = longer > RULE_LENGTH * height_px
    is_thin = part.area / longer < 2 * pen_px  # mean thickness across its longer side
    return "rule" if is_long and is_thin else ""


def _reason_no_digit(page: InkPage, labels: npt.NDArray[np.int32], part: _Part) -> str:
    """Tell why the form of a whole glyph, whatever its class, is not that of a digit; "" if it may be one."""
    if max(part.box.width, part.box.height) < LEAST_PX * page.scale:
        return "speck"
    if part.box.width > DASH * part.box.height:
        return "dash"
    if part.box.height < LEAST_PX * page.scale:
        return "speck"
    if _is_edge(page, labels, part):
        return "edge"
    return "smudge" if _measure_softness(page, labels, part) > SMUDGE else ""


def _is_edge(page: InkPage, labels: npt.NDArray[np.int32], part: _Part) -> bool:
    """True for a thin line with ground of different brightness on its two sides: the edge of a sheet or a shadow.

    On both sides of a stroke lies the same paper; where a neighbour's ink lies instead, nothing is compared.
    """
    longer, shorter = max(part.box.width, part.box.height), min(part.box.width, part.box.height)
    if page.measured is None or longer < EDGE_SLIMNESS * shorter:
        return False
    ground, box = page.measured.ground, part.box
    own = select(_window(labels, box), part.ids)
    if box.width > box.height:  # look across the line: turn lying ones upright
        ground, labels, own = ground.T, labels.T, own.T
        box = Box(box.y, box.x, box.height, box.width)
    has_ink = own.any(axis=1)
    y = box.y + np.flatnonzero(has_ink)
    left, right = own[has_ink].argmax(axis=1), own[has_ink][:, ::-1].argmax(axis=1)
    away = 2 + round(page.pen_px)
    x = np.maximum(box.x + left - away, 0)
    far = np.minimum(box.right - 1 - right + away, ground.shape[1] - 1)
    free = np.isin(labels[y, x], (0, *part.ids)) & np.isin(labels[y, far], (0, *part.ids))
    if free.sum() < EDGE_SEEN * len(y):
        return False
    a, b = float(np.median(ground[y, x][free])), float(np.median(ground[y, far][free]))
    return abs(a - b) > EDGE_STEP * max(a, b)


def _join_strokes(parts: list[_Part], *, height_px: float, pen_px: float) -> list[_Part]:
    """Join strokes of one glyph; passes from left to right until one finds nothing more to join."""
    while True:
        joined = _join_once(sorted(parts, key=lambda part: part.box), height_px=height_px, pen_px=pen_px)
        if len(joined) == len(parts):
            return joined
        parts = joined


def _join_once(parts: list[_Part], *, height_px: float, pen_px: float) -> list[_Part]:
    """Let each part, from the left, take in the parts to its right that belong to it."""
    # What lies farther to the right, above or below never belongs together: looking at the rest alone brings a
    # page with 50,000 specks from 31 to 1.3 s.
    aside, apart = BESIDE * height_px, max(JOIN_GAP * height_px, pen_px)
    sides = [(part.box.x, part.box.y, part.box.bottom) for part in parts]
    taken: set[int] = set()
    whole = []
    for i, part in enumerate(parts):
        if i in taken:
            continue
        for j in range(i + 1, len(parts)):
            x, top, bottom = sides[j]
            if x > part.box.right + aside:
                break
            if top - part.box.bottom > apart or part.box.y - bottom > apart or j in taken:
                continue
            other = parts[j]
            if _belong_together(part, other, height_px=height_px, pen_px=pen_px):
                part = _Part(part.ids + other.ids, Box.union([part.box, other.box]), part.area + other.area)
                taken.add(j)
        whole.append(part)
    return whole


def _belong_together(first: _Part, second: _Part, *, height_px: float, pen_px: float) -> bool:
    a, b = first.box, second.box
    union = Box.union([a, b])
    overlap_x = min(a.right, b.right) - max(a.x, b.x)
    overlap_y = min(a.bottom, b.bottom) - max(a.y, b.y)
    if overlap_x >= 0.9 * min(a.width, b.width) and overlap_y >= 0.9 * min(a.height, b.height):
        # One inside the other: a mark in a loop; or a digit in its box or ring, or beside a long 1 that leans over.
        lower, higher = sorted((a.height, b.height))
        return lower < INSIDE * higher and higher <= HIGHEST * height_px
    gap_y = -overlap_y
    is_above = overlap_x >= 0.5 * min(a.width, b.width) and gap_y <= JOIN_GAP * height_px
    # A stroke broken by a hair: one pen width apart, of any height that a glyph could have.
    is_broken = gap_y <= pen_px and overlap_x >= 0.5 * min(a.width, b.width)
    if is_broken and union.height <= HIGHEST * height_px:
        return True
    is_one_glyph_high = union.height <= 1.35 * height_px
    # Two upright strokes side by side are two digits; a small piece beside a glyph is a broken end.
    smaller, larger = sorted((first, second), key=lambda part: part.area)
    is_piece = max(smaller.box.width, smaller.box.height) <= 0.6 * max(larger.box.width, larger.box.height)
    is_beside = -overlap_x <= BESIDE * height_px and overlap_y >= 0.5 * smaller.box.height and is_piece
    if _is_mark_beside(smaller.box, larger.box):
        return False
    return is_one_glyph_high and (is_above or (is_beside and smaller.box.height <= 0.4 * height_px))


def _is_mark_beside(piece: Box, glyph: Box) -> bool:
    """True for a dash at half the height of a glyph, or a comma whose tail leaves its baseline, outside of it.

    The flag of a 5 lies at its top, the broken foot of a 2 on its baseline.
    """
    place = (piece.center[1] - glyph.y) / glyph.height
    overlap = min(piece.right, glyph.right) - max(piece.x, glyph.x)
    is_level = HYPHEN_PLACE[0] <= place <= HYPHEN_PLACE[1]
    is_hyphen = piece.width > DASH * piece.height and is_level
    is_slim = piece.height > piece.width
    is_comma = is_slim and place >= COMMA_PLACE and piece.bottom > glyph.bottom + COMMA_TAIL * glyph.height
    return (is_hyphen or is_comma) and overlap <= HYPHEN_INSIDE * piece.width


def _measure_softness(page: InkPage, labels: npt.NDArray[np.int32], part: _Part) -> float:
    """Contrast at a stroke's width from the ink, as part of the contrast in it.

    Beside a stroke, even a blurred one, lies paper; a shadow or a cloud of chalk dust fades slowly.
    """
    if page.measured is None:
        return 0.0
    own_pen = 2 * part.area / (2 * (part.box.width + part.box.height))  # at least, for any shape
    away = max(2, round(max(own_pen, page.pen_px) / 2) + 1)
    height, width = labels.shape
    top, left = max(0, part.box.y - away), max(0, part.box.x - away)
    window = (slice(top, min(height, part.box.bottom + away)), slice(left, min(width, part.box.right + away)))
    is_own = select(labels[window], part.ids)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * away - 1, 2 * away - 1))
    near = cv2.dilate(is_own.view(np.uint8), disc)
    is_ring = cv2.dilate(near, CROSS) > near
    contrast, paper = page.measured.contrast[window], page.measured.paper
    outside = contrast[is_ring & (labels[window] == 0)]
    inside = median_of(contrast[is_own]) - paper
    return (median_of(outside) - paper) / inside if outside.size and inside > 0 else 0.0


def _window(labels: npt.NDArray[np.int32], box: Box) -> npt.NDArray[np.int32]:
    return labels[box.y : box.bottom, box.x : box.right]


def _cut(page: InkPage, labels: npt.NDArray[np.int32], part: _Part) -> Glyph:
    """Cut the ink of one glyph, with a fringe of one pixel for the anti-aliased edge."""
    height, width = page.ink.shape
    top, left = max(0, part.box.y - 1), max(0, part.box.x - 1)
    bottom, right = min(height, part.box.bottom + 1), min(width, part.box.right + 1)
    window = labels[top:bottom, left:right]
    is_own = select(window, part.ids)
    near = cv2.dilate(is_own.view(np.uint8), SQUARE) * ((window == 0) | is_own)
    return Glyph(page.ink[top:bottom, left:right] * near, part.box)
