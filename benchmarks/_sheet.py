"""A sheet of pictures with a line of text under each: mistakes are to be looked at, not counted only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

CELL_PX, LINE_PX, COLUMNS = 150, 18, 10


def save_sheet(items: Sequence[tuple[Image.Image, str]], path: Path) -> None:
    """Save pictures in rows of ten, each scaled to its cell, with its text below.

    Args:
        items: Pictures and texts; may be empty.
        path: PNG file to write.
    """
    columns = max(1, min(COLUMNS, len(items)))
    rows = max(1, -(-len(items) // columns))
    cell = (CELL_PX + 6, CELL_PX + LINE_PX + 6)
    sheet = Image.new("RGB", (columns * cell[0], rows * cell[1]), "#dddddd")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for index, (picture, text) in enumerate(items):
        x, y = index % columns * cell[0] + 3, index // columns * cell[1] + 3
        fitted = picture.convert("RGB")
        zoom = CELL_PX / max(fitted.size)
        size = (max(1, round(fitted.width * zoom)), max(1, round(fitted.height * zoom)))
        sheet.paste(
            fitted.resize(size, Image.Resampling.LANCZOS if zoom < 1 else Image.Resampling.NEAREST), (x, y)
        )
        draw.text((x, y + CELL_PX + 1), text.replace("\n", "/")[:24], font=font, fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
