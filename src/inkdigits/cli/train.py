"""The command `inkdigits train`: from a recipe, or a model's name, to a bundle.

Owns: arguments and what is printed. Leaves to others: learning (`training`), writing (`export`), the picture
of the curves (`evaluation`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from inkdigits.cli.console import EXIT_INTERRUPTED, tell
from inkdigits.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from inkdigits.features import FeatureName
    from inkdigits.models.model import Model
    from inkdigits.training.recipe import Recipe
    from inkdigits.types import LabelledImages


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(help="Recipe file, TOML, or the name of a built-in one.", show_default=False),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model by its own recipe, in place of RECIPE.", show_default=False)
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(help="What a classical --model sees: raw or hog.", show_default="raw"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="An option of the model (C=10) or any key of the recipe (train.batch_size=64).",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the run.", show_default="runs/RECIPE")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Start anew, ignore a checkpoint.")] = False,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            help="Folder of a run, or a bundle, whose weights to start from.",
            show_default="chance",
        ),
    ] = None,
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
    continue_: Annotated[
        str | None,
        typer.Option(
            "--continue",
            metavar="BUNDLE",
            help="Adapt this model to one's own hand: --data names one's own digits, by default 'corrections'.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a model and write its bundle.

    Ctrl-C keeps all finished epochs of a network; the same command goes on from there. Into the folder go the
    bundle NAME.onnx and, for networks, the recipe, log.csv, curves.png and checkpoint.pt.

    Examples:
        inkdigits train recipes/latin-cnn.toml

        inkdigits train recipes/latin-cnn.toml --epochs 3 --train-size 10000 --output runs/quick

        inkdigits train --model svm --features hog --data mnist --set C=10

        inkdigits train --model ensemble --set 'members=["cnn", "svm-hog"]'

        inkdigits train --continue latin --data corrections
    """
    if continue_ is not None:
        given = (recipe, model, features, settings or None, epochs, train_size, start)
        if any(value is not None for value in given) or restart or tensorboard:
            raise UsageError(
                "A model that is continued keeps its recipe",
                remedy="Beside --continue only --data, --output, --seed and --threads have a meaning.",
            )
        from inkdigits.cli.adapt import continue_training

        bundle = continue_training(continue_, data=data, output=output, seed=seed or 0, threads=threads)
        typer.echo(bundle)
        return
    from inkdigits.training.data import load_training_data
    from inkdigits.training.recipe import override_recipe, set_values

    chosen, name = _choose_recipe(recipe, model, features)
    chosen = set_values(chosen, settings or [])
    _refuse_epochs(chosen, epochs)
    chosen = override_recipe(chosen, epochs=epochs, seed=seed, sets=data, train_size=train_size)
    folder = output or Path("runs") / name
    made = _make_model(chosen, folder, restart=restart, start=start, threads=threads, tensorboard=tensorboard)
    learn, judge = load_training_data(chosen.data)
    tell(f"{chosen.model.name}: {len(learn)} digits of {learn.name} to learn, {len(judge)} to judge.")
    try:
        made.fit(learn, judge)
    except KeyboardInterrupt:
        kept = any(folder.rglob("checkpoint.pt"))
        tell(
            f"Stopped. Finished epochs are kept in {folder}: the same command goes on from there."
            if kept
            else "Stopped before the first epoch was done; nothing is kept."
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None
    bundle = _export(chosen, folder, made, judge)
    if (folder / "log.csv").exists():
        _draw_curves(folder)
    typer.echo(bundle)


def _choose_recipe(recipe: str | None, model: str | None, features: str | None) -> tuple[Recipe, str]:
    """Return the recipe, and its name for the folder."""
    from inkdigits.training.builtin import list_recipes, load_builtin_recipe, make_recipe
    from inkdigits.training.recipe import load_recipe

    if recipe is not None and model is None:
        if features is not None:
            raise UsageError(
                "The recipe says which features",
                remedy="Leave --features out, or write --set model.features=hog.",
            )
        if recipe in list_recipes() and not Path(recipe).exists():
            return load_builtin_recipe(recipe), recipe
        return load_recipe(Path(recipe)), Path(recipe).stem
    if model is not None and recipe is None:
        made = make_recipe(model, features=cast("FeatureName", features or "raw"))  # checked there
        return made, made.bundle.name
    raise UsageError(
        "Training needs either a recipe or a model",
        remedy="Write 'inkdigits train RECIPE' or 'inkdigits train --model NAME'.",
    )


def _refuse_epochs(recipe: Recipe, epochs: int | None) -> None:
    from inkdigits.models import get_model_spec

    if epochs is not None and get_model_spec(recipe.model.name).kind != "network":
        raise UsageError(f"The model {recipe.model.name!r} has no epochs", remedy="Leave --epochs out.")


def _make_model(
    recipe: Recipe, folder: Path, *, restart: bool, start: Path | None, threads: int | None, tensorboard: bool
) -> Model:
    from inkdigits.training.device import set_threads
    from inkdigits.training.fit import make_model
    from inkdigits.training.log import ListenerGroup, TensorBoardLog, make_progress

    set_threads(threads)
    listeners = [make_progress()]
    if tensorboard:
        listeners.append(TensorBoardLog(folder / "tensorboard"))
    return make_model(recipe, folder=folder, listener=ListenerGroup(*listeners), restart=restart, start=start)


def _export(recipe: Recipe, folder: Path, model: Model, judge: LabelledImages) -> Path:
    import torch

    from inkdigits.export.onnx import collect_facts, export_classifier
    from inkdigits.training.fit import NetworkModel
    from inkdigits.training.recipe import recipe_to_toml
    from inkdigits.training.temperature import calibrate

    result = model.result if isinstance(model, NetworkModel) else None
    logits = (
        result.validation_logits
        if result
        else torch.from_numpy(model.classifier.predict_logits(judge.images))
    )
    calibration = calibrate(logits, judge.labels)
    metrics = {"validation_digits": len(judge), **calibration.metrics}
    if result:
        metrics["epochs"] = result.best_epoch
    facts = collect_facts(
        name=recipe.bundle.name,
        labels=judge.label_names,
        temperature=model.temperature,
        recipe=recipe_to_toml(recipe),
        data=recipe.data.sets,
        licence=recipe.bundle.licence,
        description=recipe.bundle.description,
        metrics=metrics,
        parameters=model.parameters,
    )
    path = folder / f"{recipe.bundle.name}.onnx"
    export_classifier(model.network, path, facts, probes=None if result else judge.images)
    after = f" after epoch {result.best_epoch}" if result else ""
    tell(
        f"Validation accuracy {calibration.metrics['validation_accuracy']:.2%}{after}; "
        f"the bundle has {path.stat().st_size / 1e6:.2f} MB."
    )
    return path


def _draw_curves(folder: Path) -> None:
    from inkdigits.evaluation.plots_curves import save_learning_curves

    try:
        save_learning_curves(folder / "log.csv", folder / "curves.png")
    except MissingExtraError as error:  # the model is what counts; the picture can be drawn later
        tell(f"No learning curves: {error}")
