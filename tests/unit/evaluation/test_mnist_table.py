"""benchmarks/mnist_table.py: which rows it makes, shows and writes; nothing is learned here."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from inkdigits.cli import compare_rows
from inkdigits.evaluation.compare import ComparisonRow, save_row
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import ModelSection
from inkdigits.types import LabelledImages


def make_row(
    folder: Path,
    name: str,
    recipe: Recipe,
    learn: LabelledImages,
    validation: LabelledImages,
    judge: LabelledImages,
) -> ComparisonRow:
    """Keep a row as if a model had been trained."""
    accuracy = 0.9 + recipe.train.seed / 100
    row = ComparisonRow(
        name, recipe.train.seed, judge.name, len(judge), accuracy, 0.9, 0.9, 0.9, 10, 1000, 60.0, 0.1, 9000.0
    )
    save_row(compare_rows._name_row(folder, name, recipe, judge), row)
    return row


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    module = importlib.import_module("mnist_table")
    digits = LabelledImages(
        np.zeros((4, 28, 28), np.uint8), np.arange(4), tuple("0123456789"), name="mnist/test"
    )
    for path in (tmp_path / "results.md", tmp_path / "README.md"):
        path.write_text("above\n<!-- mnist:begin -->\n<!-- mnist:end -->\nbelow\n")
    monkeypatch.setattr(module, "SEEDS", {"mlp": 1, "cnn": 2})
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    monkeypatch.setattr(importlib.import_module("_output"), "RESULTS", tmp_path / "results.md")
    monkeypatch.setattr(module, "load_builtin_recipe", lambda name: Recipe(model=ModelSection(name)))
    monkeypatch.setattr(module, "load_digits", lambda section: (digits, digits, digits))
    monkeypatch.setattr(module, "make_row", make_row)
    return module


def run(table: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["mnist_table.py", *arguments])
    table.main()


def test_print_and_write_make_no_row(
    table: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(table, monkeypatch, "--only", "cnn")
    (tmp_path / "rows").joinpath("unrelated.json").write_text("{}")
    next((tmp_path / "rows").glob("cnn-1-*")).unlink()
    monkeypatch.setattr(table, "make_row", None)
    run(table, monkeypatch, "--print", "--write")
    assert "mlp" not in capsys.readouterr().out
    written = (tmp_path / "README.md").read_text()
    assert "| cnn | 1 | 90.00 | 99.72 |" in written
    assert written.startswith("above\n")
    assert written.endswith("below\n")
    assert "| cnn | 1 | 90.00 | 99.72 |" in (tmp_path / "results.md").read_text()


def test_only_says_what_is_made_and_drops_no_row(
    table: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(table, monkeypatch, "--only", "cnn")
    run(table, monkeypatch, "--only", "mlp", "--write")
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("| ")] == ["model", "mlp", "cnn"]
    assert "| cnn | 2 | 90.50 ± 0.71 | 99.72 |" in "\n".join(lines)
