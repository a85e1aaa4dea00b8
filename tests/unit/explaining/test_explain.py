"""The explanation as data and as a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits import Reader
from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.cli.app import app
from inkdigits.errors import DataNotFoundError, EmptyInkError, MissingExtraError, UsageError
from inkdigits.explaining import (
    Explanation,
    TrainingDigits,
    explain,
    load_training_digits,
    occlusion_saliency,
)
from inkdigits.explaining.explain import HOG, MOST_DIGITS, PENULTIMATE, ask, explain_form
from inkdigits.explaining.plot import save_explanation
from inkdigits.images import load_pages
from inkdigits.types import LabelledImages, Probs


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def training(small_digits: LabelledImages) -> TrainingDigits:
    return TrainingDigits(
        small_digits.images[:300], small_digits.labels[:300], small_digits.label_names, "small/train"
    )


@pytest.fixture
def amount(examples: Path) -> Path:
    return examples / "amount.jpg"


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))


class RecordingClassifier(BundleClassifier):
    """A bundle that keeps what it was asked about."""

    def __init__(self) -> None:
        super().__init__(load_classifier("latin").path)
        self.seen: list[npt.NDArray[Any]] = []

    def predict(self, images: npt.NDArray[Any]) -> tuple[Probs, npt.NDArray[np.float32]]:
        self.seen.extend(images)
        return super().predict(images)


@pytest.mark.parametrize("name", ["digit.png", "amount.jpg", "list.png"])
def test_forms_are_what_the_classifier_was_asked_about(name: str, examples: Path) -> None:
    classifier = RecordingClassifier()
    reading, forms = Reader(classifier).read_with_forms(load_pages(examples / name))
    assert len(forms) == len(reading.digits) > 0
    for digit, form in zip(reading.digits, forms, strict=True):
        assert any(np.array_equal(form, other) for other in classifier.seen if form is not None)
        assert form is not None
        probs = ask(classifier, form)
        assert max(probs, key=lambda label: probs[label]) == digit.label
    assert reading == Reader().read(examples / name)


def test_everything_is_told_about_each_digit(reader: Reader, training: TrainingDigits, amount: Path) -> None:
    explanation = explain(reader, amount, training=training)
    assert [told.digit.label for told in explanation.digits] == list("1250")
    assert [told.number for told in explanation.digits] == [1, 2, 3, 4]
    assert (explanation.features, explanation.data, explanation.notes) == (PENULTIMATE, "small/train", {})
    for told in explanation.digits:
        assert list(told.probabilities) == [*"0123456789", "none"]
        assert sum(told.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert sum(told.classifier_probs.values()) == pytest.approx(1, abs=1e-5)
        np.testing.assert_array_equal(
            told.saliency, occlusion_saliency(reader.classifier, told.form, told.digit.label)
        )
        assert len(told.nearest) == 7
        similarity = [neighbour.similarity for neighbour in told.nearest]
        assert similarity == sorted(similarity, reverse=True)
        assert {neighbour.label for neighbour in told.nearest_other} == {told.digit.alternatives[0][0]}
        assert len(told.layers) == 4


def test_one_digit_can_be_asked_for(reader: Reader, amount: Path) -> None:
    explanation = explain(reader, amount, number=3)
    assert [told.digit.label for told in explanation.digits] == ["5"]
    assert "given" in explanation.notes["data"]
    with pytest.raises(UsageError, match="from 1 to 4"):
        explain(reader, amount, number=5)


def test_only_the_first_digits_of_a_list_are_explained(reader: Reader, examples: Path) -> None:
    explanation = explain(reader, examples / "list.png")
    assert len(explanation.reading.digits) > MOST_DIGITS
    assert [told.number for told in explanation.digits] == [1, 2, 3, 4]


def test_a_page_without_digits_has_nothing_to_explain(reader: Reader, examples: Path) -> None:
    with pytest.raises(EmptyInkError, match="annotate"):
        explain(reader, examples / "blank.png")


def test_a_digit_is_most_like_itself(training: TrainingDigits) -> None:
    from inkdigits.bundles.layers import BundleLayers

    layers = BundleLayers(load_classifier("latin"))
    ranked = training.rank(training.forms[17].astype(np.float32) / 255, layers.compute_features)
    assert ranked[0].index == 17
    assert ranked[0].similarity == pytest.approx(1, abs=1e-4)
    assert ranked[0].label == training.label_names[training.labels[17]]


def test_another_classifier_is_explained_without_its_layers(training: TrainingDigits, amount: Path) -> None:
    class Wrapped:
        labels = tuple("0123456789")
        predict_proba = staticmethod(load_classifier("latin-mnist").predict_proba)

    explanation = explain(Reader(Wrapped()), amount, number=1, training=training)
    told = explanation.digits[0]
    assert explanation.features == HOG
    assert told.layers == ()
    assert told.nearest
    assert "none" not in told.classifier_probs
    assert "bundles" in explanation.notes["layers"]


def test_without_onnx_the_rest_is_told(reader: Reader, amount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    explanation = explain(reader, amount, number=1)
    assert "onnx is not installed" in explanation.notes["layers"]
    assert explanation.digits[0].saliency.any()


def test_the_data_are_plain(reader: Reader, training: TrainingDigits, amount: Path) -> None:
    explanation = explain(reader, amount, number=1, training=training)
    raw = json.loads(json.dumps(explanation.to_dict(layers=True)))
    told = raw["digits"][0]
    assert raw["text"] == "1250"
    assert np.array(told["form"]).shape == np.array(told["saliency"]).shape == (28, 28)
    assert np.array(told["form"]).max() == 255
    assert np.array(told["layers"][0]["values"]).shape == (32, 28, 28)
    assert np.array(told["nearest"][0]["form"]).shape == (28, 28)
    assert "values" not in explanation.to_dict()["digits"][0]["layers"][0]


def test_a_form_alone_is_explained(reader: Reader, explained: Explanation) -> None:
    probs, saliency = explain_form(reader.classifier, explained.digits[0].form, "7")
    assert probs["7"] > 0.9
    assert saliency.shape == (28, 28)


def test_training_digits_of_another_size_are_brought_into_the_form() -> None:
    digits = load_training_digits("optdigits")
    assert digits.forms.shape[1:] == (28, 28)
    assert digits.forms.dtype == np.uint8
    assert digits.forms.max() == 255


def test_nothing_is_downloaded(without_data: None) -> None:
    with pytest.raises(DataNotFoundError, match="inkdigits data fetch mnist"):
        load_training_digits("mnist")


def test_the_picture_is_the_same_each_time(explained: Explanation, tmp_path: Path) -> None:
    save_explanation(explained, tmp_path / "a.png")
    save_explanation(explained, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1430, 682)
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 500


@pytest.fixture(scope="module")
def explained(reader: Reader, training: TrainingDigits) -> Explanation:
    return explain(reader, Path(__file__).parents[3] / "examples" / "digit.png", training=training)


def test_drawing_without_matplotlib_tells_the_remedy(
    explained: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        save_explanation(explained, tmp_path / "a.png")


def test_the_command_works_without_data(
    without_data: None, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["explain", str(examples / "digit.png")], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith("digit 1: 7 >99%")
    assert "inkdigits data fetch mnist" in result.stdout
    with Image.open(tmp_path / "digit-explained.png") as picture:
        assert picture.format == "PNG"


def test_the_command_gives_json_and_compares_with_a_set(examples: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "why.png"
    result = CliRunner().invoke(
        app,
        ["explain", str(examples / "amount.jpg"), "-n", "2", "--data", "optdigits", "-o", str(target),
         "-f", "json"],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0
    raw = json.loads(result.stdout)
    assert raw["digits"][0]["digit"]["label"] == "2"
    assert raw["data"].startswith("optdigits/")
    assert target.is_file()


def test_data_that_were_asked_for_must_be_there(without_data: None, examples: Path) -> None:
    with pytest.raises(DataNotFoundError, match="fetch"):
        CliRunner().invoke(
            app, ["explain", str(examples / "digit.png"), "--data", "mnist"], catch_exceptions=False
        )
