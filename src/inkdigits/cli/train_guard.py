"""The command `inkdigits train-guard`: a region classifier learns to doubt pictures of things.

Owns: arguments and what is printed. Leaves to others: learning (`training.detect`), writing (`export`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.console import EXIT_INTERRUPTED, tell


def train_guard(
    recipe: Annotated[Path, typer.Argument(help="Recipe file of a guard, TOML.")],
    regions: Annotated[
        Path, typer.Option("--regions", help="Bundle of the region classifier that it guards.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the run.", show_default="runs/RECIPE")
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option("--pages", help="Folder of made pages.", show_default="the output folder's pages"),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option("--detector", help="Bundle of a detector.", show_default="the one that ships"),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor threads; torch chooses by default.", show_default=False)
    ] = None,
) -> None:
    """Train the network that tells pictures of things from writing, and join it to a region classifier's bundle.

    The region classifier stays as it is; where the guard is sure of a thing, "no digit" gains. Pages are made first
    and kept; Ctrl-C keeps what is done, the same command goes on from there.

    Example:
        inkdigits train-guard recipes/guard.toml --regions runs/regions/regions.onnx --pages runs/regions/pages
    """
    from inkdigits.bundles.bundle import FOLDER
    from inkdigits.bundles.region import BundleRegions
    from inkdigits.export.guard import export_guarded
    from inkdigits.export.onnx import collect_facts
    from inkdigits.training.crops import CLASSES
    from inkdigits.training.detect.guard_recipe import load_guard_recipe, run_guard_recipe
    from inkdigits.training.detect.pages import SOURCES
    from inkdigits.training.device import set_threads

    chosen = load_guard_recipe(recipe)
    known = BundleRegions(regions).metadata
    folder = output or Path("runs") / recipe.stem
    set_threads(threads)
    tell(f"Boxes on {chosen.pages} pages and {chosen.scenes} pictures of things; made if they are not there.")
    try:
        trained = run_guard_recipe(
            chosen,
            folder,
            pages=pages or folder / "pages",
            detector=detector or FOLDER / "detectors" / "detector.onnx",
            report=_report,
        )
    except KeyboardInterrupt:
        tell(f"Stopped. What is done is kept in {folder}: the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    facts = collect_facts(
        name=chosen.name,
        labels=CLASSES,
        temperature=known.temperature,
        recipe=f"{known.everything.get('recipe', '')}\n# The guard.\n{chosen.text}",
        data=SOURCES,
        licence=chosen.licence,
        description=chosen.description,
        metrics={
            **dict(known.everything.get("metrics", {})),
            **{f"guard_{name}": value for name, value in trained.metrics.items()},
        },
        parameters=int(known.everything.get("parameters", 0))
        + sum(weight.numel() for weight in trained.network.parameters()),
    )
    path = folder / f"{chosen.name}.onnx"
    export_guarded(
        regions,
        trained.network,
        path,
        facts,
        least=trained.least,
        probes=trained.probes,
        is_quantized=chosen.precision == "int8",
    )
    typer.echo(path)


def _report(record: dict[str, float]) -> None:
    tell("  ".join(f"{name} {value:.4g}" for name, value in record.items()))
