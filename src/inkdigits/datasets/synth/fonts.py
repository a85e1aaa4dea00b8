"""Letters and signs of many scripts out of the fonts of this machine: ink that is no digit.

Owns: finding fonts, the choice of signs, leaving out those that look like digits. Leaves to others: their size and
pen (`synth.inking`), printed words (`synth.distractors`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from inkdigits.datasets.allographs import ALLOGRAPHS, DIGITS
from inkdigits.datasets.synth import shapes

Glyph = npt.NDArray[np.uint8]

FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Italic.ttf", "DejaVuSansMono.ttf",
    "DejaVuSans-Oblique.ttf", "DejaVuSerif-Bold.ttf",
)  # fmt: skip
FONT_FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF")
SIGN_FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSerif-Italic.ttf")
SIGN_PX = 72
# Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Georgian, letter-like signs, arrows, mathematics.
RANGES = (
    (0x21, 0x2F), (0x3A, 0x7E), (0xA1, 0xB0), (0xB6, 0xBF), (0xC0, 0x17F), (0x386, 0x3D6), (0x402, 0x45F),
    (0x531, 0x556), (0x561, 0x586), (0x5D0, 0x5EA), (0x621, 0x64A), (0x10D0, 0x10F5), (0x2102, 0x2138),
    (0x2190, 0x21D5), (0x2200, 0x22A5), (0x25A0, 0x25FF),
)  # fmt: skip
LATIN_ALIKE = "oOlIiJjsSzZbqgGBDyQ"
"""Letters that hands write like digits."""
OTHER_ALIKE = (
    "|!/\\¡¦¹º°ıſ\u0131" "σδιΙοΟζςΒβϐ" "ОоБбВвЗзІіЈјЅѕЧчгэ" "ՕօՑջգզլ" "וןסםזרדיךה" "გვმზნეიოპ" "اهةوإأ"
    "∕∣∥∫∮∘⊙○◯◌◦◍●◉◎∤℩ℓ◊"
)  # fmt: skip
"""The same of other scripts, and bars and rings."""
MOST_ALIKE = 0.88
"""Signs that agree with a form of a digit by more than this correlation are left out."""
LEAST_INK_PX = 90
"""Points, commas and accents are too small to be taken for digits."""


@lru_cache(maxsize=1)
def find_fonts() -> tuple[str, ...]:
    """Return the fonts of this machine that we know: those that Matplotlib ships, or of the system."""
    folders = [Path(folder) for folder in FONT_FOLDERS]
    try:
        spec = find_spec("matplotlib")
    except (ImportError, ValueError):
        spec = None
    if spec and spec.origin:
        folders.insert(0, Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf")
    for folder in folders:
        found = tuple(str(folder / name) for name in FONTS if (folder / name).is_file())
        if found:
            return found
    return ()


@lru_cache(maxsize=1)
def load_font_signs() -> dict[str, tuple[Glyph, ...]]:
    """Render letters and signs that don't look like digits.

    Returns:
        Sign -> its glyphs in some fonts, each (h, w) uint8, ink bright, cropped; empty where there are no fonts.
    """
    alikes = LATIN_ALIKE + OTHER_ALIKE
    rendered = [
        (sign, glyph) for sign, glyph in _render_all() if unicodedata.normalize("NFD", sign)[0] not in alikes
    ]
    if not rendered:
        return {}
    forms = np.stack([_measure(glyph) for _, glyph in rendered])
    alike = (forms @ _digit_forms().T).max(axis=1)
    signs: dict[str, list[Glyph]] = {}
    for (sign, glyph), part in zip(rendered, alike, strict=True):
        if part < MOST_ALIKE:
            signs.setdefault(sign, []).append(glyph)
    return {sign: tuple(glyphs) for sign, glyphs in signs.items()}


@lru_cache(maxsize=1)
def load_alike_letters() -> dict[str, tuple[Glyph, ...]]:
    """Render the Latin letters that look like digits: only a word around them tells that they are none."""
    signs: dict[str, list[Glyph]] = {}
    for sign, glyph in _render_all():
        if sign in LATIN_ALIKE and sign.isalpha():
            signs.setdefault(sign, []).append(glyph)
    return {sign: tuple(glyphs) for sign, glyphs in signs.items()}


def _render_all() -> Iterator[tuple[str, Glyph]]:
    for path in find_fonts():
        if Path(path).name not in SIGN_FONTS:
            continue
        face = ImageFont.truetype(path, SIGN_PX)
        absent = _render(face, "\uffff")
        for first, last in RANGES:
            for code in range(first, last + 1):
                glyph = _render(face, chr(code))
                if glyph is None or (absent is not None and np.array_equal(glyph, absent)):
                    continue
                yield chr(code), glyph


def _render(face: ImageFont.FreeTypeFont, sign: str) -> Glyph | None:
    left, top, right, bottom = face.getbbox(sign)
    if right <= left or bottom <= top:
        return None
    picture = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4))
    ImageDraw.Draw(picture).text((2 - left, 2 - top), sign, fill=255, font=face)
    glyph = shapes.crop_to_ink(np.asarray(picture, np.uint8))
    return glyph if int((glyph > 128).sum()) >= LEAST_INK_PX and max(glyph.shape) >= SIGN_PX // 3 else None


def _measure(glyph: Glyph) -> npt.NDArray[np.float32]:
    """Return the form of a glyph, longer side 20 in 28x28, blurred, as a vector of mean 0 and length 1, (784,)."""
    scale = 20 / max(glyph.shape)
    height, width = (max(1, round(side * scale)) for side in glyph.shape)
    small = cv2.resize(glyph, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    form = np.zeros((28, 28), np.float32)
    top, left = (28 - height) // 2, (28 - width) // 2
    form[top : top + height, left : left + width] = small
    form = cv2.GaussianBlur(form, (0, 0), 1.5).astype(np.float32)
    form -= form.mean()
    vector: npt.NDArray[np.float32] = (form / np.linalg.norm(form)).ravel()
    return vector


def _digit_forms() -> npt.NDArray[np.float32]:
    """Return how digits look, (N, 784): print, and every form of a pen, upright and leaning."""
    forms = []
    for path in find_fonts():
        face = ImageFont.truetype(path, SIGN_PX)
        forms += [_measure(glyph) for digit in DIGITS if (glyph := _render(face, digit)) is not None]
    rng = np.random.default_rng(0)
    for digit in DIGITS:
        for form in ALLOGRAPHS[digit]:
            paths = shapes.write_form(form, rng=rng, jitter=0)
            for lean in (0.0, 0.3):
                turned = [path @ np.array([[1.0, 0.0], [-lean, 1.0]]) for path in paths]
                forms.append(_measure(shapes.render_shape(turned, height_px=SIGN_PX, pen_px=9)))
    return np.stack(forms)
