from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inkdigits.errors import DataCorruptError, MissingExtraError, OutputError
from inkdigits.evaluation.plots_curves import save_learning_curves
from inkdigits.training.log import EpochRecord, save_log

RECORDS = [EpochRecord(epoch, 1 / epoch, 0.9, 0.5 / epoch, 0.95, 0.1, 3.0) for epoch in (1, 2, 3)]


def test_a_log_becomes_a_picture_and_the_same_log_the_same_one(tmp_path: Path) -> None:
    save_log(tmp_path / "log.csv", RECORDS)
    for name in ("first.png", "second.png"):
        save_learning_curves(tmp_path / "log.csv", tmp_path / name)
    first = (tmp_path / "first.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert first == (tmp_path / "second.png").read_bytes()


@pytest.mark.parametrize("text", [None, "", "epoch,train_loss\n1,2\n", "epoch\n"])
def test_a_damaged_log_is_told(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "log.csv").write_text(text)
    with pytest.raises(DataCorruptError, match=r"log\.csv"):
        save_learning_curves(tmp_path / "log.csv", tmp_path / "curves.png")


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    save_log(tmp_path / "log.csv", RECORDS)
    with pytest.raises(OutputError):
        save_learning_curves(tmp_path / "log.csv", tmp_path / "log.csv" / "curves.png")


def test_absent_matplotlib_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        save_learning_curves(tmp_path / "log.csv", tmp_path / "curves.png")
