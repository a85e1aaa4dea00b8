"""`inkdigits evaluate`: how good is a model on a data set?

Owns: arguments. Leaves to others: the judging and the report (evaluation), what is printed (evaluate_tables).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.console import show, tell
from inkdigits.cli.evaluate_tables import ReportFormat, format_numbers
from inkdigits.cli.progress import ProgressBar
from inkdigits.errors import DataCorruptError
from inkdigits.files import write_text

if TYPE_CHECKING:
    from inkdigits.datasets import DatasetInfo
    from inkdigits.evaluation.glyphs import GlyphEvaluation
    from inkdigits.evaluation.strings import PictureEvaluation
    from inkdigits.types import Classifier


def evaluate(
    data: Annotated[str, typer.Option("--data", help="Name of the data set; see 'inkdigits data list'.")],
    split: Annotated[
        str | None, typer.Option("--split", help="Part of it.", show_default="test, else all")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="Name of a shipped model, or a bundle file.")
    ] = "latin",
    normalize: Annotated[
        bool | None,
        typer.Option(
            "--normalize/--no-normalize", help="Bring glyphs into MNIST's form first.", show_default="by size"
        ),
    ] = None,
    whole_reader: Annotated[
        bool, typer.Option("--reader", help="Read glyphs as whole pictures, by all steps of the reader.")
    ] = False,
    non_digits: Annotated[
        str | None,
        typer.Option(
            "--non-digits", help="Also judge rejection by this set of non-digits, such as hasy-symbols."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="Is the difference to another model real? Its report.json, on the same images."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Folder for report.html and report.json.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", help="Log of the training, for the report.", show_default="log.csv beside the bundle"
        ),
    ] = None,
    format: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="Table, JSON or CSV.")
    ] = ReportFormat.text,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Judge a model on a data set: single glyphs by the classifier, pictures by the whole reader.

    The report is one page that needs no network: confusions, calibration, mistakes, doubtful labels, maps.

    Examples:

      inkdigits evaluate --data mnist

      inkdigits evaluate --data mnist --report out/mnist --non-digits hasy-symbols

      inkdigits evaluate --data mnist --model latin-mnist --against out/mnist/report.json

      inkdigits evaluate --data own-handwriting --format json
    """
    from inkdigits.datasets import get_info
    from inkdigits.evaluation.sets import choose_split
    from inkdigits.evaluation.significance import compare_items, load_items

    info = get_info(data)
    part = choose_split(info, split)
    # What is wrong with these is told before the work.
    other = load_items(against) if against else None
    curves = _prepare_report(model, log) if report else None
    evaluation: GlyphEvaluation | PictureEvaluation
    page: Path | None = None
    with ProgressBar() as progress:
        if info.kind == "pictures" or whole_reader:
            evaluation, classifier = _judge_pictures(info, part, model, non_digits, progress)
        else:
            evaluation, classifier = _judge_glyphs(info, part, model, normalize, non_digits, progress)
        difference = compare_items(evaluation.items, other) if other else None
        if report:
            from inkdigits.evaluation.report import save_report

            page = save_report(
                evaluation, report, classifier=classifier, info=info, log=curves, against=difference,
                on_progress=progress,
            )  # fmt: skip
    numbers = {**evaluation.to_dict(), "against": difference.to_dict() if difference else None}
    text = format_numbers(numbers, format)
    if output is None:
        show(text)
    else:
        write_text(output, text)
        tell(f"Wrote {output}")
    if page:
        tell(f"Wrote {page}")


def _judge_glyphs(
    info: DatasetInfo,
    split: str,
    model: str,
    normalize: bool | None,
    non_digits: str | None,
    progress: ProgressBar,
) -> tuple[GlyphEvaluation, Classifier]:
    from inkdigits.bundles import load_classifier
    from inkdigits.datasets import load_dataset
    from inkdigits.evaluation.glyphs import evaluate_glyphs
    from inkdigits.evaluation.provenance import has_learned
    from inkdigits.evaluation.sets import check_non_digits, load_non_digits

    classifier = load_classifier(model)
    images = load_dataset(info.name, split)
    if non_digits:
        check_non_digits(classifier, non_digits)
    others = load_non_digits(non_digits) if non_digits else None
    made = evaluate_glyphs(
        classifier,
        images,
        model=model,
        normalize=normalize,
        non_digits=others,
        has_learned=has_learned(classifier, info.name, split),
        on_progress=progress,
    )
    return made, classifier


def _judge_pictures(
    info: DatasetInfo, split: str, model: str, non_digits: str | None, progress: ProgressBar
) -> tuple[PictureEvaluation, Classifier]:
    from inkdigits.evaluation.provenance import has_learned
    from inkdigits.evaluation.sets import check_non_digits, load_for_reader, load_non_digit_pictures
    from inkdigits.evaluation.strings import evaluate_pictures
    from inkdigits.reader import Reader

    reader = Reader(model)
    if non_digits:
        check_non_digits(reader.classifier, non_digits)
    pictures = load_for_reader(info, split)
    others = load_non_digit_pictures(non_digits) if non_digits else []
    made = evaluate_pictures(
        reader,
        pictures,
        model=model,
        name=f"{info.name}/{split}",
        non_digits=others,
        non_digits_name=non_digits or "",
        has_learned=has_learned(reader.classifier, info.name, split),
        on_progress=progress,
    )
    return made, reader.classifier


def _prepare_report(model: str, log: Path | None) -> Path | None:
    """Check what a report needs; return the log that is asked for, else one that lies beside the bundle."""
    from inkdigits.evaluation.learning import LOG_NAME, load_log
    from inkdigits.evaluation.plots_report import check_drawing

    check_drawing()
    if log is not None:
        load_log(log)
        return log
    beside = Path(model).parent / LOG_NAME
    if Path(model).suffix != ".onnx" or not beside.is_file():
        return None
    try:
        load_log(beside)
    except DataCorruptError as error:  # nobody asked for it
        tell(f"No learning curves: {error}")
        return None
    return beside
