"""Runs a classifier over glyphs, or a reader over pictures, and collects what came out.

Owns: the loop. Leaves to others: the arithmetic (metrics), what is made of the answers (glyphs, strings).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.bundles import BundleClassifier
from inkdigits.datasets import LabelledPicture
from inkdigits.errors import InkdigitsError, UsageError
from inkdigits.evaluation.metrics import Labels, Scores, score
from inkdigits.ink import SIZE_PX, normalize_images
from inkdigits.reader import Reader
from inkdigits.types import Classifier, Ink, LabelledImages, Probs, Reading

BATCH = 1000


@dataclass(frozen=True)
class PictureResult:
    """One picture, what is written in it and what was read.

    Attributes:
        picture: With its ground truth.
        reading: What was read; None if the picture could not be opened.
        seconds: Time for reading, from bytes to text.
    """

    picture: LabelledPicture
    reading: Reading | None
    seconds: float = 0.0

    @property
    def answer(self) -> str:
        """The text that was read; "" if nothing."""
        return self.reading.text if self.reading else ""

    @property
    def is_exact(self) -> bool:
        """True if the text is right, blanks within a line not counted."""
        return self.answer.replace(" ", "") == self.picture.text.replace(" ", "")

    @property
    def confidence(self) -> float:
        """Probability that everything is right: the product over the numbers; 0 if nothing was read."""
        if self.reading is None or not self.reading.numbers:
            return 0.0
        return float(np.prod([number.confidence for number in self.reading.numbers]))

    @property
    def digit_score(self) -> float:
        """How sure the reader is that there is any digit: the confidence of the surest one, 0 if there is none."""
        digits = self.reading.digits if self.reading else ()
        return max((digit.confidence for digit in digits), default=0.0)


def to_forms(data: LabelledImages, *, normalize: bool | None = None) -> Ink:
    """Bring the images of a set into the form that classifiers take.

    Args:
        data: (N, H, W) uint8, ink bright.
        normalize: True to find MNIST's form for each; False to take 28x28 images as they are; None decides by
            the size: 28x28 images are taken as they are.

    Returns:
        (N, 28, 28) float32 in [0, 1].

    Raises:
        UsageError: If images of another size shall not be normalised.
    """
    is_form = data.images.shape[1:] == (SIZE_PX, SIZE_PX)
    if normalize is None:
        normalize = not is_form
    if normalize:
        return normalize_images(data.images)
    if not is_form:
        raise UsageError(
            f"{data.name} has images of {data.images.shape[1]}x{data.images.shape[2]} pixels",
            remedy="Leave out --no-normalize.",
        )
    return data.images.astype(np.float32) / np.float32(255)


def predict(classifier: Classifier, forms: Ink, *, on_batch: Callable[[int], None] | None = None) -> Probs:
    """Run a classifier over many glyphs in batches.

    Args:
        classifier: Any classifier.
        forms: (N, 28, 28) float32 in [0, 1].
        on_batch: Called with the number of glyphs done.

    Returns:
        (N, C) float32.
    """
    return predict_with_none(classifier, forms, on_batch=on_batch)[0]


def predict_with_none(
    classifier: Classifier, forms: Ink, *, on_batch: Callable[[int], None] | None = None
) -> tuple[Probs, npt.NDArray[np.float32] | None]:
    """Run a classifier over many glyphs, and keep how probable it is that they are no digits.

    Args:
        classifier: Any classifier.
        forms: (N, 28, 28) float32 in [0, 1].
        on_batch: Called with the number of glyphs done.

    Returns:
        (N, C) float32; (N,) float32 in [0, 1], None if the classifier has no class for what is no digit.
    """
    knows_none = isinstance(classifier, BundleClassifier) and classifier.knows_none
    parts = [np.zeros((0, len(classifier.labels)), np.float32)]
    nones = [np.zeros(0, np.float32)]
    for start in range(0, len(forms), BATCH):
        batch = forms[start : start + BATCH]
        if isinstance(classifier, BundleClassifier):
            probs, none = classifier.predict(batch)
            parts.append(probs)
            nones.append(none)
        else:
            parts.append(classifier.predict_proba(batch))
        if on_batch:
            on_batch(min(start + BATCH, len(forms)))
    return np.concatenate(parts), np.concatenate(nones) if knows_none else None


def evaluate_classifier(
    classifier: Classifier, data: LabelledImages, *, normalize: bool | None = None
) -> tuple[Scores, Probs]:
    """Judge a classifier on glyphs.

    Args:
        classifier: Any classifier with the labels of the data.
        data: Glyphs with their classes.
        normalize: See `to_forms`.

    Returns:
        The scores and the probabilities, (N, C) float32.

    Raises:
        UsageError: If the data have labels that the classifier doesn't know.
    """
    labels = match_labels(classifier, data)
    probs = predict(classifier, to_forms(data, normalize=normalize))
    return score(labels, probs), probs


def match_labels(classifier: Classifier, data: LabelledImages) -> Labels:
    """Return the true classes as places among the classifier's labels: they are matched by name.

    Args:
        classifier: Any classifier.
        data: Glyphs with their classes.

    Returns:
        (N,) int64.

    Raises:
        UsageError: If the data have labels that the classifier doesn't know.
    """
    unknown = [name for name in data.label_names if name not in classifier.labels]
    if unknown:
        raise UsageError(
            f"{data.name} has labels that this model does not know: {', '.join(unknown[:5])}",
            remedy="Choose a data set of the model's own script.",
        )
    to_index = np.array([classifier.labels.index(name) for name in data.label_names], np.int64)
    return to_index[data.labels]


def evaluate_reader(reader: Reader, pictures: Iterable[LabelledPicture]) -> list[PictureResult]:
    """Read pictures and keep what came out beside the ground truth.

    Args:
        reader: The reader.
        pictures: Pictures with their ground truth.

    Returns:
        One result a picture, in order; a picture that can't be opened counts as not read.
    """
    return [_read(reader, picture) for picture in pictures]


def digest_images(data: LabelledImages) -> str:
    """Return the SHA-256 of images and labels, by which two reports know that they are about the same ones."""
    digest = hashlib.sha256(np.ascontiguousarray(data.images).tobytes())
    digest.update(data.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def digest_pictures(pictures: Sequence[LabelledPicture]) -> str:
    """Return the SHA-256 of pictures and texts, as `digest_images` does."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(hashlib.sha256(picture.data).digest())
        digest.update(picture.text.encode() + b"\0")
    return digest.hexdigest()


def _read(reader: Reader, picture: LabelledPicture) -> PictureResult:
    start_s = time.perf_counter()
    try:
        reading: Reading | None = reader.read(picture.data)
    except InkdigitsError:
        reading = None
    return PictureResult(picture, reading, time.perf_counter() - start_s)
