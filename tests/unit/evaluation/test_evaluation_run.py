"""Judging classifiers over glyphs and readers over pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inkdigits.datasets import LabelledPicture
from inkdigits.errors import UsageError
from inkdigits.evaluation.run import (
    BATCH,
    PictureResult,
    evaluate_classifier,
    evaluate_reader,
    predict,
    to_forms,
)
from inkdigits.ink import normalize_images
from inkdigits.reader import Reader
from inkdigits.types import Box, Digit, LabelledImages, Number, Probs, Reading


class Brightness:
    """Answers the class that is told by the mean of the picture; its labels are in an order of their own."""

    labels = ("dark", "half", "bright")

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        self.sizes.append(len(images))
        means = images.mean(axis=(1, 2))
        answers = (means > 0.2).astype(int) + (means > 0.7)
        probs: Probs = np.eye(3, dtype=np.float32)[answers]
        return probs


def make_data(*, size: int = 28, names: tuple[str, ...] = ("bright", "dark")) -> LabelledImages:
    images = np.zeros((4, size, size), np.uint8)
    images[2:] = 255
    labels = np.array([1, 1, 0, 0])
    return LabelledImages(images, labels, names, name="toy/test")


def test_labels_are_matched_by_name_not_by_place() -> None:
    scores, probs = evaluate_classifier(Brightness(), make_data())
    assert scores.accuracy == 1
    np.testing.assert_array_equal(scores.confusion, [[2, 0, 0], [0, 0, 0], [0, 0, 2]])
    assert probs.shape == (4, 3)


def test_labels_that_the_model_does_not_know() -> None:
    with pytest.raises(UsageError, match="toy/test has labels that this model does not know: alpha"):
        evaluate_classifier(Brightness(), make_data(names=("alpha", "dark")))


def test_28x28_images_are_taken_as_they_are() -> None:
    data = make_data()
    forms = to_forms(data)
    np.testing.assert_array_equal(forms, data.images / np.float32(255))
    assert forms.dtype == np.float32


def test_other_sizes_are_normalised() -> None:
    data = make_data(size=40)
    data.images[:, :, :15] = 0
    np.testing.assert_array_equal(to_forms(data), normalize_images(data.images))
    np.testing.assert_array_equal(to_forms(data, normalize=True), normalize_images(data.images))


def test_28x28_images_are_normalised_on_request() -> None:
    data = make_data()
    data.images[:, :, :15] = 0
    np.testing.assert_array_equal(to_forms(data, normalize=True), normalize_images(data.images))


def test_other_sizes_as_they_are_is_a_contradiction() -> None:
    with pytest.raises(UsageError, match="40x40 pixels"):
        to_forms(make_data(size=40), normalize=False)


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 5])
def test_batches(count: int) -> None:
    classifier, done = Brightness(), list[int]()
    probs = predict(classifier, np.zeros((count, 28, 28), np.float32), on_batch=done.append)
    assert probs.shape == (count, 3)
    assert sum(classifier.sizes) == count
    assert max(classifier.sizes, default=0) <= BATCH
    assert done[-1:] == ([count] if count else [])


def picture(data: bytes, text: str) -> LabelledPicture:
    return LabelledPicture("a.png", data, text, "photo")


def make_png() -> bytes:
    page = np.full((120, 160), 240, np.uint8)
    page[30:90, 70:77] = 20
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return stream.getvalue()


class Ones:
    labels = ("0", "1")

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        return np.tile(np.array([0.1, 0.9], np.float32), (len(images), 1))


def test_pictures_keep_their_order_and_bad_ones_count_as_not_read() -> None:
    pictures = [picture(make_png(), "1"), picture(b"no picture", "7"), picture(make_png(), "7")]
    results = evaluate_reader(Reader(Ones()), pictures)
    assert [result.picture for result in results] == pictures
    assert [result.answer for result in results] == ["1", "", "1"]
    assert [result.is_exact for result in results] == [True, False, False]
    assert results[1].reading is None


@pytest.mark.parametrize(
    ("truth", "is_exact"), [("12", True), ("1 2", True), ("12\n", False), ("123", False), ("", False)]
)
def test_blanks_do_not_count(truth: str, *, is_exact: bool) -> None:
    digits = [Digit(label, 0.9, Box(i * 200, 0, 10, 20)) for i, label in enumerate("12")]
    reading = Reading(tuple(Number((digit,)) for digit in digits))
    assert reading.text == "1 2"
    assert PictureResult(picture(b"", truth), reading).is_exact is is_exact


def test_a_picture_without_numbers_that_cannot_be_opened_is_no_success_by_chance() -> None:
    (result,) = evaluate_reader(Reader(Ones()), [picture(b"no picture", "4")])
    assert not result.is_exact
