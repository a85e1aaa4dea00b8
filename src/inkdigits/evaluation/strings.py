"""A reader judged on pictures with texts: exact texts, wrong characters, and how far its confidence can be trusted.

Owns: which measures are taken of a reader, and their plain form. Leaves to others: each measure, the report.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets import LabelledPicture
from inkdigits.evaluation.calibration import Reliability, measure_reliability
from inkdigits.evaluation.coverage import RiskCoverage, measure_risk_coverage
from inkdigits.evaluation.glyphs import Timing
from inkdigits.evaluation.match import Judged, judge_digits, keep_digits
from inkdigits.evaluation.metrics import count_confusion, edit_distance, wilson_interval
from inkdigits.evaluation.progress import Progress, follow, say_nothing
from inkdigits.evaluation.rejection import Rejection, measure_rejection
from inkdigits.evaluation.run import PictureResult, digest_pictures, evaluate_reader
from inkdigits.evaluation.significance import Items
from inkdigits.reader import Reader
from inkdigits.types import LabelledImages

NOTHING, SEVERAL = "nothing", "several"
"""Columns of the confusion matrix beside the labels: no digit was read, or more than one sign."""


@dataclass(frozen=True)
class Group:
    """Pictures that have something in common.

    Attributes:
        count: How many.
        correct: How many were read exactly.
        digits_correct: In how many all digits were right, in order, whatever stands between them: truths of
            amounts often leave out separators that are written.
        edits: Insertions, deletions and substitutions that their answers need.
        characters: Characters of their truths.
    """

    count: int
    correct: int
    digits_correct: int
    edits: int
    characters: int

    @property
    def error_rate(self) -> float:
        """Character error rate: edits over characters of the truth."""
        return self.edits / max(1, self.characters)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"count": self.count, "correct": self.correct, "character_error_rate": self.error_rate}


@dataclass(frozen=True)
class PictureEvaluation:
    """A reader, the pictures that it was judged on, and what came out.

    Attributes:
        model: Name of the model.
        name: Name and split of the set, such as "own-handwriting/all".
        labels: Names of the classes that the reader knows.
        results: Each picture with its answer, at least one.
        rejection: Pictures with digits against those without; None where none without were given.
        non_digits: Name of the set of non-digits, or "".
        digest: Of the pictures, so that two models are compared on the same ones only.
        has_learned: True if the model was trained on these images, None if that is not known.
    """

    model: str
    name: str
    labels: tuple[str, ...]
    results: Sequence[PictureResult]
    rejection: Rejection | None = None
    non_digits: str = ""
    digest: str = field(default="", repr=False)
    has_learned: bool | None = None

    @cached_property
    def total(self) -> Group:
        """All pictures."""
        return _make_group(self.results)

    @property
    def is_exact(self) -> npt.NDArray[np.bool_]:
        """(N,) bool, whose text is right."""
        return np.array([result.is_exact for result in self.results], np.bool_)

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """(N,) float64 probability that the whole text is right."""
        return np.array([result.confidence for result in self.results], np.float64)

    @property
    def items(self) -> Items:
        """Right and wrong, picture by picture."""
        return Items(self.model, self.digest, self.is_exact)

    @cached_property
    def reliability(self) -> Reliability:
        """Confidence of single digits beside their accuracy; digits without a partner in the truth are left out."""
        return measure_reliability(*self._judge_digits())

    @cached_property
    def coverage(self) -> RiskCoverage | None:
        """Risk against coverage, by whole pictures; None where nothing is written: no answer has no confidence."""
        if not any(result.picture.text for result in self.results):
            return None
        return measure_risk_coverage(self.confidence, self.is_exact)

    @property
    def timing(self) -> Timing:
        """From the picture's bytes to its text, one after the other."""
        seconds = [result.seconds for result in self.results]
        return Timing(1000 * statistics.median(seconds), len(seconds) / max(sum(seconds), 1e-9))

    def group_by(self, key: Callable[[PictureResult], Any]) -> dict[Any, Group]:
        """Return the pictures in groups, sorted by their key."""
        keys = sorted({key(result) for result in self.results})
        return {one: _make_group([r for r in self.results if key(r) == one]) for one in keys}

    @property
    def by_kind(self) -> dict[str, Group]:
        """By how the pictures came about."""
        return self.group_by(lambda result: result.picture.kind)

    @property
    def by_length(self) -> dict[int, Group]:
        """By the number of characters of the truth."""
        return self.group_by(lambda result: len(strip_blanks(result.picture.text)))

    def count_confusion(self) -> tuple[tuple[str, ...], npt.NDArray[np.int64]] | None:
        """Count answers for each true digit; None unless every picture holds a single sign.

        Returns:
            Names of the columns, the last two "nothing" and "several"; (C + 2, C + 2) int64, rows are true digits.
        """
        names = (*self.labels, NOTHING, SEVERAL)
        if not all(result.picture.text in self.labels for result in self.results):
            return None
        truth = np.array([names.index(result.picture.text) for result in self.results], np.int64)
        answers = np.array([self._place(result.answer, names) for result in self.results], np.int64)
        return names, count_confusion(truth, answers, classes=len(names))

    def find_mistakes(self) -> list[PictureResult]:
        """Return the pictures that were not read exactly, the surest first."""
        wrong = [result for result in self.results if not result.is_exact]
        return sorted(wrong, key=lambda result: -result.confidence)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: all measures, and right or wrong picture by picture."""
        name, _, split = self.name.partition("/")
        total, confusion = self.total, self.count_confusion()
        return {
            "kind": "pictures",
            "data": name,
            "split": split,
            "model": self.model,
            "has_learned": self.has_learned,
            "count": total.count,
            "correct": total.correct,
            "accuracy": total.correct / total.count,
            "interval95": list(wilson_interval(total.correct, total.count)),
            "digits_correct": total.digits_correct,
            "character_error_rate": total.error_rate,
            "kinds": {key: _to_counts(group) for key, group in self.by_kind.items()},
            "lengths": {str(key): group.to_dict() for key, group in self.by_length.items()},
            "confusion": None if confusion is None else confusion[1].tolist(),
            "answers": None if confusion is None else list(confusion[0]),
            "calibration_error": self.reliability.error,
            "reliability": self.reliability.to_list(),
            "coverage": self.coverage.to_dict() if self.coverage else None,
            "rejection": {"data": self.non_digits, **self.rejection.to_dict()} if self.rejection else None,
            "latency_ms": self.timing.latency_ms,
            "images_per_s": self.timing.per_second,
            "items": self.items.to_dict(),
        }

    def _judge_digits(self) -> Judged:
        judged = [
            pair
            for result in self.results
            if result.reading is not None
            for pair in judge_digits(
                result.reading.digits, keep_digits(result.picture.text), result.picture.boxes
            )
        ]
        return np.array([c for c, _ in judged], np.float64), np.array(
            [right for _, right in judged], np.bool_
        )

    @staticmethod
    def _place(answer: str, names: tuple[str, ...]) -> int:
        text = strip_blanks(answer)
        return names.index(text if text in names else SEVERAL if text else NOTHING)


def evaluate_pictures(
    reader: Reader,
    pictures: Sequence[LabelledPicture],
    *,
    model: str = "",
    name: str = "",
    non_digits: Sequence[LabelledPicture] = (),
    non_digits_name: str = "",
    has_learned: bool | None = None,
    on_progress: Progress = say_nothing,
) -> PictureEvaluation:
    """Judge a whole reader on pictures by every measure.

    Args:
        reader: The reader, with any classifier.
        pictures: At least one; the truth of a picture without a number is "".
        model: Name for the report; by default that of the classifier's class.
        name: Name and split of the set.
        non_digits: Pictures without digits, whatever their texts say.
        non_digits_name: Name of their set.
        has_learned: True if the classifier was trained on these pictures, None if you don't know.
        on_progress: Is told how far it is.
    """
    results = evaluate_reader(reader, follow(pictures, "Reading pictures", on_progress))
    rejection = None
    if non_digits:
        others = evaluate_reader(reader, follow(non_digits, "Reading non-digits", on_progress))
        rejection = measure_rejection(_score_digits(results), _score_digits(others))
    return PictureEvaluation(
        model=model or type(reader.classifier).__name__,
        name=name,
        labels=tuple(reader.classifier.labels),
        results=results,
        rejection=rejection,
        non_digits=non_digits_name,
        digest=digest_pictures(pictures),
        has_learned=has_learned,
    )


def make_pictures(data: LabelledImages, *, is_dark_ink: bool) -> list[LabelledPicture]:
    """Turn glyphs into pictures, as if each had come as a file of its own.

    Args:
        data: Glyphs with their classes.
        is_dark_ink: True for dark ink on white, False for white ink on black.
    """
    images = 255 - data.images if is_dark_ink else data.images
    texts = [data.label_names[label] for label in data.labels]
    return [
        LabelledPicture(str(index), cv2.imencode(".png", image)[1].tobytes(), text, "glyph")
        for index, (image, text) in enumerate(zip(images, texts, strict=True))
    ]


def make_blank_truths(pictures: Sequence[LabelledPicture]) -> list[LabelledPicture]:
    """Return pictures of symbols as a reader of numbers should see them: there is nothing to read."""
    return [replace(picture, text="", boxes=()) for picture in pictures]


def strip_blanks(text: str) -> str:
    """Return a text without blanks, which don't count.

    Args:
        text: Such as "1 250".
    """
    return text.replace(" ", "")


def _make_group(results: Sequence[PictureResult]) -> Group:
    texts = [(strip_blanks(result.picture.text), strip_blanks(result.answer)) for result in results]
    return Group(
        count=len(results),
        correct=sum(result.is_exact for result in results),
        digits_correct=sum(keep_digits(truth) == keep_digits(answer) for truth, answer in texts),
        edits=sum(edit_distance(truth, answer) for truth, answer in texts),
        characters=sum(len(truth) for truth, _ in texts),
    )


def _to_counts(group: Group) -> Mapping[str, int]:
    return {"count": group.count, "correct": group.correct}


def _score_digits(results: Sequence[PictureResult]) -> npt.NDArray[np.float64]:
    return np.array([result.digit_score for result in results], np.float64)
