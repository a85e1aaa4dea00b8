"""What spoiled pictures do to a model: its error under each corruption, and a reader's accuracy step by step.

Owns: counting wrong answers on corrupted digits; pages with one digit, moved, scaled, inverted or written by
another pen, and how many of them a reader reads. Leaves to others: the corruptions themselves (corruptions), the
arithmetic of rates (metrics), pictures of the results (plots_robustness).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np

from inkdigits.errors import UsageError
from inkdigits.evaluation.corruptions import CORRUPTIONS
from inkdigits.evaluation.metrics import wilson_interval
from inkdigits.evaluation.run import match_labels, predict, to_forms
from inkdigits.ink import SIZE_PX
from inkdigits.ink.normalize import FAINTEST, GLYPH_PX
from inkdigits.reader import Reader
from inkdigits.types import Classifier, Gray, Ink, LabelledImages

CLEAN: Final = "clean"
"""Name of the pictures as they are; their error is told, but no part of the mean."""
CONDITIONS: Final = (CLEAN, *CORRUPTIONS)
_BATCH: Final = 50
"""Pages read at once; more gain nothing, since finding the digits takes most of the time."""


@dataclass(frozen=True, slots=True)
class CorruptionResult:
    """How often a classifier is wrong under each corruption.

    Attributes:
        model: Its name.
        data: Name of the digits, such as "mnist/test".
        count: How many digits each corruption was applied to.
        is_normalized: True if the corrupted pictures were brought into MNIST's form again before they were judged.
        wrong: Name of the corruption, or "clean" -> number of wrong answers.
    """

    model: str
    data: str
    count: int
    is_normalized: bool
    wrong: Mapping[str, int]

    @property
    def errors(self) -> dict[str, float]:
        """Share of wrong answers under each corruption, without "clean", in [0, 1]."""
        return {name: wrong / self.count for name, wrong in self.wrong.items() if name != CLEAN}

    @property
    def clean_error(self) -> float | None:
        """Share of wrong answers on the pictures as they are; None if these were not judged."""
        return self.wrong[CLEAN] / self.count if CLEAN in self.wrong else None

    @property
    def mean_error(self) -> float:
        """Mean of `errors`: each corruption counts the same; 0 if there is none."""
        return float(np.mean(list(self.errors.values()))) if self.errors else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "model": self.model,
            "data": self.data,
            "count": self.count,
            "is_normalized": self.is_normalized,
            "clean_error": self.clean_error,
            "mean_error": self.mean_error,
            "errors": {
                name: {
                    "wrong": self.wrong[name],
                    "error": error,
                    "interval95": list(wilson_interval(self.wrong[name], self.count)),
                }
                for name, error in self.errors.items()
            },
        }


@dataclass(frozen=True, slots=True)
class PageForm:
    """A page with one digit on it.

    Attributes:
        page_px: Side of the square page.
        digit_px: Longer side of the digit, as far as it is MNIST's usual 20 px.
        shift: How far from the middle: 0 is the middle, 1 lets the ink touch the border.
        pen_px: How much wider the pen is; negative for a thinner one.
        paper: Grey value of the paper.
        ink: Grey value of the ink.
    """

    page_px: int = 240
    digit_px: int = 80
    shift: float = 0.0
    pen_px: int = 0
    paper: int = 240
    ink: int = 30


_USUAL: Final = PageForm()
SWEEPS: Final[Mapping[str, Mapping[str, PageForm]]] = {
    # The way from the middle to the border, in one of eight directions.
    "shift": {f"{share} %": replace(_USUAL, shift=share / 100) for share in (0, 25, 50, 75, 90, 100)},
    # On one sheet: 12 px is a digit on a thumbnail of a letter, 320 px one that fills the sheet.
    "size": {f"{px} px": replace(_USUAL, page_px=448, digit_px=px) for px in (12, 16, 24, 40, 80, 160, 320)},
    "polarity": {
        "black on white": replace(_USUAL, paper=255, ink=0),
        "black on grey": replace(_USUAL, paper=150, ink=30),
        "pencil on white": replace(_USUAL, paper=240, ink=160),
        "white on black": replace(_USUAL, paper=0, ink=255),
        "white on grey": replace(_USUAL, paper=110, ink=230),
    },
    # MNIST's median pen, 2.3 px of 20, is 9 px here; thinner ones than 5 px would break.
    "pen": {f"{px:+d} px": replace(_USUAL, pen_px=px) for px in (-4, -2, 0, 2, 4, 8, 12)},
}
"""Name of the sweep -> what is written below its step -> the page; one property changes, all else is usual."""


@dataclass(frozen=True, slots=True)
class SweepStep:
    """How many pages of one form were read right.

    Attributes:
        sweep: What is changed, such as "size".
        step: To what, such as "40 px".
        count: Number of pages, each with one digit.
        correct: How many were read as exactly that digit.
    """

    sweep: str
    step: str
    count: int
    correct: int

    @property
    def accuracy(self) -> float:
        """Share of pages that were read right, in [0, 1]."""
        return self.correct / self.count

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "sweep": self.sweep,
            "step": self.step,
            "count": self.count,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval95": list(wilson_interval(self.correct, self.count)),
        }


def draw_digits(data: LabelledImages, count: int, *, seed: int = 0) -> LabelledImages:
    """Return digits drawn without repetition, in their order: MNIST's first test digits are easier than its last.

    Args:
        data: Digits.
        count: How many; all of them if it is 0 or there are no more.
        seed: Another one draws others.
    """
    if not 0 < count < len(data):
        return data
    chosen = np.sort(np.random.default_rng(seed).permutation(len(data))[:count])
    writers = None if data.writers is None else data.writers[chosen]
    return replace(data, images=data.images[chosen], labels=data.labels[chosen], writers=writers, extra={})


def corrupt_digits(data: LabelledImages, name: str, *, seed: int = 0) -> LabelledImages:
    """Return the same digits corrupted.

    Args:
        data: (N, 28, 28) uint8, ink bright.
        name: Of a corruption, or "clean".
        seed: See `Corruption`.

    Raises:
        UsageError: If there is no such corruption, or the digits are not 28x28.
    """
    if name == CLEAN:
        return data
    if name not in CORRUPTIONS:
        raise UsageError(f"There is no corruption {name!r}", remedy=f"Choose from: {', '.join(CORRUPTIONS)}.")
    images = CORRUPTIONS[name](data.images, seed=seed)
    return replace(data, images=images, name=f"{data.name} {name}")


def evaluate_corruptions(
    classifiers: Mapping[str, Classifier],
    data: LabelledImages,
    *,
    normalize: Sequence[bool] = (False,),
    seed: int = 0,
    conditions: Iterable[str] = CONDITIONS,
) -> list[CorruptionResult]:
    """Judge classifiers on corrupted digits; all see the same pictures.

    Args:
        classifiers: Name -> classifier that knows the labels of the data.
        data: Digits that none has learned from, (N, 28, 28) uint8; at least one.
        normalize: False for the pictures as the corruption leaves them, True for MNIST's form found anew in each;
            both for both.
        seed: Of the corruptions.
        conditions: Names of corruptions and "clean"; an iterator that tells how far it is will do.

    Returns:
        One result for each classifier and each value of `normalize`, the classifier changing first.

    Raises:
        UsageError: If there are no digits, they are not 28x28, or a classifier doesn't know their labels.
    """
    _check_any(data)
    labels = {model: match_labels(classifier, data) for model, classifier in classifiers.items()}
    keys = [(model, way) for way in normalize for model in classifiers]
    wrong: dict[tuple[str, bool], dict[str, int]] = {key: {} for key in keys}
    for condition in conditions:
        corrupted = corrupt_digits(data, condition, seed=seed)
        for way in normalize:
            forms = to_forms(corrupted, normalize=way)
            for model, classifier in classifiers.items():
                answers = predict(classifier, forms).argmax(axis=1)
                wrong[model, way][condition] = int((answers != labels[model]).sum())
    return [CorruptionResult(model, data.name, len(data), way, wrong[model, way]) for model, way in keys]


def make_page(image: Gray, form: PageForm) -> Gray:
    """Put one digit on a page.

    Args:
        image: (28, 28) uint8, ink bright.
        form: What the page is like.

    Returns:
        (page_px, page_px) uint8.

    Raises:
        UsageError: If the digit is larger than the page.
    """
    glyph = _change_pen(_enlarge(image, form.digit_px / GLYPH_PX), form.pen_px)
    height, width = glyph.shape
    free_y, free_x = form.page_px - height, form.page_px - width
    if free_y < 0 or free_x < 0:
        raise UsageError(
            f"a digit of {height}x{width} pixels is larger than the page of {form.page_px}",
            remedy="Make the page larger.",
        )
    directions = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
    down, right = directions[zlib.crc32(image.tobytes()) % len(directions)]
    top, left = round(free_y / 2 * (1 + form.shift * down)), round(free_x / 2 * (1 + form.shift * right))
    page = np.zeros((form.page_px, form.page_px), np.float32)
    page[top : top + height, left : left + width] = glyph
    return np.rint(form.paper + (form.ink - form.paper) * page).astype(np.uint8)


def list_steps() -> list[tuple[str, str]]:
    """Return the names of all sweeps and their steps, in order."""
    return [(sweep, step) for sweep, steps in SWEEPS.items() for step in steps]


def evaluate_sweeps(
    reader: Reader, data: LabelledImages, *, steps: Iterable[tuple[str, str]] | None = None
) -> list[SweepStep]:
    """Read pages with one digit each through the whole reader; right is one number that is that digit.

    Args:
        reader: The reader.
        data: Digits, (N, 28, 28) uint8; at least one.
        steps: Sweep and step of `SWEEPS`; an iterator that tells how far it is will do; all if None.

    Raises:
        UsageError: If there are no digits, or no such step.
    """
    _check_any(data)
    truths = [data.label_names[label] for label in data.labels]
    done = []
    for sweep, step in list_steps() if steps is None else steps:
        form = SWEEPS.get(sweep, {}).get(step)
        if form is None:
            raise UsageError(f"There is no step {step!r} of a sweep {sweep!r}", remedy="See SWEEPS.")
        pages = (make_page(image, form) for image in data.images)
        correct = sum(text == truth for text, truth in zip(_read(reader, pages), truths, strict=True))
        done.append(SweepStep(sweep, step, len(data), correct))
    return done


def _read(reader: Reader, pages: Iterable[Gray]) -> Iterable[str]:
    """Read in batches, so that large pages don't fill the memory."""
    batch: list[Gray] = []
    for page in pages:
        batch.append(page)
        if len(batch) == _BATCH:
            yield from (reading.text for reading in reader.read_many(batch))
            batch = []
    yield from (reading.text for reading in reader.read_many(batch))


def _check_any(data: LabelledImages) -> None:
    if not len(data):
        raise UsageError(f"{data.name or 'The data set'} holds no digit", remedy="Choose another split.")


def _enlarge(image: Gray, scale: float) -> Ink:
    """Resize a digit; MNIST's soft edges are made steeper: no pen writes large digits that are blurred."""
    ink = image.astype(np.float32) / np.float32(255)
    side = max(1, round(SIZE_PX * scale))
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    resized = cv2.resize(ink, (side, side), interpolation=interpolation)
    steeper: Ink = np.clip(0.5 + (resized - 0.5) * max(1, scale / 2), 0, 1).astype(np.float32)
    return steeper


def _change_pen(ink: Ink, by_px: int) -> Ink:
    """Widen or thin all strokes by so many pixels, and cut what is left to its ink."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(by_px) + 1, abs(by_px) + 1))
    padded = np.pad(ink, abs(by_px) + 1)
    changed = cv2.dilate(padded, disc) if by_px > 0 else cv2.erode(padded, disc)
    ys, xs = np.nonzero(changed >= FAINTEST)
    if not len(ys):
        return np.zeros((0, 0), np.float32)
    return changed[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].astype(np.float32)
