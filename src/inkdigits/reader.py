"""The one order of steps: picture, places of digits, glyphs, 28x28, classes, numbers.

Owns: what happens after what. Leaves to others: each step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.bundles.detector import DEFAULT_DETECTOR, load_detector
from inkdigits.deciding import DIGITS, Verdict, decide
from inkdigits.errors import UsageError
from inkdigits.fields import Field, apply_field
from inkdigits.finding import Detector, Found, Sighting, find_digits
from inkdigits.images import DEFAULT_LIMITS, Limits, Page, Source, load_pages
from inkdigits.ink import normalize_glyph
from inkdigits.ink.assemble import assemble
from inkdigits.ink.words import find_words
from inkdigits.types import Cells, Classifier, Digit, Number, Reading, Rejected

DEFAULT_MODEL = "latin"
AUTO = "auto"


class Reader:
    """Reads numbers from pictures; opens its model once, doesn't change, and can be shared by threads.

    Args:
        model: Name of a model that ships, path of a bundle, or any object with `labels` and `predict_proba`.
        detector: What finds the digits: "auto" takes the detector that ships wherever `model` is a bundle for the
            digits 0 to 9; a path or an open detector; or None for connected components alone.
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
        self.detector = _open_detector(detector, self.classifier)
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
        found = [
            [find_digits(page, index, self.detector) for index, page in enumerate(pages)]
            for pages in documents
        ]
        sightings = [sighting for pages in found for page in pages for sighting in page.sightings]
        verdicts = iter(self._judge(sightings))
        readings = [
            self._assemble(pages, [[next(verdicts) for _ in page.sightings] for page in pages])
            for pages in found
        ]
        if field is None:
            return readings
        return [apply_field(reading, field, min_confidence=self.min_confidence) for reading in readings]

    def _judge(self, sightings: Sequence[Sighting]) -> list[Verdict]:
        """Ask the classifier about all glyphs at once, and weigh its answer with the detector's."""
        with_ink = [index for index, sighting in enumerate(sightings) if sighting.glyph is not None]
        forms = np.zeros((len(with_ink), 28, 28), np.float32)
        for form, index in zip(forms, with_ink, strict=True):
            glyph = sightings[index].glyph
            if glyph is not None:
                form[:] = normalize_glyph(glyph.ink)
        none: npt.NDArray[np.float32] | None = None
        if isinstance(self.classifier, BundleClassifier) and self.classifier.knows_none:
            probs, none = self.classifier.predict(forms)
        else:
            probs = self.classifier.predict_proba(forms)
        place = {index: row for row, index in enumerate(with_ink)}
        return [
            decide(
                sighting,
                probs=probs[place[index]] if index in place else None,
                none=float(none[place[index]]) if none is not None and index in place else None,
            )
            for index, sighting in enumerate(sightings)
        ]

    def _assemble(self, pages: Sequence[Found], verdicts: Sequence[Sequence[Verdict]]) -> Reading:
        numbers: list[Number] = []
        rows: list[Cells] = []
        rejected: list[Rejected] = []
        for found, judged in zip(pages, verdicts, strict=True):
            pairs = list(zip(found.sightings, judged, strict=True))
            digits = [self._to_digit(sighting, verdict) for sighting, verdict in pairs if verdict.is_digit]
            refused = [
                Rejected(s.box, "no digit", found.index) for s, verdict in pairs if not verdict.is_digit
            ]
            others = [item.box for item in [*refused, *found.rejected] if item.reason == "no digit"]
            in_words = find_words([digit.box for digit in digits], others)
            refused += [Rejected(digits[i].box, "letter", found.index) for i in sorted(in_words)]
            digits = [digit for i, digit in enumerate(digits) if i not in in_words]
            rejected += refused
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

    def _to_digit(self, sighting: Sighting, verdict: Verdict) -> Digit:
        order = np.argsort(-verdict.probs, kind="stable")
        ranked = [(self.classifier.labels[i], float(verdict.probs[i])) for i in order]
        return Digit(ranked[0][0], ranked[0][1], sighting.box, tuple(ranked[1:]))


def _open_detector(
    detector: str | os.PathLike[str] | Detector | None, classifier: Classifier
) -> Detector | None:
    if detector != AUTO:
        return load_detector(detector) if isinstance(detector, str | os.PathLike) else detector
    is_ours = isinstance(classifier, BundleClassifier) and classifier.labels == DIGITS
    return load_detector(DEFAULT_DETECTOR) if is_ours else None
