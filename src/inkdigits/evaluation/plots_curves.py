"""The picture of a training run: loss and accuracy by epoch, from the run's CSV log.

Owns: this one figure. Leaves to others: the log itself (learning) and all other pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.errors import MissingExtraError
from inkdigits.evaluation.learning import load_log
from inkdigits.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def save_learning_curves(csv_path: Path, png_path: Path) -> None:
    """Draw loss and accuracy of training and validation by epoch.

    Args:
        csv_path: The log of a run, one row for each epoch.
        png_path: The picture to write.

    Raises:
        DataCorruptError: If the log is missing, empty, or lacks a column.
        OutputError: If the picture can't be written.
        MissingExtraError: If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator, PercentFormatter
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    log = load_log(csv_path)
    figure = Figure(figsize=(10, 4), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    _draw_pair(loss_axes, log, "loss")
    # Losses span decades: on a linear scale the later epochs would be one flat line.
    loss_axes.set_yscale("log")
    _draw_pair(accuracy_axes, log, "accuracy")
    accuracy_axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    for axes in (loss_axes, accuracy_axes):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    with replacing(png_path) as part:
        # Without a version in it, the same log gives the same bytes.
        figure.savefig(part, format="png", dpi=120, metadata={"Software": None})


def _draw_pair(axes: Axes, log: dict[str, list[float]], measure: str) -> None:
    axes.plot(log["epoch"], log[f"train_{measure}"], marker="o", markersize=3, label="training (augmented)")
    axes.plot(log["epoch"], log[f"validation_{measure}"], marker="s", markersize=3, label="validation")
    axes.set_ylabel(measure)
    axes.set_title(measure.capitalize())
