"""`inkdigits evaluate`: how good is a model on a data set?

Owns: arguments and tables. Leaves to others: the judging (evaluation).
"""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.console import show, tell
from inkdigits.files import write_text

if TYPE_CHECKING:
    from inkdigits.datasets import DatasetInfo
    from inkdigits.evaluation.metrics import Scores


class ReportFormat(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"


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
    format: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="Table or JSON.")
    ] = ReportFormat.text,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Judge a model on a data set: single glyphs by the classifier, pictures by the whole reader.

    Examples:

      inkdigits evaluate --data mnist

      inkdigits evaluate --data optdigits --split test8x8

      inkdigits evaluate --data own-handwriting --format json
    """
    from inkdigits.datasets import get_info

    info = get_info(data)
    part = split or ("test" if "test" in info.splits else next(iter(info.splits)))
    judge = _judge_pictures if info.kind == "pictures" else _judge_glyphs
    report = judge(info, part, model, normalize)
    text = json.dumps(report, indent=2) + "\n" if format is ReportFormat.json else _as_text(report)
    if output is None:
        show(text)
    else:
        write_text(output, text)
        tell(f"Wrote {output}")


def _judge_glyphs(info: DatasetInfo, split: str, model: str, normalize: bool | None) -> dict[str, Any]:
    from inkdigits.bundles import load_classifier
    from inkdigits.datasets import load_dataset
    from inkdigits.evaluation.run import evaluate_classifier

    images = load_dataset(info.name, split)
    classifier = load_classifier(model)
    scores, _ = evaluate_classifier(classifier, images, normalize=normalize)
    return {"data": info.name, "split": split, "model": model, **_to_dict(scores, classifier.labels)}


def _to_dict(scores: Scores, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "count": scores.count,
        "correct": scores.correct,
        "accuracy": scores.accuracy,
        "interval95": list(scores.interval),
        "loss": scores.loss,
        "calibration_error": scores.calibration_error,
        "macro": {
            "precision": float(scores.precision.mean()),
            "recall": float(scores.recall.mean()),
            "f1": float(scores.f1.mean()),
        },
        "classes": {
            label: {
                "precision": float(scores.precision[i]),
                "recall": float(scores.recall[i]),
                "f1": float(scores.f1[i]),
                "count": int(scores.confusion[i].sum()),
            }
            for i, label in enumerate(labels)
        },
        "confusion": scores.confusion.tolist(),
    }


def _judge_pictures(info: DatasetInfo, split: str, model: str, normalize: bool | None) -> dict[str, Any]:
    from inkdigits.datasets import load_pictures
    from inkdigits.evaluation.metrics import edit_distance, wilson_interval
    from inkdigits.evaluation.run import evaluate_reader
    from inkdigits.reader import Reader

    results = evaluate_reader(Reader(model), load_pictures(info.name, split))
    exact = sum(result.is_exact for result in results)
    edits = sum(edit_distance(_bare(r.picture.text), _bare(r.answer)) for r in results)
    characters = sum(len(_bare(r.picture.text)) for r in results)
    by_kind = Counter(r.picture.kind for r in results)
    exact_by_kind = Counter(r.picture.kind for r in results if r.is_exact)
    return {
        "data": info.name,
        "split": split,
        "model": model,
        "count": len(results),
        "correct": exact,
        "accuracy": exact / len(results),
        "interval95": list(wilson_interval(exact, len(results))),
        "character_error_rate": edits / max(1, characters),
        "kinds": {kind: {"count": n, "correct": exact_by_kind[kind]} for kind, n in sorted(by_kind.items())},
    }


def _bare(text: str) -> str:
    return text.replace(" ", "")


def _as_text(report: dict[str, Any]) -> str:
    low, high = report["interval95"]
    lines = [
        f"{report['data']} ({report['split']}), model {report['model']}: {report['count']:,} images",
        f"  accuracy           {100 * report['accuracy']:6.2f} %   "
        f"({report['correct']:,} right; 95 % interval {100 * low:.2f} to {100 * high:.2f})",
    ]
    if "loss" in report:
        lines.append(f"  loss               {report['loss']:7.4f}   (cross-entropy, nats)")
        lines.append(f"  calibration error  {100 * report['calibration_error']:6.2f} %   (15 bins)")
        macro = report["macro"]
        values = ", ".join(f"{name} {100 * value:.2f} %" for name, value in macro.items())
        lines.append(f"  macro              {values}")
        lines += _class_table(report)
    if "character_error_rate" in report:
        lines.append(f"  character errors   {100 * report['character_error_rate']:6.2f} %")
        for kind, counts in report["kinds"].items():
            rate = 100 * counts["correct"] / counts["count"]
            lines.append(f"  {kind:18} {rate:6.2f} %   ({counts['correct']} of {counts['count']})")
    return "\n".join(lines) + "\n"


def _class_table(report: dict[str, Any]) -> list[str]:
    labels = list(report["classes"])
    lines = ["", "  class  precision   recall       F1   count   answers (rows are true classes)"]
    lines[-1] += ""
    head = " " * 46 + "".join(f"{label:>6}" for label in labels)
    lines.append(head)
    for label, row in zip(labels, report["confusion"], strict=True):
        c = report["classes"][label]
        rates = (
            f"{100 * c['precision']:8.2f} % {100 * c['recall']:6.2f} % {100 * c['f1']:6.2f} % {c['count']:7,}"
        )
        lines.append(f"  {label:>5} {rates}" + " " * 4 + "".join(f"{n:>6}" for n in row))
    return lines
