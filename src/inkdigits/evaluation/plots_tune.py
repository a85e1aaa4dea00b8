"""Pictures of a search: how the errors fell, and which parameters made the difference.

Owns: these two figures. Leaves to others: searching (`inkdigits.training`) and all other pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.files import replacing

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_LOWEST = 1e-4
"""A share of errors below which a logarithm would run off: one of 10,000 digits."""
_INK, _MUTED, _BEST = "#1b1b1b", "#9aa0a6", "#3b6ea5"


@dataclass(frozen=True, slots=True)
class TrialPoint:
    """One trial in the picture.

    Attributes:
        number: Its number in the study, from 0.
        accuracy: In [0, 1].
        is_pruned: Whether it was stopped early, so that its accuracy is lower than it might be.
    """

    number: int
    accuracy: float
    is_pruned: bool


def save_tuning_history(points: Sequence[TrialPoint], path: Path, *, title: str) -> None:
    """Draw each trial's share of errors, and the best so far, as a PNG file.

    Args:
        points: Trials in the order of their numbers, at least one.
        path: Where to write; missing folders are made.
        title: Stands above.

    Raises:
        DataNotFoundError: If there is no trial.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not points:
        raise DataNotFoundError("There is no trial to draw", remedy="Run more trials.")
    finished = [point for point in points if not point.is_pruned]
    pruned = [point for point in points if point.is_pruned]
    figure = _make_figure(8, 4)
    axes = figure.add_subplot()
    axes.plot(*_split(finished), "o", color=_INK, markersize=4, label="finished")
    axes.plot(*_split(pruned), "x", color=_MUTED, markersize=4, label="pruned, when it was stopped")
    if finished:
        numbers, errors = _split(finished)
        best = list(accumulate(errors, min))
        axes.step([*numbers, points[-1].number], [*best, best[-1]], where="post", color=_BEST, label="best")
    # Some trials fail altogether, and the good ones are close together: only a logarithm shows both.
    axes.set_yscale("log")
    _label_percent(axes.yaxis)
    axes.set_xlabel("trial")
    axes.set_ylabel("wrong digits, of those that judge")
    axes.set_title(title, fontsize=11, color=_INK)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    _save(figure, path)


def save_importance(importance: Mapping[str, float], path: Path, *, title: str) -> None:
    """Draw the share of each parameter in the differences between trials, as a PNG file.

    Args:
        importance: Shares by name, at least one, in the order in which they are drawn from the top.
        path: Where to write; missing folders are made.
        title: Stands above.

    Raises:
        DataNotFoundError: If there is no share.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not importance:
        raise DataNotFoundError("There is no importance to draw", remedy="Run more trials.")
    figure = _make_figure(8, 0.4 * len(importance) + 1.2)
    axes = figure.add_subplot()
    bars = axes.barh(list(importance), list(importance.values()), color=_BEST)
    axes.bar_label(bars, fmt="{:.0%}", fontsize=8, padding=2)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    _label_percent(axes.xaxis)
    axes.set_title(title, fontsize=11, color=_INK)
    _save(figure, path)


def _split(points: Sequence[TrialPoint]) -> tuple[list[int], list[float]]:
    """Return numbers and shares of wrong answers."""
    return [point.number for point in points], [max(_LOWEST, 1 - point.accuracy) for point in points]


def _label_percent(axis: Axis) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
    axis.set_minor_formatter(FuncFormatter(lambda share, _: f"{100 * share:.2g} %"))


def _make_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that needs no display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as part:
        # Without a version in it, the same study gives the same bytes.
        figure.savefig(part, format="png", dpi=120, facecolor="white", metadata={"Software": None})
