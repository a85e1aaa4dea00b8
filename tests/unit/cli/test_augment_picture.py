"""`inkdigits data show --augment`: what a recipe does to digits."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits.cli import data as data_command
from inkdigits.errors import DataNotFoundError, MissingExtraError, RecipeError, UsageError
from inkdigits.evaluation.plots_augment import save_augmentation_sheet
from inkdigits.training.preview import PreviewRow, preview_augmentation
from inkdigits.training.sections import AugmentSection
from inkdigits.types import Gray, LabelledImages

RUNNER = CliRunner()


def make_bars(count: int = 30, side: int = 28) -> LabelledImages:
    """Upright bars of three classes, each class with its own thickness."""
    labels = np.arange(count) % 3
    images = np.zeros((count, side, side), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4:-4, 12 : 14 + label] = 255
    return LabelledImages(images, labels.astype(np.int64), tuple("0123456789"), "mnist/train")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("inkdigits.datasets.load_dataset", lambda name, split: make_bars())
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "strong.toml"
    path.write_text("[augment]\nrotation_deg = 30\nmixup = 0.5\n")
    return path


def run(*arguments: object) -> str:
    result = RUNNER.invoke(data_command.app, ["show", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_the_picture_has_a_place_by_default_or_by_name(recipe: Path) -> None:
    assert run("mnist", "--augment", recipe, "-n", 3) == "mnist-augment-strong.png"
    with Image.open("mnist-augment-strong.png") as picture:
        assert picture.format == "PNG"
        height = picture.height
    assert run("mnist", "--augment", recipe, "-n", 3, "-o", "own.png") == "own.png"
    with Image.open("own.png") as picture:
        assert picture.height == height
    assert Path("own.png").read_bytes() == Path("mnist-augment-strong.png").read_bytes()


def test_a_recipe_without_augmentation_has_no_picture(recipe: Path) -> None:
    recipe.write_text("[train]\nepochs = 1\n")
    with pytest.raises(UsageError, match=r"\[augment\]"):
        run("mnist", "--augment", recipe)


def test_a_recipe_that_is_none(recipe: Path) -> None:
    with pytest.raises(RecipeError, match="absent"):
        run("mnist", "--augment", "absent.toml")


def test_without_torch_the_remedy_is_named(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inkdigits.training.preview", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[train\]"):
        run("mnist", "--augment", recipe)


def test_classes_take_turns_and_other_sizes_are_normalised() -> None:
    chosen = data_command._choose_digits(make_bars(), 6, 0)
    widths = (chosen[:, 14] > 0).sum(axis=1)
    assert sorted(widths[:3]) == sorted(widths[3:]) == [2, 3, 4]
    assert data_command._choose_digits(make_bars(side=40), 6, 0).shape == (6, 28, 28)


def test_each_change_stands_alone_at_half_and_full_strength() -> None:
    images = make_bars(6).images
    settings = AugmentSection(rotation_deg=30, contrast=0.8, elastic_smooth_px=7)
    rows = preview_augmentation(images, settings, seed=1)
    assert [row.title for row in rows] == [
        "as they are",
        "rotation_deg 15",
        "rotation_deg 30",
        "contrast 0.4",
        "contrast 0.8",
        "all together",
        "all together",
    ]
    originals, weak, full, pale, paler, *together = rows
    assert np.array_equal(originals.images, images)

    def differ(row: PreviewRow) -> float:
        return float(np.abs(row.images.astype(float) - images).mean())

    assert 0 < differ(weak) < differ(full)
    assert 0 < differ(pale) < differ(paler)
    assert not np.array_equal(together[0].images, together[1].images)
    again = preview_augmentation(images, settings, seed=1)
    assert all(np.array_equal(a.images, b.images) for a, b in zip(rows, again, strict=True))


def test_mixup_blends_digits() -> None:
    images = make_bars(6).images
    rows = preview_augmentation(images, AugmentSection(mixup=1.0), seed=3)
    assert np.unique(rows[2].images).size > 2


def test_nothing_to_draw(tmp_path: Path) -> None:
    nothing: list[list[tuple[str, list[Gray]]]] = [[], [("empty", [])]]
    for rows in nothing:
        with pytest.raises(DataNotFoundError):
            save_augmentation_sheet(rows, tmp_path / "sheet.png", title="")
    assert not (tmp_path / "sheet.png").exists()
