"""`inkdigits evaluate`: tables, JSON, CSV and reports for glyphs and for pictures."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits import bundles, datasets, reader
from inkdigits.cli import app
from inkdigits.cli.evaluate_tables import CSV_COLUMNS
from inkdigits.datasets import LabelledPicture
from inkdigits.errors import DataCorruptError, DataNotFoundError, MissingExtraError, UsageError
from inkdigits.evaluation import sets
from inkdigits.evaluation.learning import COLUMNS
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
    assert report["top2"] >= report["accuracy"]
    assert report["coverage"]["points"][0] == {"coverage": 1.0, "risk": 0.1, "threshold": pytest.approx(0.91)}
    assert report["against"] is None
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


def read_csv(text: str) -> dict[tuple[str, str, str], float]:
    rows = list(csv.reader(io.StringIO(text)))
    assert tuple(rows[0]) == CSV_COLUMNS
    figures = {(measure, of, answer): float(value) for measure, of, answer, value in rows[1:]}
    assert len(figures) == len(rows) - 1, "each figure has a name of its own"
    return figures


def test_csv_of_glyphs_has_one_figure_a_row() -> None:
    figures = read_csv(run("--data", "mnist", "--format", "csv"))
    assert figures["accuracy", "", ""] == 0.9
    assert figures["precision", "4", ""] == 0.5
    assert figures["recall", "macro", ""] == pytest.approx(0.9)
    assert figures["answers", "9", "4"] == 4
    assert sum(value for (measure, _, _), value in figures.items() if measure == "answers") == 40
    assert figures["risk", "coverage 1", ""] == pytest.approx(0.1)


def test_rejection_of_non_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "load_dataset", lambda name, split: make_data())
    arguments = ("--data", "mnist", "--non-digits", "fashion-mnist")
    report = json.loads(run(*arguments, "--format", "json"))
    assert report["rejection"]["roc_area"] == pytest.approx(0.5)  # the same images: nothing tells them apart
    assert "digits against 40 of mnist/test" in run(*arguments)
    assert read_csv(run(*arguments, "--format", "csv"))["roc_area", "mnist/test", ""] == pytest.approx(0.5)


def test_a_comparison_with_an_earlier_report(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(ToldByCorner):
        def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
            return np.roll(super().predict_proba(images), 1, axis=1)

    run("--data", "mnist", "--format", "json", "--output", "first.json")
    same = run("--data", "mnist", "--against", "first.json")
    assert "there is no difference" in " ".join(same.split())
    monkeypatch.setattr(bundles, "load_classifier", lambda name: Wrong())
    worse = run("--data", "mnist", "--model", "worse", "--against", "first.json")
    assert "latin is really better than worse" in " ".join(worse.split())
    figures = read_csv(run("--data", "mnist", "--against", "first.json", "--format", "csv"))
    assert figures["mcnemar_p_value", "the other latin", ""] < 1e-6


def test_a_comparison_with_what_is_no_report() -> None:
    Path("other.json").write_text("{}")
    with pytest.raises(DataCorruptError, match=r"other\.json"):
        run("--data", "mnist", "--against", "other.json")


def test_a_report_is_written_beside_the_table() -> None:
    result = RUNNER.invoke(app, ["evaluate", "--data", "mnist", "--report", "out"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith("mnist (test), model latin: 40 images")
    assert "Wrote out/report.html" in result.stderr
    assert "Drawing the report ..." in result.stderr
    raw = json.loads(Path("out/report.json").read_text())
    assert raw["correct"] == 36
    assert "latin on mnist/test" in Path("out/report.html").read_text()
    again = run("--data", "mnist", "--against", "out/report.json")
    assert "there is no difference" in " ".join(again.split())


@pytest.mark.parametrize(
    ("log", "is_drawn"), [(f"{','.join(COLUMNS)}\n1,0.5,0.8,0.3,0.9\n", True), ("?", False)]
)
def test_a_log_beside_the_bundle(log: str, *, is_drawn: bool) -> None:
    Path("run").mkdir()
    Path("run/log.csv").write_text(log)
    result = RUNNER.invoke(app, ["evaluate", "--data", "mnist", "--model", "run/toy.onnx", "--report", "out"])
    assert result.exit_code == 0
    assert ("Learning curves" in Path("out/report.html").read_text()) is is_drawn
    assert ("No learning curves: " in result.stderr) is not is_drawn


def test_a_log_that_is_asked_for_must_be_one() -> None:
    with pytest.raises(DataCorruptError, match=r"none\.csv"):
        run("--data", "mnist", "--report", "out", "--log", "none.csv")
    assert not Path("out").exists()


def test_what_is_not_installed_is_told_before_the_work(
    toy: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        run("--data", "mnist", "--report", "out")
    assert toy == []


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
    monkeypatch.setattr(sets, "load_pictures", lambda name, split: listed)
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


@pytest.mark.usefixtures("pictures")
def test_csv_of_pictures() -> None:
    figures = read_csv(run("--data", "own-handwriting", "--format", "csv"))
    assert figures["character_error_rate", "", ""] == pytest.approx(1 / 7)
    assert figures["kind_correct", "scan", ""] == 1
    assert figures["length_count", "2", ""] == 2


@pytest.mark.usefixtures("pictures")
def test_glyphs_through_the_whole_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 12:15] = 255
    data = LabelledImages(np.stack([glyph, glyph]), np.array([1, 7]), LABELS, "mnist/test")
    monkeypatch.setattr(sets, "load_dataset", lambda name, split: data)
    report = json.loads(run("--data", "mnist", "--reader", "--format", "json"))
    assert report["kind"] == "pictures"
    assert (report["count"], report["correct"], report["kinds"]) == (
        2,
        1,
        {"glyph": {"count": 2, "correct": 1}},
    )
