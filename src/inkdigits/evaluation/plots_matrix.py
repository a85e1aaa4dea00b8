"""A matrix of shares as a heat map: what was learned from against what judged.

Owns: drawing it with Matplotlib, imported where it is used. Leaves to others: the numbers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inkdigits.errors import MissingExtraError, UsageError
from inkdigits.files import replacing

_INK, _MUTED, _OWN = "#1b1b1b", "#5f6368", "#e69f00"
_DARK = 0.55  # on cells this dark, figures are white
_INCHES_PER_CELL = (0.95, 0.5)


def save_matrix(
    shares: npt.NDArray[np.float64],
    path: str | os.PathLike[str],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    row_title: str = "",
    column_title: str = "",
) -> None:
    """Draw shares as per cent on coloured cells; a cell whose row and column have the same name gets a frame.

    Args:
        shares: (R, C) in [0, 1]; NaN leaves a cell blank.
        path: The PNG file; missing folders are made.
        rows: Names of the R rows.
        columns: Names of the C columns.
        title: Stands above.
        row_title: What the rows are.
        column_title: What the columns are.

    Raises:
        UsageError: If there is no cell, or names and shares don't fit together.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if shares.shape != (len(rows), len(columns)) or not shares.size:
        raise UsageError(
            f"A matrix of shape {shares.shape} has no place for {len(rows)} rows and {len(columns)} columns",
            remedy="Give one name for each row and column, at least one.",
        )
    try:
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    wide, high = _INCHES_PER_CELL
    figure = Figure(
        figsize=(wide * len(columns) + 2.2, high * len(rows) + 1.5), dpi=120, layout="constrained"
    )
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for row, column in np.argwhere(np.isfinite(shares)).tolist():
        share = float(shares[row, column])
        colour = "white" if share > _DARK else _INK
        axes.text(column, row, f"{100 * share:.1f}", color=colour, fontsize=9, ha="center", va="center")
        if rows[row] == columns[column]:
            axes.add_patch(
                Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=_OWN, linewidth=2)
            )
    axes.set_xticks(range(len(columns)), columns, fontsize=9, color=_INK, rotation=30, ha="left")
    axes.set_yticks(range(len(rows)), rows, fontsize=9, color=_INK)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(column_title, fontsize=9, color=_MUTED)
    axes.set_ylabel(row_title, fontsize=9, color=_MUTED)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.suptitle(title, fontsize=11, color=_INK)
    with replacing(path) as part:
        # Without a version in it, the same numbers give the same bytes.
        figure.savefig(part, format="png", facecolor="white", metadata={"Software": None})
