"""Errors under corruption, pages for the reader, their pictures, and the command."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits import Reader, bundles, datasets
from inkdigits.cli import app
from inkdigits.datasets import load_dataset
from inkdigits.errors import DataNotFoundError, UsageError
from inkdigits.evaluation.corruptions import CORRUPTIONS
from inkdigits.evaluation.plots_robustness import save_corruption_sheet, save_error_chart
from inkdigits.evaluation.robustness import (
    CONDITIONS,
    SWEEPS,
    CorruptionResult,
    PageForm,
    corrupt_digits,
    draw_digits,
    evaluate_corruptions,
    evaluate_sweeps,
    list_steps,
    make_page,
)
from inkdigits.types import LabelledImages, Probs

LABELS = tuple("0123456789")


class ByBrightness:
    """Answers 1 where at least half of the picture is bright, else 0; its labels may stand in another order."""

    def __init__(self, labels: tuple[str, ...] = LABELS) -> None:
        self.labels = labels
        self.seen: list[npt.NDArray[Any]] = []

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        self.seen.append(images)
        is_bright = images.mean(axis=(1, 2)) >= 0.45
        answers = np.where(is_bright, self.labels.index("1"), self.labels.index("0"))
        return np.eye(len(self.labels), dtype=np.float32)[answers]


class Always:
    """Answers one label."""

    labels = LABELS

    def __init__(self, answer: str) -> None:
        self._index = LABELS.index(answer)

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        return np.tile(np.eye(10, dtype=np.float32)[self._index], (len(images), 1))


def make_bars(count: int) -> LabelledImages:
    """Upright bars as ones, every second one a frame that is called 0."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[::2, 4:24, 12:15] = 255
    images[1::2, 4:24, 8:20] = 255
    images[1::2, 7:21, 11:17] = 0
    images[:, 4, 8] = np.arange(count)
    return LabelledImages(images, (np.arange(count) + 1) % 2, LABELS, "toy/test")


def test_wrong_answers_are_counted_under_each_corruption() -> None:
    zeros = LabelledImages(make_bars(6).images, np.zeros(6, np.int64), LABELS, "toy/test")
    (result,) = evaluate_corruptions({"m": ByBrightness()}, zeros)
    assert list(result.wrong) == list(CONDITIONS)
    assert (result.model, result.data, result.count, result.is_normalized) == ("m", "toy/test", 6, False)
    assert result.clean_error == 0
    bright = {name for name, error in result.errors.items() if error == 1}
    assert {"brightness", "stripe"} <= bright
    assert result.errors["translate"] == 0
    assert result.mean_error == pytest.approx(sum(result.errors.values()) / 15)
    assert set(result.errors) == set(CORRUPTIONS)


def test_labels_are_matched_by_name() -> None:
    data = make_bars(4)
    shuffled = ByBrightness(LABELS[::-1])
    first, second = evaluate_corruptions({"a": ByBrightness(), "b": shuffled}, data)
    assert first.wrong == second.wrong
    with pytest.raises(UsageError, match="does not know"):
        evaluate_corruptions({"c": ByBrightness(("0", "1"))}, data)


def test_all_models_see_the_same_pictures_and_both_ways_are_told_apart() -> None:
    models = {"a": ByBrightness(), "b": ByBrightness()}
    results = evaluate_corruptions(
        models, make_bars(4), normalize=(False, True), seed=7, conditions=["clean", "fog"]
    )
    assert [(r.model, r.is_normalized) for r in results] == [
        ("a", False),
        ("b", False),
        ("a", True),
        ("b", True),
    ]
    for one, other in zip(models["a"].seen, models["b"].seen, strict=True):
        np.testing.assert_array_equal(one, other)
    plain = models["a"].seen[2]
    np.testing.assert_allclose(plain, CORRUPTIONS["fog"](make_bars(4).images, seed=7) / 255, atol=1e-6)
    assert (plain != models["a"].seen[3]).any()


def test_results_are_plain_json() -> None:
    result = CorruptionResult("m", "d", 200, False, {"clean": 2, "fog": 100, "shear": 20})
    report = json.loads(json.dumps(result.to_dict()))
    assert (report["clean_error"], report["mean_error"]) == (0.01, pytest.approx(0.3))
    low, high = report["errors"]["shear"]["interval95"]
    assert low < report["errors"]["shear"]["error"] == 0.1 < high
    assert "clean" not in report["errors"]
    bare = CorruptionResult("m", "d", 200, False, {})
    assert (bare.clean_error, bare.mean_error) == (None, 0.0)


def test_what_can_not_be_judged_is_told() -> None:
    data = make_bars(4)
    with pytest.raises(UsageError, match="'fgo'"):
        corrupt_digits(data, "fgo")
    empty = LabelledImages(data.images[:0], data.labels[:0], LABELS, "toy/none")
    with pytest.raises(UsageError, match="no digit"):
        evaluate_corruptions({"m": ByBrightness()}, empty)
    with pytest.raises(UsageError, match="no digit"):
        evaluate_sweeps(Reader(Always("1"), detector=None), empty)
    with pytest.raises(UsageError, match="'1 km'"):
        evaluate_sweeps(Reader(Always("1"), detector=None), data, steps=[("size", "1 km")])


def test_digits_are_drawn_with_their_labels() -> None:
    data = make_bars(40)
    drawn = draw_digits(data, 10, seed=1)
    assert len(drawn) == 10
    places = drawn.images[:, 4, 8].astype(int)
    assert (np.diff(places) > 0).all()
    np.testing.assert_array_equal(drawn.labels, data.labels[places])
    assert (draw_digits(data, 10, seed=2).images != drawn.images).any()
    assert draw_digits(data, 0) is data
    assert draw_digits(data, 40) is data


def find_ink(page: npt.NDArray[np.uint8], form: PageForm) -> tuple[int, int, int, int]:
    """First and last row, first and last column of what differs from paper by a tenth."""
    ys, xs = np.nonzero(np.abs(page.astype(int) - form.paper) > abs(form.ink - form.paper) / 10)
    return int(ys.min()), int(ys.max()), int(xs.min()), int(xs.max())


@pytest.mark.parametrize(("sweep", "step"), list_steps())
def test_pages_are_what_their_form_says(sweep: str, step: str) -> None:
    form = SWEEPS[sweep][step]
    for image in make_bars(6).images:
        page = make_page(image, form)
        assert page.shape == (form.page_px, form.page_px)
        assert page.dtype == np.uint8
        top, bottom, left, right = find_ink(page, form)
        assert bottom - top + 1 == pytest.approx(form.digit_px + form.pen_px, abs=4)
        margin = min(top, left, form.page_px - 1 - bottom, form.page_px - 1 - right)
        if form.shift == 1:
            assert margin <= 2
        if form.shift == 0:
            assert (top + bottom) / 2 == pytest.approx(form.page_px / 2, abs=2)
            assert (left + right) / 2 == pytest.approx(form.page_px / 2, abs=2)
        assert page[0, 0] == form.paper or form.shift == 1
        middle = page[(top + bottom) // 2]
        assert np.abs(middle.astype(int) - form.ink).min() <= max(2, abs(form.ink - form.paper) // 3)


def test_a_digit_that_does_not_fit_and_one_without_ink() -> None:
    image = make_bars(1).images[0]
    with pytest.raises(UsageError, match="larger than the page"):
        make_page(image, PageForm(page_px=40, digit_px=80))
    blank = make_page(np.zeros((28, 28), np.uint8), PageForm(pen_px=4))
    assert (blank == PageForm().paper).all()


def test_a_pen_becomes_thicker_step_by_step() -> None:
    image = make_bars(1).images[0]
    inks = [(make_page(image, form) < 128).sum() for form in SWEEPS["pen"].values()]
    assert inks == sorted(inks)
    assert inks[0] < 0.8 * inks[2] < inks[-1]


def test_the_reader_is_right_only_where_it_reads_exactly_the_digit() -> None:
    data = make_bars(6)
    steps = [("shift", "0 %"), ("polarity", "white on black"), ("size", "40 px")]
    results = evaluate_sweeps(Reader(Always("1"), detector=None), data, steps=steps)
    assert [(r.sweep, r.step) for r in results] == steps
    for result in results:
        assert (result.count, result.correct) == (6, 3)
        report = json.loads(json.dumps(result.to_dict()))
        assert report["accuracy"] == 0.5
        assert report["interval95"][0] < 0.5 < report["interval95"][1]


def test_the_sheet_and_the_chart(tmp_path: Path, small_digits: LabelledImages) -> None:
    save_corruption_sheet(small_digits, tmp_path / "a" / "sheet.png")
    save_corruption_sheet(small_digits, tmp_path / "again.png")
    save_corruption_sheet(make_bars(4), tmp_path / "two.png")
    assert (tmp_path / "a" / "sheet.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "a" / "sheet.png") as ten, Image.open(tmp_path / "two.png") as two:
        assert ten.format == "PNG"
        assert ten.width > two.width
    result = CorruptionResult("m", "d", 20, False, dict.fromkeys(CONDITIONS, 5))
    other = CorruptionResult("m", "d", 20, True, dict.fromkeys(CONDITIONS, 20))
    save_error_chart([result], tmp_path / "one.png")
    save_error_chart([result, other], tmp_path / "both.png", title="both")
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "both.png") as both:
        assert both.height > one.height


def test_pictures_of_nothing(tmp_path: Path) -> None:
    data = make_bars(4)
    with pytest.raises(DataNotFoundError):
        save_corruption_sheet(LabelledImages(data.images[:0], data.labels[:0], LABELS), tmp_path / "a.png")
    with pytest.raises(DataNotFoundError):
        save_error_chart([], tmp_path / "a.png")
    result = CorruptionResult("m", "d", 20, False, {"clean": 1, "fog": 2})
    with pytest.raises(UsageError, match="other digits"):
        save_error_chart(
            [result, CorruptionResult("n", "d", 21, False, {"clean": 1, "fog": 2})], tmp_path / "a.png"
        )


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_digits: LabelledImages) -> Path:
    """Replace data and models; returns the folder in which the command runs."""
    models = {"latin": Always("1"), "other.onnx": Always("2")}
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: small_digits)
    monkeypatch.setattr(bundles, "load_classifier", lambda name: models[name])
    monkeypatch.setattr("inkdigits.reader.load_classifier", lambda name: models[name])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["robustness", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("command")
def test_the_command_tells_json() -> None:
    report = json.loads(run("--limit", "12", "--format", "json"))
    (result,) = report["corruptions"]
    assert (result["model"], result["count"], result["is_normalized"]) == ("latin", 12, False)
    assert set(result["errors"]) == set(CORRUPTIONS)
    assert {entry["error"] for entry in result["errors"].values()} == {result["clean_error"]}
    assert "reader" not in report


def test_the_command_tells_a_table_and_draws(command: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"size": {"40 px": PageForm(digit_px=40)}, "pen": {"+4 px": PageForm(pen_px=4)}}
    monkeypatch.setattr("inkdigits.evaluation.robustness.SWEEPS", few)
    text = run(
        "--model", "latin", "--model", "other.onnx", "--limit", "8", "--normalize", "--reader",
        "--sheet", "sheet.png", "--chart", "chart.png",
    )  # fmt: skip
    lines = text.splitlines()
    assert lines[0].startswith("small/train: 8 digits")
    assert lines[1].split() == ["latin", "other.onnx"]
    assert [line.split()[0] for line in lines[2:18]] == list(CONDITIONS)
    assert "mean of the corruptions" in lines[18]
    assert "8 a step" in text
    assert [line.split()[:3] for line in lines[-2:]] == [["size:", "40", "px"], ["pen:", "+4", "px"]]
    assert (command / "sheet.png").stat().st_size > 1000
    assert (command / "chart.png").stat().st_size > 1000


def test_the_command_writes_a_file(command: Path) -> None:
    assert run("--limit", "5", "-f", "json", "-o", "report.json") == ""
    assert json.loads((command / "report.json").read_text())["corruptions"][0]["count"] == 5


def load_benchmark(name: str) -> ModuleType:
    """Import a script of benchmarks/, which must be on the path."""
    return importlib.import_module(name)


def test_benchmarks_write_between_their_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    output = load_benchmark("_output")
    once = output.replace_section("# Results\n\nold\n", "fog", "new", may_append=True)
    assert once == "# Results\n\nold\n\n<!-- fog:begin -->\nnew\n<!-- fog:end -->\n"
    twice = output.replace_section(once + "after\n", "fog", "newer")
    assert twice == once.replace("new", "newer") + "after\n"
    with pytest.raises(UsageError, match="has no"):
        output.replace_section("text <!-- fog:end -->", "fog", "new", may_append=True)


def test_the_benchmark_tells_whether_its_bar_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    benchmark = load_benchmark("robustness")
    results = [
        CorruptionResult(model, "mnist/test", 100, way, {"clean": 1, "fog": wrong})
        for way in (False, True)
        for model, wrong in (("latin", 10), ("cnn-tutorial", 40))
    ]
    section = benchmark.make_section(results, [], "a machine")
    assert "ratio 0.25, bar at most 0.33: met." in section
    assert "| fog | 10.00 | 40.00 | 10.00 | 40.00 |" in section


@pytest.mark.real_data
def test_what_ships_reads_digits_on_pages() -> None:
    digits = draw_digits(load_dataset("mnist", "test"), 5)
    steps = [("shift", "50 %"), ("polarity", "white on black")]
    assert all(step.correct >= 4 for step in evaluate_sweeps(Reader(), digits, steps=steps))
