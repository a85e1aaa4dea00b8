"""The command from recipe to bundle, on digits that are quick to learn."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner, Result

from inkdigits.bundles import BundleClassifier
from inkdigits.cli import app
from inkdigits.errors import BundleError, RecipeError, UsageError
from inkdigits.training import data as training_data
from inkdigits.training.loop import Trainer
from inkdigits.training.recipe import load_recipe
from inkdigits.types import LabelledImages

RECIPE = """
[model]
name = "cnn-nano"
[data]
sets = ["tiny"]
validation_size = 200
[augment]
shift_px = 1
[train]
epochs = 2
batch_size = 32
[bundle]
name = "tiny"
licence = "Apache-2.0"
"""


def make_digits() -> LabelledImages:
    """scikit-learn's 8x8 digits, each pixel grown to 3x3 and framed: (1797, 28, 28)."""
    digits = load_digits()
    grown = np.kron(digits.images * (255 / 16), np.ones((3, 3)))
    images = np.pad(grown, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return LabelledImages(images, digits.target.astype(np.int64), tuple("0123456789"), name="tiny/train")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(training_data, "load_source", lambda name: make_digits())
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def read_epochs(folder: Path) -> list[str]:
    with (folder / "log.csv").open(newline="") as file:
        return [row["epoch"] for row in csv.DictReader(file)]


def test_from_recipe_to_bundle(recipe: Path, tmp_path: Path) -> None:
    result = run(recipe)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "runs" / "tiny"
    assert {path.name for path in folder.iterdir()} == {
        "checkpoint.pt",
        "curves.png",
        "log.csv",
        "recipe.toml",
        "tiny.onnx",
    }
    assert result.stdout.strip() == str(Path("runs") / "tiny" / "tiny.onnx")
    assert load_recipe(folder / "recipe.toml") == load_recipe(recipe)
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    bundle = BundleClassifier(folder / "tiny.onnx")
    facts = bundle.metadata.everything
    assert facts["data"] == ["tiny"]
    assert facts["metrics"]["epochs"] == 2
    data = make_digits()
    accuracy = (bundle.predict_proba(data.images).argmax(1) == data.labels).mean()
    assert accuracy > 0.9
    assert facts["metrics"]["validation_accuracy"] == pytest.approx(accuracy, abs=0.05)


def test_options_override_the_recipe(recipe: Path, tmp_path: Path) -> None:
    result = run(recipe, "-o", "out", "--epochs", 1, "--seed", 5, "--train-size", 64, "--threads", 1)
    assert result.exit_code == 0, result.output
    used = load_recipe(tmp_path / "out" / "recipe.toml")
    assert (used.train.epochs, used.train.seed, used.data.train_size) == (1, 5, 64)


def test_ctrl_c_keeps_epochs_and_the_same_command_goes_on(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Trainer._learn

    def stop_in_second(self: Trainer, epoch: int) -> tuple[float, float]:
        if epoch == 2:
            raise KeyboardInterrupt
        return learn(self, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_learn", stop_in_second)
        stopped = run(recipe)
    assert stopped.exit_code == 130
    assert "the same command goes on" in stopped.stderr
    folder = tmp_path / "runs" / "tiny"
    assert read_epochs(folder) == ["1"]
    assert not (folder / "tiny.onnx").exists()
    resumed = run(recipe)
    assert resumed.exit_code == 0
    assert "Resuming after epoch 1 of 2" in resumed.stderr
    assert read_epochs(folder) == ["1", "2"]


def test_ctrl_c_in_the_first_epoch_keeps_nothing_and_says_so(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Trainer, epoch: int) -> tuple[float, float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_learn", stop)
    stopped = run(recipe)
    assert stopped.exit_code == 130
    assert "nothing is kept" in stopped.stderr


def test_another_recipe_needs_restart(recipe: Path, tmp_path: Path) -> None:
    assert run(recipe, "--epochs", 1).exit_code == 0
    refused = run(recipe)
    assert isinstance(refused.exception, UsageError)
    assert "--restart" in str(refused.exception)
    assert run(recipe, "--restart").exit_code == 0
    assert read_epochs(tmp_path / "runs" / "tiny") == ["1", "2"]


def test_a_mistake_in_the_recipe_is_told_before_anything_is_loaded(recipe: Path) -> None:
    recipe.write_text("[train]\nepoch = 3\n")
    result = run(recipe)
    assert isinstance(result.exception, RecipeError)
    assert "'epochs'" in str(result.exception)


def test_a_classical_model_needs_no_recipe_file(recipe: Path, tmp_path: Path) -> None:
    arguments = ["--model", "svm", "--features", "hog", "--data", "tiny", "--train-size", 500]
    result = run(*arguments, "--set", "C=3", "--set", "data.validation_size=300")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "runs" / "svm-hog"
    assert [path.name for path in folder.iterdir()] == ["svm-hog.onnx"]
    assert "Validation accuracy 9" in result.stderr
    bundle = BundleClassifier(folder / "svm-hog.onnx")
    facts = bundle.metadata.everything
    assert "C = 3" in facts["recipe"]
    assert 'features = "hog"' in facts["recipe"]
    assert facts["data"] == ["tiny"]
    assert bundle.metadata.temperature != 1
    data = make_digits()
    assert (bundle.predict_proba(data.images).argmax(1) == data.labels).mean() > 0.95


def test_a_network_by_its_own_recipe_and_a_builtin_by_name(recipe: Path, tmp_path: Path) -> None:
    common = ["--data", "tiny", "--set", "data.validation_size=300", "--epochs", 1]
    assert run("--model", "mlp", *common).exit_code == 0
    assert load_recipe(tmp_path / "runs" / "mlp" / "recipe.toml").train.epochs == 1
    assert run("cnn-nano", *common, "--set", "train.batch_size=64").exit_code == 0
    assert load_recipe(tmp_path / "runs" / "cnn-nano" / "recipe.toml").train.batch_size == 64


def test_an_ensemble_becomes_one_bundle(recipe: Path, tmp_path: Path) -> None:
    settings = ["--set", 'members=["knn", "svm-hog"]', "--set", "data.validation_size=300"]
    result = run("--model", "ensemble", "--data", "tiny", *settings, "--output", "both")
    assert result.exit_code == 0, result.output
    data = make_digits()
    probs = BundleClassifier(tmp_path / "both" / "ensemble.onnx").predict_proba(data.images)
    assert (probs.argmax(1) == data.labels).mean() > 0.97


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([], UsageError, "either a recipe or a model"),
        (["cnn", "--model", "cnn"], UsageError, "either a recipe or a model"),
        (["cnn", "--features", "hog"], UsageError, "The recipe says"),
        (["--model", "svm", "--epochs", 3], UsageError, "no epochs"),
        (["--model", "svn"], RecipeError, "'svm'"),
        (["--model", "svm", "--features", "sift"], RecipeError, "'sift'"),
        (["--model", "cnn", "--features", "hog"], RecipeError, "sees pixels"),
        (["--model", "svm", "--set", "gama=3"], RecipeError, "'gamma'"),
        (["nothing.toml"], RecipeError, "nothing.toml"),
        (["--model", "svm", "--start", "runs/cnn"], UsageError, "starts from nothing"),
        (["--model", "cnn", "--start", "runs/no"], UsageError, "holds no run"),
        (["--model", "cnn", "--set", 'train.teachers=["no.onnx"]'], BundleError, "no.onnx"),
        (["--continue", "latin", "--start", "runs/cnn"], UsageError, "keeps its recipe"),
    ],
)
def test_contradictions_are_told(
    recipe: Path, arguments: list[object], error: type[Exception], words: str
) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)
