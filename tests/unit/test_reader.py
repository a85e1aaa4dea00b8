"""The reader's order of steps, with classifiers whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inkdigits.bundles.detector import DEFAULT_DETECTOR, Spotted, load_detector
from inkdigits.datasets.paper import PAPERS, make_page
from inkdigits.errors import BundleError, ImageTooLargeError, UsageError
from inkdigits.images import Limits, Page
from inkdigits.reader import Reader
from inkdigits.types import Box, Gray, Ink, Probs, Reading

LABELS = tuple("0123456789")


class Slimness:
    """Tells uprights from loops: 1 if narrow, else 0; remembers how it was called."""

    labels = LABELS

    def __init__(self, *, confidence: float = 0.9) -> None:
        self.confidence = confidence
        self.calls: list[npt.NDArray[Any]] = []

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        self.calls.append(images)
        probs = np.full((len(images), 10), (1 - self.confidence) / 9, np.float32)
        for index, form in enumerate(images):
            width = int(np.ptp(np.flatnonzero(form.max(axis=0) > 0.5)))
            probs[index, int(width < 8)] = self.confidence
        return probs


def draw(*lines: str, height: int = 60, paper: int = 240, ink: int = 20) -> Gray:
    """Draw lines of "0" and "1" with blanks, 60 px high."""
    page = np.full((140 * len(lines) + 40, 640), paper, np.uint8)
    for row, text in enumerate(lines):
        for column, sign in enumerate(text):
            x, y = 60 + 60 * column, 40 + 140 * row
            if sign == "0":
                cv2.ellipse(page, (x, y + height // 2), (20, height // 2), 0, 0, 360, ink, 7)
            elif sign == "1":
                cv2.line(page, (x, y), (x, y + height), ink, 7)
    return page


def read(*lines: str) -> Reading:
    return Reader(Slimness()).read(draw(*lines))


@pytest.mark.parametrize("lines", [("0110",), ("1",), ("01", "10", "0011"), ("00  11", "1   01")])
def test_numbers_come_in_reading_order(lines: tuple[str, ...]) -> None:
    reading = read(*lines)
    assert reading.text == "\n".join(" ".join(line.split()) for line in lines)
    assert [number.line for number in reading.numbers] == [
        row for row, line in enumerate(lines) for _ in line.split()
    ]


def test_boxes_are_where_the_digits_stand() -> None:
    (number,) = read("01").numbers
    loop, upright = (digit.box for digit in number.digits)
    assert np.abs(np.subtract(loop.to_list(), [37, 37, 47, 67])).max() <= 2
    assert np.abs(np.subtract(upright.to_list(), [117, 37, 7, 67])).max() <= 3


@pytest.mark.parametrize("factor", [0.2, 0.5, 2.0, 6.0])
def test_boxes_are_in_pixels_of_the_page_at_any_size(factor: float) -> None:
    page = draw("01")
    scaled = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)
    wanted = Reader(Slimness()).read(page)
    reading = Reader(Slimness()).read(scaled)
    assert reading.text == "01"
    assert reading.page_sizes == (scaled.shape,)
    for digit, same in zip(reading.digits, wanted.digits, strict=True):
        expected = np.array(same.box.to_list()) * factor
        assert np.abs(np.array(digit.box.to_list()) - expected).max() <= max(1.5, 3 * factor)


@pytest.mark.parametrize("seed", range(3))
def test_boxes_lie_within_the_page(seed: int) -> None:
    picture, _ = make_page(["205", "91"], rng=np.random.default_rng(seed), paper=PAPERS["photo"])
    cut = picture[30:-30, 20:-40]
    reading = Reader(Slimness()).read(np.ascontiguousarray(cut))
    (height, width), *_ = reading.page_sizes
    for box in [*(digit.box for digit in reading.digits), *(item.box for item in reading.rejected)]:
        assert 0 <= box.x < box.right <= width
        assert 0 <= box.y < box.bottom <= height


def test_the_classifier_sees_the_28x28_form_of_each_glyph() -> None:
    classifier = Slimness()
    Reader(classifier).read(draw("011"))
    (forms,) = classifier.calls
    assert forms.shape == (3, 28, 28)
    assert forms.dtype == np.float32
    assert 0 <= float(forms.min()) <= float(forms.max()) <= 1


def test_the_alternatives_are_ranked() -> None:
    (digit,) = read("1").digits
    assert digit.label == "1"
    assert digit.confidence == pytest.approx(0.9)
    assert sorted([digit.label, *(label for label, _ in digit.alternatives)]) == sorted(LABELS)
    shares = [share for _, share in digit.alternatives]
    assert shares == sorted(shares, reverse=True)
    assert digit.confidence + sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(("least", "is_read"), [(0.0, True), (0.89, True), (0.91, False), (1.0, False)])
def test_unsure_digits_keep_their_place(least: float, *, is_read: bool) -> None:
    reading = Reader(Slimness(), min_confidence=least).read(draw("01"))
    assert reading.text == ("01" if is_read else "??")
    assert [digit.is_sure for digit in reading.digits] == [is_read] * 2
    assert [digit.label for digit in reading.digits] == ["0", "1"]


def test_an_unsure_digit_leaves_its_neighbours() -> None:
    class DoubtsUprights(Slimness):
        def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
            probs = super().predict_proba(images)
            doubtful = probs.argmax(axis=1) == 1
            probs[doubtful] = 0.05
            probs[doubtful, 1] = 0.55
            return probs

    (number,) = Reader(DoubtsUprights(), min_confidence=0.8).read(draw("010")).numbers
    assert number.text == "0?0"
    assert number.value is None


def test_marks_are_no_longer_rejected() -> None:
    page = draw("0110")
    page[94:101, 147:154] = 20  # a point between the two 1s
    reading = Reader(Slimness()).read(page)
    assert (reading.text, reading.rejected) == ("01.10", ())
    (mark,) = reading.numbers[0].marks
    assert np.abs(np.subtract(mark.box.to_list(), [147, 94, 7, 7])).max() <= 2


@pytest.mark.parametrize("least", [-0.01, 1.01, 2.0, math.nan, math.inf])
def test_an_impossible_least_confidence(least: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        Reader(Slimness(), min_confidence=least)


def test_an_unknown_model() -> None:
    with pytest.raises(BundleError, match="there is no model 'greek'"):
        Reader("greek")


def test_limits_are_kept() -> None:
    with pytest.raises(ImageTooLargeError):
        Reader(Slimness(), limits=Limits(max_pixels=1000)).read(draw("01"))


@pytest.mark.parametrize("size", [(1, 1), (28, 28), (300, 200)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_page_is_an_empty_reading(size: tuple[int, int], level: int) -> None:
    reading = Reader(Slimness()).read(np.full(size, level, np.uint8))
    assert (reading.text, reading.numbers, reading.rejected) == ("", (), ())
    assert reading.page_sizes == (size,)


def test_many_pictures_in_one_call_of_the_classifier() -> None:
    classifier = Slimness()
    pictures = [draw("01"), draw(""), draw("0", "11")]
    together = Reader(classifier).read_many(pictures)
    assert [reading.text for reading in together] == ["01", "", "0\n11"]
    assert [len(call) for call in classifier.calls] == [5]
    assert together == [Reader(Slimness()).read(picture) for picture in pictures]


def test_no_pictures_at_all() -> None:
    assert Reader(Slimness()).read_many([]) == []
    assert Reader(Slimness()).read_pages([[]]) == [Reading()]


def test_a_document_has_its_pages_in_order() -> None:
    pages = [Page(cv2.cvtColor(draw(text), cv2.COLOR_GRAY2RGB).astype(np.uint8), "a.pdf", i)
             for i, text in enumerate(("01", "", "1"))]  # fmt: skip
    (reading,) = Reader(Slimness()).read_pages([pages])
    assert reading.text == "01\n1"
    assert [(number.page, number.line) for number in reading.numbers] == [(0, 0), (2, 0)]
    assert reading.source == "a.pdf"
    assert len(reading.page_sizes) == 3


@pytest.mark.parametrize("is_light", [True, False])
def test_a_tight_crop_of_a_thick_zero_is_read_though_most_of_it_is_ink(*, is_light: bool) -> None:
    large = np.zeros((64, 64), np.uint8)
    cv2.ellipse(large, (32, 32), (24, 28), 0, 0, 360, 255, 14)
    crop = cv2.resize(large, (16, 16), interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert (crop > 127).mean() > 0.5
    assert Reader().read(crop if is_light else 255 - crop).text == "0"


def sources_of(page: Gray) -> Sequence[Any]:
    rgb = cv2.cvtColor(page, cv2.COLOR_GRAY2RGB)
    return [page, rgb, Image.fromarray(page), page.astype(np.float32) / 255]


def test_all_kinds_of_source_give_one_reading() -> None:
    readings = Reader(Slimness()).read_many(sources_of(draw("010", "1")))
    assert readings[0].text == "010\n1"
    assert all(reading == readings[0] for reading in readings)


def test_ink_that_is_no_digit_is_reported() -> None:
    page = draw("0101")
    page[150:153, :] = 20
    page[10:13, 600:603] = 20
    reading = Reader(Slimness()).read(page)
    assert reading.text == "0101"
    assert sorted(item.reason for item in reading.rejected) == ["rule", "speck"]


def test_a_stem_with_a_point_above_it_is_a_letter() -> None:
    page = draw("0 1")
    assert Reader(Slimness()).read(page).text.split() == ["0", "1"]
    cv2.circle(page, (180, 20), 5, 20, -1)
    reading = Reader(Slimness()).read(page)
    assert reading.text == "0"
    assert [item.reason for item in reading.rejected] == ["letter", "speck"]


def test_threads_share_a_reader() -> None:
    reader = Reader()
    pages = [
        make_page([text], rng=np.random.default_rng(i))[0] for i, text in enumerate(("120", "38", "4", "906"))
    ]
    alone = [reader.read(page) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.read, pages * 3)) == alone * 3


def test_a_box_is_never_empty() -> None:
    speck = np.full((3000, 4000), 250, np.uint8)  # reduced for reading, so that pixels of the page are shared
    cv2.line(speck, (2000, 1400), (2000, 1600), 10, 12)
    (digit,) = Reader(Slimness()).read(speck).digits
    assert digit.box.width >= 1
    assert abs(digit.box.center[0] - 2000) < 6
    assert isinstance(digit.box, Box)


class Counting:
    """The detector that ships; counts how often it is asked."""

    def __init__(self) -> None:
        self.detector, self.count = load_detector(DEFAULT_DETECTOR), 0
        self.marks = self.detector.marks

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        self.count += 1
        return self.detector.detect(view, least_score=least_score)


@pytest.mark.parametrize(("is_sure", "is_asked"), [(True, False), (False, True)])
def test_the_detector_is_asked_only_where_the_region_classifier_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, *, is_sure: bool, is_asked: bool
) -> None:
    monkeypatch.setattr("inkdigits.reader.are_clear", lambda *_: False)
    monkeypatch.setattr("inkdigits.reader.find_unclear", lambda _: [1])
    monkeypatch.setattr("inkdigits.reader.is_surely_digit", lambda _: is_sure)
    detector = Counting()
    assert Reader(detector=detector).read(draw("0101")).text == "0101"
    assert (detector.count > 0) == is_asked
