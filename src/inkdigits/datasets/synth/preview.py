"""Contact sheets of made pages, with their boxes.

Owns: drawing them. Leaves to others: making pages (`synth.make`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import cv2
import numpy as np

from inkdigits.datasets.synth.page import MARKS, SynthPage
from inkdigits.errors import OutputError
from inkdigits.files import replacing
from inkdigits.types import Rgb

DIGIT_COLORS = (
    (230, 25, 75), (60, 180, 75), (0, 110, 230), (245, 130, 48), (145, 30, 180),
    (0, 170, 170), (240, 50, 230), (130, 160, 0), (170, 110, 40), (128, 0, 0),
)  # fmt: skip
"""One for each digit."""
MARK_COLOR = (90, 90, 255)
OTHER_COLOR = (128, 128, 128)
GAP_PX = 4
ENLARGED = 2
"""Pages are drawn twice as large, so that thin boxes don't hide their ink."""


def draw_page(page: SynthPage) -> Rgb:
    """Draw the boxes of a page on it, enlarged, with the number's index left of the first digit of each."""
    image = page.image if page.image.ndim == 3 else cv2.cvtColor(page.image, cv2.COLOR_GRAY2RGB)
    canvas = np.ascontiguousarray(np.repeat(np.repeat(image, ENLARGED, axis=0), ENLARGED, axis=1))
    for sign in page.signs:
        x, y, width, height = (round(ENLARGED * value) for value in sign.box)
        color = OTHER_COLOR
        if sign.label:
            color = MARK_COLOR if sign.label in MARKS else DIGIT_COLORS[int(sign.label)]
        cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), color, 1)
        if sign.label.isdigit():
            cv2.putText(canvas, sign.label, (x, y - 1), cv2.FONT_HERSHEY_PLAIN, 0.8, color, 1, cv2.LINE_AA)
    return np.asarray(canvas, np.uint8)


def save_page_sheet(pages: Sequence[SynthPage], path: str | os.PathLike[str], *, columns: int = 2) -> None:
    """Write pages of one size as one PNG file.

    Args:
        pages: At least one.
        path: Where to; missing folders are made.
        columns: Pages in a row.

    Raises:
        OutputError: If the file can't be written.
    """
    tiles = [draw_page(page) for page in pages]
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + GAP_PX), columns * (width + GAP_PX), 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (height + GAP_PX), index % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = tile
    done, data = cv2.imencode(".png", sheet[..., ::-1])
    if not done:
        raise OutputError(f"{path} can't be encoded as PNG", remedy="Ask for fewer pages.")
    with replacing(path) as part:
        part.write_bytes(data.tobytes())
