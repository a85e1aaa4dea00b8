"""Crops of single digits out of documents, and ink without any digit.

Owns: what stands on these pages and where. Leaves to others: writing, grounds, camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth import shapes
from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.distractors import (
    add_bleed_through,
    add_stamp,
    draw_word,
    dry_print,
    put_print,
)
from inkdigits.datasets.synth.draft import INVERTED, Draft
from inkdigits.datasets.synth.forms import write_mixed_line
from inkdigits.datasets.synth.grounds import print_ruling, print_security
from inkdigits.datasets.synth.inking import draw_lines, ink_glyph
from inkdigits.datasets.synth.page import SynthPage, SynthSign
from inkdigits.datasets.synth.sheet import Color
from inkdigits.datasets.synth.strips import draw_digits
from inkdigits.datasets.synth.style import Style

OLD_INKS: tuple[Color, ...] = (
    (30, 26, 24),
    (50, 38, 30),
    (92, 58, 34),
    (120, 70, 40),
    (70, 74, 70),
    (20, 24, 40),
)
LETTERS_OF_SCRIPTS = 0.35
"""Part of scattered signs that are letters of other scripts; the rest is anything."""
OLD = 0.6
"""Part of the crops that come from old registers."""
COPPERPLATE = 0.5
"""Part of their writers who lean as copybooks of the time taught."""
MOST_CROPS = 10
"""Crops on one picture: each costs as much as a small page."""


def make_crop(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """One tight crop; on a picture with room for more, several beside each other on an even ground."""
    height, width = size_px
    rows, columns = (max(1, int(side / (2.1 * digit_px))) for side in (height, width))
    if rows * columns == 1:
        return _make_single(bank, rng=rng, size_px=size_px, digit_px=min(digit_px, 0.85 * min(size_px)))
    signs: list[SynthSign] = []
    lines: list[str] = []
    places = rng.permutation(rows * columns)[: min(rows * columns, int(rng.integers(4, MOST_CROPS + 1)))]
    is_dark = bool(rng.random() < INVERTED)
    cell = height // rows, width // columns
    pages = {
        int(place): _make_crop_of(bank, rng, digit_px, cell, is_dark=is_dark) for place in places.tolist()
    }
    image, ground = _make_ground([page.image for page in pages.values()], size_px, rng=rng)
    number = 0
    for row in range(rows):
        words = []
        for column in range(columns):
            page = pages.get(row * columns + column)
            if page is None:
                continue
            h, w = page.image.shape[:2]
            top = row * cell[0] + int(rng.integers(cell[0] - h + 1))
            left = column * cell[1] + int(rng.integers(cell[1] - w + 1))
            image[top : top + h, left : left + w] = _match_ground(page.image, ground, rng=rng)
            for sign in page.signs:
                x, y, *size = sign.box
                shifted = number + sign.number if sign.number >= 0 else -1
                signs.append(SynthSign(sign.label, (x + left, y + top, size[0], size[1]), shifted))
            number += len(page.text.split())
            words += page.text.split()
        if words:
            lines.append(" ".join(words))
    return SynthPage(image, tuple(signs), "crop", "\n".join(lines))


def _make_ground(
    images: list[npt.NDArray[np.uint8]], size_px: tuple[int, int], *, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return a picture in the middle colour of the crops, and that colour (3,)."""
    color = np.median([_middle_color(image) for image in images], axis=0).astype(np.float32)
    ground = np.empty((*size_px, 3), np.float32)
    ground[:] = np.clip(color + np.float32(rng.normal(0, 6)), 0, 255)
    return np.rint(ground).astype(np.uint8), color


def _middle_color(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.asarray(
        np.median(image.reshape(image.shape[0] * image.shape[1], -1), axis=0) + np.zeros(3), np.float32
    )


def _match_ground(
    image: npt.NDArray[np.uint8], color: npt.NDArray[np.float32], *, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Bring the ground of a crop near that of its picture: crops side by side would else have strong edges."""
    raised = image if image.ndim == 3 else image[..., None]
    shift = color - _middle_color(image) + rng.normal(0, 5, 3).astype(np.float32)
    return np.clip(np.rint(raised + shift), 0, 255).astype(np.uint8)


def _make_crop_of(
    bank: GlyphBank, rng: np.random.Generator, digit_px: float, most_px: tuple[int, int], *, is_dark: bool
) -> SynthPage:
    """Make one crop that is at most so large."""
    height = int(np.clip(digit_px * rng.uniform(1.1, 1.9), 8, most_px[0]))
    width = int(np.clip(digit_px * rng.uniform(0.85, 1.9), 8, most_px[1]))
    return _make_single(bank, rng=rng, size_px=(height, width), digit_px=digit_px, is_dark=is_dark)


def _make_single(
    bank: GlyphBank,
    *,
    rng: np.random.Generator,
    size_px: tuple[int, int],
    digit_px: float,
    is_dark: bool | None = None,
) -> SynthPage:
    """One digit in the middle, its neighbours cut by the border."""
    height = size_px[0]
    is_old = rng.random() < OLD
    draft = Draft(
        bank,
        rng=rng,
        size_px=size_px,
        digit_px=digit_px,
        paper="old" if is_old else "",
        max_angle_deg=4,
    )
    if rng.random() < 0.15:
        add_bleed_through(draft)
    if rng.random() < 0.08:
        print_security(draft.sheet, rng=rng)
    baseline = (height + digit_px) / 2 + float(rng.normal(0, 0.05)) * digit_px
    _print_edges(draft, baseline)
    style = draft.make_style()
    lean = style.shear + float(rng.uniform(0, 0.3))
    if is_old and rng.random() < COPPERPLATE:
        lean = float(rng.uniform(0.35, 1.05))
    style = replace(style, swell=float(rng.uniform(0.1, 0.6)), shear=lean)
    _write_middle(draft, style, baseline)
    if rng.random() < 0.7:
        draft.dry(color=OLD_INKS[int(rng.integers(len(OLD_INKS)))], faint=0.2)
    else:
        draft.dry()
    return draft.finish("crop", is_dark=is_dark)


def _write_middle(draft: Draft, style: Style, baseline: float) -> None:
    """Write a number so that one of its digits stands in the middle of the picture."""
    rng, width = draft.rng, draft.size_px[1]
    digits = draw_digits(rng, 1, 4)
    text = digits + (str(rng.choice(list(".,-"))) if rng.random() < 0.25 else "")
    written = draft.compose(text, style, room_px=1e9)
    if written is None or not written.marks:
        return
    chosen = written.marks[int(rng.integers(min(len(digits), len(written.marks))))]
    solid = np.flatnonzero((chosen.patch > 0.3).any(axis=0))
    middle = chosen.x + float(solid.mean()) if len(solid) else chosen.x
    x = width / 2 - middle + float(rng.normal(0, 0.04)) * width
    draft.put(written, (x, baseline), style=style, line=0)


def _print_edges(draft: Draft, baseline: float) -> None:
    """Print what registers have: lines below the writing, dotted ones, edges of columns."""
    rng, d = draft.rng, draft.digit_px
    height, width = draft.size_px
    lines = []
    if rng.random() < 0.45:
        y = baseline + d * float(rng.uniform(-0.1, 0.25))
        if rng.random() < 0.4:
            step = float(rng.uniform(2.5, 5))
            lines += [np.array([[x, y], [x + 0.4 * step, y]]) for x in np.arange(-5, width + 5, step)]
        else:
            lines.append(np.array([[-30.0, y], [width + 30.0, y]]))
    if rng.random() < 0.3:
        x = width * float(rng.uniform(0.0, 0.18) if rng.random() < 0.5 else rng.uniform(0.82, 1.0))
        lines.append(np.array([[x, -30.0], [x + float(rng.normal(0, 1.5)), height + 30.0]]))
    if lines:
        draft.sheet.draw(lines, pen_px=float(rng.uniform(0.7, 2.5)))
        colors: tuple[Color, ...] = ((30, 28, 26), (110, 60, 40), (120, 130, 130), (90, 110, 140))
        draft.sheet.dry(colors[int(rng.integers(len(colors)))], strength=float(rng.uniform(0.4, 1.0)))


def make_junk(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """Ink that is no digit: words, symbols, invented characters, scribbles, signatures, print, stamps."""
    height, width = size_px
    draft = Draft(bank, rng=rng, size_px=size_px, digit_px=digit_px)
    chance = float(rng.random())
    if chance < 0.25:
        print_ruling(draft.sheet, pitch_px=1.6 * digit_px, first_px=digit_px, rng=rng, squares=chance < 0.1)
    elif chance < 0.5:
        print_security(draft.sheet, rng=rng)
    kind = str(
        rng.choice(["words", "scatter", "print", "stamp", "signature"], p=[0.3, 0.36, 0.16, 0.08, 0.1])
    )
    style = draft.make_style()
    if kind == "words":
        pitch = digit_px * float(rng.uniform(1.4, 2.4))
        for row in range(max(1, int(height / pitch))):
            write_mixed_line(draft, style, baseline=(row + 0.85) * pitch, line=row, words=1.0)
    elif kind == "scatter":
        _scatter(draft, style)
    elif kind == "print":
        y = 2.0
        while y < height:
            size = digit_px * float(rng.uniform(0.4, 1.3))
            put_print(
                draft,
                " ".join(draw_word(rng) for _ in range(3)),
                (float(rng.uniform(0, width / 2)), y),
                size_px=size,
            )
            y += 1.5 * size
        dry_print(draft)
    elif kind == "stamp":
        for _ in range(int(rng.integers(1, 3))):
            center = float(rng.uniform(0, width)), float(rng.uniform(0, height))
            add_stamp(draft, center=center, radius_px=digit_px * float(rng.uniform(0.9, 2.2)))
    else:
        _sign(draft, style)
    draft.dry()
    return draft.finish("junk")


def _scatter(draft: Draft, style: Style) -> None:
    """Put single signs of every category into a loose grid."""
    rng, d = draft.rng, draft.digit_px
    height, width = draft.size_px
    step = d * float(rng.uniform(1.3, 2.5))
    for y in np.arange(0.1 * d, max(height - d, 0.2 * d), step):
        for x in np.arange(0.2 * d, max(width - d, 0.3 * d), step):
            if rng.random() < 0.35:
                continue
            categories = ("script", "character") if rng.random() < LETTERS_OF_SCRIPTS else ()
            patch = ink_glyph(
                draft.bank.draw_other(rng, categories=categories),
                height_px=d * float(rng.uniform(0.6, 1.3)),
                pen_px=style.pen_px,
                shear=style.shear,
                angle_deg=float(rng.normal(0, 8)),
            )
            draft.sheet.add(
                patch, (x + float(rng.normal(0, 0.1 * d)), y + float(rng.normal(0, 0.1 * d))), label=""
            )


def _sign(draft: Draft, style: Style) -> None:
    """Sign one to three times."""
    rng, d = draft.rng, draft.digit_px
    height, width = draft.size_px
    for _ in range(int(rng.integers(1, 4))):
        tall = d * float(rng.uniform(1, 2.5))
        patch, _ = draw_lines([path * tall for path in shapes.make_signature(rng)], pen_px=style.pen_px)
        corner = float(rng.uniform(-0.1, 0.8)) * width, float(rng.uniform(-0.1, 0.8)) * height
        draft.sheet.add(patch, corner, label="")
