"""The command `inkdigits train-detector`: synthetic pages become the network that finds digits.

Owns: arguments and what is printed. Leaves to others: learning (`training.detect`), writing (`export`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.console import EXIT_INTERRUPTED, tell

QUANTIZING = 160  # views that tell the ranges of 8 bits, and prove them


def train_detector(
    recipe: Annotated[Path, typer.Argument(help="Recipe file of a detector, TOML.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the run.", show_default="runs/RECIPE")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            help="Folder of a run, or a bundle, whose weights to start from.",
            show_default="chance",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor threads; torch chooses by default.", show_default=False)
    ] = None,
) -> None:
    """Train the network that finds digits on pages, and write its bundle.

    Pages are made first and kept in the folder; Ctrl-C keeps what is done, the same command goes on from there.

    Example:
        inkdigits train-detector recipes/detector-first.toml
        inkdigits train-detector recipes/detector-second.toml --start runs/detector-first
    """
    from inkdigits.export.detector import export_detector
    from inkdigits.export.onnx import collect_facts
    from inkdigits.training.detect.pages import LABELS, SOURCES, load_or_make_pool
    from inkdigits.training.detect.recipe import load_detector_recipe, run_detector_recipe
    from inkdigits.training.device import set_threads

    chosen = load_detector_recipe(recipe)
    folder = output or Path("runs") / recipe.stem
    set_threads(threads)
    tell(
        f"{chosen.pages * chosen.pools} pages to learn from, {chosen.validation_pages} to judge; drawn if they are "
        "not there."
    )
    try:
        network, metrics = run_detector_recipe(chosen, folder, report=_report, start=start)
    except KeyboardInterrupt:
        tell(f"Stopped. What is done is kept in {folder}: the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    facts = collect_facts(
        name=chosen.name,
        labels=LABELS,
        temperature=1.0,
        recipe=chosen.text,
        data=SOURCES,
        licence=chosen.licence,
        description=chosen.description,
        metrics={f"validation_{name}": value for name, value in metrics.items()},
        parameters=sum(weight.numel() for weight in network.parameters()),
    )
    path = folder / f"{chosen.name}.onnx"
    views = load_or_make_pool(folder / "pages", seed=chosen.seed + 1, count=chosen.validation_pages).views
    export_detector(network, path, facts, views=views[:QUANTIZING] if chosen.precision == "int8" else None)
    typer.echo(path)


def _report(record: dict[str, float]) -> None:
    tell("  ".join(f"{name} {value:.4g}" for name, value in record.items()))
