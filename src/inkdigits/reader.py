"""The one order of steps: picture, ink, glyphs, 28x28, classes, numbers.

Owns: what happens after what. Leaves to others: each step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inkdigits.bundles import load_classifier
from inkdigits.errors import UsageError
from inkdigits.fields import Field, apply_field
from inkdigits.images import DEFAULT_LIMITS, Limits, Page, Source, load_pages
from inkdigits.ink import Glyph, InkPage, extract_ink, find_glyphs, normalize_glyph, remove_rules
from inkdigits.ink.assemble import assemble
from inkdigits.ink.marks import Candidate, find_strokes
from inkdigits.types import Box, Cells, Classifier, Digit, Number, Probs, Reading, Rejected, Rule

DEFAULT_MODEL = "latin"


@dataclass(frozen=True)
class _Found:
    """Glyphs of one page, boxes already in pixels of the page."""

    page: Page
    index: int
    glyphs: list[Glyph]
    boxes: list[Box]
    rejected: list[Rejected]
    rules: list[Rule]
    candidates: list[Candidate]
    pen_px: float


class Reader:
    """Reads numbers from pictures; opens its model once, doesn't change, and can be shared by threads.

    Args:
        model: Name of a model that ships, path of a bundle, or any object with `labels` and `predict_proba`.
        min_confidence: Digits below it are not read: "?" stands in their number's text, and `Reading.review` lists
            them with their alternatives; in [0, 1].
        limits: How many bytes, pixels and pages are accepted.

    Raises:
        BundleError: If the model can't be opened.
        UsageError: If `min_confidence` lies outside [0, 1].
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Classifier = DEFAULT_MODEL,
        *,
        min_confidence: float = 0.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if not 0 <= min_confidence <= 1:
            raise UsageError(
                f"the least confidence must lie between 0 and 1, got {min_confidence:g}",
                remedy="Use for example 0.9 for nine right answers in ten.",
            )
        self.classifier: Classifier = (
            load_classifier(model) if isinstance(model, str | os.PathLike) else model
        )
        self.min_confidence = min_confidence
        self.limits = limits

    def read(self, source: Source, *, field: Field | None = None) -> Reading:
        """Read all numbers of one picture or document.

        Args:
            source: Path ("-" for standard input), bytes, PIL image, or array (H, W), (H, W, 3) RGB, (H, W, 4).
            field: What is known about its numbers; it decides between alternatives.

        Returns:
            Numbers in reading order; a blank page gives an empty reading.

        Raises:
            ImageError: If the source is no usable picture.
        """
        return self.read_many([source], field=field)[0]

    def read_many(self, sources: Iterable[Source], *, field: Field | None = None) -> list[Reading]:
        """Read several pictures; the glyphs of all are classified together.

        Args:
            sources: As for `read`.
            field: As for `read`.

        Returns:
            One reading a source, in order.

        Raises:
            ImageError: If one of the sources is no usable picture.
        """
        return self.read_pages([load_pages(source, limits=self.limits) for source in sources], field=field)

    def read_pages(self, documents: Sequence[Sequence[Page]], *, field: Field | None = None) -> list[Reading]:
        """Read documents that are already loaded.

        Args:
            documents: Pages of each document.
            field: As for `read`.

        Returns:
            One reading a document, in order.
        """
        found = [[_find(page, index) for index, page in enumerate(pages)] for pages in documents]
        glyphs = [glyph for pages in found for page in pages for glyph in page.glyphs]
        probs = self._classify(glyphs)
        readings, start = [], 0
        for pages in found:
            count = sum(len(page.glyphs) for page in pages)
            readings.append(self._assemble(pages, probs[start : start + count]))
            start += count
        if field is None:
            return readings
        return [apply_field(reading, field, min_confidence=self.min_confidence) for reading in readings]

    def _classify(self, glyphs: Sequence[Glyph]) -> Probs:
        forms = np.zeros((len(glyphs), 28, 28), np.float32)
        for index, glyph in enumerate(glyphs):
            forms[index] = normalize_glyph(glyph.ink)
        return self.classifier.predict_proba(forms)

    def _assemble(self, pages: Sequence[_Found], probs: Probs) -> Reading:
        numbers: list[Number] = []
        rows: list[Cells] = []
        rejected: list[Rejected] = []
        start = 0
        for found in pages:
            digits = [
                self._to_digit(box, row)
                for box, row in zip(found.boxes, probs[start : start + len(found.boxes)], strict=True)
            ]
            start += len(found.boxes)
            made = assemble(
                digits,
                candidates=found.candidates,
                rules=found.rules,
                pen_px=found.pen_px,
                min_confidence=self.min_confidence,
                page=found.index,
            )
            numbers += made.numbers
            rows += made.rows
            rejected += [Rejected(digit.box, "rule", found.index) for digit in made.struck]
            used = {item.box for item in made.used}
            rejected += [item for item in found.rejected if item.box not in used]
        return Reading(
            numbers=tuple(numbers),
            rejected=tuple(rejected),
            page_sizes=tuple(found.page.size for found in pages),
            source=pages[0].page.source if pages else "",
            rows=tuple(rows),
        )

    def _to_digit(self, box: Box, row: Probs) -> Digit:
        order = np.argsort(-row, kind="stable")
        ranked = [(self.classifier.labels[i], float(row[i])) for i in order]
        return Digit(ranked[0][0], ranked[0][1], box, tuple(ranked[1:]))


def _find(page: Page, index: int) -> _Found:
    """Find the glyphs of a page and bring their boxes to its pixels."""
    ink, rules = remove_rules(extract_ink(page.gray))
    glyphs, specks = find_glyphs(ink)
    boxes = [_rescale(glyph.box, ink.scale, page.size) for glyph in glyphs]
    ruled = [replace(r, box=_rescale(r.box, ink.scale, page.size), page=index) for r in rules]
    left = [replace(r, box=_rescale(r.box, ink.scale, page.size), page=index) for r in specks]
    small = [
        Candidate(item.box, "dash" if item.reason == "dash" else "speck", fill=_measure_fill(ink, found.box))
        for item, found in zip(left, specks, strict=True)
        if item.reason in ("speck", "dash")
    ]
    return _Found(
        page=page,
        index=index,
        glyphs=glyphs,
        boxes=boxes,
        rejected=[*ruled, *left],
        rules=ruled,
        candidates=small + find_strokes(glyphs, boxes),
        pen_px=ink.pen_px / ink.scale,
    )


def _measure_fill(ink: InkPage, box: Box) -> float:
    """Mean ink within a box on the working scale."""
    return float(ink.ink[box.y : box.bottom, box.x : box.right].mean())


def _rescale(box: Box, scale: float, size: tuple[int, int]) -> Box:
    """Bring a box from working pixels to pixels of the page, clipped to it and never empty."""
    height, width = size
    left, top = min(int(box.x / scale), width - 1), min(int(box.y / scale), height - 1)
    right = min(width, max(left + 1, round(box.right / scale)))
    bottom = min(height, max(top + 1, round(box.bottom / scale)))
    return Box(left, top, right - left, bottom - top)
