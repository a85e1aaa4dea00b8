"""`inkdigits tune`, on digits that are quick to learn."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner, Result

from inkdigits.cli import app
from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.training import data as training_data
from inkdigits.training import judge
from inkdigits.training.recipe import Recipe, load_recipe
from inkdigits.training.tune import Measure, Report
from inkdigits.types import LabelledImages

SMALL = """
[model]
name = "cnn-nano"
[data]
sets = ["tiny"]
validation_size = 100
train_size = 200
[train]
batch_size = 32
[bundle]
name = "small"
"""


def make_digits() -> LabelledImages:
    """scikit-learn's 8x8 digits, each pixel grown to 3x3 and framed: (1797, 28, 28)."""
    digits = load_digits()
    grown = np.kron(digits.images * (255 / 16), np.ones((3, 3)))
    images = np.pad(grown, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return LabelledImages(images, digits.target.astype(np.int64), tuple("0123456789"), name="tiny/train")


@pytest.fixture(autouse=True)
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    digits = make_digits()

    def load_part(name: str, part: str = "train") -> LabelledImages:
        assert part == "train", "a search must not open test digits"
        return digits

    monkeypatch.setattr(training_data, "load_source", load_part)
    monkeypatch.setattr(training_data, "load_dataset", load_part)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tune", *map(str, arguments)])


def read_trials(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_network_from_a_recipe(recipe: Path) -> None:
    result = run("--recipe", recipe, "--trials", 2, "--epochs", 2, "--method", "random")
    assert result.exit_code == 0, result.output
    folder = Path("runs") / "tune-small-tiny"
    assert result.stdout.strip() == str(folder / "best.toml")
    assert {path.name for path in folder.iterdir()} == {"best.toml", "trials.csv", "history.png", "study.db"}
    best = load_recipe(folder / "best.toml")
    assert (best.model.name, best.train.epochs, best.data.train_size) == ("cnn-nano", 2, 200)
    trials = read_trials(folder)
    assert [trial["steps"] for trial in trials] == ["2", "2"]
    assert str(best.train.learning_rate) in [trial["train.learning_rate"] for trial in trials]
    assert "trial 2/2" in result.stderr


def test_the_same_command_goes_on(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("--recipe", recipe, "--trials", 3, "--epochs", 1)

    def stop_in_second(*parts: LabelledImages) -> Measure:
        asked: list[Recipe] = []

        def measure(recipe: Recipe, report: Report) -> float:
            asked.append(recipe)
            if len(asked) == 2:
                raise KeyboardInterrupt
            return 0.5

        return measure

    with monkeypatch.context() as patch:
        patch.setattr(judge, "judge_by_validation", stop_in_second)
        stopped = run(*command)
    assert stopped.exit_code == 130
    assert "1 of 3 trials are kept" in stopped.stderr
    folder = Path("runs") / "tune-small-tiny"
    assert (folder / "best.toml").exists()
    resumed = run(*command)
    assert resumed.exit_code == 0, resumed.output
    assert "Resuming after 1 of 3 trials" in resumed.stderr
    assert [trial["state"] for trial in read_trials(folder)] == ["finished", "failed", "finished", "finished"]


def test_a_classical_model_by_cross_validation(recipe: Path) -> None:
    model = 'name = "logistic"\nfeatures = "hog"\noptions = { max_iter = 10 }'
    recipe.write_text(SMALL.replace('name = "cnn-nano"', model))
    places = ["-o", "out", "--study", "a/b", "--storage", "sqlite:///shared.db"]
    result = run("--recipe", recipe, "--method", "grid", "--trials", 12, "--folds", 2, *places)
    assert result.exit_code == 0, result.output
    assert Path("shared.db").exists()
    assert not (Path("out") / "study.db").exists()
    best = load_recipe(Path("out") / "best.toml")
    assert (best.model.name, best.model.features) == ("logistic", "hog")
    trials = read_trials(Path("out"))
    assert [float(trial["model.options.C"]) for trial in trials] == [0.01, 0.1, 1.0, 10.0, 100.0]
    assert "200 digits of tiny/train:train, 2 folds" in result.stderr


def test_test_digits_stay_closed_even_for_textbook_recipes() -> None:
    result = run(
        "--model", "mlp-tutorial", "--data", "tiny", "--trials", 1, "--epochs", 1, "--train-size", 64
    )
    # The textbook's validation part is larger than these digits; what matters is which digits were opened.
    assert isinstance(result.exception, UsageError)
    assert "1797 digits" in str(result.exception)


def test_without_matplotlib_there_is_a_recipe_and_no_picture(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("--recipe", recipe, "--trials", 1, "--epochs", 1)
    assert result.exit_code == 0, result.output
    assert "No pictures: matplotlib is not installed" in result.stderr
    assert (Path("runs") / "tune-small-tiny" / "best.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--model", "ensemble"], RecipeError, "nothing to tune"),
        (["--model", "cnn", "--features", "hog"], RecipeError, "hog"),
        (["--recipe", "small.toml", "--features", "hog"], UsageError, "--features"),
        (["--model", "knn", "--study", "a/b"], UsageError, "--output"),
        (["--recipe", "small.toml", "--storage", "nosuchdb://x/y"], UsageError, "storage"),
    ],
)
def test_mistakes_are_told_in_one_sentence(arguments: list[str], kind: type[Exception], words: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, kind)
    assert words in str(result.exception)


def test_a_search_without_a_finished_trial(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_off(*parts: LabelledImages) -> Measure:
        def measure(recipe: Recipe, report: Report) -> float:
            raise RecipeError("The loss stopped being a number")

        return measure

    monkeypatch.setattr(judge, "judge_by_validation", run_off)
    result = run("--recipe", recipe, "--trials", 2)
    assert isinstance(result.exception, UsageError)
    assert [trial["state"] for trial in read_trials(Path("runs") / "tune-small-tiny")] == ["pruned", "pruned"]


def test_without_torch_the_remedy_is_named(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "inkdigits.models.nano", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = run("--recipe", recipe)
    assert isinstance(result.exception, MissingExtraError)
    assert "inkdigits[train]" in str(result.exception)
