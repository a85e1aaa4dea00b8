"""What models see of a digit, as one sheet: picture, 28x28 form, row of pixels, HOG, one-hot label.

Owns: drawing it with Matplotlib, imported where it is used. Leaves to others: the numbers (ink, features).
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from inkdigits.datasets import one_hot
from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.features import CELL_PX, ORIENTATIONS, compute_features
from inkdigits.files import replacing
from inkdigits.ink import SIZE_PX, normalize_images
from inkdigits.types import Gray, Ink, LabelledImages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MUTED, _STROKE, _FAINT = "#1b1b1b", "#5f6368", "#3b6ea5", "#d5d8dc"
_HEADS = ("as it comes", "normalised: 28x28", "flattened: 784 pixels", "HOG: 588 numbers", "one-hot")


def save_feature_sheet(
    data: LabelledImages, path: str | os.PathLike[str], *, samples: int = 5, seed: int = 0
) -> None:
    """Draw what models see of some digits, one row for each, as a PNG file.

    Args:
        data: (N, H, W) uint8, ink bright; at least one.
        path: Where to write; missing folders are made.
        samples: Most digits, drawn at random, of different classes where there are enough.
        seed: Which ones; equal seeds give equal sheets.

    Raises:
        DataNotFoundError: If there is no digit.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not len(data):
        raise DataNotFoundError(f"{data.name} holds no digit", remedy="Choose another split.")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    chosen = _choose(data, samples, seed)
    images, forms = data.images[chosen], normalize_images(data.images[chosen])
    gradients = compute_features(forms, "hog")
    hot = one_hot(data.labels[chosen], len(data.label_names))
    figure = Figure(figsize=(11, 1.75 * len(chosen) + 0.4), dpi=120, layout="constrained")
    cells = figure.subplots(len(chosen), 5, squeeze=False, width_ratios=[1, 1, 2.4, 1.15, 1.9])
    for row, axes in enumerate(cells):
        _draw_picture(axes[0], images[row])
        _draw_form(axes[1], forms[row])
        _draw_flat(axes[2], forms[row])
        _draw_gradients(axes[3], gradients[row])
        _draw_label(axes[4], hot[row], data.label_names)
        axes[0].set_ylabel(data.label_names[data.labels[chosen[row]]], rotation=0, fontsize=13, color=_INK,
                           labelpad=14, va="center")  # fmt: skip
    for axes, head in zip(cells[0], _HEADS, strict=True):
        axes.set_title(head, fontsize=10, color=_INK)
    with replacing(path) as part:
        figure.savefig(part, format="png", facecolor="white", metadata={"Software": None})


def _choose(data: LabelledImages, samples: int, seed: int) -> npt.NDArray[np.int64]:
    """Return positions, of a new class each as long as there is one."""
    order = np.random.default_rng(seed).permutation(len(data))
    _, firsts = np.unique(data.labels[order], return_index=True)
    others = np.setdiff1d(np.arange(len(order)), firsts)
    chosen: npt.NDArray[np.int64] = order[np.concatenate([np.sort(firsts), others])[:samples]]
    return chosen[np.argsort(data.labels[chosen], kind="stable")]


def _draw_picture(axes: Axes, image: Gray) -> None:
    axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    _clear(axes)


def _draw_form(axes: Axes, form: Ink) -> None:
    """Draw the form with the 20 px box that its ink fills, and the centre."""
    axes.imshow(1 - form, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.plot([14], [14], marker="+", color="#d55e00", markersize=7)
    _clear(axes)


def _draw_flat(axes: Axes, form: Ink) -> None:
    """Draw the row of pixels as a strip, from left to right; each tooth is one row of the digit."""
    axes.imshow(
        1 - form.reshape(1, -1), cmap="gray", vmin=0, vmax=1, interpolation="antialiased", aspect="auto"
    )
    _clear(axes)


def _draw_gradients(axes: Axes, features: npt.NDArray[np.float32]) -> None:
    """Draw a rose in each cell: as long in each direction as the gradients there are strong."""
    cells = SIZE_PX // CELL_PX
    roses = features.reshape(ORIENTATIONS, cells, cells)
    longest = max(float(roses.max()), 1e-6)
    for turn in range(ORIENTATIONS):
        angle = 2 * math.pi * turn / ORIENTATIONS
        for (y, x), share in np.ndenumerate(roses[turn]):
            if share > 0.15 * longest:
                reach = 0.75 * float(share) / longest
                axes.plot([x, x + reach * math.cos(angle)], [y, y + reach * math.sin(angle)],
                          color=_STROKE, linewidth=1)  # fmt: skip
    axes.set_xlim(-0.5, cells - 0.5)
    axes.set_ylim(cells - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks(np.arange(cells + 1) - 0.5, [])
    axes.set_yticks(np.arange(cells + 1) - 0.5, [])
    axes.grid(visible=True, color=_FAINT, linewidth=0.6)
    axes.tick_params(length=0)
    axes.spines[:].set_color(_FAINT)


def _draw_label(axes: Axes, hot: npt.NDArray[np.float32], names: tuple[str, ...]) -> None:
    axes.imshow(hot[None], cmap="Blues", vmin=0, vmax=1.4, aspect="equal")
    for place, value in enumerate(hot):
        axes.text(place, 0, f"{value:.0f}", ha="center", va="center", fontsize=8, color=_INK)
    axes.set_xticks(range(len(names)), names, fontsize=8, color=_MUTED)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_color(_FAINT)


def _clear(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(_FAINT)
