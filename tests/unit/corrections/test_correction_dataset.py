"""Corrections become a data set that training knows by name, and a model that has learned it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("sqlalchemy", reason="the extra corrections is not installed")

from inkdigits.bundles import BundleClassifier
from inkdigits.cli import adapt as cli_adapt
from inkdigits.cli import app
from inkdigits.corrections import JudgedDigit, NewAnswer
from inkdigits.corrections.dataset import collect_digits
from inkdigits.corrections.store import CorrectionStore
from inkdigits.datasets import get_info, is_present, list_datasets, load_dataset
from inkdigits.datasets.idx import read_idx
from inkdigits.errors import DataCorruptError, DataNotFoundError, UsageError
from inkdigits.export.onnx import collect_facts, export_classifier
from inkdigits.models import make_network
from inkdigits.training.adapt import AdaptSettings, ForgettingError
from inkdigits.training.recipe import Recipe, recipe_to_toml
from inkdigits.training.sections import DataSection, ModelSection
from inkdigits.training.sources import load_source
from inkdigits.types import LabelledImages

PNG = b"\x89PNG a page"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def fill(place: str, data: LabelledImages, *, last_is_none: bool = False) -> CorrectionStore:
    """A database with one answer for each two digits; the last of all stays in the queue."""
    store = CorrectionStore(place)
    digits = [JudgedDigit("1", 0.5, cv2.imencode(".png", image)[1].tobytes()) for image in data.images]
    labels = [data.label_names[label] for label in data.labels]
    if last_is_none:
        labels[-1] = "none"
    for index in range(0, len(digits), 2):
        store.save(
            NewAnswer(
                id=f"answer-{index}",
                reading={"text": "11"},
                digits=tuple(digits[index : index + 2]),
                labels=tuple(labels[index : index + 2]),
                picture=PNG if index == 0 else None,
            )
        )
    store.save(NewAnswer(id="in-the-queue", reading={"text": "1"}, digits=(digits[0],)))
    store.save(
        NewAnswer(id="without-form", reading={"text": "1"}, digits=(JudgedDigit("1", 1),), labels=("1",))
    )
    return store


def take(data: LabelledImages, count: int) -> LabelledImages:
    return LabelledImages(data.images[:count], data.labels[:count], data.label_names, name="taken")


def test_judged_digits_become_a_data_set(place: str, small_digits: LabelledImages) -> None:
    some = take(small_digits, 10)
    fill(place, some).close()
    with pytest.raises(DataNotFoundError, match="no corrections"):
        get_info("corrections")
    result = run("data", "add", place)
    assert result.exit_code == 0, result.output
    assert "10 digits of 5 answers" in result.stderr
    assert is_present("corrections")
    assert "corrections" in [info.name for info in list_datasets()]
    data = load_dataset("corrections", "train")
    np.testing.assert_array_equal(data.images, some.images)
    np.testing.assert_array_equal(data.labels, some.labels)
    assert data.label_names == tuple("0123456789")
    assert load_source("corrections").name == "corrections/train"
    assert "corrections" in run("data", "list").stdout
    fill(place, take(small_digits, 12), last_is_none=True).close()
    assert run("data", "add", place).exit_code == 0
    again = load_dataset("corrections", "train")
    assert (len(again), again.label_names[again.labels[-1]]) == (12, "none")


def test_everything_is_exported(place: str, small_digits: LabelledImages, tmp_path: Path) -> None:
    fill(place, take(small_digits, 4)).close()
    folder = tmp_path / "mine"
    result = run("data", "export", place, folder)
    assert result.exit_code == 0, result.output
    images, labels = (read_idx(folder / f"train-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
    np.testing.assert_array_equal(images, small_digits.images[:4])
    np.testing.assert_array_equal(labels, small_digits.labels[:4])
    answers = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert {answer["id"]: answer["state"] for answer in answers}["in-the-queue"] == "open"
    assert (folder / "pictures" / "answer-0.png").read_bytes() == PNG
    assert [answer["picture"] for answer in answers if answer["id"] == "answer-2"] == [None]


def test_nothing_to_learn_from_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    store = CorrectionStore(str(empty))
    with pytest.raises(DataNotFoundError, match="Nobody has confirmed"):
        collect_digits(store)
    store.close()
    missing = run("data", "add", tmp_path / "nowhere.db")
    assert isinstance(missing.exception, DataNotFoundError)
    assert not (tmp_path / "nowhere.db").exists()
    broken = tmp_path / "cache" / "corrections" / "corrections.npz"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PK\3\4 no archive")
    with pytest.raises(DataCorruptError, match="no set of corrections"):
        get_info("corrections")


@pytest.fixture
def bundle(folders: Path, small_digits: LabelledImages, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small network that has seen nothing, and scikit-learn's digits in place of MNIST."""
    monkeypatch.setattr(cli_adapt, "load_dataset", lambda name, split: small_digits)
    recipe = Recipe(model=ModelSection("cnn-nano"), data=DataSection(("mnist", "usps")))
    facts = collect_facts(
        name="tiny", labels=small_digits.label_names, temperature=1.5, recipe=recipe_to_toml(recipe),
        data=("mnist",), licence="Apache-2.0", description="", metrics={}, parameters=1,
    )  # fmt: skip
    export_classifier(make_network("cnn-nano"), folders / "tiny.onnx", facts)
    return folders / "tiny.onnx"


def test_a_model_is_continued_with_corrections(
    bundle: Path, tmp_path: Path, small_digits: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = AdaptSettings(steps=15, batch_size=32, learning_rate=5e-3)
    monkeypatch.setattr("inkdigits.training.adapt.AdaptSettings", lambda seed: settings)
    fill(str(tmp_path / "c.db"), take(small_digits, 20), last_is_none=True).close()
    assert run("data", "add", tmp_path / "c.db").exit_code == 0
    result = run("train", "--continue", bundle, "--data", "corrections")
    assert result.exit_code == 0, result.output
    assert "19 own digits" in result.stderr  # the network knows no "none"
    assert "left out of the replay: usps" in result.stderr
    path = Path("runs/tiny-adapted/tiny-adapted.onnx")
    assert result.stdout.strip() == str(path)
    facts = BundleClassifier(path).metadata
    assert (facts.temperature, facts.everything["data"]) == (1.5, ["mnist", "corrections"])
    metrics = facts.everything["metrics"]
    assert metrics["mnist_validation_accuracy"] >= metrics["mnist_validation_accuracy_before"] - 0.001


def test_a_model_that_forgets_is_not_written(
    bundle: Path, tmp_path: Path, small_digits: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(*_: object, **__: object) -> None:
        raise ForgettingError("it would fall")

    monkeypatch.setattr("inkdigits.training.adapt.adapt", forget)
    fill(str(tmp_path / "c.db"), take(small_digits, 4)).close()
    assert run("data", "add", tmp_path / "c.db").exit_code == 0
    before = bundle.read_bytes()
    result = run("train", "--continue", bundle, "--output", tmp_path)
    assert isinstance(result.exception, ForgettingError)
    assert result.exception.exit_code == 10
    assert bundle.read_bytes() == before
    assert not list(tmp_path.rglob("*adapted*"))


def test_what_can_not_be_continued_is_told(
    bundle: Path, small_digits: LabelledImages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for extra in (["--epochs", "3"], ["--model", "cnn"], ["cnn-nano"], ["--set", "train.epochs=3"]):
        refused = run("train", "--continue", bundle, *extra)
        assert isinstance(refused.exception, UsageError)
    none = run("train", "--continue", bundle)
    assert isinstance(none.exception, DataNotFoundError)
    assert "inkdigits data add" in str(none.exception)
    fill(str(tmp_path / "c.db"), take(small_digits, 4)).close()
    assert run("data", "add", tmp_path / "c.db").exit_code == 0

    def lack(name: str, split: str) -> LabelledImages:
        raise DataNotFoundError("not here", remedy="Fetch it with: inkdigits data fetch mnist.")

    monkeypatch.setattr(cli_adapt, "load_dataset", lack)
    without = run("train", "--continue", bundle)
    assert "what the model forgets" in str(without.exception)
    assert "data fetch mnist" in str(without.exception)
