"""The sheet of what models see."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets import load_dataset, subset
from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.evaluation.plots_features import save_feature_sheet
from inkdigits.types import LabelledImages


def test_one_row_for_each_digit(small_digits: LabelledImages, tmp_path: Path) -> None:
    save_feature_sheet(small_digits, tmp_path / "a.png", samples=2)
    save_feature_sheet(small_digits, tmp_path / "b.png", samples=3)
    with Image.open(tmp_path / "a.png") as two, Image.open(tmp_path / "b.png") as three:
        assert two.width == three.width == 1320
        assert three.height - two.height == 210
        assert (np.asarray(two.convert("L")) < 80).mean() > 0.005


def test_seeds_decide_and_small_pictures_are_taken(tmp_path: Path) -> None:
    data = load_dataset("optdigits", "test8x8")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        save_feature_sheet(data, tmp_path / f"{name}.png", samples=1, seed=seed)
    first, second, third = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == second != third


def test_nothing_to_draw_is_told(small_digits: LabelledImages, tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="no digit"):
        save_feature_sheet(subset(small_digits, []), tmp_path / "a.png")


def test_without_matplotlib_the_remedy_is_told(
    small_digits: LabelledImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        save_feature_sheet(small_digits, tmp_path / "a.png", samples=1)
