"""The picture of a comparison: a table whose cells are bars.

Owns: this one figure. Leaves to others: the numbers (`compare`) and all other pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.evaluation.compare import ComparisonSummary
from inkdigits.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MUTED, _BAR, _GOOD = "#1b1b1b", "#5f6368", "#b9cde3", "#3b6ea5"
_LEAST_SHARE: Final = 0.04
"""Shortest bar, so that the smallest value still has one."""


_LEAST_ERROR: Final = 1e-5
"""Where nothing is wrong, a logarithm still needs a number."""


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    value: Callable[[ComparisonSummary], float]
    text: Callable[[ComparisonSummary], str]
    is_more_better: bool = False


def _to_errors(share: float) -> float:
    return max(1 - share, _LEAST_ERROR)


def format_accuracy(summary: ComparisonSummary) -> str:
    """Return mean and spread in percent, such as "99.52 ± 0.04"."""
    spread = summary.accuracy_spread
    return f"{100 * summary.accuracy:.2f}" + ("" if spread is None else f" ± {100 * spread:.2f}")


def format_count(value: float) -> str:
    """Return a number with three digits and a unit, such as "252k"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _make_share_column(name: str, get: Callable[[ComparisonSummary], float]) -> _Column:
    return _Column(f"{name}, %", lambda s: _to_errors(get(s)), lambda s: f"{100 * get(s):.2f}")


_COLUMNS: Final = (
    # Errors, not accuracies, have a length that the eye can compare: 99.8 and 99.6 differ by half.
    _Column("accuracy, %", lambda s: _to_errors(s.accuracy), format_accuracy),
    _make_share_column("macro precision", lambda s: s.precision),
    _make_share_column("macro recall", lambda s: s.recall),
    _make_share_column("macro F1", lambda s: s.f1),
    _Column("parameters", lambda s: max(s.parameters, 1), lambda s: format_count(s.parameters)),
    _Column("file", lambda s: s.file_bytes, lambda s: f"{format_count(s.file_bytes)}B"),
    _Column("training, s", lambda s: max(s.train_s, 1e-3), lambda s: f"{s.train_s:,.1f}"),
    _Column("one digit, ms", lambda s: s.latency_ms, lambda s: f"{s.latency_ms:.3f}"),
    _Column("digits a second", lambda s: s.digits_per_s, lambda s: f"{s.digits_per_s:,.0f}", True),
)


def save_comparison(summaries: Sequence[ComparisonSummary], path: Path, *, title: str) -> None:
    """Draw one line for each model as a PNG file.

    Bars are logarithmic, the best of a column is dark; bars of shares show what is wrong.

    Args:
        summaries: At least one, in the order in which they are drawn from the top.
        path: Where to write; missing folders are made.
        title: Stands above.

    Raises:
        DataNotFoundError: If there is no model.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not summaries:
        raise DataNotFoundError("There is no model to draw", remedy="Compare at least one.")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    figure = Figure(figsize=(1.6 * len(_COLUMNS), 0.38 * len(summaries) + 1.3), layout="constrained")
    figure.suptitle(title, fontsize=11, color=_INK)
    for axes, column in zip(figure.subplots(1, len(_COLUMNS), sharey=True), _COLUMNS, strict=True):
        _draw_column(axes, column, summaries)
    with replacing(path) as part:
        # Without a version in it, the same numbers give the same bytes.
        figure.savefig(part, format="png", dpi=120, facecolor="white", metadata={"Software": None})


def _draw_column(axes: Axes, column: _Column, summaries: Sequence[ComparisonSummary]) -> None:
    values = [column.value(summary) for summary in summaries]
    low, high = min(values), max(values)
    span = log(high / low) if high > low else 1.0
    shares = [_LEAST_SHARE + (1 - _LEAST_SHARE) * log(value / low) / span for value in values]
    best = high if column.is_more_better else low
    colors = [_GOOD if value == best else _BAR for value in values]
    places = range(len(summaries))
    axes.barh(places, shares, color=colors, height=0.8)
    for place, summary in enumerate(summaries):
        axes.text(
            0.02, place, column.text(summary), va="center", fontsize=8, color=_INK,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    axes.set_yticks(places, [summary.model for summary in summaries], fontsize=9, color=_INK)
    axes.set_ylim(len(summaries) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[:].set_visible(False)
    axes.set_title(column.title, fontsize=9, color=_MUTED)
