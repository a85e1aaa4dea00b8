"""The heat map."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.errors import MissingExtraError, UsageError
from inkdigits.evaluation.plots_matrix import save_matrix


def draw(path: Path, shares: list[list[float]]) -> Image.Image:
    save_matrix(np.array(shares), path, rows=["a", "b"], columns=["a", "c"], title="t")
    with Image.open(path) as picture:
        return picture.convert("RGB")


def count_dark(picture: Image.Image) -> int:
    gray = np.asarray(picture.convert("L"))
    return int((gray < 70).sum())


def test_high_shares_are_dark_and_missing_ones_blank(tmp_path: Path) -> None:
    low, high = draw(tmp_path / "l.png", [[0.1, 0.1], [0.1, 0.1]]), draw(tmp_path / "h.png", [[1, 1], [1, 1]])
    assert low.size == high.size
    assert count_dark(high) > 5 * count_dark(low)
    blank = draw(tmp_path / "n.png", [[1, np.nan], [1, 1]])
    assert 0.6 * count_dark(high) < count_dark(blank) < 0.9 * count_dark(high)


def test_the_same_numbers_give_the_same_file(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", [[0.1, 0.2], [0.3, 0.4]])
    draw(tmp_path / "b.png", [[0.1, 0.2], [0.3, 0.4]])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("shape", [(0, 0), (1, 2), (2, 2, 1)])
def test_names_must_fit(tmp_path: Path, shape: tuple[int, ...]) -> None:
    names = ["a", "b"] if shape != (0, 0) else []
    with pytest.raises(UsageError, match="one name"):
        save_matrix(np.zeros(shape), tmp_path / "a.png", rows=names, columns=names)


def test_without_matplotlib_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        save_matrix(np.zeros((1, 1)), tmp_path / "a.png", rows=["a"], columns=["a"])
