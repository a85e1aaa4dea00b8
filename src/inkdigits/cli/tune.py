"""The command `inkdigits tune`: find good values for a model's parameters.

Owns: arguments and what is printed. Leaves to others: searching (`training`), pictures (`evaluation`).
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from inkdigits.cli.console import EXIT_INTERRUPTED, tell
from inkdigits.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from inkdigits.features import FeatureName
    from inkdigits.training.recipe import Recipe
    from inkdigits.training.tune import Measure, Tuner, TuneResult

_FOLD_DIGITS = 5000
"""Digits for cross-validation unless told otherwise: a support vector machine learns them in seconds."""


class Method(StrEnum):
    """How values are chosen."""

    grid = "grid"
    random = "random"
    tpe = "tpe"


class Pruning(StrEnum):
    """Which trials are stopped early."""

    median = "median"
    halving = "halving"
    none = "none"


def tune(
    model: Annotated[str, typer.Option(help="Name of the model.")] = "cnn",
    data: Annotated[
        list[str] | None, typer.Option(help="Data set; may be repeated.", show_default="mnist")
    ] = None,
    method: Annotated[
        Method, typer.Option(help="All points of a grid, evenly at random, or where good trials were.")
    ] = Method.tpe,
    trials: Annotated[
        int, typer.Option(min=1, help="Trials that the study has in the end, earlier ones included.")
    ] = 30,
    pruning: Annotated[
        Pruning, typer.Option(help="Stop trials below the median, by successive halving, or none.")
    ] = Pruning.median,
    features: Annotated[
        str | None, typer.Option(help="What a classical model sees: raw or hog.", show_default="raw")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe, TOML, for all that is not tuned.", show_default=False)
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of each trial of a network.")] = 5,
    train_size: Annotated[
        int | None, typer.Option(help="Learn from so many digits only; 0 means all.", show_default=False)
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Parts of the cross-validation of a model that is no network.")
    ] = 3,
    seed: Annotated[int, typer.Option(help="Decides what is drawn, and how a network begins.")] = 0,
    study: Annotated[str | None, typer.Option(help="Name of the study.", show_default="RECIPE-DATA")] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="Any storage URL of Optuna; machines that share it share the study.",
            show_default="an SQLite file in the folder",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for results.", show_default="runs/tune-STUDY"),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor threads; torch chooses by default.", show_default=False)
    ] = None,
) -> None:
    """Find good values for a model's parameters, and write the best recipe.

    Networks are judged by validation digits after each epoch, other models by cross-validation; test digits
    are never opened. Into the folder go best.toml, trials.csv, history.png, importance.png and, by default,
    the study itself. Ctrl-C keeps all finished trials; the same command goes on from there.

    Examples:
        inkdigits tune --model cnn --data mnist --trials 40

        inkdigits tune --model svm --features hog --method grid --train-size 3000

        inkdigits tune --model cnn --study ours --storage postgresql://user@host/optuna
    """
    from inkdigits.models import get_model_spec
    from inkdigits.training.recipe import override_recipe

    base = override_recipe(
        _make_base(model, features, recipe), epochs=epochs, seed=seed, sets=data, train_size=train_size
    )
    get_model_spec(base.model.name).load_factory()  # tells what is not installed before it is needed

    from inkdigits.training.device import set_threads
    from inkdigits.training.fit import make_model
    from inkdigits.training.search_space import get_search_space
    from inkdigits.training.tune import Tuner, TuneSettings
    from inkdigits.training.tune_log import make_tune_progress

    set_threads(threads)
    make_model(base)  # a wrong option of the recipe is told before any digit is loaded
    name = study or "-".join([base.bundle.name, *base.data.sets])
    if name != Path(name).name and output is None:
        raise UsageError(f"The study {name!r} is no folder's name", remedy="Name a folder with --output.")
    folder = output or Path("runs") / f"tune-{name}"
    space = get_search_space(base.model.name, optimizer=base.train.optimizer, features=base.model.features)
    measure, question = _make_measure(base, folds=folds)
    tuner = Tuner(
        base,
        space,
        measure,
        TuneSettings(
            method=method.value,
            trials=trials,
            study=name,
            storage=storage or f"sqlite:///{folder / 'study.db'}",
            pruning=pruning.value,
            seed=seed,
        ),
        question=question,
        listener=make_tune_progress(),
    )
    _run(tuner, folder, name)


def _make_base(model: str, features: str | None, recipe: Path | None) -> Recipe:
    from inkdigits.training.builtin import make_recipe
    from inkdigits.training.recipe import load_recipe

    if recipe is None:
        base = make_recipe(model, features=cast("FeatureName", features or "raw"))  # checked there
    elif features is None:
        base = load_recipe(recipe)
    else:
        raise UsageError("The recipe says which features", remedy="Leave --features out.")
    # A recipe may throw test digits in for textbook figures; a search must not see them.
    return replace(base, data=replace(base.data, pool_test=False))


def _make_measure(base: Recipe, *, folds: int) -> tuple[Measure, str]:
    """Return what judges a recipe, and in words on what."""
    from inkdigits.models import get_model_spec
    from inkdigits.training.data import draw_subset, load_training_data
    from inkdigits.training.judge import judge_by_folds, judge_by_validation

    is_network = get_model_spec(base.model.name).kind == "network"
    size = base.data.train_size
    if is_network:
        learn, judge = load_training_data(base.data)
        tell(f"{base.model.name}: {len(learn)} digits of {learn.name} to learn, {len(judge)} to judge.")
        return judge_by_validation(learn, judge), "validation"
    whole, _ = load_training_data(replace(base.data, train_size=0))
    learn = draw_subset(whole, size=min(size or _FOLD_DIGITS, len(whole)), seed=base.data.seed)
    tell(f"{base.model.name}: {len(learn)} digits of {learn.name}, {folds} folds.")
    return judge_by_folds(learn, folds=folds, seed=base.data.seed), f"{folds} folds of {len(learn)} digits"


def _run(tuner: Tuner, folder: Path, study: str) -> None:
    try:
        result = tuner.run()
    except KeyboardInterrupt:
        result = tuner.summarize()
        _write(result, folder, study)
        done = sum(trial.state != "failed" for trial in result.trials)
        tell(f"Stopped. {done} of {tuner.goal} trials are kept: the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _write(result, folder, study)
    if result.best is None:
        raise UsageError("No trial has finished", remedy="Give it more --trials, or --pruning none.")
    tell(f"Best accuracy {result.best.accuracy:.2%}, trial {result.best.number}:")
    for name, value in result.best.values.items():
        tell(f"  {name} = {value}")
    typer.echo(folder / "best.toml")


def _write(result: TuneResult, folder: Path, study: str) -> None:
    from inkdigits.training.tune import save_best, save_trials

    save_trials(folder / "trials.csv", result.trials)
    if result.best is not None:
        save_best(folder / "best.toml", result, study=study)
    try:
        _draw(result, folder, study)
    except MissingExtraError as error:  # the recipe is what counts; the pictures can be drawn later
        tell(f"No pictures: {error}")


def _draw(result: TuneResult, folder: Path, study: str) -> None:
    from inkdigits.evaluation.plots_tune import TrialPoint, save_importance, save_tuning_history

    points = [
        TrialPoint(trial.number, trial.accuracy, is_pruned=trial.state == "pruned")
        for trial in result.trials
        if trial.accuracy is not None and trial.state != "failed"
    ]
    if points:
        save_tuning_history(points, folder / "history.png", title=f"{study}: {len(points)} trials")
    if result.importance:
        title = f"{study}: share in the differences between trials"
        save_importance(result.importance, folder / "importance.png", title=title)
