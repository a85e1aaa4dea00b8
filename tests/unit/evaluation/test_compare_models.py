"""Rows and lines of a comparison."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inkdigits.errors import DataCorruptError, DataNotFoundError, UsageError
from inkdigits.evaluation.compare import (
    ComparisonRow,
    judge_model,
    load_row,
    measure_digits_per_s,
    measure_latency_ms,
    save_row,
    summarize,
)
from inkdigits.evaluation.plots_compare import format_accuracy, format_count, save_comparison
from inkdigits.types import LabelledImages, Probs

ROW = ComparisonRow("a", 0, "mnist/test", 10, 0.5, 0.4, 0.3, 0.2, 100, 4000, 2.0, 0.25, 8000.0)


class Sleeper:
    """Knows a digit by its first pixel, and takes its time for each call."""

    labels = ("0", "1")

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self.calls = 0

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        self.calls += 1
        time.sleep(self._seconds)
        second = (images[:, 0, 0] > 0).astype(np.float32)
        return np.stack([1 - second, second], axis=1)


def make_data(labels: list[int]) -> LabelledImages:
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.array(labels) * 255
    return LabelledImages(images, np.array(labels, np.int64), ("0", "1"), "toy/test")


def test_a_row_is_what_was_noted_and_what_was_measured() -> None:
    data = make_data([0, 1, 1, 0, 1])
    wrong = replace(data, labels=np.array([0, 1, 1, 0, 0], np.int64))
    row = judge_model(Sleeper(), wrong, model="m", seed=3, parameters=7, file_bytes=11, train_s=1.5)
    assert (row.model, row.seed, row.data, row.count) == ("m", 3, "toy/test", 5)
    assert (row.parameters, row.file_bytes, row.train_s) == (7, 11, 1.5)
    assert row.accuracy == pytest.approx(4 / 5)
    assert row.precision == pytest.approx((1 + 2 / 3) / 2)
    assert row.recall == pytest.approx((2 / 3 + 1) / 2)
    assert row.f1 == pytest.approx(0.8)
    assert row.latency_ms > 0


def test_times_are_those_of_single_calls_and_of_many_digits() -> None:
    forms = np.zeros((3, 28, 28), np.float32)
    slow = Sleeper(0.02)
    latency_ms = measure_latency_ms(slow, forms)
    assert latency_ms >= 20
    assert slow.calls < 150  # a slow model is not called two hundred times
    assert 0 < measure_digits_per_s(Sleeper(0.1), forms) <= 2000 / 0.1


def test_a_line_is_mean_spread_and_median() -> None:
    rows = [
        replace(ROW, seed=1, accuracy=0.6, train_s=9.0, f1=0.4),
        replace(ROW, seed=0, accuracy=0.5, train_s=1.0, f1=0.2),
        replace(ROW, seed=2, accuracy=0.7, train_s=2.0, f1=0.6),
        replace(ROW, model="b"),
    ]
    first, second = summarize(rows)
    assert (first.model, first.seeds, second.model) == ("a", (0, 1, 2), "b")
    assert first.accuracy == pytest.approx(0.6)
    assert first.accuracy_spread == pytest.approx(np.std([0.5, 0.6, 0.7], ddof=1))
    assert first.f1 == pytest.approx(0.4)
    assert first.train_s == 2.0
    assert second.accuracy_spread is None
    assert json.loads(json.dumps(first.to_dict()))["seeds"] == [0, 1, 2]


@pytest.mark.parametrize("other", [{"data": "usps/test"}, {"count": 11}])
def test_rows_on_other_digits_do_not_stand_side_by_side(other: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="other digits"):
        summarize([ROW, replace(ROW, **other)])


def test_rows_survive_their_file(tmp_path: Path) -> None:
    save_row(tmp_path / "rows" / "a.json", ROW)
    assert load_row(tmp_path / "rows" / "a.json") == ROW


@pytest.mark.parametrize("text", [None, "", "[1]", "{}", json.dumps({**asdict(ROW), "f1": None})[:-30]])
def test_a_file_that_holds_no_row(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataCorruptError, match=r"a\.json"):
        load_row(tmp_path / "a.json")


def test_the_picture_grows_with_the_models(tmp_path: Path) -> None:
    perfect = replace(ROW, model="b", accuracy=1.0, f1=1.0, parameters=0)
    save_comparison(summarize([ROW]), tmp_path / "one.png", title="one")
    save_comparison(summarize([ROW, perfect]), tmp_path / "two.png", title="two")
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert two.format == "PNG"
        assert two.height > one.height
    with pytest.raises(DataNotFoundError):
        save_comparison([], tmp_path / "none.png", title="none")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (252_650, "253k"), (1.5e6, "1.5M"), (2e9, "2G")]
)
def test_counts_for_people(value: float, text: str) -> None:
    assert format_count(value) == text


def test_accuracy_with_and_without_spread() -> None:
    (line,) = summarize([ROW])
    assert format_accuracy(line) == "50.00"
    assert format_accuracy(replace(line, accuracy_spread=0.0012)) == "50.00 ± 0.12"
