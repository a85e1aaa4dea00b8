"""Draws a reading on its picture: boxes, labels, confidence, and what was rejected.

Owns: the annotated picture. Leaves to others: saving it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkdigits.images import Page
from inkdigits.types import Box, Digit, Reading

# Colours of Okabe and Ito (2008), told apart with any kind of colour vision: sure, less sure, unsure, rejected.
SURE, LESS_SURE, UNSURE, REJECTED = "#009e73", "#e69f00", "#d55e00", "#888888"
SURE_FROM, LESS_SURE_FROM = 0.95, 0.7
LEAST_PX = 480  # smaller pictures are enlarged so that the letters can be read
MOST_REJECTED = 200  # specks beyond this only clutter the picture


def annotate_page(page: Page, reading: Reading, *, page_index: int = 0) -> Image.Image:
    """Draw boxes, labels and confidence on a page.

    Args:
        page: The page that was read.
        reading: What was read.
        page_index: Which page of the reading this is.

    Returns:
        An RGB picture of the page, with room above for the text; enlarged if the page is small.
    """
    height, width = page.size
    zoom = max(1, round(LEAST_PX / max(height, width)))
    size = (width * zoom, height * zoom)
    picture = Image.fromarray(np.ascontiguousarray(page.rgb)).resize(size, Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    line_px = max(2, round(max(size) / 500))
    for item in [r for r in reading.rejected if r.page == page_index][:MOST_REJECTED]:
        draw.rectangle(_corners(item.box, zoom), outline=REJECTED, width=1)
    for number in [n for n in reading.numbers if n.page == page_index]:
        for digit in number.digits:
            _draw_digit(draw, digit, zoom=zoom, line_px=line_px)
    return picture


def _draw_digit(draw: ImageDraw.ImageDraw, digit: Digit, *, zoom: int, line_px: int) -> None:
    colour = _colour(digit.confidence)
    left, top, right, bottom = _corners(digit.box, zoom)
    draw.rectangle(
        (left - line_px, top - line_px, right + line_px, bottom + line_px), outline=colour, width=line_px
    )
    font_px = int(np.clip((bottom - top) * 0.35, 12, 40))
    label = f"{digit.label} {format_percent(digit.confidence)}"
    y = top - font_px - 2 * line_px - 2
    if y < 0:
        y = bottom + line_px + 1
    frame = draw.textbbox((left, y), label, font=_font(font_px))
    draw.rectangle((frame[0] - 2, frame[1] - 1, frame[2] + 2, frame[3] + 1), fill=colour)
    draw.text((left, y), label, font=_font(font_px), fill="white")


def format_percent(confidence: float) -> str:
    """Write a probability as per cent without ever rounding up to certainty.

    Args:
        confidence: In [0, 1].

    Returns:
        Such as "97%"; at most "99%" below 0.995, then ">99%".
    """
    return ">99%" if confidence > 0.995 else f"{min(99, round(100 * confidence))}%"


def _colour(confidence: float) -> str:
    if confidence >= SURE_FROM:
        return SURE
    return LESS_SURE if confidence >= LESS_SURE_FROM else UNSURE


def _corners(box: Box, zoom: int) -> tuple[int, int, int, int]:
    return box.x * zoom, box.y * zoom, box.right * zoom - 1, box.bottom * zoom - 1


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)  # the font that Pillow carries
