"""Glyphs cut out of synthetic pages as the reader cuts them: digits with neighbours' ends, and what is none.

Owns: which cuts teach what. Leaves to others: pages (datasets.synth), cutting and the 28x28 form (ink).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.datasets.synth import GlyphBank, SynthPage, make_synth_page
from inkdigits.errors import EmptyInkError
from inkdigits.ink import SIZE_PX, cut_glyphs, extract_ink, find_glyphs, normalize_glyph, remove_rules
from inkdigits.training.workers import load_bank, map_processes
from inkdigits.types import Box, LabelledImages

SYNTH_CROPS: Final = "synth-crops"
CLASSES: Final = (*"0123456789", NO_DIGIT)
CROPS: Final = 60_000
SEED: Final = 40
_CHUNK: Final = 2500
_NONE: Final = 10
_SIZE_PX: Final = (160, 420)
_JITTER: Final = 0.07
"""Standard deviation of a side of the detector's boxes, as part of the longer side."""
_WHOLE: Final = 0.5
"""A cut whose box agrees less with the digit's has lost so much of it that nobody could tell which it was."""
_APART: Final = 0.25
"""One that agrees with no digit's by more than this is none."""


def make_crops(bank: GlyphBank, *, count: int = CROPS, seed: int = SEED) -> LabelledImages:
    """Cut glyphs out of synthetic pages until there are enough.

    Args:
        bank: Where the digits come from.
        count: How many.
        seed: The same seed gives the same glyphs.

    Returns:
        (count, 28, 28) uint8 with labels 0 to 9, and 10 for what is no digit.
    """
    images = np.zeros((count, SIZE_PX, SIZE_PX), np.uint8)
    labels = np.zeros(count, np.int64)
    done, index = 0, 0
    while done < count:
        rng = np.random.default_rng([seed, index])
        index += 1
        page = make_synth_page(bank, rng=rng, size_px=_SIZE_PX)
        for form, label in _cut_page(page, rng):
            if done < count:
                images[done], labels[done] = np.rint(form * 255), label
                done += 1
    return LabelledImages(images, labels, CLASSES, name=SYNTH_CROPS)


def make_many_crops(*, count: int = CROPS, seed: int = SEED, workers: int | None = None) -> LabelledImages:
    """Cut many glyphs, in several processes; each chunk has its own seed, so their number changes nothing.

    Args:
        count: How many, rounded up to whole chunks.
        seed: The same seed gives the same glyphs.
        workers: Processes; None takes one for each processor.
    """
    seeds = [seed * 1000 + index for index in range(-(-count // _CHUNK))]
    parts = map_processes(_make_chunk, seeds, workers=workers)
    return LabelledImages(
        np.concatenate([part.images for part in parts])[:count],
        np.concatenate([part.labels for part in parts])[:count],
        CLASSES,
        name=SYNTH_CROPS,
    )


def _make_chunk(seed: int) -> LabelledImages:
    return make_crops(load_bank(), count=_CHUNK, seed=seed)


def _cut_page(page: SynthPage, rng: np.random.Generator) -> list[tuple[npt.NDArray[np.float32], int]]:
    gray = cv2.cvtColor(page.image, cv2.COLOR_RGB2GRAY) if page.image.ndim == 3 else page.image
    full = extract_ink(gray.astype(np.uint8, copy=False))
    if full.is_blank:
        return []
    ink, _ = remove_rules(full)
    boxes: list[_Rect] = []
    labels: list[int] = []
    truths: list[_Rect] = []
    digits = [_scaled(sign.box, ink.scale) for sign in page.signs if sign.label.isdigit()]
    for sign in page.signs:
        box = _scaled(sign.box, ink.scale)
        is_digit = sign.label.isdigit()
        if is_digit or rng.random() < 0.5:
            boxes.append(_jitter(box, rng))
            labels.append(int(sign.label) if is_digit else _NONE)
            truths.append(box)
        if is_digit and rng.random() < 0.05:
            boxes.append(_part(box, rng))
            labels.append(_NONE)
            truths.append(box)
    for first, second in pairwise(digits):
        if rng.random() < 0.15 and _are_near(first, second):
            boxes.append(_between(first, second) if rng.random() < 0.5 else _around(first, second))
            labels.append(_NONE)
            truths.append(first)
    pairs = [
        (glyph, label)
        for glyph, label, truth in zip(cut_glyphs(ink, boxes), labels, truths, strict=True)
        if glyph is not None and (label == _NONE or _agree(_rect(glyph.box), truth) >= _WHOLE)
    ]
    for glyph in find_glyphs(ink)[0]:
        agreement = max((_agree(_rect(glyph.box), digit) for digit in digits), default=0.0)
        if agreement < _APART:
            pairs.append((glyph, _NONE))
    forms = []
    for found, label in pairs:
        try:
            forms.append((normalize_glyph(found.ink), label))
        except EmptyInkError:
            continue
    return forms


_Rect = tuple[float, float, float, float]


def _rect(box: Box) -> _Rect:
    return float(box.x), float(box.y), float(box.width), float(box.height)


def _scaled(box: _Rect, scale: float) -> _Rect:
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale


def _jitter(box: _Rect, rng: np.random.Generator) -> _Rect:
    left, top, right, bottom = rng.normal(0, _JITTER, 4) * max(box[2], box[3])
    return box[0] + left, box[1] + top, max(2.0, box[2] - left + right), max(2.0, box[3] - top + bottom)


def _part(box: _Rect, rng: np.random.Generator) -> _Rect:
    """Return the left, right, upper or lower half."""
    x, y, width, height = box
    side = int(rng.integers(4))
    if side < 2:
        return x + side * width / 2, y, width / 2, height
    return x, y + (side - 2) * height / 2, width, height / 2


def _are_near(first: _Rect, second: _Rect) -> bool:
    gap = second[0] - first[0] - first[2]
    level = abs(first[1] + first[3] / 2 - second[1] - second[3] / 2)
    return -0.5 * second[2] < gap < 0.3 * first[3] and level < 0.5 * max(first[3], second[3])


def _between(first: _Rect, second: _Rect) -> _Rect:
    """Return the right half of one and the left half of the next digit."""
    left, right = first[0] + first[2] / 2, second[0] + second[2] / 2
    top, bottom = min(first[1], second[1]), max(first[1] + first[3], second[1] + second[3])
    return left, top, max(2.0, right - left), bottom - top


def _around(first: _Rect, second: _Rect) -> _Rect:
    box = Box.union([Box(*(int(v) for v in first)), Box(*(int(v) for v in second))])
    return float(box.x), float(box.y), float(box.width), float(box.height)


def _agree(first: _Rect, second: _Rect) -> float:
    """Return intersection over union."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(1e-6, first[2] * first[3] + second[2] * second[3] - shared)
