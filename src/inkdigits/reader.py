"""The one order of steps: picture, places of digits, glyphs, 28x28, classes, numbers.

Owns: what happens after what. Leaves to others: each step.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.bundles.detector import DEFAULT_DETECTOR, load_detector
from inkdigits.bundles.region import DEFAULT_REGIONS, load_regions
from inkdigits.deciding import (
    DIGITS,
    MOST_LOOKED_AT,
    Verdict,
    are_clear,
    are_few,
    decide,
    find_unclear,
    have_form,
    is_certain_alone,
    is_one_wide,
    is_sure_alone,
    is_surely_digit,
    may_be_two,
    measure_sureness,
    tell,
)
from inkdigits.errors import UsageError
from inkdigits.fields import Field, apply_field
from inkdigits.finding import Components, Found, Opinion, Sighting
from inkdigits.images import DEFAULT_LIMITS, Limits, Page, Source, load_pages
from inkdigits.ink import Glyph, normalize_glyph
from inkdigits.ink.assemble import assemble
from inkdigits.ink.places import make_piece
from inkdigits.ink.tight import is_balanced
from inkdigits.letters import find_letters
from inkdigits.levelling import find_turn, is_as_sure, move_back, move_rejected
from inkdigits.looking import Detector, Regions
from inkdigits.reconsidering import doubt_parts, reconsider
from inkdigits.types import Cells, Classifier, Digit, Ink, Number, Reading, Rejected

DEFAULT_MODEL = "latin"
AUTO = "auto"


class Reader:
    """Reads numbers from pictures; opens its model once, doesn't change, and can be shared by threads.

    Args:
        model: Name of a model that ships, path of a bundle, or any object with `labels` and `predict_proba`.
        detector: What finds the digits: "auto" takes the detector that ships wherever `model` is a bundle for the
            digits 0 to 9; a path or an open detector; or None for connected components alone.
        regions: What looks again at each place that the detector names: "auto" takes the region classifier that
            ships wherever there is a detector and `model` is a bundle for the digits; a path, an open one, or None.
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
        detector: str | os.PathLike[str] | Detector | None = AUTO,
        regions: str | os.PathLike[str] | Regions | None = AUTO,
        min_confidence: float = 0.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        _check_confidence(min_confidence)
        self.classifier: Classifier = (
            load_classifier(model) if isinstance(model, str | os.PathLike) else model
        )
        self.detector = _open_detector(detector, self.classifier)
        self.regions = _open_regions(regions, self.classifier, has_detector=self.detector is not None)
        self.min_confidence = min_confidence
        self.limits = limits

    def with_confidence(self, min_confidence: float) -> Reader:
        """Return a reader with the same open models that asks for another confidence; it costs nothing.

        Args:
            min_confidence: In [0, 1].

        Raises:
            UsageError: If `min_confidence` lies outside [0, 1].
        """
        _check_confidence(min_confidence)
        reader = copy.copy(self)
        reader.min_confidence = min_confidence
        return reader

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
        readings = [reading for reading, _ in self._read(documents)]
        if field is None:
            return readings
        return [apply_field(reading, field, min_confidence=self.min_confidence) for reading in readings]

    def read_with_forms(
        self, pages: Sequence[Page], *, field: Field | None = None
    ) -> tuple[Reading, list[Ink | None]]:
        """Read one document, and return what the classifier saw.

        Args:
            pages: Pages of the document.
            field: As for `read`.

        Returns:
            The reading, and for each of `reading.digits` its form, (28, 28) float32 in [0, 1] with ink = 1; None
            where the detector saw a digit, but no ink was found.
        """
        reading, found = self._read([pages])[0]
        if field is not None:
            reading = apply_field(reading, field, min_confidence=self.min_confidence)
        glyphs = {
            (page.index, page.place(sighting.box)): sighting.glyph
            for page in found
            for sighting in page.sightings
        }
        places = [(number.page, digit.box) for number in reading.numbers for digit in number.digits]
        seen = [glyphs[place] for place in places]
        return reading, [None if glyph is None else normalize_glyph(glyph.ink) for glyph in seen]

    def _read(self, documents: Sequence[Sequence[Page]]) -> list[tuple[Reading, list[Found]]]:
        """Read documents; with each reading comes what was found on its pages."""
        found = [
            self._find([Components(page, index) for index, page in enumerate(pages)]) for pages in documents
        ]
        sightings = [sighting for pages in found for page in pages for sighting in page.sightings]
        verdicts = iter(self._judge(sightings))
        judged = [
            [self._level(page, [next(verdicts) for _ in page.sightings]) for page in pages] for pages in found
        ]
        return [(self._assemble(pages), [page for page, _ in pages]) for pages in judged]

    def _level(self, found: Found, verdicts: list[Verdict]) -> tuple[Found, list[Verdict]]:
        """Read a page anew whose writing runs far up or down, turned so that it is level."""
        turn = find_turn(found, verdicts)
        if turn is None:
            return found, verdicts
        (level,) = self._find([Components(turn.apply(found.page), found.index)])
        again = self._judge(level.sightings)
        return (replace(level, turn=turn), again) if is_as_sure(again, verdicts) else (found, verdicts)

    def _find(self, pages: Sequence[Components]) -> list[Found]:
        """Ask the classifier about all components, and the detector about the pages where that is not enough."""
        if self.detector is None:
            return [page.accept(page.take([None] * len(page.glyphs))) for page in pages]
        if not self._knows_none():
            return [page.ask(self.detector, self.regions) for page in pages]
        opinions = iter(self._ask([glyph for page in pages for glyph in page.glyphs]))
        return [
            self._look_closer(page, [next(opinions) for _ in page.glyphs], self.detector) for page in pages
        ]

    def _look_closer(self, page: Components, opinions: Sequence[Opinion], detector: Detector) -> Found:
        """Ask the detector where the classifier is not sure; look at a tight crop in the other polarity before."""
        if page.may_hide_digits:
            return self._ask_detector(page, opinions, detector)
        if len(page.glyphs) == 1:
            return self._look_at_lone(page, opinions[0], detector)
        sightings = page.take(opinions)
        if are_clear(page.glyphs, opinions):
            return page.accept(sightings)
        if self.regions is not None and have_form(page.glyphs, opinions):
            unclear = find_unclear(opinions)
            if len(unclear) <= MOST_LOOKED_AT * len(opinions):
                sightings = page.look_again_at(sightings, unclear, self.regions)
                doubtful = sum(
                    not is_surely_digit(sightings[index]) or may_be_two(page.glyphs[index], page.glyphs)
                    for index in unclear
                )
                if are_few(doubtful, page.glyphs):
                    return page.accept(sightings)
        turned = self._turn(page, opinions, detector)
        return self._ask_detector(page, opinions, detector) if turned is None else turned

    def _ask_detector(self, page: Components, opinions: Sequence[Opinion], detector: Detector) -> Found:
        """Ask the detector, and keep what the classifier has said about glyphs that it names, too."""
        found = page.ask(detector, self.regions)
        known = {glyph.box: opinion for glyph, opinion in zip(page.glyphs, opinions, strict=True)}
        sightings = [
            replace(sighting, opinion=known.get(sighting.glyph.box))
            if sighting.glyph is not None and sighting.glyph.is_whole
            else sighting
            for sighting in found.sightings
        ]
        return replace(found, sightings=sightings)

    def _look_at_lone(self, page: Components, opinion: Opinion, detector: Detector) -> Found:
        """Ask about a page's only glyph, in the other polarity where a tight crop shows a surer digit so."""
        if not are_clear(page.glyphs, [opinion]):
            turned = self._turn(page, [opinion], detector)
            if turned is not None:
                return turned
        return self._ask_about_lone(page, opinion, detector)

    def _ask_about_lone(self, page: Components, opinion: Opinion, detector: Detector) -> Found:
        """Ask the region classifier about a page's only glyph, and the detector where that is not enough."""
        is_certain = is_certain_alone(page.glyphs[0], opinion)
        lone = page.take_alone(None if is_certain else self.regions, opinion)
        is_one = is_certain or is_one_wide(page.glyphs[0]) or not page.is_free
        if is_sure_alone(lone) and is_one:
            return page.accept_alone(lone)
        return page.ask_alone(detector, self.regions, lone)

    def _turn(self, page: Components, opinions: Sequence[Opinion], detector: Detector) -> Found | None:
        """Look at a tight crop in the other polarity, if that shows one clear digit.

        Where ink and paper take equal parts of the crop, it is enough that the sign is surer to be a digit so.
        """
        turned = page.turn()
        if turned is None or len(turned.glyphs) != 1:
            return None
        (opinion,) = self._ask(turned.glyphs)
        if are_clear(turned.glyphs, [opinion]):
            return turned.accept_alone(turned.take_alone(self.regions, opinion))
        if is_balanced(page.page.gray) and measure_sureness([opinion]) > measure_sureness(opinions):
            return self._ask_about_lone(turned, opinion, detector)
        return None

    def _judge(self, sightings: Sequence[Sighting]) -> list[Verdict]:
        """Ask the classifier about all glyphs at once, and weigh its answer with the detector's."""
        asked = iter(self._ask([s.glyph for s in sightings if s.glyph is not None and s.opinion is None]))
        return [
            decide(s, s.opinion if s.opinion is not None or s.glyph is None else next(asked))
            for s in sightings
        ]

    def _knows_none(self) -> bool:
        return isinstance(self.classifier, BundleClassifier) and self.classifier.knows_none

    def _ask(self, glyphs: Sequence[Glyph]) -> list[Opinion]:
        """Ask the classifier about all glyphs at once."""
        if not glyphs:
            return []
        forms = np.stack([normalize_glyph(glyph.ink) for glyph in glyphs])
        if isinstance(self.classifier, BundleClassifier) and self.classifier.knows_none:
            probs, none = self.classifier.predict(forms)
            return [Opinion(p, float(n)) for p, n in zip(probs, none, strict=True)]
        return [Opinion(p, None) for p in self.classifier.predict_proba(forms)]

    def _assemble(self, pages: Sequence[tuple[Found, Sequence[Verdict]]]) -> Reading:
        numbers: list[Number] = []
        rows: list[Cells] = []
        rejected: list[Rejected] = []
        for found, alone in pages:
            judged = reconsider(
                [sighting.box for sighting in found.sightings],
                alone,
                [sighting.contrast for sighting in found.sightings],
            )
            if found.is_one_piece:
                judged = doubt_parts(judged)
            pairs = list(zip(found.sightings, judged, strict=True))
            digits = [self._to_digit(sighting, verdict) for sighting, verdict in pairs if verdict.is_digit]
            left = [sighting for sighting, verdict in pairs if not verdict.is_digit]
            refused = [Rejected(sighting.box, "no digit", found.index) for sighting in left]
            in_words = find_letters(found, alone, judged)
            refused += [Rejected(digits[i].box, "letter", found.index) for i in sorted(in_words)]
            digits = [digit for i, digit in enumerate(digits) if i not in in_words]
            pieces = [
                make_piece(sighting.glyph, sighting.box) for sighting in left if sighting.glyph is not None
            ]
            made = assemble(
                digits,
                candidates=[*found.candidates, *pieces],
                rules=found.rules,
                pen_px=found.pen_px,
                min_confidence=self.min_confidence,
                page=found.index,
            )
            used = {item.box for item in made.used}
            left_out = [
                *(item for item in (*refused, *found.rejected) if item.box not in used),
                *(Rejected(digit.box, "rule", found.index) for digit in made.struck),
            ]
            if found.turn is not None:
                made = move_back(made, found.turn)
                left_out = [move_rejected(item, found.turn) for item in left_out]
            numbers += made.numbers
            rows += made.rows
            rejected += left_out
        return Reading(
            numbers=tuple(numbers),
            rejected=tuple(rejected),
            page_sizes=tuple(found.size for found, _ in pages),
            source=pages[0][0].page.source if pages else "",
            rows=tuple(rows),
        )

    def _to_digit(self, sighting: Sighting, verdict: Verdict) -> Digit:
        probs = tell(sighting, verdict)
        order = np.argsort(-probs, kind="stable")
        ranked = [(self.classifier.labels[i], float(probs[i])) for i in order]
        return Digit(ranked[0][0], ranked[0][1], sighting.box, tuple(ranked[1:]))


def _check_confidence(min_confidence: float) -> None:
    if not 0 <= min_confidence <= 1:
        raise UsageError(
            f"the least confidence must lie between 0 and 1, got {min_confidence:g}",
            remedy="Use for example 0.9 for nine right answers in ten.",
        )


def _open_detector(
    detector: str | os.PathLike[str] | Detector | None, classifier: Classifier
) -> Detector | None:
    if detector != AUTO:
        return load_detector(detector) if isinstance(detector, str | os.PathLike) else detector
    return load_detector(DEFAULT_DETECTOR) if _is_ours(classifier) else None


def _open_regions(
    regions: str | os.PathLike[str] | Regions | None, classifier: Classifier, *, has_detector: bool
) -> Regions | None:
    if regions != AUTO:
        return load_regions(regions) if isinstance(regions, str | os.PathLike) else regions
    return load_regions(DEFAULT_REGIONS) if has_detector and _is_ours(classifier) else None


def _is_ours(classifier: Classifier) -> bool:
    return isinstance(classifier, BundleClassifier) and classifier.labels == DIGITS
