"""Runs a classifier over glyphs, or a reader over pictures, and collects what came out.

Owns: the loop. Leaves to others: the arithmetic (metrics).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inkdigits.datasets import LabelledPicture
from inkdigits.errors import InkdigitsError, UsageError
from inkdigits.evaluation.metrics import Scores, score
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
    """

    picture: LabelledPicture
    reading: Reading | None

    @property
    def answer(self) -> str:
        """The text that was read; "" if nothing."""
        return self.reading.text if self.reading else ""

    @property
    def is_exact(self) -> bool:
        """True if the text is right, blanks within a line not counted."""
        return self.answer.replace(" ", "") == self.picture.text.replace(" ", "")


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
    parts = []
    for start in range(0, len(forms), BATCH):
        parts.append(classifier.predict_proba(forms[start : start + BATCH]))
        if on_batch:
            on_batch(min(start + BATCH, len(forms)))
    return np.concatenate(parts) if parts else np.zeros((0, len(classifier.labels)), np.float32)


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
    unknown = [name for name in data.label_names if name not in classifier.labels]
    if unknown:
        raise UsageError(
            f"{data.name} has labels that this model does not know: {', '.join(unknown[:5])}",
            remedy="Choose a data set of the model's own script.",
        )
    to_index = np.array([classifier.labels.index(name) for name in data.label_names])
    probs = predict(classifier, to_forms(data, normalize=normalize))
    return score(to_index[data.labels], probs), probs


def evaluate_reader(reader: Reader, pictures: Sequence[LabelledPicture]) -> list[PictureResult]:
    """Read pictures and keep what came out beside the ground truth.

    Args:
        reader: The reader.
        pictures: Pictures with their ground truth.

    Returns:
        One result a picture, in order; a picture that can't be opened counts as not read.
    """
    return [PictureResult(picture, _read(reader, picture)) for picture in pictures]


def _read(reader: Reader, picture: LabelledPicture) -> Reading | None:
    try:
        return reader.read(picture.data)
    except InkdigitsError:
        return None
