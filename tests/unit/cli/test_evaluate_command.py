"""`inkdigits evaluate`: tables and JSON for glyphs and for pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits import bundles, datasets, reader
from inkdigits.cli import app
from inkdigits.datasets import LabelledPicture
from inkdigits.errors import DataNotFoundError, UsageError
from inkdigits.types import LabelledImages, Probs

RUNNER = CliRunner()
LABELS = tuple("0123456789")


class ToldByCorner:
    """Reads the class from the brightness of the first pixel; takes every 9 for a 4."""

    labels = LABELS

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        answers = np.rint(images[:, 0, 0] * 255 / 10).astype(int)
        answers[answers == 9] = 4
        probs = np.full((len(images), 10), 0.01, np.float32)
        probs[np.arange(len(images)), answers] = 0.91
        return probs


def make_data() -> LabelledImages:
    labels = np.arange(40) % 10
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 0, 0] = labels * 10
    return LabelledImages(images, labels, LABELS, "mnist/test")


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """Replace data and model; returns which splits were asked for."""
    asked: list[tuple[str, str]] = []

    def load(name: str, split: str) -> LabelledImages:
        asked.append((name, split))
        return make_data()

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.setattr(bundles, "load_classifier", lambda name: ToldByCorner())
    monkeypatch.chdir(tmp_path)
    return asked


def run(*arguments: str) -> str:
    result = RUNNER.invoke(app, ["evaluate", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_of_glyphs() -> None:
    report = json.loads(run("--data", "mnist", "--format", "json"))
    assert (report["data"], report["split"], report["model"]) == ("mnist", "test", "latin")
    assert (report["count"], report["correct"], report["accuracy"]) == (40, 36, 0.9)
    low, high = report["interval95"]
    assert low < 0.9 < high
    assert report["loss"] == pytest.approx(-0.9 * np.log(0.91) - 0.1 * np.log(0.01), abs=1e-6)
    assert report["classes"]["4"] == {
        "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "count": 4,
    }  # fmt: skip
    assert report["classes"]["9"] == {"precision": 0, "recall": 0, "f1": 0, "count": 4}
    assert report["macro"]["recall"] == pytest.approx(0.9)
    assert report["confusion"][9][4] == 4
    assert np.array(report["confusion"]).sum() == 40


def test_the_table_of_glyphs_shows_the_same() -> None:
    lines = run("--data", "mnist").splitlines()
    assert lines[0] == "mnist (test), model latin: 40 images"
    assert "90.00 %" in lines[1]
    assert "36 right" in lines[1]
    rows = {line.split()[0]: line.split() for line in lines if line[:7].strip().isdigit()}
    assert list(rows) == list(LABELS)
    assert rows["9"][1:8] == ["0.00", "%", "0.00", "%", "0.00", "%", "4"]
    assert rows["9"][8:] == ["0", "0", "0", "0", "4", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("--data", "mnist"), ("mnist", "test")),
        (("--data", "mnist", "--split", "train"), ("mnist", "train")),
        (("--data", "nist-raw"), ("nist-raw", "all")),
    ],
)
def test_which_split(toy: list[tuple[str, str]], arguments: tuple[str, ...], asked: tuple[str, str]) -> None:
    run(*arguments)
    assert toy == [asked]


def test_output_file() -> None:
    assert run("--data", "mnist", "--format", "json", "--output", "report.json") == ""
    assert json.loads(Path("report.json").read_text())["correct"] == 36


def test_an_unknown_set_names_the_nearest() -> None:
    with pytest.raises(DataNotFoundError, match="mnist"):
        run("--data", "mnits")


def test_an_unknown_split_names_the_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(UsageError, match="train, test"):
        run("--data", "mnist", "--split", "dev")


class Ones:
    labels = LABELS

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        return np.tile(np.eye(10, dtype=np.float32)[1], (len(images), 1))


def make_picture(text: str, kind: str) -> LabelledPicture:
    """A picture with two upright strokes, whatever the text says."""
    page = np.full((120, 200), 240, np.uint8)
    page[30:90, 70:77] = page[30:90, 110:117] = 20
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return LabelledPicture("a.png", stream.getvalue(), text, kind)


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [make_picture("11", "photo"), make_picture("1 1", "scan"), make_picture("171", "scan")]
    monkeypatch.setattr(datasets, "load_pictures", lambda name, split: listed)
    monkeypatch.setattr(reader, "load_classifier", lambda name: Ones())


@pytest.mark.usefixtures("pictures")
def test_json_of_pictures() -> None:
    report = json.loads(run("--data", "own-handwriting", "--format", "json"))
    assert (report["count"], report["correct"]) == (3, 2)
    assert report["character_error_rate"] == pytest.approx(1 / 7)
    assert report["kinds"] == {"photo": {"count": 1, "correct": 1}, "scan": {"count": 2, "correct": 1}}


@pytest.mark.usefixtures("pictures")
def test_the_table_of_pictures() -> None:
    text = run("--data", "own-handwriting")
    assert "66.67 %" in text
    assert "character errors    14.29 %" in text
    assert "50.00 %   (1 of 2)" in text
