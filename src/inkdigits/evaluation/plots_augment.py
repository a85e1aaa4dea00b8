"""The picture of an augmentation: the same digits in each row, changed in another way.

Owns: this one figure. Leaves to others: the changes (`inkdigits.training`) and all other pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inkdigits.errors import DataNotFoundError, MissingExtraError
from inkdigits.files import replacing
from inkdigits.types import Gray

_GAP_PX = 2
_INK = "#1b1b1b"


def save_augmentation_sheet(rows: Sequence[tuple[str, Sequence[Gray]]], path: Path, *, title: str) -> None:
    """Draw rows of digits, their names at the left, as a PNG file.

    Args:
        rows: Name and images (H, W) of each row, at least one row and one image; all of one size.
        path: Where to write; missing folders are made.
        title: Stands above.

    Raises:
        DataNotFoundError: If there is nothing to draw.
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    if not rows or not all(images for _, images in rows):
        raise DataNotFoundError("There is no digit to draw", remedy="Choose another split.")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    columns = max(len(images) for _, images in rows)
    figure = Figure(figsize=(0.6 * columns + 1.8, 0.6 * len(rows) + 0.5), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(255 - _join(rows, columns), cmap="gray", vmin=0, vmax=255)
    height = rows[0][1][0].shape[0] + _GAP_PX
    middles = [height * index + (height - _GAP_PX) / 2 for index in range(len(rows))]
    axes.set_yticks(middles, [name for name, _ in rows], fontsize=8, color=_INK)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10, color=_INK)
    with replacing(path) as part:
        # Without a version in it, the same digits give the same bytes.
        figure.savefig(part, format="png", dpi=120, facecolor="white", metadata={"Software": None})


def _join(rows: Sequence[tuple[str, Sequence[Gray]]], columns: int) -> Gray:
    """Put all images on one sheet, ink bright, two blank pixels between them."""
    height, width = (side + _GAP_PX for side in rows[0][1][0].shape)
    sheet = np.zeros((height * len(rows), width * columns), np.uint8)
    for row, (_, images) in enumerate(rows):
        for column, image in enumerate(images):
            y, x = row * height, column * width
            sheet[y : y + image.shape[0], x : x + image.shape[1]] = image
    return sheet
