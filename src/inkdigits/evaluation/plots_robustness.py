"""Pictures of corruptions: what they look like, and what they do to models.

Owns: drawing these two with Matplotlib, imported where it is used. Leaves to others: the corruptions (corruptions)
and the numbers (robustness).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from inkdigits.errors import DataNotFoundError, MissingExtraError, UsageError
from inkdigits.evaluation.robustness import CLEAN, CONDITIONS, CorruptionResult, corrupt_digits
from inkdigits.files import replacing
from inkdigits.types import Gray, LabelledImages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _MUTED = "#1b1b1b", "#5f6368"
_COLORS: Final = ("#3b6ea5", "#e0a03c", "#7a9a4f", "#b5534c", "#8a6fae", "#6b6b6b")
"""Of the models, in order; they start anew after the last."""
_GAP_PX: Final = 2
_GAP_GRAY: Final = 200  # neither the white of stripes, nor the grey of brightness, nor black
_INCHES_PER_PX: Final = 0.6 / 28


def save_corruption_sheet(data: LabelledImages, path: str | os.PathLike[str], *, seed: int = 0) -> None:
    """Draw one digit of each class under each corruption, one row for each, ink bright as the classifier sees it.

    Args:
        data: (N, 28, 28) uint8 digits; the first of each class is drawn, at least one.
        path: The PNG file; missing folders are made.
        seed: Of the corruptions; equal seeds give equal sheets.

    Raises:
        DataNotFoundError: If there is no digit.
        UsageError: If the digits are not 28x28.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    present, firsts = np.unique(data.labels, return_index=True)
    if not len(present):
        raise DataNotFoundError(f"{data.name} holds no digit", remedy="Choose another split.")
    chosen = LabelledImages(data.images[firsts], data.labels[firsts], data.label_names, data.name)
    strips = [_join(corrupt_digits(chosen, name, seed=seed).images) for name in CONDITIONS]
    sheet = np.pad(np.concatenate(strips), ((_GAP_PX, 0), (0, 0)), constant_values=_GAP_GRAY)
    height, width = sheet.shape
    figure = _make_figure(_INCHES_PER_PX * width + 1.6, _INCHES_PER_PX * height + 0.4)
    figure.suptitle(f"{data.name}: the corruptions of MNIST-C", fontsize=11, color=_INK)
    axes = figure.add_subplot()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    pitch = chosen.images.shape[1] + _GAP_PX
    axes.set_yticks(
        [(row + 0.5) * pitch for row in range(len(CONDITIONS))], CONDITIONS, fontsize=9, color=_INK
    )
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    _save(figure, path)


def save_error_chart(
    results: Sequence[CorruptionResult], path: str | os.PathLike[str], *, title: str = ""
) -> None:
    """Draw the error of several models under each corruption as bars; the mean stands below.

    Args:
        results: At least one; all with the same conditions and digits.
        path: The PNG file; missing folders are made.
        title: Stands above.

    Raises:
        DataNotFoundError: If there is no result.
        UsageError: If the results are not about the same conditions and digits.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not results:
        raise DataNotFoundError("There is no model to draw", remedy="Judge at least one.")
    first = results[0]
    facts = {(tuple(result.wrong), result.data, result.count) for result in results}
    if len(facts) > 1:
        raise UsageError("The results are about other digits or corruptions", remedy="Draw them one by one.")
    names = [*([CLEAN] if CLEAN in first.wrong else []), *first.errors, f"mean of {len(first.errors)}"]
    height = 0.8 / len(results)
    figure = _make_figure(8, 0.13 * len(names) * (len(results) + 1) + 1)
    axes = figure.add_subplot()
    places = np.arange(len(names))
    for number, result in enumerate(results):
        shares = [*([result.clean_error] if CLEAN in first.wrong else []), *result.errors.values()]
        percents = [100 * (share or 0.0) for share in [*shares, result.mean_error]]
        label = f"{result.model}, normalised" if result.is_normalized else result.model
        color = _COLORS[number % len(_COLORS)]
        bars = axes.barh(places - 0.4 + (number + 0.5) * height, percents, height, label=label, color=color)
        axes.bar_label(bars, fmt="{:.1f}", fontsize=6.5, color=_MUTED, padding=2)
    axes.set_yticks(places, names, fontsize=9, color=_INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.axhline(len(names) - 1.5, color=_MUTED, linewidth=0.6)
    axes.set_xlabel(f"wrong answers, % of {first.count:,} digits of {first.data}", fontsize=9, color=_MUTED)
    axes.tick_params(axis="x", labelsize=8, colors=_MUTED)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize=11, color=_INK)
    _save(figure, path)


def _join(images: Gray) -> Gray:
    """Put images side by side, gaps between and below: (N, H, W) -> (H + gap, N * (W + gap) + gap)."""
    framed = np.pad(images, ((0, 0), (0, _GAP_PX), (_GAP_PX, 0)), constant_values=_GAP_GRAY)
    return np.pad(np.concatenate(list(framed), axis=1), ((0, 0), (0, _GAP_PX)), constant_values=_GAP_GRAY)


def _make_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that needs no display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    return Figure(figsize=(width_inches, height_inches), dpi=120, layout="constrained")


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    with replacing(path) as part:
        # Without a version in it, the same numbers give the same bytes.
        figure.savefig(part, format="png", facecolor="white", metadata={"Software": None})
