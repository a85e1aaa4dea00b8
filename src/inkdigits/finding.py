"""Finds what may be a digit on a page: by connected components alone, or with the detector's help.

Owns: how the detector's answer and the components of ink fit together. Leaves to others: ink and glyphs (ink), the
scales on which the detector looks (looking), which digit it is (reader).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.detector import Spotted
from inkdigits.images import Page
from inkdigits.images.turn import Turn
from inkdigits.ink import Glyph, InkPage, cut_glyphs, extract_ink, find_glyphs, remove_rules
from inkdigits.ink.binarize import is_light_on_dark
from inkdigits.ink.contrast import measure_contrast
from inkdigits.ink.places import Candidate, make_piece
from inkdigits.ink.scale import measure_height
from inkdigits.ink.scaler import Scaler
from inkdigits.ink.slashes import find_strokes
from inkdigits.ink.tight import add_border, is_tight
from inkdigits.looking import Detector, Regions, is_far_off, look, look_again, measure_seen
from inkdigits.types import Box, Probs, Rejected, Rule
from inkdigits.unseen import may_be_digit, to_box

# A glyph that the detector does not see may still be a digit, if the classifier is very sure of it.
SURE_SCORE = 0.5
UNSEEN_SCORE = 0.05
UNSEEN_PROBS = np.full(10, 0.1, np.float32)
SPANS = 0.98  # a lone glyph so high or wide as the picture is no digit
SPANNED_PX = 150  # unless the picture is a crop: its shorter side is lower than this
TINY_PX = 20  # pictures whose shorter side is no longer show no letters
TIGHT_PX = 40  # pictures whose shorter side is no longer are crops of one sign; they get a border of paper
FREE_PX = 2  # a glyph farther from the border was not cut off there
BORDER = 0.25  # of the longer side; MNIST's own margin is 4 of 20 px
# Ink that has not the form of one digit may be several that touch: if it is so many pens high, or if it fades like
# a shadow but has so many heights of the glyphs beside it.
CHAIN_PENS = 3.0
FADED_HEIGHT = 0.5
SAME_INK = 0.4  # a glyph whose box agrees with the detector's by this part gives the digit's box
COVERED = 0.3  # a component that lies by this part in digits' boxes is not left over


class Opinion(NamedTuple):
    """What the classifier says about one glyph.

    Attributes:
        probs: (C,) which digit it is if it is one.
        none: Probability that it is none, in [0, 1]; None where the classifier can't tell.
    """

    probs: Probs
    none: float | None


@dataclass(frozen=True)
class Sighting:
    """Something that may be a digit.

    Attributes:
        box: Where it stands, pixels of the page.
        glyph: Its ink; None where the detector sees a digit but no ink was found.
        score: How sure the detector is that a digit stands here; 1 where it was not asked.
        probs: (10,) what the detector says which digit it is; None where it was not asked.
        opinion: What the classifier says, if it was asked before.
        is_lone: True if nothing else stands on the page.
        again: What the region classifier says, if it was asked.
        contrast: How far its ink stands out from its paper (`ink.contrast`); None where that is unknown.
        is_tiny: True if it stands alone on a picture of hardly more pixels than a digit needs.
    """

    box: Box
    glyph: Glyph | None
    score: float = 1.0
    probs: Probs | None = None
    opinion: Opinion | None = None
    is_lone: bool = False
    again: Opinion | None = None
    contrast: float | None = None
    is_tiny: bool = False


@dataclass(frozen=True)
class Found:
    """What one page may hold; all boxes in pixels of the page.

    Attributes:
        page, index: The page and its index in the document.
        sightings: What may be digits.
        rejected, rules: What can't be.
        candidates: What may be marks.
        pen_px: Width of the pen.
        is_one_piece: True if all sightings are parts of the page's only glyph.
        turn: How the page was turned before; None if it is as it was.
    """

    page: Page
    index: int
    sightings: list[Sighting]
    rejected: list[Rejected]
    rules: list[Rule]
    candidates: list[Candidate]
    pen_px: float
    is_one_piece: bool = False
    turn: Turn | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the page itself, pixels."""
        return self.page.size if self.turn is None else self.turn.size

    def place(self, box: Box) -> Box:
        """Return where something stands on the page itself."""
        return box if self.turn is None else self.turn.back(box)


class Components:
    """The connected components of one page's ink, before anyone was asked what they are.

    Attributes:
        page, index: The page and its index in the document.
        light_on_dark: What was taken for ink, where the picture is so small that it was given a border; else None.
        full: Ink with ruled lines.
        ink: Ink without them.
        glyphs: What may be digits, boxes in working pixels.
        rejected, rules: What can't be, boxes in pixels of the page.
        candidates: Small ink that may be marks.
        may_hide_digits: True if what can't be a digit may be several.
    """

    def __init__(self, page: Page, index: int, *, light_on_dark: bool | None = None) -> None:
        self.page, self.index = page, index
        gray, border_px = page.gray, 0
        self.light_on_dark: bool | None = None
        if min(gray.shape) <= TIGHT_PX:
            self.light_on_dark = is_light_on_dark(gray) if light_on_dark is None else light_on_dark
            border_px = round(BORDER * max(gray.shape))
            gray = add_border(gray, border_px, light_on_dark=self.light_on_dark)
        self.full = extract_ink(gray, light_on_dark=self.light_on_dark)
        self.ink, rules = remove_rules(self.full)
        self.to_page = Scaler(self.ink.scale, page.size, border_px=border_px)
        self.rules = [replace(rule, box=self.to_page(rule.box), page=index) for rule in rules]
        self._sort(*find_glyphs(self.ink))

    def _sort(self, glyphs: list[Glyph], specks: list[Rejected]) -> None:
        """Take glyphs for what may be digits, and the rest of the ink for marks or for nothing."""
        is_large = min(self.page.gray.shape) >= SPANNED_PX
        if len(glyphs) == 1 and is_large and _spans(glyphs[0].box, self.ink):
            specks, glyphs = [*specks, Rejected(glyphs[0].box, "edge")], []
        self.glyphs = glyphs
        self.may_hide_digits = _may_hide_digits(specks, glyphs, pen_px=self.ink.pen_px)
        left = [replace(item, box=self.to_page(item.box), page=self.index) for item in specks]
        self.rejected: list[Rejected] = [*self.rules, *left]
        self.candidates = [
            Candidate(
                item.box,
                "dash" if item.reason == "dash" else "speck",
                fill=_measure_fill(self.ink, found.box),
            )
            for item, found in zip(left, specks, strict=True)
            if item.reason in ("speck", "dash")
        ]

    def resize(self, digits: Sequence[Spotted], *, guess_px: float) -> Components:
        """Return the glyphs as the height of the digits makes them that were seen, where the guess was far off.

        Args:
            digits: What the detector sees, boxes in working pixels.
            guess_px: How high digits seemed to be before.
        """
        seen_px = measure_seen(digits)
        if seen_px is None or not is_far_off(guess_px, seen_px):
            return self
        resized = copy.copy(self)
        resized._sort(*find_glyphs(self.ink, height_px=seen_px))
        return resized

    def turn(self) -> Components | None:
        """Take paper for ink, where nobody can tell: in a crop that ends where the ink ends. Else None."""
        if self.light_on_dark is None or not is_tight(self.page.gray, light_on_dark=self.light_on_dark):
            return None
        return Components(self.page, self.index, light_on_dark=not self.light_on_dark)

    @property
    def is_free(self) -> bool:
        """True if the only glyph touches no border: in crops, parts of neighbours do."""
        box, (height, width) = self.glyphs[0].box, self.ink.mask.shape
        is_inside = (
            min(box.x, box.y) > FREE_PX and box.right < width - FREE_PX and box.bottom < height - FREE_PX
        )
        return is_inside and self.light_on_dark is None

    def take(self, opinions: Sequence[Opinion | None]) -> list[Sighting]:
        """Take every glyph for a sighting; the detector is not asked."""
        return [
            Sighting(self.to_page(glyph.box), glyph, opinion=opinion, is_lone=len(self.glyphs) == 1)
            for glyph, opinion in zip(self.glyphs, opinions, strict=True)
        ]

    def look_again_at(
        self, sightings: Sequence[Sighting], unclear: Sequence[int], regions: Regions
    ) -> list[Sighting]:
        """Let the region classifier look at some of the glyphs, given by their indices."""
        rects = [_to_rect(self.glyphs[index].box) for index in unclear]
        result = list(sightings)
        for index, rect, probs, none in zip(
            unclear, rects, *look_again(self.full, regions, rects), strict=True
        ):
            again, contrast = Opinion(probs, float(none)), measure_contrast(self.full, rect)
            result[index] = replace(result[index], again=again, contrast=contrast)
        return result

    def accept(self, sightings: list[Sighting]) -> Found:
        """Take sightings of glyphs for all that is there; the detector is not asked."""
        strokes = find_strokes(self.glyphs, [sighting.box for sighting in sightings])
        return self._found(sightings, self.rejected, strokes)

    def ask(self, detector: Detector, regions: Regions | None) -> Found:
        """Let the detector say where digits and marks stand, and the region classifier look at each again."""
        if self.ink.is_blank:
            return self._tell([], [], detector, regions)
        guess_px = _measure_height(self.ink)
        digits, marks = look(self.full, detector, height_px=guess_px)
        return self.resize(digits, guess_px=guess_px)._tell(digits, marks, detector, regions)

    def _tell(
        self, digits: list[Spotted], marks: list[Spotted], detector: Detector, regions: Regions | None
    ) -> Found:
        """Fit together what the detector sees and the components of ink."""
        ink, glyphs, to_page = self.ink, self.glyphs, self.to_page
        cut = cut_glyphs(ink, [_rect(sign) for sign in digits])
        sightings = [
            Sighting(to_page(_choose_box(sign, glyph)), glyph, sign.score, sign.probs)
            for sign, glyph in zip(digits, cut, strict=True)
        ]
        rects = [_rect(sign) for sign in digits]
        cover = _measure_cover(glyphs, digits)
        lone = [glyph for glyph, part in zip(glyphs, cover, strict=True) if part < COVERED]
        is_possible = [may_be_digit(glyph, digits) for glyph in lone]
        possible = [glyph for glyph, may in zip(lone, is_possible, strict=True) if may]
        sightings += [Sighting(to_page(glyph.box), glyph, UNSEEN_SCORE, UNSEEN_PROBS) for glyph in possible]
        rects += [_to_rect(glyph.box) for glyph in possible]
        if regions is not None and sightings:
            probs, none = look_again(self.full, regions, rects)
            sightings = [
                replace(sighting, again=Opinion(p, float(n)))
                for sighting, p, n in zip(sightings, probs, none, strict=True)
            ]
        sightings = [
            replace(sighting, contrast=measure_contrast(self.full, rect))
            for sighting, rect in zip(sightings, rects, strict=True)
        ]
        lone = [glyph for glyph, may in zip(lone, is_possible, strict=True) if not may]
        rejected = [*self.rejected, *(Rejected(to_page(glyph.box), "no digit", self.index) for glyph in lone)]
        strokes = find_strokes([s.glyph for s in sightings if s.glyph], [s.box for s in sightings if s.glyph])
        strokes += find_strokes(lone, [to_page(glyph.box) for glyph in lone])
        strokes += [_name_mark(sign, detector.marks, to_page) for sign in marks]
        strokes += [make_piece(glyph, to_page(glyph.box)) for glyph in lone]
        return self._found(sightings, rejected, strokes)

    def take_alone(self, regions: Regions | None, opinion: Opinion) -> Sighting:
        """Take the page's only glyph for a sighting, and let the region classifier look at it."""
        glyph = self.glyphs[0]
        again: Opinion | None = None
        if regions is not None:
            probs, none = look_again(self.full, regions, [_to_rect(glyph.box)])
            again = Opinion(probs[0], float(none[0]))
        contrast = measure_contrast(self.full, _to_rect(glyph.box))
        return Sighting(
            self.to_page(glyph.box), glyph, opinion=opinion, is_lone=True, again=again, contrast=contrast,
            is_tiny=min(self.page.size) <= TINY_PX,
        )  # fmt: skip

    def ask_alone(self, detector: Detector, regions: Regions | None, lone: Sighting) -> Found:
        """Let the detector say what the page's only glyph is, unless it sees several digits in it."""
        found = self.ask(detector, regions)
        sure = [sighting for sighting in found.sightings if sighting.score >= SURE_SCORE]
        if len(sure) > 1:
            return replace(found, is_one_piece=True)
        if not found.sightings:
            return found
        best = max(found.sightings, key=lambda sighting: sighting.score)
        return replace(found, sightings=[replace(lone, score=best.score, probs=best.probs)])

    def accept_alone(self, lone: Sighting) -> Found:
        """Take the page's only glyph for what was said about it; the detector is not asked."""
        return self._found([lone], self.rejected, [])  # slashes stand between digits

    def _found(self, sightings: list[Sighting], rejected: list[Rejected], strokes: list[Candidate]) -> Found:
        pen_px = self.ink.pen_px / self.ink.scale
        candidates = self.candidates + strokes
        return Found(self.page, self.index, sightings, rejected, self.rules, candidates, pen_px)


def _may_hide_digits(items: Sequence[Rejected], glyphs: Sequence[Glyph], *, pen_px: float) -> bool:
    height = median(glyph.box.height for glyph in glyphs) if glyphs else 0.0
    return any(
        (item.reason == "dash" and item.box.height >= CHAIN_PENS * pen_px)
        or (item.reason == "smudge" and bool(glyphs) and item.box.height >= FADED_HEIGHT * height)
        for item in items
    )


def _spans(box: Box, ink: InkPage) -> bool:
    """Tell whether ink runs from border to border: a fold, the edge of a sheet or of a shadow."""
    height, width = ink.mask.shape
    return bool(box.height >= SPANS * height or box.width >= SPANS * width)


def find_digits(page: Page, index: int, detector: Detector | None, regions: Regions | None = None) -> Found:
    """Find what may be digits, and what may be marks between them.

    Args:
        page: The page.
        index: Its index in the document.
        detector: Asked where digits stand; without one every glyph may be a digit.
        regions: Asked about each place that the detector names.
    """
    components = Components(page, index)
    if detector is None:
        return components.accept(components.take([None] * len(components.glyphs)))
    return components.ask(detector, regions)


def _measure_height(ink: InkPage) -> float:
    return measure_height(ink.mask, pen_px=ink.pen_px)


def _rect(sign: Spotted) -> tuple[float, float, float, float]:
    return sign.x, sign.y, sign.width, sign.height


def _to_rect(box: Box) -> tuple[float, float, float, float]:
    return float(box.x), float(box.y), float(box.width), float(box.height)


def _choose_box(sign: Spotted, glyph: Glyph | None) -> Box:
    """Return the glyph's exact box where it is the detector's digit, else the detector's."""
    box = to_box(sign)
    if glyph is None:
        return box
    shared = _shared(box, glyph.box)
    union = box.width * box.height + glyph.box.width * glyph.box.height - shared
    return glyph.box if shared >= SAME_INK * union else box


def _measure_cover(glyphs: Sequence[Glyph], signs: Sequence[Spotted]) -> npt.NDArray[np.float64]:
    """Return for each glyph the largest part of its box that lies in one sign's."""
    if not signs or not glyphs:
        return np.zeros(len(glyphs))
    boxes = np.array([(g.box.x, g.box.y, g.box.right, g.box.bottom) for g in glyphs], float)[:, None]
    others = np.array([(s.x, s.y, s.x + s.width, s.y + s.height) for s in signs])[None]
    sides = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(boxes[..., :2], others[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=2)  # (glyphs, signs)
    areas = (boxes[..., 2:] - boxes[..., :2]).prod(axis=2)
    cover: npt.NDArray[np.float64] = (shared / np.maximum(areas, 1)).max(axis=1)
    return cover


def _shared(a: Box, b: Box) -> int:
    width = min(a.right, b.right) - max(a.x, b.x)
    height = min(a.bottom, b.bottom) - max(a.y, b.y)
    return max(0, width) * max(0, height)


def _name_mark(sign: Spotted, labels: Sequence[str], to_page: Scaler) -> Candidate:
    best = int(np.argmax(sign.probs))
    probability = sign.score * float(sign.probs[best])
    return Candidate(to_page(to_box(sign)), "sign", label=labels[best], probability=probability)


def _measure_fill(ink: InkPage, box: Box) -> float:
    """Mean ink within a box on the working scale."""
    return float(ink.ink[box.y : box.bottom, box.x : box.right].mean())
