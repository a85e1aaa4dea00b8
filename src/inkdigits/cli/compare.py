"""The command `inkdigits compare`: all models side by side, in one table.

Owns: arguments, which models with which seeds, the table. Leaves to others: a single row (compare_rows).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.compare_rows import find_row, make_row
from inkdigits.cli.console import EXIT_INTERRUPTED, tell
from inkdigits.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from inkdigits.evaluation.compare import ComparisonRow, ComparisonSummary
    from inkdigits.training.recipe import Recipe

HEADINGS = (
    "model", "accuracy %", "precision %", "recall %", "F1 %",
    "parameters", "file", "training s", "digit ms", "digits/s",
)  # fmt: skip


class Form(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"
    csv = "csv"


class Split(StrEnum):
    """Which digits judge."""

    test = "test"
    validation = "validation"


def compare(
    data: Annotated[str, typer.Option(help="Data set to learn from and to judge by.")] = "mnist",
    models: Annotated[
        str | None,
        typer.Option(
            help="Built-in recipes, separated by blanks or commas.", show_default="all but ensembles"
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train each model with the seeds 0, 1, ...")] = 1,
    split: Annotated[
        Split, typer.Option(help="Judge by the test part, or by digits cut from the training part.")
    ] = Split.test,
    train_size: Annotated[int, typer.Option(min=0, help="Learn from so many digits only; 0 means all.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Of networks, in place of their recipes'.", show_default=False)
    ] = None,
    format: Annotated[Form, typer.Option("--format", "-f", help="Table, JSON or CSV.")] = Form.text,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for rows and picture.")] = Path(
        "runs/compare"
    ),
    threads: Annotated[
        int | None, typer.Option(help="Threads for training; torch chooses by default.", show_default=False)
    ] = None,
) -> None:
    """Train each model, judge it as a bundle, and show one table.

    Columns: accuracy (mean and standard deviation over the seeds), precision, recall and F1 (means over the
    classes), learned numbers, size of the bundle, seconds of training, median milliseconds for one digit and
    digits a second by one thread. Finished rows and epochs are kept in the folder: Ctrl-C loses only the
    epoch under way, and the same command goes on. Nothing should be chosen by test digits: choose with
    --split validation.

    Examples:
        inkdigits compare --data mnist --train-size 5000 --epochs 2

        inkdigits compare --models "cnn svm-hog forest-raw" --seeds 3 --format csv
    """
    from inkdigits.models import get_model_spec

    recipes = _choose_recipes(models, data, train_size=train_size, epochs=epochs)
    for recipe in recipes.values():
        get_model_spec(recipe.model.name).load_factory()  # tells what is not installed before it is needed

    from inkdigits.training.device import set_threads

    set_threads(threads)
    try:
        rows = _make_rows(recipes, seeds=seeds, split=split, folder=output)
    except KeyboardInterrupt:
        tell(f"Stopped. Finished rows and epochs are kept in {output}: the same command goes on from there.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _show(rows, format, output)


def _choose_recipes(
    models: str | None, data: str, *, train_size: int, epochs: int | None
) -> dict[str, Recipe]:
    """Return recipes by name, all with the same digits."""
    from inkdigits.models import get_model_spec
    from inkdigits.training.builtin import list_recipes, load_builtin_recipe
    from inkdigits.training.sections import DataSection

    digits = DataSection(sets=(data,), train_size=train_size)
    names = list_recipes() if models is None else dict.fromkeys(models.replace(",", " ").split())
    chosen: dict[str, Recipe] = {}
    for name in names:
        recipe = load_builtin_recipe(name)
        kind = get_model_spec(recipe.model.name).kind
        if models is None and kind == "ensemble":
            continue  # its members are rows of their own, with further seeds: hours that nobody asked for
        train = replace(recipe.train, epochs=epochs) if epochs and kind == "network" else recipe.train
        # The recipe's own cut may even hold test digits, for textbook figures: here all have the same.
        chosen[name] = replace(recipe, data=digits, train=train)
    if not chosen:
        raise UsageError("There is no model to compare", remedy=f"Choose from: {', '.join(list_recipes())}.")
    return chosen


def _make_rows(recipes: dict[str, Recipe], *, seeds: int, split: Split, folder: Path) -> list[ComparisonRow]:
    from inkdigits.datasets import load_dataset
    from inkdigits.training.data import load_training_data

    section = next(iter(recipes.values())).data
    learn, validation = load_training_data(section)
    judge = validation if split is Split.validation else load_dataset(section.sets[0], "test")
    tell(f"{len(learn)} digits of {learn.name} to learn, {len(judge)} of {judge.name} to judge.")
    rows: list[ComparisonRow] = []
    for name, base in recipes.items():
        for seed in range(seeds):
            recipe = replace(base, train=replace(base.train, seed=seed))
            row = find_row(folder, name, recipe, judge)
            if row is None:
                tell(f"{name}, seed {seed} ...")
                row = make_row(folder, name, recipe, learn, validation, judge)
            tell(f"{name}, seed {seed}: accuracy {row.accuracy:.2%} after {row.train_s:.1f} s of training")
            rows.append(row)
    return rows


def _show(rows: list[ComparisonRow], form: Form, folder: Path) -> None:
    from inkdigits.evaluation.compare import summarize
    from inkdigits.evaluation.plots_compare import save_comparison

    summaries = summarize(rows)
    if form is Form.json:
        print(json.dumps([summary.to_dict() for summary in summaries], indent=2))
    elif form is Form.csv:
        print(_as_csv(summaries), end="")
    else:
        _print_table(summaries)
    title = f"{rows[0].data}: {rows[0].count:,} digits, {len(summaries[0].seeds)} seeds"
    try:
        save_comparison(summaries, folder / "comparison.png", title=title)
    except MissingExtraError as error:  # the numbers are what counts; the picture can be drawn later
        tell(f"No picture: {error}")
    else:
        tell(f"Wrote {folder / 'comparison.png'}")


def _as_csv(summaries: list[ComparisonSummary]) -> str:
    table = [summary.to_dict() for summary in summaries]
    text = io.StringIO()
    rows = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    rows.writeheader()
    rows.writerows({**row, "seeds": " ".join(map(str, row["seeds"]))} for row in table)
    return text.getvalue()


def _as_cells(summary: ComparisonSummary) -> tuple[str, ...]:
    from inkdigits.evaluation.plots_compare import format_accuracy, format_count

    return (
        summary.model,
        format_accuracy(summary),
        f"{100 * summary.precision:.2f}",
        f"{100 * summary.recall:.2f}",
        f"{100 * summary.f1:.2f}",
        f"{summary.parameters:,}",
        f"{format_count(summary.file_bytes)}B",
        f"{summary.train_s:,.1f}",
        f"{summary.latency_ms:.3f}",
        f"{summary.digits_per_s:,.0f}",
    )


def _print_table(summaries: list[ComparisonSummary]) -> None:
    """Print a Rich table on a terminal, aligned columns elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    cells = [_as_cells(summary) for summary in summaries]
    if console.is_terminal:
        table = Table()
        for index, heading in enumerate(HEADINGS):
            table.add_column(heading, justify="right" if index else "left")
        for row in cells:
            table.add_row(*row)
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(HEADINGS, *cells, strict=True)]
    for row in (HEADINGS, *cells):
        first, *others = (
            text.ljust(w) if not i else text.rjust(w)
            for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]))
