"""`inkdigits read`: pictures in, numbers out.

Owns: the arguments of reading. Leaves to others: the reading (reader), its forms (formats).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import follow, show, tell, tell_error
from inkdigits.cli.formats import Format, make_writer
from inkdigits.errors import InkdigitsError
from inkdigits.files import write_text

if TYPE_CHECKING:
    from inkdigits.cli.pictures import AnnotationFolder


def read(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, PDF files, folders or patterns; - reads one picture from standard input.",
            show_default=False,
        ),
    ],
    format: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            help="How to write the numbers; csv writes a table as a table, list one number a row with its box.",
        ),
    ] = Format.text,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")
    ] = None,
    annotate: Annotated[
        Path | None, typer.Option("--annotate", help="Save each page with boxes and labels in this folder.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="Name of a shipped model, or a bundle file.")
    ] = "latin",
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", help="Write ? for digits below this instead of guessing.")
    ] = 0.0,
    field: Annotated[
        str,
        typer.Option(
            "--field",
            help="What is known about the numbers, such as length=5,checksum=luhn.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Read the numbers in pictures.

    Examples:

      inkdigits read photo.jpg

      inkdigits read scans/*.png --format list --output numbers.csv

      inkdigits read marks.jpg --format csv

      inkdigits read card.png --field length=16,checksum=luhn --min-confidence 0.9

      cat digit.png | inkdigits read - --format json
    """
    # Imported here so that other commands and --help need not wait for OpenCV and ONNX Runtime.
    from inkdigits.fields import parse_field
    from inkdigits.images import expand_paths, load_pages
    from inkdigits.reader import Reader

    known = parse_field(field) if field else None
    reader = Reader(model, min_confidence=min_confidence)
    names = expand_paths(files)
    writer = make_writer(format, is_single=len(names) == 1)
    pictures = _make_folder(annotate)
    exit_code = 0
    for name in follow(names, "Reading"):
        try:
            pages = load_pages(name, limits=reader.limits)
            reading = reader.read_pages([pages], field=known)[0]
            writer.add(reading)
            if pictures:
                pictures.save(pages, reading)
        except InkdigitsError as error:  # the other files of a batch are still read
            tell_error(error)
            exit_code = exit_code or error.exit_code
    _deliver(writer.finish(), output)
    if exit_code:
        raise typer.Exit(exit_code)


def _make_folder(annotate: Path | None) -> AnnotationFolder | None:
    if annotate is None:
        return None
    from inkdigits.cli.pictures import AnnotationFolder

    return AnnotationFolder(annotate)


def _deliver(text: str, output: Path | None) -> None:
    if output is None:
        show(text)
    else:
        write_text(output, text)
        tell(f"Wrote {output}")
