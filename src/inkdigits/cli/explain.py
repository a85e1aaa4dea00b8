"""`inkdigits explain`: why did it say that?

Owns: arguments and what is printed. Leaves to others: the explanation and its picture (explaining).
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import show, tell
from inkdigits.cli.progress import ProgressBar
from inkdigits.errors import DataNotFoundError

if TYPE_CHECKING:
    from inkdigits.explaining import Explanation, TrainingDigits

_DEFAULT_DATA = "mnist"


class Form(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"


def explain(
    picture: Annotated[
        str, typer.Argument(help="Picture or PDF file; - reads one from standard input.", show_default=False)
    ],
    digit: Annotated[
        int | None,
        typer.Option(
            "--digit",
            "-n",
            help="Explain this digit, from 1 in reading order.",
            show_default="the first four",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="Name of a shipped model, or a bundle file.")
    ] = "latin",
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Data set in whose training part similar digits are sought.",
            show_default="mnist, if it is on this machine",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The picture to write (PNG).", show_default="NAME-explained.png"),
    ] = None,
    format: Annotated[
        Form, typer.Option("--format", "-f", help="What is printed: lines, or all data as JSON.")
    ] = Form.text,
) -> None:
    """Show why digits were read as they were, as one picture.

    The page with the digit, the 28x28 form that the model saw, all probabilities, the ink that speaks for and
    against the answer, what the layers answer, and the training digits that look most like it to the model.

    Examples:

      inkdigits explain digit.png

      inkdigits explain amount.jpg --digit 2 --output why.png

      inkdigits explain digit.png --data usps --format json > why.json
    """  # fmt: skip
    from inkdigits.explaining import explain as explain_picture
    from inkdigits.explaining.plot import make_figure, save_explanation
    from inkdigits.reader import Reader

    make_figure(1, 1)  # tells what is not installed before the work
    training, missing = _find_training_digits(data)
    with ProgressBar() as progress:
        explanation = explain_picture(
            Reader(model), picture, number=digit, training=training, missing=missing, on_progress=progress
        )
    target = output or Path(f"{'stdin' if picture == '-' else Path(picture).stem}-explained.png")
    save_explanation(explanation, target)
    tell(f"Wrote {target}")
    if format is Form.json:
        show(json.dumps(explanation.to_dict()) + "\n")
    else:
        show(_as_text(explanation))


def _find_training_digits(data: str | None) -> tuple[TrainingDigits | None, str]:
    """Return the digits to compare with, or why there are none; what was asked for must be there."""
    from inkdigits.explaining import load_training_digits

    try:
        return load_training_digits(data or _DEFAULT_DATA), ""
    except DataNotFoundError as error:
        if data is not None:
            raise
        return None, str(error)


def _as_text(explanation: Explanation) -> str:
    from inkdigits.annotate import format_percent

    lines = []
    for told in explanation.digits:
        ranked = sorted(told.probabilities.items(), key=lambda item: -item[1])
        others = ", ".join(f"{label} {format_percent(p)}" for label, p in ranked[1:4] if p >= 0.005)
        digit = told.digit
        line = f"digit {told.number}: {digit.label} {format_percent(digit.confidence)}"
        line += f"; else {others}" if others else ""
        if told.nearest:
            line += f"; looks like {' '.join(neighbour.label for neighbour in told.nearest)} of {explanation.data}"
        lines.append(line)
    lines += explanation.notes.values()
    return "\n".join(lines) + "\n"
