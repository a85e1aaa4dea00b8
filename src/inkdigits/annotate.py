"""Draws a reading on its picture: boxes, labels, confidence, what a person should look at, and what was rejected.

Owns: the annotated picture. Leaves to others: saving it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkdigits.images import Page
from inkdigits.types import Box, Digit, Mark, Reading

# Colours of Okabe and Ito (2008), told apart with any kind of colour vision: sure, less sure, unsure, rejected.
SURE, LESS_SURE, UNSURE, REJECTED = "#009e73", "#e69f00", "#d55e00", "#888888"
SURE_FROM, LESS_SURE_FROM = 0.95, 0.7
LEAST_PX = 480  # smaller pictures are enlarged so that the letters can be read
LABEL_SIZE = 1.5  # size of the digit's label in sizes of the confidence below it
LETTERS_WIDE = 2.2  # ">99%" is 2.2 times as wide as its letters are high
MARK_PX = 10  # size of a mark's label in widths of the line
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
    line_px = max(2, round(zoom * max(height, width) / 500))
    digits = [digit for number in reading.numbers if number.page == page_index for digit in number.digits]
    marks = [mark for number in reading.numbers if number.page == page_index for mark in number.marks]
    violating = [item for item in reading.review if item.page == page_index and item.reason == "violates"]
    rejected = [item for item in reading.rejected if item.page == page_index][:MOST_REJECTED]
    margin_px = max([0, *(_label_height(d.box, zoom) + line_px - d.box.y * zoom for d in digits)])
    scaled = Image.fromarray(np.ascontiguousarray(page.rgb)).resize(
        (width * zoom, height * zoom), Image.Resampling.NEAREST
    )
    picture = Image.new("RGB", (scaled.width, scaled.height + margin_px), "white")
    picture.paste(scaled, (0, margin_px))
    draw = ImageDraw.Draw(picture)
    for item in rejected:
        draw.rectangle(_corners(item.box, zoom, margin_px), outline=REJECTED, width=1)
    for digit in digits:
        _draw_digit(draw, digit, _corners(digit.box, zoom, margin_px), zoom=zoom, line_px=line_px)
    for mark in marks:
        _draw_mark(draw, mark, _corners(mark.box, zoom, margin_px), line_px=line_px)
    for odd in violating:
        away = 3 * line_px  # around the frames of the digits
        left, top, right, bottom = _corners(odd.box, zoom, margin_px)
        frame = (left - away, top - away, right + away, bottom + away)
        draw.rectangle(frame, outline=UNSURE, width=line_px)
    return picture


def _draw_digit(
    draw: ImageDraw.ImageDraw, digit: Digit, corners: tuple[int, int, int, int], *, zoom: int, line_px: int
) -> None:
    """Draw the box and, above it, the label with the confidence below."""
    colour = _colour(digit)
    left, top, right, bottom = corners
    frame = (left - line_px, top - line_px, right + line_px, bottom + line_px)
    draw.rectangle(frame, outline=colour, width=line_px)
    percent, small_px = format_percent(digit.confidence), _small_px(digit.box, zoom)
    width = max(right - left, round(draw.textlength(percent, font=_font(small_px)))) + 2 * line_px
    x, y = round((left + right - width) / 2), top - line_px - _label_height(digit.box, zoom)
    draw.rectangle((x, y, x + width, top - line_px), fill=colour)
    middle, label_px = x + width / 2, round(LABEL_SIZE * small_px)
    label = digit.label if digit.is_sure else f"{digit.label}?"
    draw.text((middle, y + 2), label, font=_font(label_px), fill="white", anchor="mt")
    draw.text((middle, y + label_px + 3), percent, font=_font(small_px), fill="white", anchor="mt")


def _draw_mark(
    draw: ImageDraw.ImageDraw, mark: Mark, corners: tuple[int, int, int, int], *, line_px: int
) -> None:
    """Draw the box and, below it, the label: above stand those of the digits."""
    left, top, right, bottom = corners
    frame = (left - line_px, top - line_px, right + line_px, bottom + line_px)
    draw.rectangle(frame, outline=_colour(mark), width=line_px)
    place = ((left + right) / 2, bottom + line_px + 1)
    draw.text(place, mark.label, font=_font(MARK_PX * line_px), fill=_colour(mark), anchor="mt")


def _small_px(box: Box, zoom: int) -> int:
    """Size of the letters of the confidence: as wide as the box, and low enough to stay between two lines."""
    return int(np.clip(min(box.width * zoom / LETTERS_WIDE, box.height * zoom / 7), 8, 22))


def _label_height(box: Box, zoom: int) -> int:
    small_px = _small_px(box, zoom)
    return round(LABEL_SIZE * small_px) + small_px + 4


def format_percent(confidence: float) -> str:
    """Write a probability as per cent without ever rounding up to certainty.

    Args:
        confidence: In [0, 1].

    Returns:
        Such as "97%"; at most "99%" below 0.995, then ">99%".
    """
    return ">99%" if confidence > 0.995 else f"{min(99, round(100 * confidence))}%"


def _colour(sign: Digit | Mark) -> str:
    if not sign.is_sure:
        return UNSURE
    if sign.confidence >= SURE_FROM:
        return SURE
    return LESS_SURE if sign.confidence >= LESS_SURE_FROM else UNSURE


def _corners(box: Box, zoom: int, margin_px: int) -> tuple[int, int, int, int]:
    return box.x * zoom, box.y * zoom + margin_px, box.right * zoom - 1, box.bottom * zoom - 1 + margin_px


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)  # the font that Pillow carries
