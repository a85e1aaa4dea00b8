"""The command `inkdigits train-regions`: the detector's boxes become the network that looks at them again.

Owns: arguments and what is printed. Leaves to others: learning (`training.detect`), writing (`export`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.console import EXIT_INTERRUPTED, tell


def train_regions(
    recipe: Annotated[Path, typer.Argument(help="Recipe file of a region classifier, TOML.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the run.", show_default="runs/RECIPE")
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option(
            "--pages", help="Folder of a detector's pages.", show_default="the output folder's pages"
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option("--detector", help="Bundle of a detector.", show_default="the one that ships"),
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
    """Train the network that says which digit stands in a box, and write its bundle.

    Pages and the detector's boxes on them are made first and kept; Ctrl-C keeps what is done, the same command goes
    on from there.

    Example:
        inkdigits train-regions recipes/regions-first.toml --pages runs/detector-first/pages
        inkdigits train-regions recipes/regions.toml --start runs/regions-eighth
    """
    from inkdigits.bundles.bundle import FOLDER
    from inkdigits.export.onnx import collect_facts
    from inkdigits.export.region import export_regions
    from inkdigits.training.crops import CLASSES
    from inkdigits.training.detect.pages import SOURCES
    from inkdigits.training.detect.region_recipe import load_region_recipe, run_region_recipe
    from inkdigits.training.device import set_threads

    chosen = load_region_recipe(recipe)
    folder = output or Path("runs") / recipe.stem
    set_threads(threads)
    tell(f"Boxes on {chosen.pages * chosen.pools} pages to learn from; made if they are not there.")
    try:
        trained = run_region_recipe(
            chosen,
            folder,
            pages=pages or folder / "pages",
            detector=detector or FOLDER / "detectors" / "detector.onnx",
            report=_report,
            start=start,
        )
    except KeyboardInterrupt:
        tell(f"Stopped. What is done is kept in {folder}: the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    facts = collect_facts(
        name=chosen.name,
        labels=CLASSES,
        temperature=trained.temperature,
        recipe=chosen.text,
        data=SOURCES,
        licence=chosen.licence,
        description=chosen.description,
        metrics={f"validation_{name}": value for name, value in trained.metrics.items()},
        parameters=sum(weight.numel() for weight in trained.network.parameters()),
    )
    path = folder / f"{chosen.name}.onnx"
    export_regions(
        trained.network, path, facts, regions=trained.probes if chosen.precision == "int8" else None
    )
    typer.echo(path)


def _report(record: dict[str, float]) -> None:
    tell("  ".join(f"{name} {value:.4g}" for name, value in record.items()))
