"""A classifier judged on single glyphs, with everything that is asked of it: one object holds all numbers.

Owns: which measures are taken of a classifier, and their plain form. Leaves to others: each measure, the report.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.evaluation.calibration import Reliability, measure_reliability
from inkdigits.evaluation.compare import measure_latency_ms
from inkdigits.evaluation.coverage import RiskCoverage, measure_risk_coverage
from inkdigits.evaluation.metrics import Labels, Scores, score
from inkdigits.evaluation.mislabelled import Mislabelled, find_mislabelled
from inkdigits.evaluation.progress import Progress, say_nothing
from inkdigits.evaluation.rejection import Rejection, measure_rejection
from inkdigits.evaluation.run import digest_images, match_labels, predict_with_none, to_forms
from inkdigits.evaluation.significance import Items
from inkdigits.types import Classifier, Ink, LabelledImages, Probs


@dataclass(frozen=True)
class Timing:
    """How fast, by one thread and on this machine.

    Attributes:
        latency_ms: Median time for one image.
        per_second: Images in a second: of a classifier many at once, the fastest thousand; of a reader one by one.
    """

    latency_ms: float
    per_second: float


@dataclass(frozen=True)
class GlyphEvaluation:
    """A classifier, the glyphs that it was judged on, and what came out.

    Attributes:
        model: Name of the model.
        data: The glyphs.
        forms: (N, 28, 28) float32, as the classifier got them.
        names: Names of the classes, in the order of the columns of `probs`.
        labels: (N,) int64 true classes.
        probs: (N, C) float32.
        scores: Accuracy and so on.
        reliability: Confidence beside accuracy.
        coverage: Risk against coverage.
        timing: How fast.
        rejection: Digits against non-digits; None where no non-digits were given.
        non_digits: Name of the set of non-digits, or "".
        has_learned: True if the model was trained on these images, None if that is not known.
        knows_none: True if the model has a class for what is no digit.
    """

    model: str
    data: LabelledImages
    forms: Ink
    names: tuple[str, ...]
    labels: Labels
    probs: Probs
    scores: Scores
    reliability: Reliability
    coverage: RiskCoverage
    timing: Timing
    rejection: Rejection | None = None
    non_digits: str = ""
    has_learned: bool | None = None
    knows_none: bool = False

    @property
    def answers(self) -> Labels:
        """(N,) int64 most probable classes."""
        best: Labels = self.probs.argmax(axis=1).astype(np.int64)
        return best

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """(N,) float32 probabilities of the answers."""
        best: npt.NDArray[np.float32] = self.probs.max(axis=1)
        return best

    @property
    def items(self) -> Items:
        """Right and wrong, image by image."""
        return Items(self.model, digest_images(self.data), self.answers == self.labels)

    def find_mistakes(self) -> npt.NDArray[np.int64]:
        """Return the positions of wrong answers, the surest first."""
        wrong = np.flatnonzero(self.answers != self.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]

    def rank_mislabelled(self) -> Mislabelled | None:
        """Rank the images by how probably their label is wrong; None if the model has learned these labels."""
        return None if self.has_learned else find_mislabelled(self.labels, self.probs)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: all measures, and right or wrong image by image."""
        name, _, split = self.data.name.partition("/")
        scores = self.scores
        return {
            "kind": "glyphs",
            "data": name,
            "split": split,
            "model": self.model,
            "has_learned": self.has_learned,
            "count": scores.count,
            "correct": scores.correct,
            "accuracy": scores.accuracy,
            "interval95": list(scores.interval),
            "top2": scores.top2,
            "loss": scores.loss,
            "calibration_error": scores.calibration_error,
            "macro": scores.macro,
            "classes": {
                label: {
                    "precision": float(scores.precision[i]),
                    "recall": float(scores.recall[i]),
                    "f1": float(scores.f1[i]),
                    "count": int(scores.confusion[i].sum()),
                }
                for i, label in enumerate(self.names)
            },
            "confusion": scores.confusion.tolist(),
            "reliability": self.reliability.to_list(),
            "coverage": self.coverage.to_dict(),
            "rejection": {"data": self.non_digits, **self.rejection.to_dict()} if self.rejection else None,
            "latency_ms": self.timing.latency_ms,
            "images_per_s": self.timing.per_second,
            "items": self.items.to_dict(),
        }


def evaluate_glyphs(
    classifier: Classifier,
    data: LabelledImages,
    *,
    model: str = "",
    normalize: bool | None = None,
    non_digits: LabelledImages | None = None,
    has_learned: bool | None = None,
    on_progress: Progress = say_nothing,
) -> GlyphEvaluation:
    """Judge any classifier on glyphs by every measure.

    Args:
        classifier: A bundle, or any object with `labels` and `predict_proba`.
        data: At least one glyph; its labels are matched by name.
        model: Name for the report; by default that of the class.
        normalize: See `inkdigits.evaluation.run.to_forms`.
        non_digits: Glyphs that are no digits, whatever their labels; they are always normalised unless 28x28.
        has_learned: True if the classifier was trained on `data`, None if you don't know.
        on_progress: Is told how far it is.

    Raises:
        UsageError: If the data have labels that the classifier doesn't know.
    """
    labels = match_labels(classifier, data)
    on_progress("Preparing images", 0, 1)
    forms = to_forms(data, normalize=normalize)
    latency_ms = measure_latency_ms(classifier, forms)
    clock = _Clock()

    def follow(done: int) -> None:
        clock.take(done)
        on_progress("Reading images", done, len(forms))

    probs, none = predict_with_none(classifier, forms, on_batch=follow)
    rejection = None
    if non_digits is not None:
        on_progress("Reading non-digits", 0, 1)
        others = _score_digits(*predict_with_none(classifier, to_forms(non_digits)))
        rejection = measure_rejection(_score_digits(probs, none), others)
    confidence, is_right = probs.max(axis=1), probs.argmax(axis=1) == labels
    return GlyphEvaluation(
        model=model or type(classifier).__name__,
        data=data,
        forms=forms,
        names=tuple(classifier.labels),
        labels=labels,
        probs=probs,
        scores=score(labels, probs),
        reliability=measure_reliability(confidence, is_right),
        coverage=measure_risk_coverage(confidence, is_right),
        timing=Timing(latency_ms, clock.best_per_s),
        rejection=rejection,
        non_digits=non_digits.name if non_digits else "",
        has_learned=has_learned,
        knows_none=none is not None,
    )


class _Clock:
    """Finds the fastest batch: what else runs on the machine can only make one slower."""

    def __init__(self) -> None:
        self.best_per_s = 0.0
        self._done = 0
        self._last_s = time.perf_counter()

    def take(self, done: int) -> None:
        """Hear how many images are done."""
        now_s = time.perf_counter()
        self.best_per_s = max(self.best_per_s, (done - self._done) / max(now_s - self._last_s, 1e-9))
        self._done, self._last_s = done, now_s


def _score_digits(probs: Probs, none: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    """(N,) how sure it is that each glyph is a digit: what the class "none" leaves, else the best probability."""
    digitness: npt.NDArray[np.float32] = probs.max(axis=1) if none is None else 1 - none
    return digitness
