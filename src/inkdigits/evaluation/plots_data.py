"""Pictures of data sets: contact sheets and how many images each class has.

Owns: drawing with Matplotlib, imported where it is used. Leaves to others: the data themselves (datasets).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inkdigits.datasets import count_classes
from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.files import replacing
from inkdigits.types import Gray, LabelledImages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_ROWS = 20
"""Most classes on one contact sheet; what is left out is told in its title."""
DPI = 120
"""Resolution of the pictures: 10 inches become 1200 pixels."""

_INK, _MUTED, _BAR = "#1b1b1b", "#5f6368", "#3b6ea5"


def save_contact_sheet(
    data: LabelledImages, path: str | os.PathLike[str], *, samples: int = 12, seed: int = 0
) -> None:
    """Draw random samples of each class, one labelled row per class, as a PNG file.

    Args:
        data: Labelled glyphs, at least one; classes without images are left out.
        path: Where to write; missing folders are made.
        samples: Most images per class.
        seed: Which samples; equal seeds give equal sheets.

    Raises:
        DataNotFoundError: If there is no image.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    present = np.unique(data.labels)
    if not len(present):
        raise DataNotFoundError(f"{data.name} holds no image", remedy="Choose another split.")
    rng = np.random.default_rng(seed)
    shown = present[:MAX_ROWS]
    rows = [
        (data.label_names[label], _draw_samples(data, label, samples, rng))
        for label in (int(value) for value in shown)
    ]
    title = f"{data.name}: {len(data):,} images, {len(present)} classes"
    if len(present) > len(shown):
        title += f" (the first {len(shown)} are shown)"
    _save(_draw_rows(rows, title), path)


def save_picture_sheet(
    thumbnails: Sequence[tuple[str, Gray]],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    columns: int = 8,
) -> None:
    """Draw captioned thumbnails in a grid, as a PNG file: for sets whose texts are whole numbers.

    Args:
        thumbnails: (caption, (H, W) uint8 with ink bright), at least one.
        path: Where to write; missing folders are made.
        title: Stands above the grid.
        columns: Most thumbnails in a row.

    Raises:
        DataNotFoundError: If there is no thumbnail.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not thumbnails:
        raise DataNotFoundError(f"{title or 'The set'} holds no picture", remedy="Choose another split.")
    columns = min(columns, len(thumbnails))
    rows = math.ceil(len(thumbnails) / columns)
    figure = _make_figure(1.5 * columns, 1.75 * rows + 0.5)
    figure.suptitle(title, fontsize=11, color=_INK)
    for number, (caption, image) in enumerate(thumbnails, start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(caption, fontsize=8, color=_INK)
        axes.set_axis_off()
    _save(figure, path)


def save_class_distribution(data: LabelledImages, path: str | os.PathLike[str]) -> None:
    """Draw how many images each class has, as a PNG file.

    Args:
        data: Labelled glyphs.
        path: Where to write; missing folders are made.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    save_count_chart(count_classes(data), path, title=f"{data.name}: images per class")


def save_count_chart(counts: Mapping[str, int], path: str | os.PathLike[str], *, title: str) -> None:
    """Draw counts as bars, in the given order, as a PNG file.

    Args:
        counts: Name -> count, at least one.
        path: Where to write; missing folders are made.
        title: Stands above; the total is added.

    Raises:
        DataNotFoundError: If there is no count.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not counts:
        raise DataNotFoundError(f"{title}: nothing to count", remedy="Choose another split.")
    # Names stay readable: bars lie when there are many or their names are long.
    is_upright = len(counts) <= 16 and max(map(len, counts)) <= 4
    figure = _make_figure(8, 4.5 if is_upright else max(2.5, 0.22 * len(counts) + 1))
    axes = figure.add_subplot()
    names, values = list(counts), list(counts.values())
    bars = axes.bar(names, values, color=_BAR) if is_upright else axes.barh(names, values, color=_BAR)
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, color=_MUTED, padding=2)
    if not is_upright:
        axes.invert_yaxis()
    axes.margins(x=None if is_upright else 0.1, y=0.1 if is_upright else 0.01)  # room for the numbers
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_MUTED)
    axes.set_title(f"{title} (total {sum(values):,})", fontsize=11, color=_INK)
    _save(figure, path)


def _draw_samples(data: LabelledImages, label: int, samples: int, rng: np.random.Generator) -> list[Gray]:
    """Choose up to `samples` images of a class, in the order of the data."""
    positions = rng.permutation(np.flatnonzero(data.labels == label))[:samples]
    return [data.images[position] for position in np.sort(positions)]


def _draw_rows(rows: Sequence[tuple[str, list[Gray]]], title: str) -> Figure:
    """Draw one strip per class, its name at the left."""
    columns = max(len(images) for _, images in rows)
    name_inches = 0.3 + 0.085 * max(len(name) for name, _ in rows)
    width, height = 0.7 * columns + name_inches, 0.7 * len(rows) + 0.6
    figure = _make_figure(width, height)
    figure.suptitle(title, fontsize=11, color=_INK)
    grid = figure.add_gridspec(len(rows), 1)
    for row, (name, images) in enumerate(rows):
        axes = figure.add_subplot(grid[row, 0])
        axes.imshow(255 - _join_images(images, columns), cmap="gray", vmin=0, vmax=255)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=_INK)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def _join_images(images: Sequence[Gray], columns: int) -> Gray:
    """Put images side by side, two blank columns between them, padded to `columns` places."""
    height, width = images[0].shape
    strip = np.zeros((height, columns * (width + 2)), np.uint8)
    for position, image in enumerate(images):
        left = position * (width + 2)
        strip[:, left : left + width] = image
    return strip


def _make_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that needs no display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    return Figure(figsize=(max(width_inches, 4), height_inches), dpi=DPI, layout="constrained")


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a PNG as a whole or not at all."""
    with replacing(path) as part:
        figure.savefig(part, format="png", facecolor="white")
