"""Sources of training digits: their form, their determinism, and what must never be learned from."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets import load_dataset, permitted
from inkdigits.datasets.permitted import MNIST_TRAIN, NEAR_DUPLICATE
from inkdigits.errors import DataNotFoundError
from inkdigits.evaluation.run import predict
from inkdigits.evaluation.sets import load_non_digits as load_judging_characters
from inkdigits.ink import normalize_images
from inkdigits.training import sources
from inkdigits.training.sources import load_source, write_pen_digits
from inkdigits.types import LabelledImages


def test_pen_digits_are_balanced_and_in_the_form_of_the_reader() -> None:
    data = write_pen_digits(60)
    assert data.images.shape == (60, 28, 28)
    assert data.images.dtype == np.uint8
    assert data.label_names == tuple("0123456789")
    np.testing.assert_array_equal(np.bincount(data.labels), [6] * 10)
    assert data.images.max(axis=(1, 2)).min() > 150
    assert not data.images[:, 0].any()


def test_pen_digits_repeat() -> None:
    one, two, other = write_pen_digits(20), write_pen_digits(20), write_pen_digits(20, seed=21)
    np.testing.assert_array_equal(one.images, two.images)
    assert (one.images != other.images).any(axis=(1, 2)).all()


def test_more_pen_digits_begin_with_the_same() -> None:
    np.testing.assert_array_equal(write_pen_digits(30).images[:20], write_pen_digits(20).images)


def test_pen_digits_are_readable() -> None:
    from inkdigits.bundles import load_classifier

    data = write_pen_digits(200, seed=3)
    answers = predict(load_classifier(), (data.images / np.float32(255)).astype(np.float32)).argmax(axis=1)
    assert float((answers == data.labels).mean()) > 0.85  # ground truth and picture belong together


def test_the_pen_simulator_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    few = write_pen_digits(10)
    monkeypatch.setattr(sources, "_SPECIAL", {"pen-simulator": lambda: few})
    assert load_source("pen-simulator") is few


def fake(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> LabelledImages:
    return LabelledImages(images, np.zeros(len(images), np.int64), tuple("0123456789"), name="toy/train")


def test_sets_in_mnist_form_come_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    data = fake(np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8))
    asked: list[tuple[str, str]] = []

    def load(name: str, split: str) -> LabelledImages:
        asked.append((name, split))
        return data

    monkeypatch.setattr(sources, "load_dataset", load)
    assert load_source("mnist") is data
    assert asked == [("mnist", "train")]


def test_other_sizes_are_normalised_as_the_reader_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((2, 16, 16), np.uint8)
    images[:, 3:13, 6:9] = 255
    monkeypatch.setattr(sources, "load_dataset", lambda name, split: fake(images))
    found = load_source("usps")
    assert found.images.dtype == np.uint8
    np.testing.assert_array_equal(found.images, np.rint(normalize_images(images) * 255))


def test_optdigits_are_its_bitmaps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def load(name: str, split: str) -> LabelledImages:
        asked.append((name, split))
        return fake(np.zeros((1, 28, 28), np.uint8))

    monkeypatch.setattr(sources, "load_dataset", load)
    load_source("optdigits")
    assert asked == [("optdigits", "train32x32")]


def test_near_duplicates_of_the_test_part_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {
        "nearest_mnist_index": np.array([MNIST_TRAIN - 1, MNIST_TRAIN, MNIST_TRAIN, MNIST_TRAIN + 9]),
        "nearest_mnist_correlation": np.array([0.99, 0.99, NEAR_DUPLICATE - 0.01, NEAR_DUPLICATE]),
    }
    data = LabelledImages(
        np.zeros((4, 28, 28), np.uint8), np.arange(4), tuple("0123456789"), "nist-raw/all", extra=extra
    )
    monkeypatch.setattr(permitted, "load_dataset", lambda name, split: data)
    np.testing.assert_array_equal(load_source("nist-raw").labels, [0, 2])


def test_an_unknown_set() -> None:
    with pytest.raises(DataNotFoundError, match="mnist"):
        load_source("mnits")


@pytest.mark.real_data
def test_nist_raw_without_the_handwriting_of_mnists_test_part() -> None:
    everything = load_dataset("nist-raw", "all")
    kept = (
        permitted.load_permitted_nist()
    )  # before normalisation, which takes long and leaves the choice as it is
    assert (len(everything), len(kept)) == (10_000, 9_504)
    is_test = kept.extra["nearest_mnist_index"] >= MNIST_TRAIN
    assert float(kept.extra["nearest_mnist_correlation"][is_test].max()) < NEAR_DUPLICATE


def test_characters_that_judge_or_look_like_digits_are_not_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("Greek/character14", "Greek/character15", "Latin/character12", "Latin/character14")
    data = LabelledImages(
        np.zeros((5, 9, 9), np.uint8), np.array([0, 1, 2, 3, 3]), names, "omniglot-small1/all"
    )
    monkeypatch.setattr(permitted, "load_dataset", lambda name, split: data)
    found = permitted.load_permitted_characters()
    assert [names[label] for label in found.labels] == [names[0], names[3], names[3]]


@pytest.mark.real_data
def test_no_character_both_teaches_and_judges() -> None:
    taught = permitted.load_permitted_characters()
    judging = load_judging_characters("omniglot-small1")
    taught_names = {taught.label_names[label] for label in taught.labels}
    judging_names = {judging.label_names[label] for label in judging.labels}
    assert len(taught) == 1_200
    assert len(judging) == 1_360
    assert not taught_names & judging_names
