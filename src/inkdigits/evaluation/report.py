"""A report on one evaluation: a page that stands for itself, and all its numbers as JSON beside it.

Owns: which sections make the page, and writing both files. Leaves to others: the sections (report_glyphs,
report_pictures, report_shared), the numbers, the figures.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inkdigits.datasets import DatasetInfo
from inkdigits.evaluation import report_glyphs, report_pictures
from inkdigits.evaluation.embedding import embed_glyphs
from inkdigits.evaluation.glyphs import GlyphEvaluation
from inkdigits.evaluation.learning import load_log
from inkdigits.evaluation.plots_report import check_drawing
from inkdigits.evaluation.progress import Progress, say_nothing
from inkdigits.evaluation.provenance import describe_model
from inkdigits.evaluation.report_html import Section, escape, make_page
from inkdigits.evaluation.report_shared import (
    make_against_section,
    make_confidence_section,
    make_learning_section,
    make_rejection_section,
)
from inkdigits.evaluation.significance import McNemar
from inkdigits.evaluation.strings import PictureEvaluation
from inkdigits.files import write_text
from inkdigits.types import Classifier

PAGE_NAME, NUMBERS_NAME = "report.html", "report.json"
SCHEMA = 1
"""Version of report.json; raised when a key changes its meaning or disappears."""
LIBRARIES = ("inkdigits", "numpy", "onnxruntime", "opencv-python-headless")
Details = dict[str, Any]


def save_report(
    evaluation: GlyphEvaluation | PictureEvaluation,
    folder: Path,
    *,
    classifier: Classifier | None = None,
    info: DatasetInfo | None = None,
    log: Path | None = None,
    against: McNemar | None = None,
    on_progress: Progress = say_nothing,
) -> Path:
    """Write report.html and report.json.

    Args:
        evaluation: What is reported.
        folder: Where to write; made if it is missing.
        classifier: Whose facts the page names.
        info: What is known of the data set.
        log: CSV log of the training run, for learning curves.
        against: A comparison with another model.
        on_progress: Is told how far it is.

    Returns:
        The path of the page.

    Raises:
        DataCorruptError: If the log can't be read.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If a file can't be written.
    """
    check_drawing()
    curves = load_log(log) if log else None
    facts = describe_model(classifier) if classifier else {}
    if isinstance(evaluation, GlyphEvaluation):
        head, sections, details = _make_glyph_report(evaluation, info, on_progress)
    else:
        head, sections, details = _make_picture_report(evaluation, info, on_progress)
    if curves:
        sections.insert(2, make_learning_section(curves))
    if against:
        sections.insert(0, make_against_section(against))
    made = datetime.now(UTC).isoformat(timespec="seconds")
    numbers = {
        "schema": SCHEMA,
        "created": made,
        "versions": list_versions(),
        **evaluation.to_dict(),
        "model_facts": facts,
        "against": against.to_dict() if against else None,
        "learning": curves,
        **details,
    }
    name = evaluation.data.name if isinstance(evaluation, GlyphEvaluation) else evaluation.name
    title = f"{evaluation.model} on {name}"
    on_progress("Writing the report", 0, 1)
    write_text(folder / NUMBERS_NAME, dump_lines(numbers))
    page = make_page(title=title, head=head, sections=sections, footer=_make_footer(facts, made))
    write_text(folder / PAGE_NAME, page)
    return folder / PAGE_NAME


def dump_lines(numbers: Mapping[str, Any]) -> str:
    """Return JSON with one line for each key: short enough to keep, and two of them can be compared by lines."""
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in numbers.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def list_versions() -> dict[str, str]:
    """Return versions and machine, on which times depend."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _make_glyph_report(
    evaluation: GlyphEvaluation, info: DatasetInfo | None, on_progress: Progress
) -> tuple[str, list[Section], Details]:
    on_progress("Laying out the map", 0, 1)
    embedding = embed_glyphs(evaluation.forms) if len(evaluation.forms) > 1 else None
    on_progress("Drawing the report", 0, 1)
    ranked = evaluation.rank_mislabelled()
    score = "what the class for non-digits leaves" if evaluation.knows_none else "the best probability"
    sections = [
        report_glyphs.make_classes_section(evaluation),
        make_confidence_section(
            evaluation.reliability, evaluation.coverage, item="digits", digit="the answers"
        ),
    ]
    if evaluation.rejection:
        sections.append(
            make_rejection_section(
                evaluation.rejection,
                name=evaluation.data.name,
                non_digits=evaluation.non_digits,
                score=score,
            )
        )
    sections += [
        report_glyphs.make_mistakes_section(evaluation),
        report_glyphs.make_mislabelled_section(evaluation, ranked),
        report_glyphs.make_samples_section(evaluation),
        report_glyphs.make_data_section(evaluation, info),
    ]
    if embedding is not None:
        sections.append(report_glyphs.make_map_section(evaluation, embedding))
    details = report_glyphs.collect_details(evaluation, ranked, embedding)
    return report_glyphs.make_head(evaluation), sections, details


def _make_picture_report(
    evaluation: PictureEvaluation, info: DatasetInfo | None, on_progress: Progress
) -> tuple[str, list[Section], Details]:
    on_progress("Drawing the report", 0, 1)
    sections = [
        report_pictures.make_groups_section(evaluation),
        make_confidence_section(
            evaluation.reliability, evaluation.coverage, item="pictures", digit="single digits"
        ),
    ]
    if evaluation.rejection:
        sections.append(
            make_rejection_section(
                evaluation.rejection,
                name=evaluation.name,
                non_digits=evaluation.non_digits,
                score="the surest digit of each",
            )
        )
    sections += [
        report_pictures.make_mistakes_section(evaluation),
        report_pictures.make_samples_section(evaluation),
        report_pictures.make_data_section(evaluation, info),
    ]
    return report_pictures.make_head(evaluation), sections, report_pictures.collect_details(evaluation)


def _make_footer(facts: Mapping[str, Any], made: str) -> str:
    """Return who was judged, with what, and when."""
    lines = []
    if facts.get("name"):
        lines.append(
            f"Model {facts['name']}: {facts['parameters']:,} parameters, {facts['file_bytes'] / 1e6:.2f} MB, "
            f"trained on {', '.join(facts['trained_on']) or 'data that it does not name'}; "
            f"licence {facts['licence'] or 'unknown'}."
        )
    versions = ", ".join(f"{name} {number}" for name, number in list_versions().items())
    lines.append(f"Made {made} by inkdigits evaluate --report; {versions}. All numbers: {NUMBERS_NAME}.")
    return "<br>".join(escape(line) for line in lines)
