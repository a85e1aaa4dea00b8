"""Flags, bars and caps: what some writers add to 1, 5 and 7, or write apart from them.

Owns: drawing them into a digit's ink. Leaves to others: who does so (`synth.style`).
"""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.synth.inking import SOLID, draw_lines, smooth_path
from inkdigits.datasets.synth.style import Style
from inkdigits.types import Ink


def add_flourish(patch: Ink, digit: str, *, style: Style, rng: np.random.Generator) -> Ink:
    """Draw the cap of a 5 or the bar of a 7 on to the right, the flag of a 1 down to the left."""
    if digit == "1" and rng.random() < style.roof:
        return _add_roof(patch, style=style, rng=rng)
    if digit == "5" and rng.random() < style.flying:
        return _take_cap_off(patch, style=style, rng=rng)
    if digit == "7" and rng.random() < style.crossed:
        patch = _cross(patch, style=style, rng=rng)
    if digit not in "57" or rng.random() >= style.flag:
        return patch
    solid = patch > SOLID
    top_rows = np.flatnonzero(solid.any(axis=1))
    if not len(top_rows):
        return patch
    band = solid[top_rows[0] : top_rows[0] + max(2, len(top_rows) // 5)]
    x0 = float(np.flatnonzero(band.any(axis=0))[-1]) - 1
    y0 = (
        float(top_rows[0] + np.flatnonzero(band[:, int(x0)])[0])
        if band[:, int(x0)].any()
        else float(top_rows[0])
    )
    # A bar of 7 that goes on behind its stem makes it a T.
    length = style.digit_px * float(rng.uniform(0.2, 0.75) if digit == "5" else rng.uniform(0.08, 0.25))
    path = np.array([[0, 0], [0.5, -0.06], [1.0, float(rng.normal(-0.12, 0.1))]]) * length
    start = np.array([x0, y0 + style.pen_px / 2])
    line, corner = draw_lines([smooth_path(path + start)], pen_px=style.pen_px)
    return _merge(patch, line, corner)


def _add_roof(patch: Ink, *, style: Style, rng: np.random.Generator) -> Ink:
    """Let the flag of a 1 begin far below its top."""
    solid = patch > SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    if not len(rows):
        return patch
    top = int(rows[0])
    reach = int(0.8 * style.digit_px) + 4
    patch = np.pad(patch, ((0, 0), (reach, 0)))
    x = reach + float(np.flatnonzero(solid[top]).mean())
    length = style.digit_px * float(rng.uniform(0.25, 0.85))
    slope = np.deg2rad(rng.uniform(35, 68))
    way = np.array([[0, 0], [-0.5, 0.5 + rng.normal(0, 0.06)], [-1, 1]]) * (np.cos(slope), np.sin(slope))
    line, corner = draw_lines([smooth_path(way * length + (x, top + style.pen_px / 2))], pen_px=style.pen_px)
    return _merge(patch, line, corner)


def _cross(patch: Ink, *, style: Style, rng: np.random.Generator) -> Ink:
    """Draw a bar through the stem of a 7, sometimes so long that it looks like a t."""
    solid = patch > SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    if not len(rows):
        return patch
    row = int(rows[0] + len(rows) * rng.uniform(0.4, 0.65))
    ink = np.flatnonzero(solid[row])
    if not len(ink):
        return patch
    length = style.digit_px * float(rng.uniform(0.35, 1.0))
    reach = int(length) + 4
    patch = np.pad(patch, ((0, 0), (reach, reach)))
    left = reach + float(ink[-1]) - length * float(rng.uniform(0.3, 0.65))
    rise = float(rng.normal(-0.12, 0.12))
    corner = np.array([left, row - rise * length / 2])
    way = np.array([[0, 0], [0.5, rise / 2 + rng.normal(0, 0.04)], [1, rise]]) * length
    line, top_left = draw_lines([smooth_path(corner + way)], pen_px=style.pen_px)
    return _merge(patch, line, top_left)


def _take_cap_off(patch: Ink, *, style: Style, rng: np.random.Generator) -> Ink:
    """Take the cap off a 5 and let it fly above its body."""
    solid = patch > SOLID
    rows, cols = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return patch
    top, height, wide = int(rows[0]), len(rows), int(cols[-1] - cols[0]) + 1
    patch[: top + round(0.17 * height)] = 0
    lift = round(0.15 * style.digit_px)
    patch, top = np.pad(patch, ((lift, 0), (0, 0))), top + lift
    start = np.array([cols[0] + wide * rng.uniform(0.3, 0.8), top + height * rng.uniform(-0.08, 0.13)])
    length = style.digit_px * float(rng.uniform(0.35, 0.85))
    way = np.array([[0, 0], [0.5, rng.normal(-0.04, 0.04)], [1, rng.normal(-0.1, 0.1)]]) * length
    line, corner = draw_lines([smooth_path(start + way)], pen_px=style.pen_px)
    return _merge(patch, line, corner)


def _merge(patch: Ink, line: Ink, corner: tuple[int, int]) -> Ink:
    """Return both in one patch whose top left corner moves only if the line begins above or left of it.

    Such a line is cut off: flags go to the right, and a patch has a margin above.
    """
    x, y = corner
    line = line[max(0, -y) :, max(0, -x) :]
    x, y = max(0, x), max(0, y)
    height = max(patch.shape[0], y + line.shape[0])
    merged = np.zeros((height, max(patch.shape[1], x + line.shape[1])), np.float32)
    merged[: patch.shape[0], : patch.shape[1]] = patch
    view = merged[y : y + line.shape[0], x : x + line.shape[1]]
    np.maximum(view, line, out=view)
    return merged
