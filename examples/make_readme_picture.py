"""Draws the picture of the README: examples as the shipped model reads them.

python examples/make_readme_picture.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from inkdigits import Reader
from inkdigits.annotate import annotate_page
from inkdigits.images import load_pages

EXAMPLES = Path(__file__).parent
TARGET = EXAMPLES.parent / "docs" / "images" / "reading.png"
NAMES = (("postal-code.png", "blackboard.png"), ("amount.jpg", "list.png"))
ROW_PX, GAP_PX = 300, 12


def main() -> None:
    """Read the examples and save them annotated, two in a row."""
    reader = Reader()
    rows = [join([annotate(reader, name) for name in names]) for names in NAMES]
    width = min(row.width for row in rows)
    fitted = [
        row.resize((width, round(row.height * width / row.width)), Image.Resampling.LANCZOS) for row in rows
    ]
    picture = Image.new("RGB", (width, sum(row.height for row in fitted) + GAP_PX * (len(rows) - 1)), "white")
    top = 0
    for row in fitted:
        picture.paste(row, (0, top))
        top += row.height + GAP_PX
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(128).save(TARGET, optimize=True)
    print(TARGET)


def annotate(reader: Reader, name: str) -> Image.Image:
    """Read one example and scale it to the height of a row."""
    pages = load_pages(EXAMPLES / name)
    picture = annotate_page(pages[0], reader.read_pages([pages])[0])
    return picture.resize((round(picture.width * ROW_PX / picture.height), ROW_PX), Image.Resampling.LANCZOS)


def join(pictures: list[Image.Image]) -> Image.Image:
    """Put pictures beside each other."""
    row = Image.new("RGB", (sum(p.width for p in pictures) + GAP_PX * (len(pictures) - 1), ROW_PX), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + GAP_PX
    return row


if __name__ == "__main__":
    main()
