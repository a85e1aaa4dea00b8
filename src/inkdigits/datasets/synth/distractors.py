"""Ink that is not to be read: print, edges of boxes, stamps, scribbles, other fields, the back of the sheet.

Owns: putting it on a draft. Leaves to others: the forms of strokes (`synth.shapes`), patterns over the whole paper
(`synth.grounds`).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from inkdigits.datasets.synth import shapes
from inkdigits.datasets.synth.draft import Draft
from inkdigits.datasets.synth.fonts import FONTS, find_fonts
from inkdigits.datasets.synth.inking import draw_lines, ink_glyph
from inkdigits.datasets.synth.sheet import Color
from inkdigits.types import Ink

WORDS = (
    "Name", "Datum", "Date", "Amount", "Betrag", "PAY TO", "Valor", "Pesos", "Total", "Summe", "Nr.", "CUENTA",
    "Euro", "Note", "Code postal", "Marks", "Grade", "Ref", "Page", "Monto", "USD", "Cheque", "Firma", "Klasse",
    "Year", "Att", "TIMBRE", "Kun", "Fecha", "Rut", "VENTA", "Fyra", "Hand", "Reg", "A", "KM", "Ch", "$", "€",
)  # fmt: skip
SYLLABLES = (
    "an", "be", "co", "dor", "el", "fi", "gru", "ho", "is", "jo", "ka", "lo", "mi", "no", "os", "pre", "qui", "ro",
    "so", "tion", "um", "ver", "wo", "xi", "ya", "zo", "bil", "sol", "gio", "sig", "lis", "ing", "ob", "zi",
)  # fmt: skip
PRINT_COLORS: tuple[Color, ...] = (
    (20, 20, 22),
    (60, 60, 70),
    (30, 60, 130),
    (150, 40, 40),
    (40, 110, 70),
    (120, 120, 125),
)


@lru_cache(maxsize=4096)
def render_print(text: str, *, font: int, size_px: int) -> Ink:
    """Print a text.

    Args:
        text: One line.
        font: Which of the fonts of this machine, counted around; OpenCV's own where there is none.
        size_px: Size of the font: about the height of an "h" with its foot.

    Returns:
        (H, W) float32 in [0, 1], ink = 1, cropped. Shared: don't change it.
    """
    paths = find_fonts()
    if paths:
        face = ImageFont.truetype(paths[font % len(paths)], size_px)
        left, top, right, bottom = face.getbbox(text)
        picture = Image.new("L", (max(1, round(right - left)) + 2, max(1, round(bottom - top)) + 2))
        ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=face)
        image = np.asarray(picture, np.uint8)
    else:
        scale = size_px / 30
        (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        image = np.zeros((height + below + 2, width + 2), np.uint8)
        cv2.putText(image, text, (1, height), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA)
    return np.asarray(image / np.float32(255), np.float32)


def draw_word(rng: np.random.Generator) -> str:
    """Return a word of a form, or an invented one in small letters, capitals or both."""
    if rng.random() < 0.5:
        return str(rng.choice(WORDS))
    word = "".join(rng.choice(SYLLABLES, int(rng.integers(1, 4))))
    return str(rng.choice([word, word.upper(), word.capitalize(), word.capitalize() + ":"]))


def put_print(draft: Draft, text: str, corner: tuple[float, float], *, size_px: float) -> None:
    """Print a text into the wet ink, as one sign without a name."""
    patch = render_print(text, font=int(draft.rng.integers(len(FONTS))), size_px=max(6, round(size_px)))
    draft.sheet.add(patch, corner, label="")


def dry_print(draft: Draft) -> None:
    """Let print dry in a printer's colour."""
    color = PRINT_COLORS[int(draft.rng.integers(len(PRINT_COLORS)))]
    draft.sheet.dry(color, strength=float(draft.rng.uniform(0.45, 1.0)))


def add_print(draft: Draft, *, around: tuple[float, float, float, float]) -> None:
    """Print the field that a number stands in: a box whose edges may cut through it, a line, a word, a currency.

    Args:
        draft: The page; its wet ink dries.
        around: x, y, width, height of the number.
    """
    rng, d = draft.rng, draft.digit_px
    x, y, width, height = around
    pen = float(rng.uniform(0.8, 2.5))
    left, top = x - d * rng.uniform(-0.2, 1.0), y - d * rng.uniform(-0.15, 0.6)
    right, bottom = x + width + d * rng.uniform(-0.2, 1.5), y + height + d * rng.uniform(-0.2, 0.5)
    chance = float(rng.random())
    if chance < 0.35:
        path = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
        draft.sheet.draw([path], pen_px=pen)
        if rng.random() < 0.3:
            draft.sheet.draw([path + np.array([3.0, 3.0])], pen_px=pen)
    elif chance < 0.7:
        ends = (-99.0, draft.size_px[1] + 99.0) if rng.random() < 0.6 else (left, right)
        ys = [bottom] if rng.random() < 0.6 else [bottom, bottom + float(rng.uniform(2, 5))]
        for line_y in ys:
            draft.sheet.draw([np.array([[ends[0], line_y], [ends[1], line_y]])], pen_px=pen)
    if rng.random() < 0.3:
        edge = left if rng.random() < 0.5 else right
        draft.sheet.draw([np.array([[edge, -99.0], [edge, draft.size_px[0] + 99.0]])], pen_px=pen)
    if rng.random() < 0.45:
        word = draw_word(rng)
        size = d * float(rng.uniform(0.3, 0.6) if rng.random() < 0.7 else rng.uniform(0.8, 1.3))
        at = (left + rng.uniform(2, 6), top - size) if rng.random() < 0.6 else (left - d * len(word) * 0.5, y)
        put_print(draft, word, at, size_px=size)
    dry_print(draft)


def add_intruders(draft: Draft) -> None:
    """Let ink of other fields come in from the edges, in other pens; most of it stays outside the picture."""
    rng, d = draft.rng, draft.digit_px
    height, width = draft.size_px
    for _ in range(int(rng.integers(1, 4))):
        side = int(rng.integers(4))
        patch = _draw_other(draft, size_px=d * float(rng.uniform(0.8, 2.2)))
        tall, wide = patch.shape
        seen = float(rng.uniform(0.1, 0.35)) * min(d, tall, wide)
        x, y = float(rng.uniform(-d, width)), float(rng.uniform(-d, height))
        corner = [(x, seen - tall), (x, height - seen), (seen - wide, y), (width - seen, y)][side]
        draft.sheet.add(patch, corner, label="")
    draft.dry()


def _draw_other(draft: Draft, *, size_px: float) -> Ink:
    """Return a letter, signature or scribble as a patch."""
    rng = draft.rng
    pen = size_px * float(rng.uniform(0.05, 0.12)) + 0.6
    if rng.random() < 0.35:
        patch, _ = draw_lines([path * size_px for path in shapes.make_signature(rng)], pen_px=pen)
        return patch
    glyph = draft.bank.draw_other(rng, categories=("letter", "scribble", "fake", "character"))
    return ink_glyph(glyph, height_px=size_px, pen_px=pen, shear=float(rng.uniform(-0.1, 0.6)))


def add_bleed_through(draft: Draft) -> None:
    """Let the mirrored writing of the back show faintly; it is no sign."""
    rng, d = draft.rng, draft.digit_px
    height, width = draft.size_px
    style = draft.make_style()
    for _ in range(int(rng.integers(2, 7))):
        glyph, _ = style.hand.pick(int(rng.integers(10)), rng)
        patch = ink_glyph(
            glyph, height_px=d * float(rng.uniform(0.8, 1.3)), pen_px=style.pen_px, shear=style.shear
        )
        draft.sheet.press(
            patch[:, ::-1], (float(rng.uniform(0, width)), float(rng.uniform(-0.3 * d, height)))
        )
    draft.sheet.wet = np.asarray(
        cv2.GaussianBlur(draft.sheet.wet, (0, 0), float(rng.uniform(0.6, 1.6))), np.float32
    )
    draft.sheet.dry((110, 95, 80), strength=float(rng.uniform(0.06, 0.2)))


def add_stamp(draft: Draft, *, center: tuple[float, float], radius_px: float) -> None:
    """Stamp rings with letters around and across; the whole is one sign without a name."""
    rng = draft.rng
    side = int(2 * radius_px) + 6
    turns = np.linspace(0, 2 * np.pi, 60)
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    patch = np.zeros((side, side), np.float32)
    for part in (1.0, 0.92, 0.6)[: int(rng.integers(1, 4))]:
        ring, (x, y) = draw_lines([circle * part * radius_px + side / 2], pen_px=float(rng.uniform(1, 2.5)))
        _overlay(patch, ring, x, y)
    font = int(rng.integers(len(FONTS)))
    letters = "".join(rng.choice(list("ACEFHKLMNPRTUVWX"), 14))
    for i, letter in enumerate(letters):
        glyph = render_print(letter, font=font, size_px=max(6, round(0.26 * radius_px)))
        angle = 2 * np.pi * i / len(letters)
        at = side / 2 + 0.76 * radius_px * np.array([np.cos(angle), np.sin(angle)])
        turn = cv2.getRotationMatrix2D(
            (glyph.shape[1] / 2, glyph.shape[0] / 2), -90 - float(np.rad2deg(angle)), 1
        )
        turned = np.asarray(cv2.warpAffine(glyph, turn, glyph.shape[::-1]), np.float32)
        _overlay(patch, turned, int(at[0] - glyph.shape[1] / 2), int(at[1] - glyph.shape[0] / 2))
    word = render_print(draw_word(rng), font=font, size_px=max(6, round(0.4 * radius_px)))
    _overlay(patch, word, int((side - word.shape[1]) / 2), int((side - word.shape[0]) / 2))
    draft.sheet.add(patch, (center[0] - side / 2, center[1] - side / 2), label="")
    colors = ((150, 40, 60), (60, 50, 140), (40, 90, 80), (70, 70, 75))
    draft.sheet.dry(colors[int(rng.integers(len(colors)))], strength=float(rng.uniform(0.25, 0.8)))


def _overlay(patch: Ink, ink: npt.NDArray[np.float32], x: int, y: int) -> None:
    """Lay ink over a patch; what hangs over is cut off."""
    ink = ink[max(0, -y) :, max(0, -x) :]
    x, y = max(0, x), max(0, y)
    view = patch[y : y + ink.shape[0], x : x + ink.shape[1]]
    np.maximum(view, ink[: view.shape[0], : view.shape[1]], out=view)
