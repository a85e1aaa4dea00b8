"""Rows of figures as a table on the terminal, as Markdown between two markers, and mistakes as sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from _cases import Answer, Case, Pair
from _rules import Score
from _sheet import save_sheet
from inkdigits.errors import UsageError
from inkdigits.files import write_text

RESULTS = Path(__file__).parent.parent / "docs" / "results.md"
"""The page of all benchmarks but reading's own; each writes one section."""
MOST_ON_SHEET = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its bar and those of rivals.

    Attributes:
        name: The set.
        title: What is counted.
        score: Our figure.
        bar: To be reached, None for a figure that is only told.
        is_error: True if less is better, milliseconds included.
        unit: "%" or "ms".
        corrected: Our figure with corrected ground truth, None where nothing is corrected.
        sample: Our figure on the sample that the rivals read.
        rivals: Name -> figure on that sample.
    """

    name: str
    title: str
    score: Score
    bar: float | None = None
    is_error: bool = False
    unit: str = "%"
    corrected: Score | None = None
    sample: Score | None = None
    rivals: Mapping[str, Score] = field(default_factory=dict)

    @property
    def met(self) -> str:
        """ "yes", "no", or "" without a bar."""
        if self.bar is None:
            return ""
        met = self.score.value <= self.bar if self.is_error else self.score.value >= self.bar
        return "yes" if met else "no"

    def to_cells(self, rivals: Sequence[str]) -> list[str]:
        """Return the texts of the row: set, what, n, figure, interval, bar, met, corrected, then rivals."""
        sign = "at most" if self.is_error else "at least"
        interval = self.score.interval if self.unit == "%" else None
        cells = [
            self.name,
            self.title,
            f"{self.score.count:,}",
            self._show(self.score),
            "" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}",
            "" if self.bar is None else f"{sign} {self._show_value(self.bar, digits=1)}",
            self.met,
            self._show(self.corrected),
        ]
        if rivals:
            count = f" of {self.sample.count:,}" if self.sample else ""
            cells.append(self._show(self.sample) + count)
            cells += [self._show(self.rivals.get(rival)) for rival in rivals]
        return cells

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "set": self.name,
            "measure": self.title,
            "unit": self.unit,
            **_to_dict(self.score),
            "bar": self.bar,
            "met": self.met,
            "corrected": None if self.corrected is None else _to_dict(self.corrected),
            "sample": None if self.sample is None else _to_dict(self.sample),
            "rivals": {name: _to_dict(score) for name, score in self.rivals.items()},
        }

    def _show(self, score: Score | None) -> str:
        return "" if score is None else self._show_value(score.value, digits=2)

    def _show_value(self, value: float, *, digits: int) -> str:
        return f"{value:.{digits}f} ms" if self.unit == "ms" else f"{100 * value:.{digits}f} %"


HEADINGS = ("set", "what counts", "n", "figure", "95 % interval", "bar", "met", "ground truth corrected")


def make_headings(rivals: Sequence[str]) -> list[str]:
    return [*HEADINGS, *(["the sample: InkDigits", *rivals] if rivals else [])]


def print_rows(rows: Sequence[Row], rivals: Sequence[str]) -> None:
    table = Table(*make_headings(rivals))
    for row in rows:
        style = {"yes": "green", "no": "red", "": ""}[row.met]
        table.add_row(*row.to_cells(rivals), style=style)
    Console(width=None if Console().is_terminal else 200).print(table)


def to_markdown(rows: Sequence[Row], rivals: Sequence[str]) -> str:
    """Return a Markdown table."""
    headings = make_headings(rivals)
    lines = [headings, ["---"] * len(headings), *(row.to_cells(rivals) for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def replace_section(text: str, name: str, section: str, *, may_append: bool = False) -> str:
    """Put a section between its two markers, and leave all else as it is.

    Args:
        text: The document.
        name: Of the section; its markers are <!-- name:begin --> and <!-- name:end -->.
        section: Markdown.
        may_append: Whether a document without the markers gets them at its end.

    Raises:
        UsageError: If a marker is missing.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if may_append and begin not in text and end not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n".lstrip()
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise UsageError(f"The document has no {begin} ... {end}", remedy="Put the markers back.")
    return f"{before}{begin}\n{section.strip()}\n{end}{after}"


def write_section(path: Path, name: str, section: str, *, may_append: bool = False) -> None:
    """Do the same with a file; see `replace_section`."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    write_text(path, replace_section(text, name, section, may_append=may_append))


def write_results(name: str, section: str) -> None:
    """Write a benchmark's section of docs/results.md, a new one at the end."""
    write_section(RESULTS, name, section, may_append=True)


def to_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table; the first row is its head."""
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return [head, "|" + "---|" * len(rows[0]), *others]


def save_mistakes(mistakes: Sequence[Pair], path: Path) -> None:
    """Save the surest mistakes first: what is wrong and confident is worst."""
    worst = sorted(mistakes, key=lambda pair: -pair[1].confidence)[:MOST_ON_SHEET]
    save_sheet(
        [
            (case.open(), f"{case.truth or case.group}->{answer.text or '(none)'} {answer.confidence:.2f}")
            for case, answer in worst
        ],
        path,
    )
    write_text(path.with_suffix(".txt"), "".join(_describe(*pair) for pair in worst))


def _describe(case: Case, answer: Answer) -> str:
    return f"{case.name}\t{case.truth!r}\t{answer.text!r}\t{answer.confidence:.3f}\n"


def _to_dict(score: Score) -> dict[str, Any]:
    return {
        "count": score.count,
        "value": score.value,
        "hits": score.hits,
        "interval": None if score.interval is None else list(score.interval),
    }
