"""`inkdigits robustness`: what do spoiled pictures do to a model?

Owns: arguments and tables. Leaves to others: the judging (evaluation.robustness) and its pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from inkdigits.cli.console import follow, show, tell
from inkdigits.files import write_text

if TYPE_CHECKING:
    from inkdigits.evaluation.robustness import CorruptionResult, SweepStep
    from inkdigits.types import LabelledImages

_MOST_PAGES: Final = 200
"""Digits for each step of a sweep, unless --limit asks for fewer: a page takes as long as a hundred digits."""


class Form(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"


def robustness(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Name of a shipped model, or a bundle file.", show_default="latin"),
    ] = None,
    data: Annotated[str, typer.Option("--data", help="Data set of 28x28 digits.")] = "mnist",
    split: Annotated[str, typer.Option("--split", help="Part of it.")] = "test",
    limit: Annotated[int, typer.Option(min=0, help="Judge by so many digits only; 0 means all.")] = 0,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Bring corrupted digits into MNIST's form before judging.")
    ] = False,
    reader: Annotated[
        bool,
        typer.Option("--reader", help="Also read pages: digits moved, scaled, inverted, by other pens."),
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Draw what the corruptions look like (PNG).")
    ] = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="Draw the errors as bars (PNG).")] = None,
    format: Annotated[Form, typer.Option("--format", "-f", help="Table or JSON.")] = Form.text,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Judge models on digits spoiled by the fifteen corruptions of MNIST-C: noise, blur, slant, fog, lines.

    Give --model again for each further model; all see the same pictures. With --reader, pages with one digit go
    through the whole reader: 200 digits for each step, or as many as --limit says if these are fewer.

    Examples:
      inkdigits robustness --limit 1000

      inkdigits robustness --model latin --model runs/mine/model.onnx --chart errors.png

      inkdigits robustness --reader --limit 100 --format json
    """
    from inkdigits.bundles import load_classifier
    from inkdigits.datasets import load_dataset
    from inkdigits.evaluation.robustness import CONDITIONS, draw_digits, evaluate_corruptions

    names = list(dict.fromkeys(model or ["latin"]))
    classifiers = {name: load_classifier(name) for name in names}
    digits = draw_digits(load_dataset(data, split), limit)
    results = evaluate_corruptions(
        classifiers, digits, normalize=(normalize,), conditions=follow(CONDITIONS, "Corrupting")
    )
    sweeps = {name: _read_pages(name, digits) for name in names} if reader else {}
    _draw(results, digits, sheet=sheet, chart=chart)
    text = _as_json(results, sweeps) if format is Form.json else _as_text(results, sweeps)
    if output is None:
        show(text)
    else:
        write_text(output, text)
        tell(f"Wrote {output}")


def _read_pages(model: str, digits: LabelledImages) -> list[SweepStep]:
    from inkdigits.evaluation.robustness import draw_digits, evaluate_sweeps, list_steps
    from inkdigits.reader import Reader

    return evaluate_sweeps(
        Reader(model), draw_digits(digits, _MOST_PAGES), steps=follow(list_steps(), f"Reading with {model}")
    )


def _draw(
    results: Sequence[CorruptionResult], digits: LabelledImages, *, sheet: Path | None, chart: Path | None
) -> None:
    from inkdigits.evaluation.plots_robustness import save_corruption_sheet, save_error_chart

    if sheet is not None:
        save_corruption_sheet(digits, sheet)
        tell(f"Wrote {sheet}")
    if chart is not None:
        save_error_chart(results, chart)
        tell(f"Wrote {chart}")


def _as_json(results: Sequence[CorruptionResult], sweeps: dict[str, list[SweepStep]]) -> str:
    report: dict[str, Any] = {"corruptions": [result.to_dict() for result in results]}
    if sweeps:
        report["reader"] = {model: [step.to_dict() for step in steps] for model, steps in sweeps.items()}
    return json.dumps(report, indent=2) + "\n"


def _as_text(results: Sequence[CorruptionResult], sweeps: dict[str, list[SweepStep]]) -> str:
    first = results[0]
    how = ", brought into MNIST's form" if first.is_normalized else ""
    rows = [[f"{100 * (result.clean_error or 0):.2f}" for result in results]]
    rows += [[f"{100 * result.errors[name]:.2f}" for result in results] for name in first.errors]
    rows += [[f"{100 * result.mean_error:.2f}" for result in results]]
    lines = [
        f"{first.data}: {first.count:,} digits under each corruption{how}; wrong answers in %",
        *_align(
            [result.model for result in results], ["clean", *first.errors, "mean of the corruptions"], rows
        ),
    ]
    if sweeps:
        tables = list(sweeps.values())
        lines += ["", f"Pages with one digit, {tables[0][0].count:,} a step; read right in %"]
        names = [f"{step.sweep}: {step.step}" for step in tables[0]]
        by_step = zip(*tables, strict=True)
        lines += _align(
            list(sweeps), names, [[f"{100 * s.accuracy:.1f}" for s in steps] for steps in by_step]
        )
    return "\n".join(lines) + "\n"


def _align(heads: Sequence[str], names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Return a line of headings and one line a name, columns aligned at the right."""
    left = max(24, *map(len, names))
    widths = [max(8, len(head)) for head in heads]
    lines = [
        " " * (left + 2) + "".join(f"  {head:>{width}}" for head, width in zip(heads, widths, strict=True))
    ]
    for name, row in zip(names, cells, strict=True):
        values = "".join(f"  {cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {name:{left}}{values}")
    return lines
