"""Ink becomes glyphs: connected components, specks dropped, broken strokes joined.

Owns: which ink belongs to one glyph. Leaves to others: the order of glyphs (grouping), their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.ink.binarize import InkPage
from inkdigits.ink.scale import typical_height
from inkdigits.types import Box, Ink, Rejected

# The three sizes below were set on synthetic pages and looked at on photographs; all are relative to the pen or
# to the typical glyph, so that nothing depends on resolution.
SPECK_HEIGHT = 0.22  # components lower and narrower than this part of the typical height are specks
SPECK_PENS = 2.5  # or those smaller than this many pen widths in both directions
RULE_LENGTH = 3.0  # a thin component this many times longer than digits are high is a ruled line or an edge
JOIN_GAP = 0.22  # strokes of one glyph are at most this part of the typical height apart


@dataclass(frozen=True)
class Glyph:
    """Ink that belongs together.

    Attributes:
        ink: (h, w) float32 in [0, 1], ink of this glyph alone, on the working scale.
        box: On the working scale.
    """

    ink: Ink
    box: Box


@dataclass(frozen=True)
class _Part:
    """One or more connected components."""

    ids: tuple[int, ...]
    box: Box
    area: int


def find_glyphs(page: InkPage) -> tuple[list[Glyph], list[Rejected]]:
    """Find the glyphs of a page.

    Args:
        page: Ink of the page.

    Returns:
        Glyphs in no particular order, and what was left out, with boxes on the working scale.
    """
    if page.is_blank:
        return [], []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(page.mask, connectivity=8)
    parts = [_Part((i,), Box(*(int(v) for v in row[:4])), int(row[4])) for i, row in enumerate(stats)][1:]
    height = typical_height([part.box for part in parts], pen_px=page.pen_px, page_size=page.mask.shape)
    kept, rejected = _drop_non_glyphs(parts, height_px=height, pen_px=page.pen_px)
    joined = _join_strokes(kept, height_px=height, pen_px=page.pen_px)
    return [_cut(page, labels.astype(np.int32, copy=False), part) for part in joined], rejected


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


def _join_strokes(parts: list[_Part], *, height_px: float, pen_px: float) -> list[_Part]:
    """Join strokes until no pair belongs together; left to right, nearest pairs first."""
    parts = sorted(parts, key=lambda part: part.box)
    merged = True
    while merged:
        merged = False
        for i, first in enumerate(parts):
            for j in range(i + 1, len(parts)):
                second = parts[j]
                if second.box.x > first.box.right + height_px:
                    break
                if _belong_together(first, second, height_px=height_px, pen_px=pen_px):
                    union = Box.union([first.box, second.box])
                    whole = _Part(first.ids + second.ids, union, first.area + second.area)
                    rest = [p for k, p in enumerate(parts) if k not in (i, j)]
                    parts = sorted([*rest, whole], key=lambda part: part.box)
                    merged = True
                    break
            if merged:
                break
    return parts


def _belong_together(first: _Part, second: _Part, *, height_px: float, pen_px: float) -> bool:
    a, b = first.box, second.box
    union = Box.union([a, b])
    overlap_x = min(a.right, b.right) - max(a.x, b.x)
    overlap_y = min(a.bottom, b.bottom) - max(a.y, b.y)
    if overlap_x >= 0.9 * min(a.width, b.width) and overlap_y >= 0.9 * min(a.height, b.height):
        return True  # one inside the other: a mark within a loop
    gap_y = -overlap_y
    is_above = overlap_x >= 0.5 * min(a.width, b.width) and gap_y <= JOIN_GAP * height_px
    # A stroke broken by a hair: one pen width apart, of any height that a glyph could have.
    is_broken = gap_y <= pen_px and overlap_x >= 0.5 * min(a.width, b.width)
    if is_broken and union.height <= 1.9 * height_px:
        return True
    is_one_glyph_high = union.height <= 1.35 * height_px
    # Two upright strokes side by side are two digits; a small piece beside a glyph is a broken end.
    smaller, larger = sorted((first, second), key=lambda part: part.area)
    is_piece = max(smaller.box.width, smaller.box.height) <= 0.6 * max(larger.box.width, larger.box.height)
    is_beside = -overlap_x <= 0.08 * height_px and overlap_y >= 0.5 * smaller.box.height and is_piece
    return is_one_glyph_high and (is_above or (is_beside and smaller.box.height <= 0.4 * height_px))


def _cut(page: InkPage, labels: npt.NDArray[np.int32], part: _Part) -> Glyph:
    """Cut the ink of one glyph, with a fringe of one pixel for the anti-aliased edge."""
    height, width = page.ink.shape
    top, left = max(0, part.box.y - 1), max(0, part.box.x - 1)
    bottom, right = min(height, part.box.bottom + 1), min(width, part.box.right + 1)
    window = labels[top:bottom, left:right]
    own = np.isin(window, part.ids).astype(np.uint8)
    near = cv2.dilate(own, np.ones((3, 3), np.uint8)) * ((window == 0) | (own > 0))
    ink: Ink = (page.ink[top:bottom, left:right] * near).astype(np.float32)
    return Glyph(ink, part.box)
