"""The command `inkdigits train`: from a recipe to a bundle.

Owns: arguments and what is printed. Leaves to others: learning (`training`), writing (`export`), the picture
of the curves (`evaluation`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import tell
from inkdigits.errors import MissingExtraError

if TYPE_CHECKING:
    from inkdigits.training.loop import TrainingResult
    from inkdigits.training.recipe import Recipe
    from inkdigits.types import LabelledImages

EXIT_INTERRUPTED = 130  # 128 + SIGINT, the shells' convention


def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, TOML.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the run.", show_default="runs/RECIPE")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Start anew, ignore a checkpoint.")] = False,
    epochs: Annotated[int | None, typer.Option(help="In place of the recipe's.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="In place of the recipe's.", show_default=False)] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Data set in place of the recipe's; may be repeated.", show_default=False),
    ] = None,
    train_size: Annotated[
        int | None, typer.Option(help="Train on so many digits only; 0 means all.", show_default=False)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor threads; torch chooses by default.", show_default=False)
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Also log for TensorBoard.")] = False,
) -> None:
    """Train a model by a recipe and write its bundle.

    Ctrl-C keeps all finished epochs; the same command goes on from there. Into the folder go the recipe,
    log.csv, curves.png, checkpoint.pt and the bundle NAME.onnx.

    Examples:
        inkdigits train recipes/latin-cnn.toml

        inkdigits train recipes/latin-cnn.toml --epochs 3 --train-size 10000 --output runs/quick

        inkdigits train recipes/latin-cnn.toml --restart --seed 7
    """
    from inkdigits.training.data import load_training_data
    from inkdigits.training.recipe import load_recipe, override_recipe

    chosen = override_recipe(load_recipe(recipe), epochs=epochs, seed=seed, sets=data, train_size=train_size)
    folder = output or Path("runs") / recipe.stem
    learn, judge = load_training_data(chosen.data)
    tell(f"{chosen.model.name}: {len(learn)} digits of {learn.name} to learn, {len(judge)} to judge.")
    try:
        result = _fit(chosen, folder, learn, judge, restart=restart, threads=threads, tensorboard=tensorboard)
    except KeyboardInterrupt:
        kept = (folder / "checkpoint.pt").exists()
        tell(
            f"Stopped. Finished epochs are kept in {folder}: the same command goes on from there."
            if kept
            else "Stopped before the first epoch was done; nothing is kept."
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    bundle = _export(chosen, folder, result, judge)
    _draw_curves(folder)
    last = result.history[result.best_epoch - 1]
    tell(
        f"Validation accuracy {last.validation_accuracy:.2%} after epoch {result.best_epoch}; "
        f"the bundle has {bundle.stat().st_size / 1e6:.2f} MB."
    )
    typer.echo(bundle)


def _fit(
    recipe: Recipe,
    folder: Path,
    learn: LabelledImages,
    judge: LabelledImages,
    *,
    restart: bool,
    threads: int | None,
    tensorboard: bool,
) -> TrainingResult:
    from inkdigits.training.device import set_threads
    from inkdigits.training.log import ListenerGroup, TensorBoardLog, make_progress
    from inkdigits.training.loop import Trainer, build_network

    set_threads(threads)
    listeners = [make_progress()]
    if tensorboard:
        listeners.append(TensorBoardLog(folder / "tensorboard"))
    trainer = Trainer(
        build_network(recipe, classes=len(learn.label_names)),
        recipe,
        train=learn,
        validation=judge,
        folder=folder,
        listener=ListenerGroup(*listeners),
    )
    return trainer.fit(restart=restart)


def _export(recipe: Recipe, folder: Path, result: TrainingResult, judge: LabelledImages) -> Path:
    from inkdigits.export.onnx import collect_facts, export_classifier
    from inkdigits.training.loop import count_parameters
    from inkdigits.training.recipe import recipe_to_toml
    from inkdigits.training.temperature import calibrate

    calibration = calibrate(result.validation_logits, judge.labels)
    facts = collect_facts(
        name=recipe.bundle.name,
        labels=judge.label_names,
        temperature=calibration.temperature,
        recipe=recipe_to_toml(recipe),
        data=recipe.data.sets,
        licence=recipe.bundle.licence,
        description=recipe.bundle.description,
        metrics={"epochs": result.best_epoch, "validation_digits": len(judge), **calibration.metrics},
        parameters=count_parameters(result.network),
    )
    path = folder / f"{recipe.bundle.name}.onnx"
    export_classifier(result.network, path, facts)
    return path


def _draw_curves(folder: Path) -> None:
    from inkdigits.evaluation.plots_curves import save_learning_curves

    try:
        save_learning_curves(folder / "log.csv", folder / "curves.png")
    except MissingExtraError as error:  # the model is what counts; the picture can be drawn later
        tell(f"No learning curves: {error}")
