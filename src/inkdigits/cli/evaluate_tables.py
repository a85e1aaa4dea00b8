"""The forms in which an evaluation is written: a table for people, JSON, and CSV with one figure a row.

Owns: what each form looks like. Leaves to others: the numbers (evaluation), where they go.
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

Numbers = Mapping[str, Any]
CSV_COLUMNS = ("measure", "of", "answer", "value")
WIDTH = 106  # that of the table of ten classes
_SINGLE = (
    "count", "correct", "accuracy", "top2", "loss", "digits_correct", "character_error_rate", "calibration_error",
    "latency_ms", "images_per_s",
)  # fmt: skip


class ReportFormat(StrEnum):
    """Names of the forms."""

    text = "text"
    json = "json"
    csv = "csv"


def format_numbers(numbers: Numbers, form: ReportFormat) -> str:
    """Return the numbers of an evaluation in a form.

    Args:
        numbers: As `GlyphEvaluation.to_dict` or `PictureEvaluation.to_dict` returns them.
        form: Which.
    """
    match form:
        case ReportFormat.json:
            return json.dumps(numbers, indent=2) + "\n"
        case ReportFormat.csv:
            return as_csv(numbers)
        case ReportFormat.text:
            return as_text(numbers)


def as_csv(numbers: Numbers) -> str:
    """Return one row for each figure: measure, what it is of (a class, a kind, a bin), answer, value."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(CSV_COLUMNS)
    rows.writerows(_list_figures(numbers))
    return text.getvalue()


def as_text(numbers: Numbers) -> str:
    """Return a table for people."""
    low, high = numbers["interval95"]
    is_glyphs = numbers["kind"] == "glyphs"
    lines = [
        f"{numbers['data']} ({numbers['split']}), model {numbers['model']}: {numbers['count']:,} images",
        f"  accuracy           {100 * numbers['accuracy']:6.2f} %   "
        f"({numbers['correct']:,} right; 95 % interval {100 * low:.2f} to {100 * high:.2f})",
    ]
    if numbers.get("has_learned"):
        lines.insert(1, "  The model was trained on images of this part: it remembers them.")
    if is_glyphs:
        lines += _tell_glyphs(numbers)
    else:
        if numbers["digits_correct"] != numbers["correct"]:
            share = numbers["digits_correct"] / numbers["count"]
            lines.append(f"  all digits right   {100 * share:6.2f} %   (whatever stands between them)")
        lines.append(f"  character errors   {100 * numbers['character_error_rate']:6.2f} %")
    lines.append(f"  calibration error  {100 * numbers['calibration_error']:6.2f} %   (15 bins)")
    lines += _tell_confidence(numbers)
    if is_glyphs:
        lines += _tell_classes(numbers)
    else:
        lines += _tell_groups(numbers)
    if numbers.get("against"):
        lines += [
            "",
            textwrap.fill(numbers["against"]["sentence"], WIDTH, initial_indent="  ", subsequent_indent="  "),
        ]
    return "\n".join(lines) + "\n"


def _tell_glyphs(numbers: Numbers) -> list[str]:
    macro = ", ".join(f"{name} {100 * value:.2f} %" for name, value in numbers["macro"].items())
    return [
        f"  top 2              {100 * numbers['top2']:6.2f} %   (the truth is among the two most probable)",
        f"  loss               {numbers['loss']:7.4f}    (cross-entropy, nats)",
        f"  macro              {macro}",
    ]


def _tell_confidence(numbers: Numbers) -> list[str]:
    lines = []
    curve, rejection = numbers["coverage"], numbers["rejection"]
    if curve:
        points = ", ".join(
            f"{100 * point['risk']:.2f} % of the surest {100 * point['coverage']:.0f} %"
            for point in curve["points"]
            if point["coverage"] in (0.99, 0.95, 0.9)
        )
        lines.append(f"  wrong              {points}; area {curve['area']:.2g}")
    if rejection:
        lines.append(
            f"  area under ROC     {100 * rejection['roc_area']:6.2f} %   (digits against "
            f"{rejection['non_digits']:,} of {rejection['data']}; "
            f"average precision {100 * rejection['average_precision']:.2f} %)"
        )
        lines += [
            f"  rejected           {100 * point['non_digits_rejected']:6.2f} %   "
            f"(of non-digits, where {100 * point['digits_kept']:g} % of digits are kept)"
            for point in rejection["points"]
            if point["digits_kept"] in (0.95, 0.99)
        ]
    lines.append(
        f"  time               {numbers['latency_ms']:6.2f} ms  (median of one; "
        f"{numbers['images_per_s']:,.0f} a second, one thread)"
    )
    return lines


def _tell_groups(numbers: Numbers) -> list[str]:
    lines = []
    for kind, counts in numbers["kinds"].items():
        rate = 100 * counts["correct"] / counts["count"]
        lines.append(f"  {kind:18} {rate:6.2f} %   ({counts['correct']} of {counts['count']})")
    if len(numbers["lengths"]) > 1:
        for length, group in numbers["lengths"].items():
            rate = 100 * group["correct"] / group["count"]
            name = f"{length} characters"
            lines.append(
                f"  {name:18} {rate:6.2f} %   ({group['correct']} of {group['count']}, "
                f"{100 * group['character_error_rate']:.2f} % of characters wrong)"
            )
    return lines


def _tell_classes(numbers: Numbers) -> list[str]:
    labels = list(numbers["classes"])
    width = max(6, 1 + max(map(len, labels)))
    lines = ["", "  class  precision   recall       F1   count   answers (rows are true classes)"]
    lines.append(" " * 46 + "".join(f"{label:>{width}}" for label in labels))
    for label, row in zip(labels, numbers["confusion"], strict=True):
        c = numbers["classes"][label]
        rates = (
            f"{100 * c['precision']:8.2f} % {100 * c['recall']:6.2f} % {100 * c['f1']:6.2f} % {c['count']:7,}"
        )
        lines.append(f"  {label:>5} {rates}" + " " * 4 + "".join(f"{n:>{width}}" for n in row))
    return lines


def _list_figures(numbers: Numbers) -> Iterator[tuple[str, str, str, Any]]:
    for measure in _SINGLE:
        if measure in numbers:
            yield measure, "", "", numbers[measure]
    low, high = numbers["interval95"]
    yield "accuracy_low", "", "", low
    yield "accuracy_high", "", "", high
    for measure, value in numbers.get("macro", {}).items():
        yield measure, "macro", "", value
    for label, rates in numbers.get("classes", {}).items():
        for measure, value in rates.items():
            yield measure, label, "", value
    for group, name in (("kinds", "kind"), ("lengths", "length")):
        for key, counts in numbers.get(group, {}).items():
            for measure, value in counts.items():
                yield f"{name}_{measure}", key, "", value
    names = numbers.get("answers") or list(numbers.get("classes", {}))
    for label, row in zip(names, numbers["confusion"] or [], strict=bool(numbers["confusion"])):
        for answer, count in zip(names, row, strict=True):
            yield "answers", label, answer, count
    yield from _list_confidence(numbers)


def _list_confidence(numbers: Numbers) -> Iterator[tuple[str, str, str, Any]]:
    for bin_ in numbers["reliability"]:
        for measure in ("count", "confidence", "accuracy"):
            yield f"bin_{measure}", f"{bin_['from']:.4f} to {bin_['to']:.4f}", "", bin_[measure]
    if numbers["coverage"]:
        yield "risk_coverage_area", "", "", numbers["coverage"]["area"]
        for point in numbers["coverage"]["points"]:
            yield "risk", f"coverage {point['coverage']:g}", "", point["risk"]
    rejection = numbers["rejection"]
    if rejection:
        for measure in ("roc_area", "average_precision"):
            yield measure, rejection["data"], "", rejection[measure]
        for point in rejection["points"]:
            share = f"digits kept {point['digits_kept']:g}"
            yield "non_digits_rejected", share, "", point["non_digits_rejected"]
    if numbers.get("against"):
        yield "mcnemar_p_value", numbers["against"]["model"], "", numbers["against"]["p_value"]
