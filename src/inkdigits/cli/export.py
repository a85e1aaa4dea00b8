"""The command `inkdigits export`: a bundle becomes a model for other programs, proven to answer alike.

Owns: arguments and what is printed. Leaves to others: writing and proof (`export.deliver`).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import tell
from inkdigits.cli.progress import ProgressBar

if TYPE_CHECKING:
    from inkdigits.export.deliver import Exported


class TargetName(StrEnum):
    """Where a model goes."""

    onnx = "onnx"
    tflite = "tflite"
    keras = "keras"
    torch = "torch"


class FormName(StrEnum):
    """What the model takes."""

    both = "both"
    bare = "bare"
    picture = "picture"


def export(
    bundle: Annotated[
        str, typer.Argument(help="A model that ships, such as latin, or the path of a bundle.")
    ],
    to: Annotated[TargetName, typer.Option("--to", help="What to write.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files.", show_default="exports/NAME")
    ] = None,
    form: Annotated[
        FormName,
        typer.Option(help="bare takes 28x28 glyphs, picture any grey picture of one glyph."),
    ] = FormName.both,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write the bare form in eight bits too (ONNX).")
    ] = False,
) -> None:
    """Export a model to ONNX, TFLite, Keras or torch, with its calibration and its normalisation.

    Every file is compared with the bundle on 1,000 digits in the target's own runtime; if one answers otherwise,
    nothing is written.

    Examples:

      inkdigits export latin --to onnx

      inkdigits export runs/mine/mine.onnx --to keras --form bare --output out/
    """
    from inkdigits.bundles import load_classifier

    path = load_classifier(bundle).path
    try:
        from inkdigits.export.deliver import Target, export_bundle
        from inkdigits.export.recogniser import Form, Source
    except ModuleNotFoundError as error:
        from inkdigits.errors import MissingExtraError

        if error.name != "torch":
            raise
        raise MissingExtraError("torch", extra="train") from error
    source = Source.open(path)
    forms = tuple(Form) if form is FormName.both else (Form(form.value),)
    folder = output or Path("exports") / source.metadata.name
    with ProgressBar() as progress:
        files = export_bundle(source, Target(to.value), folder, forms=forms, with_int8=int8, report=progress)
    for file in files:
        tell(_describe(file))
        typer.echo(file.path)


def _describe(file: Exported) -> str:
    parity = file.parity
    return (
        f"{file.path.name}: {file.path.stat().st_size / 1e6:.2f} MB, {100 * parity.equal_labels:.2f} % equal "
        f"labels, probabilities at most {parity.difference:.1e} apart on {parity.digits:,} digits "
        f"({parity.digits_from})"
    )
