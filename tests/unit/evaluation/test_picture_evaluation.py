"""A reader judged by every measure, and sets as readers and classifiers need them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inkdigits.datasets import LabelledPicture, get_info
from inkdigits.errors import UsageError
from inkdigits.evaluation import sets
from inkdigits.evaluation.run import PictureResult, digest_pictures
from inkdigits.evaluation.sets import (
    choose_split,
    load_for_reader,
    load_non_digit_pictures,
    load_non_digits,
)
from inkdigits.evaluation.strings import PictureEvaluation, evaluate_pictures, make_pictures
from inkdigits.reader import Reader
from inkdigits.types import Box, Digit, LabelledImages, Number, Probs, Reading

LABELS = tuple("0123456789")


def make_result(truth: str, answer: str, confidence: float = 0.9, *, kind: str = "photo") -> PictureResult:
    digits = [Digit(sign, confidence, Box(20 * i, 0, 10, 20)) for i, sign in enumerate(answer)]
    numbers = (Number(tuple(digits)),) if digits else ()
    return PictureResult(LabelledPicture("a.png", truth.encode(), truth, kind), Reading(numbers), 0.01)


def make_evaluation(*results: PictureResult) -> PictureEvaluation:
    return PictureEvaluation("m", "toy/all", LABELS, results)


STRINGS = make_evaluation(
    make_result("12", "12", 0.9),
    make_result("12", "13", 0.8, kind="scan"),
    make_result("1250", "125", 0.5),
    make_result("1250", "", kind="scan"),
)


def test_rates_by_length_and_kind() -> None:
    total = STRINGS.total
    assert (total.count, total.correct, total.edits, total.characters) == (4, 1, 6, 12)
    assert total.error_rate == 0.5
    assert {n: (g.count, g.correct, g.error_rate) for n, g in STRINGS.by_length.items()} == {
        2: (2, 1, 0.25),
        4: (2, 0, 0.625),
    }
    assert {kind: group.correct for kind, group in STRINGS.by_kind.items()} == {"photo": 1, "scan": 0}


def test_separators_that_the_truth_leaves_out_are_no_wrong_digits() -> None:
    made = make_evaluation(make_result("1250", "1.250"), make_result("12", "21"))
    assert (made.total.correct, made.total.digits_correct) == (0, 1)
    assert made.to_dict()["digits_correct"] == 1


def test_confidence_of_digits_and_of_pictures() -> None:
    np.testing.assert_allclose(STRINGS.confidence, [0.81, 0.64, 0.125, 0])
    assert STRINGS.coverage is not None
    assert STRINGS.coverage.find_risk(0.25) == 0
    assert STRINGS.coverage.risk[-1] == 0.75
    # "125" has another length than "1250" and no boxes tell which digit is which: it has no partners.
    assert STRINGS.reliability.count.sum() == 4
    assert [result.picture.text for result in STRINGS.find_mistakes()] == ["12", "1250", "1250"]
    np.testing.assert_array_equal(STRINGS.items.is_right, [True, False, False, False])


def test_confusions_of_single_digits() -> None:
    made = make_evaluation(
        make_result("1", "1"), make_result("1", "7"), make_result("7", ""), make_result("7", "17")
    )
    counted = made.count_confusion()
    assert counted is not None
    names, matrix = counted
    assert names == (*LABELS, "nothing", "several")
    assert (matrix[1, 1], matrix[1, 7], matrix[7, 10], matrix[7, 11]) == (1, 1, 1, 1)
    assert matrix.sum() == 4
    assert STRINGS.count_confusion() is None


def test_pictures_without_digits_have_no_curve() -> None:
    made = make_evaluation(make_result("", ""), make_result("", "0"))
    assert made.coverage is None
    assert made.total.correct == 1
    assert json.loads(json.dumps(made.to_dict()))["coverage"] is None


def test_plain_json_types() -> None:
    raw = json.loads(json.dumps(STRINGS.to_dict()))
    assert (raw["kind"], raw["data"], raw["split"], raw["model"]) == ("pictures", "toy", "all", "m")
    assert raw["kinds"]["scan"] == {"count": 2, "correct": 0}
    assert raw["lengths"]["4"] == {"count": 2, "correct": 0, "character_error_rate": 0.625}
    assert raw["confusion"] is None
    assert raw["latency_ms"] == pytest.approx(10)
    assert raw["images_per_s"] == pytest.approx(100)


class Ones:
    labels = LABELS

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        return np.tile(np.eye(10, dtype=np.float32)[1] * 0.9 + 0.01, (len(images), 1))


def make_stroke(text: str) -> LabelledPicture:
    page = np.full((120, 160), 240, np.uint8)
    page[30:90, 70:77] = 20
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return LabelledPicture("a.png", stream.getvalue(), text, "drawn")


def make_blank() -> LabelledPicture:
    stream = io.BytesIO()
    Image.fromarray(np.full((80, 80), 240, np.uint8)).save(stream, "PNG")
    return LabelledPicture("b.png", stream.getvalue(), "", "drawn")


def test_a_reader_is_judged_on_digits_and_non_digits() -> None:
    told: list[tuple[str, int, int]] = []
    pictures = [make_stroke("1"), make_stroke("7")]
    made = evaluate_pictures(
        Reader(Ones()),
        pictures,
        name="toy/all",
        non_digits=[make_blank()],
        non_digits_name="blank",
        on_progress=lambda *step: told.append(step),
    )
    assert (made.model, made.name, made.total.correct) == ("Ones", "toy/all", 1)
    assert made.rejection is not None
    assert made.rejection.roc_area == 1
    assert made.digest == digest_pictures(pictures)
    assert told[0] == ("Reading pictures", 0, 2)
    assert told[-1] == ("Reading non-digits", 1, 1)
    assert all(result.seconds > 0 for result in made.results)


def test_digests_tell_pictures_and_texts_apart() -> None:
    first = [make_stroke("1"), make_blank()]
    others = [[make_stroke("7"), make_blank()], [make_blank(), make_stroke("1")], first[:1]]
    assert len({digest_pictures(pictures) for pictures in [first, *others]}) == 4


GLYPHS = LabelledImages(np.full((2, 8, 8), 200, np.uint8), np.array([3, 15]), tuple(map(str, range(20))))


@pytest.mark.parametrize(("is_dark", "value"), [(True, 55), (False, 200)])
def test_glyphs_become_pictures(*, is_dark: bool, value: int) -> None:
    pictures = make_pictures(GLYPHS, is_dark_ink=is_dark)
    assert [picture.text for picture in pictures] == ["3", "15"]
    image = np.asarray(Image.open(io.BytesIO(pictures[0].data)))
    assert image.shape == (8, 8)
    assert (image == value).all()


@pytest.mark.parametrize(
    ("name", "asked", "split"),
    [("mnist", None, "test"), ("mnist", "train", "train"), ("nist-raw", None, "all")],
)
def test_which_split_judges(name: str, asked: str | None, split: str) -> None:
    assert choose_split(get_info(name), asked) == split


def test_a_reader_gets_glyphs_in_their_polarity_and_no_truth_for_symbols(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sets, "load_dataset", lambda name, split: GLYPHS)
    monkeypatch.setattr(sets, "load_pictures", lambda name, split: [make_stroke("alpha")])
    mnist = load_for_reader(get_info("mnist"), "test")
    assert [picture.text for picture in mnist] == ["3", "15"]
    assert np.asarray(Image.open(io.BytesIO(mnist[0].data))).max() == 200  # light on dark, as in the set
    assert get_info("thai").polarity == "dark-on-light"
    assert np.asarray(Image.open(io.BytesIO(load_for_reader(get_info("thai"), "all")[0].data))).max() == 55
    assert [picture.text for picture in load_for_reader(get_info("greek-letters"), "all")] == [""]


def test_only_symbols_that_nothing_learns_from_judge_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "load_dataset", lambda name, split: replace(GLYPHS, name=f"{name}/{split}"))
    monkeypatch.setattr(sets, "load_pictures", lambda name, split: [make_stroke("alpha")])
    assert load_non_digits("hasy-symbols").labels.tolist() == [15]
    assert load_non_digits("fashion-mnist").labels.tolist() == [3, 15]
    assert [picture.text for picture in load_non_digit_pictures("hasy-symbols")] == [""]
    assert len(load_non_digit_pictures("greek-letters")) == 1
    with pytest.raises(UsageError, match="--reader"):
        load_non_digits("greek-letters")
