"""`inkdigits compare`, on digits that are quick to learn."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner, Result

from inkdigits import datasets
from inkdigits.bundles import BundleClassifier
from inkdigits.bundles.bundle import softmax
from inkdigits.cli import app, compare_rows
from inkdigits.cli import compare as compare_command
from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.evaluation.compare import load_row
from inkdigits.models.classical import Logistic
from inkdigits.training import builtin, fit
from inkdigits.training import data as training_data
from inkdigits.training.checkpoint import load_checkpoint
from inkdigits.training.loop import Trainer, TrainingResult
from inkdigits.training.recipe import Recipe, recipe_from_toml, set_values
from inkdigits.types import LabelledImages

NANO = """
[model]
name = "cnn-nano"
[data]
pool_test = true
[train]
epochs = 3
batch_size = 32
"""
RECIPES = {
    "linear": '[model]\nname = "logistic"\noptions = { max_iter = 10 }\n',
    "nano": NANO,
    "both": '[model]\nname = "ensemble"\noptions = { members = ["linear", "nano"] }\n',
    "pair": '[model]\nname = "ensemble"\noptions = { members = ["nano", "nano"] }\n[train]\nseed = 0\n',
}


def make_digits() -> LabelledImages:
    """scikit-learn's 8x8 digits, each pixel grown to 3x3 and framed, four times over: (7188, 28, 28)."""
    digits = load_digits()
    grown = np.kron(digits.images * (255 / 16), np.ones((3, 3)))
    images = np.pad(grown, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return LabelledImages(
        np.tile(images, (4, 1, 1)),
        np.tile(digits.target.astype(np.int64), 4),
        tuple("0123456789"),
        name="tiny/train",
    )


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabelledImages:
    digits = make_digits()
    test = LabelledImages(digits.images[:300], digits.labels[:300], digits.label_names, "tiny/test")
    monkeypatch.setattr(training_data, "load_source", lambda name: digits)
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: test)
    for module in (builtin, fit):
        monkeypatch.setattr(module, "list_recipes", lambda: tuple(RECIPES))
        monkeypatch.setattr(module, "load_builtin_recipe", load_recipe)
    monkeypatch.chdir(tmp_path)
    return digits


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Trainer]:
    """Every network that is trained from now on."""
    trained: list[Trainer] = []
    train = Trainer.fit

    def count(self: Trainer, *, restart: bool = False) -> TrainingResult:
        trained.append(self)
        return train(self, restart=restart)

    monkeypatch.setattr(Trainer, "fit", count)
    return trained


def load_recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise RecipeError(f"There is no recipe {name!r}")
    return recipe_from_toml(RECIPES[name])


def run(*arguments: object) -> Result:
    command = ["compare", "--data", "tiny", "--train-size", "300", *map(str, arguments)]
    return CliRunner().invoke(app, command)


def test_all_models_but_ensembles_stand_in_one_table() -> None:
    result = run("--epochs", 1)
    assert result.exit_code == 0, result.output
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[0] == "model"
    assert [line.split()[0] for line in lines] == ["linear", "nano"]
    assert len({len(line) for line in (heading, *lines)}) == 1
    assert "7,074" in lines[1]
    folder = Path("runs") / "compare"
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((folder / "rows").glob("*.json"))) == len(list((folder / "rows").glob("*.onnx"))) == 2


def test_finished_rows_are_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("--models", "linear", "--seeds", 2, "--format", "json", "-o", "out")
    assert first.exit_code == 0, first.output

    def refuse(self: Logistic, *parts: LabelledImages) -> Logistic:
        raise KeyboardInterrupt

    monkeypatch.setattr(Logistic, "fit", refuse)
    again = run("--models", "linear,linear", "--seeds", 2, "--format", "json", "-o", "out")
    assert again.stdout == first.stdout
    more = run("--models", "linear", "--seeds", 3, "-o", "out")
    assert more.exit_code == 130
    assert "the same command goes on" in more.stderr
    other_digits = run("--models", "linear", "--split", "validation", "-o", "out")
    assert other_digits.exit_code == 130  # rows of the test part don't stand for the validation part


def test_whatever_changes_numbers_changes_a_row_s_name(data: LabelledImages) -> None:
    recipe = load_recipe("nano")

    def name(*changes: str, judge: LabelledImages = data) -> str:
        return compare_rows._name_row(Path(), "nano", set_values(recipe, changes), judge).name

    others = ["train.epochs=2", "train.seed=1", "data.seed=1", "dropout=0.1", "augment.filtering=0.1"]
    fewer = replace(data, images=data.images[:10], labels=data.labels[:10])
    names = [name(), *map(name, others), name(judge=fewer), name(judge=replace(data, name="tiny/test"))]
    assert len(set(names)) == len(names)
    assert name("bundle.description=better") == name()


def test_a_row_outlives_keys_that_recipes_get_later(
    data: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe("nano")
    sections = asdict(recipe)
    before = compare_rows._name_row(Path(), "nano", recipe, data)
    sections["augment"]["warping"] = 0.0
    monkeypatch.setattr(compare_rows, "asdict", lambda recipe: sections)
    assert compare_rows._name_row(Path(), "nano", recipe, data) == before
    sections["augment"]["warping"] = 0.1
    assert compare_rows._name_row(Path(), "nano", recipe, data) != before


def test_a_stopped_network_goes_on_after_its_last_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = run("--models", "nano", "--format", "json", "-o", "whole")
    learn = Trainer._run_epoch
    epochs: list[int] = []

    def stop_in_the_third(self: Trainer, epoch: int) -> None:
        epochs.append(epoch)
        if epochs == [1, 2, 3]:
            raise KeyboardInterrupt
        learn(self, epoch)

    monkeypatch.setattr(Trainer, "_run_epoch", stop_in_the_third)
    assert run("--models", "nano", "-o", "out").exit_code == 130
    (checkpoint,) = (Path("out") / "runs").glob("nano-0-*/checkpoint.pt")
    spent = sum(record["seconds"] for record in load_checkpoint(checkpoint)["history"])
    again = run("--models", "nano", "--format", "json", "-o", "out")
    assert epochs == [1, 2, 3, 3]
    first, second = (json.loads(result.stdout)[0] for result in (whole, again))
    assert first["accuracy"] == second["accuracy"]
    assert second["train_s"] > spent > 0
    assert not list((Path("out") / "runs").iterdir())


def test_a_damaged_row_is_measured_anew() -> None:
    first = run("--models", "linear", "--format", "csv", "-o", "out")
    (row,) = (Path("out") / "rows").glob("*.json")
    row.write_text("{")
    again = run("--models", "linear", "--format", "csv", "-o", "out")
    assert "measuring anew" in again.stderr
    accuracies = [next(csv.DictReader(io.StringIO(r.stdout)))["accuracy"] for r in (first, again)]
    assert accuracies[0] == accuracies[1]


def find_bundles(name: str) -> list[Path]:
    return sorted((Path("out") / "rows").glob(f"{name}-*.onnx"))


def test_an_ensemble_joins_the_rows_of_its_members(data: LabelledImages, trainings: list[Trainer]) -> None:
    first = run("--models", "nano", "-o", "out")
    assert first.exit_code == 0, first.output
    assert len(trainings) == 1
    result = run("--models", "nano pair", "--format", "json", "-o", "out")
    assert result.exit_code == 0, result.output
    assert len(trainings) == 2  # seed 0 stood there already
    members, (bundle,) = find_bundles("nano"), find_bundles("pair")
    rows = [load_row(path.with_suffix(".json")) for path in members]
    joined = load_row(bundle.with_suffix(".json"))
    assert [row.seed for row in rows] == [0, 1]
    assert joined.parameters == sum(row.parameters for row in rows) == 2 * 7074
    assert joined.train_s == pytest.approx(sum(row.train_s for row in rows))
    expected = np.mean([BundleClassifier(path).predict_proba(data.images[:50]) for path in members], axis=0)
    mean = softmax(BundleClassifier(bundle).predict_logits(data.images[:50]))
    np.testing.assert_allclose(mean, expected, atol=1e-5)

    members[1].unlink()
    bundle.with_suffix(".json").unlink()
    again = run("--models", "pair", "--format", "json", "-o", "out")
    assert "nano, seed 1, a member of the ensemble" in again.stderr
    assert len(trainings) == 3  # what lacks its bundle is trained again
    assert load_row(bundle.with_suffix(".json")).accuracy == joined.accuracy


def test_members_that_are_no_networks_are_trained_with_their_ensemble(trainings: list[Trainer]) -> None:
    result = run("--models", "both", "-o", "out")
    assert result.exit_code == 0, result.output
    assert len(trainings) == 1
    assert [path.name[:6] for path in (Path("out") / "rows").glob("*.json")] == ["both-0"]


def test_as_json_with_every_number() -> None:
    result = run("--models", "linear", "--seeds", 2, "--format", "json", "--split", "validation")
    (line,) = json.loads(result.stdout)
    assert line["seeds"] == [0, 1]
    assert 0.8 < line["accuracy"] < 1
    assert line["accuracy_spread"] >= 0
    assert all(
        line[name] > 0 for name in ("parameters", "file_bytes", "train_s", "latency_ms", "digits_per_s")
    )
    assert "of tiny/train:validation to judge" in result.stderr


def test_recipes_are_brought_to_the_same_digits() -> None:
    chosen = compare_command._choose_recipes("nano linear", "tiny", train_size=0, epochs=2)
    assert [recipe.data.pool_test for recipe in chosen.values()] == [False, False]
    assert chosen["nano"].data == chosen["linear"].data
    assert chosen["nano"].train.epochs == 2
    untouched = compare_command._choose_recipes("nano", "tiny", train_size=0, epochs=None)
    assert untouched["nano"].train.epochs == 3


def test_mistakes_are_told_before_anything_is_learned() -> None:
    assert isinstance(run("--models", "linear nothing").exception, RecipeError)
    assert isinstance(run("--models", " , ").exception, UsageError)


def test_a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    result = run("--models", "linear")
    assert result.exit_code == 0
    assert "│" in result.stdout
    assert "linear" in result.stdout


def test_without_matplotlib_there_is_a_table_and_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("--models", "linear")
    assert result.exit_code == 0
    assert "No picture: matplotlib is not installed" in result.stderr
    assert "linear" in result.stdout


def test_without_torch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "inkdigits.models.nano", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert isinstance(run("--models", "nano").exception, MissingExtraError)
