"""Combs of boxes, tables of marks, and pages of mixed writing.

Owns: what stands on these pages and where. Leaves to others: writing, grounds, camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.distractors import add_intruders, add_stamp, draw_word, dry_print, put_print
from inkdigits.datasets.synth.draft import Draft
from inkdigits.datasets.synth.fonts import load_alike_letters
from inkdigits.datasets.synth.grounds import print_ruling, print_security
from inkdigits.datasets.synth.inking import ink_glyph
from inkdigits.datasets.synth.page import SynthPage
from inkdigits.datasets.synth.sheet import Color
from inkdigits.datasets.synth.strips import angle_for, draw_digits, draw_text
from inkdigits.datasets.synth.style import Style
from inkdigits.datasets.synth.writing import Pencil, write_number

RULE_COLORS: tuple[Color, ...] = (
    (215, 40, 50), (225, 120, 110), (50, 140, 80), (120, 180, 140), (50, 90, 180), (130, 160, 215),
    (130, 130, 130), (180, 180, 180), (25, 25, 28), (60, 60, 60), (235, 130, 40),
)  # fmt: skip
GRADES = "ACEFPU"
LEAST_WORD = 4
"""In words of at least so many letters an O is no 0."""


def make_comb(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """Rows of boxes or a comb with one digit in each cell; sometimes an exercise book with squares."""
    height, width = size_px
    tall = digit_px * float(rng.uniform(1.15, 1.9))
    wide = digit_px * float(rng.uniform(0.85, 1.6))
    rows = max(1, min(int(rng.integers(1, 4)), int(height / (1.35 * tall))))
    draft = Draft(
        bank, rng=rng, size_px=size_px, digit_px=digit_px, max_angle_deg=angle_for(size_px, tall * 1.4 * rows)
    )
    form = str(rng.choice(["boxes", "apart", "comb", "hand", "squares"], p=[0.36, 0.16, 0.18, 0.16, 0.14]))
    style = replace(draft.make_style(), aspect=float(rng.uniform(0.8, 1.15)), flag=0.0)
    if form == "squares":
        tall, wide = wide, wide
        top = float(rng.uniform(0, wide))
        print_ruling(draft.sheet, pitch_px=wide, first_px=top + 2 * wide, rng=rng, squares=False)
        _print_uprights(draft, wide)
    elif rng.random() < 0.12:
        print_security(draft.sheet, rng=rng)
    pitch = tall * float(rng.uniform(1.15, 1.8)) if form != "squares" else 2 * tall
    first = tall * 1.05 + max(height - pitch * (rows - 1) - 1.2 * tall, 0) * float(rng.uniform(0.05, 0.9))
    plans = []
    for _ in range(rows):
        most = int((width - 0.6 * digit_px) / wide)
        count = int(np.clip(rng.integers(3, 11), 1, max(1, most)))
        left = float(rng.uniform(0.3 * digit_px, max(width - count * wide - 0.3 * digit_px, 0.31 * digit_px)))
        plans.append((left, count))
    color = RULE_COLORS[int(rng.integers(len(RULE_COLORS)))]
    pen = float(np.clip(rng.gamma(3, 0.45), 0.7, 3.2))
    for row, (left, count) in enumerate(plans):
        if form != "squares":
            _draw_cells(draft, form, (left, first + row * pitch - tall), (count, wide, tall), pen_px=pen)
    draft.sheet.dry(color, strength=float(rng.uniform(0.5, 1.0)))
    if rng.random() < 0.4:
        for row, (left, _) in enumerate(plans):
            size = digit_px * float(rng.uniform(0.4, 0.75))
            put_print(draft, draw_word(rng), (left, first + row * pitch - tall - 1.25 * size), size_px=size)
        dry_print(draft)
    for row, (left, count) in enumerate(plans):
        middle = first + row * pitch - tall / 2
        _fill_cells(draft, style, (left, middle), (count, wide), line=row)
        if rng.random() < 0.12:
            sign = bank.draw_letter(str(rng.choice(["$", "€", "#"])), rng)
            patch = ink_glyph(sign, height_px=digit_px, pen_px=style.pen_px)
            draft.sheet.add(patch, (left - 1.5 * digit_px, middle - patch.shape[0] / 2), label="")
    draft.dry(faint=0.08)
    if rng.random() < 0.12:
        add_intruders(draft)
    return draft.finish("comb")


def _print_uprights(draft: Draft, pitch_px: float) -> None:
    """Print the upright lines of squared paper, from x = 0 on."""
    lines = [
        np.array([[x, -99.0], [x, draft.size_px[0] + 99.0]])
        for x in np.arange(0, draft.size_px[1] + pitch_px, pitch_px)
    ]
    draft.sheet.draw(lines, pen_px=float(draft.rng.uniform(0.6, 1.3)))
    draft.sheet.dry((150, 170, 205), strength=float(draft.rng.uniform(0.4, 0.9)))


def _draw_cells(
    draft: Draft, form: str, corner: tuple[float, float], cells: tuple[int, float, float], *, pen_px: float
) -> None:
    """Draw a row of cells: (count, width, height) from the top left corner."""
    rng = draft.rng
    (left, top), (count, wide, tall) = corner, cells
    right, bottom = left + count * wide, top + tall
    if form != "comb" and rng.random() < 0.2:  # a light ground in the cells
        tint = np.clip(np.array([250, 250, 250]) - rng.uniform(0, 60, 3), 0, 255)
        oy, ox = round(top) - draft.sheet.origin[1], round(left) - draft.sheet.origin[0]
        area = draft.sheet.surface[
            max(0, oy) : max(0, oy + round(tall)), max(0, ox) : max(0, ox + round(count * wide))
        ]
        area += np.float32(0.7) * (tint.astype(np.float32) - area)
    wobble = 0.04 * wide if form == "hand" else 0.0
    gap = wide * float(rng.uniform(0.08, 0.25)) if form == "apart" else 0.0
    lines = []
    for i in range(count + 1):
        x = left + i * wide
        start = top if form != "comb" else bottom - tall * float(0.25 if 0 < i < count else 0.5)
        if form == "apart" and i < count:
            box = np.array([[0, 0], [wide - gap, 0], [wide - gap, tall], [0, tall], [0, 0]]) + np.array(
                [x, top]
            )
            lines.append(box)
        elif form != "apart":
            lines.append(np.array([[x, start], [x, (start + bottom) / 2], [x, bottom]]))
    if form != "apart":
        xs = np.linspace(left, right, count + 1)
        lines.append(np.stack([xs, np.full(count + 1, bottom)], axis=1))
        if form != "comb":
            lines.append(np.stack([xs, np.full(count + 1, top)], axis=1))
    draft.sheet.draw([line + rng.normal(0, 1, line.shape) * wobble for line in lines], pen_px=pen_px)


def _fill_cells(
    draft: Draft, style: Style, start: tuple[float, float], cells: tuple[int, float], *, line: int
) -> None:
    """Write a number into cells, one digit each; some cells before or behind it stay empty."""
    rng = draft.rng
    count, wide = cells
    filled = count if rng.random() < 0.6 else int(rng.integers(1, count + 1))
    offset = int(rng.integers(0, count - filled + 1))
    number = draft.new_number()
    spread = float(rng.uniform(0.02, 0.14))
    for i, digit in enumerate(draw_digits(rng, filled, filled)):
        written = write_number(digit, style, rng=rng)
        if not written.marks:
            continue
        mark = written.marks[0]
        middle = start[0] + (offset + i + 0.5) * wide + float(rng.normal(0, spread)) * wide
        y = start[1] - mark.patch.shape[0] / 2 + float(rng.normal(0, spread)) * style.digit_px
        draft.sheet.add(
            mark.patch, (middle - written.width / 2 + mark.x, y), label=digit, number=number, line=line
        )


def make_table(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """A ruled table of marks: one to three digits in a cell, decimals, grades, printed headings."""
    height, width = size_px
    draft = Draft(bank, rng=rng, size_px=size_px, digit_px=digit_px, max_angle_deg=3.5)
    tall = digit_px * float(rng.uniform(1.35, 2.3))
    wide = digit_px * float(rng.uniform(2.6, 5.0))
    left, top = float(rng.uniform(-0.5 * wide, 0.8 * wide)), float(rng.uniform(-0.5 * tall, 0.5 * tall))
    rows, columns = int((height - top) / tall) + 1, int((width - left) / wide) + 1
    xs = left + wide * np.arange(columns + 1) + rng.normal(0, 0.06 * wide, columns + 1)
    ys = top + tall * np.arange(rows + 1)
    _draw_table(draft, xs, ys)
    heads = int(rng.random() < 0.5)
    # Marks in a table are short and hardly run into each other.
    style = replace(
        draft.make_style(), gaps=str(rng.choice(["normal", "touching", "mixed"], p=[0.66, 0.17, 0.17]))
    )
    kinds = rng.choice(
        ["number", "decimal", "grade", "empty", "words"], columns, p=[0.58, 0.14, 0.12, 0.08, 0.08]
    )
    for column in range(columns if heads else 0):
        size = digit_px * float(rng.uniform(0.55, 0.8))
        put_print(draft, draw_word(rng), (xs[column] + 0.1 * wide, ys[0] + 0.25 * tall), size_px=size)
    for column in (i for i, kind in enumerate(kinds) if kind == "words"):
        for row in range(heads, rows):
            size = digit_px * 0.65
            put_print(draft, draw_word(rng), (xs[column] + 0.1 * wide, ys[row] + 0.25 * tall), size_px=size)
    dry_print(draft)
    for row in range(heads, rows):
        for column in range(columns):
            if rng.random() < 0.94:
                place_px = (float(xs[column]), float(ys[row + 1]))
                _fill_cell(draft, style, str(kinds[column]), place_px, (wide, tall), line=row)
    draft.dry(faint=0.08)
    return draft.finish("table")


def _draw_table(
    draft: Draft,
    xs: npt.NDArray[np.floating],
    ys: npt.NDArray[np.floating],
) -> None:
    """Rule a table by ruler, or by hand."""
    rng = draft.rng
    far = max(draft.size_px) * 0.15
    ends_x, ends_y = (float(xs[0]), float(xs[-1]) + far), (float(ys[0]), float(ys[-1]) + far)
    tilt = float(rng.choice([0.0, rng.normal(0, 1.5)]))
    lines = [np.array([[ends_x[0], y], [ends_x[1], y + tilt]]) for y in ys]
    lines += [np.array([[x, ends_y[0]], [x + float(rng.normal(0, abs(tilt))), ends_y[1]]]) for x in xs]
    draft.sheet.draw(lines, pen_px=float(rng.uniform(0.6, 2.0)))
    colors: tuple[Color, ...] = ((30, 30, 32), (60, 60, 64), (110, 110, 115), (60, 80, 140), (150, 150, 155))
    draft.sheet.dry(colors[int(rng.integers(len(colors)))], strength=float(rng.uniform(0.5, 1.0)))


def _fill_cell(
    draft: Draft,
    style: Style,
    kind: str,
    corner: tuple[float, float],
    cell: tuple[float, float],
    *,
    line: int,
) -> None:
    """Write one cell; the corner is its bottom left."""
    rng, d = draft.rng, style.digit_px
    if kind in ("empty", "words"):
        return
    x = corner[0] + cell[0] * float(rng.uniform(0.08, 0.35))
    y = corner[1] - (cell[1] - d) * float(rng.uniform(0.15, 0.7))
    if kind == "grade":
        pencil = Pencil(style, rng=rng)
        pencil.write_glyph(draft.bank.draw_letter(str(rng.choice(list(GRADES))), rng))
        tail = float(rng.random())
        if tail < 0.2:
            pencil.write_glyph(draft.bank.draw_letter("+", rng), size=0.5, rise=0.2)
        elif tail < 0.35:
            pencil.write_mark("-", size=0.8)
        for mark in pencil.finish().marks:
            draft.sheet.add(mark.patch, (x + mark.x, y + mark.y), label=mark.label, line=line)
        return
    digits = draw_digits(rng, 1, 3)
    if kind == "decimal" or rng.random() < 0.06:
        digits = f"{draw_digits(rng, 1, 2)}{rng.choice(list('..,'))}{rng.integers(10)}"
    written = draft.compose(digits, style, room_px=cell[0])
    if written is not None and written.marks:
        draft.put(written, (x, y), style=style, line=line)


def make_page(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """Several lines of numbers and words, sometimes with a stamp, a list's rule or print among them."""
    height, width = size_px
    pitch = digit_px * float(rng.uniform(1.35, 2.2))
    draft = Draft(bank, rng=rng, size_px=size_px, digit_px=digit_px, max_angle_deg=5)
    chance = float(rng.random())
    first = pitch * float(rng.uniform(0.75, 1.1))
    if chance < 0.35:
        print_ruling(draft.sheet, pitch_px=pitch, first_px=first, rng=rng, squares=False)
    elif chance < 0.5:
        print_ruling(draft.sheet, pitch_px=pitch / 2, first_px=first, rng=rng, squares=True)
    elif chance < 0.58:
        print_security(draft.sheet, rng=rng)
    if rng.random() < 0.15:
        center = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        add_stamp(draft, center=center, radius_px=digit_px * float(rng.uniform(1.2, 2.5)))
    style = draft.make_style()
    for row in range(int((height - first) / pitch) + 1):
        write_mixed_line(draft, style, baseline=first + row * pitch, line=row, words=0.35)
    draft.dry()
    if rng.random() < 0.2:
        put_print(draft, " ".join(draw_word(rng) for _ in range(3)), (digit_px, 1.0), size_px=0.5 * digit_px)
        dry_print(draft)
    return draft.finish("page")


def write_mixed_line(draft: Draft, style: Style, *, baseline: float, line: int, words: float) -> None:
    """Write numbers and words from left to right until the line is full.

    Args:
        draft: The page.
        style: The writer.
        baseline: Of the line.
        line: Its index.
        words: Part of the pieces that are words; 1 for no numbers at all.
    """
    rng, d = draft.rng, style.digit_px
    x = d * float(rng.uniform(0.2, 1.5))
    while x < draft.size_px[1] - d:
        room = draft.size_px[1] - x - 0.15 * d
        if rng.random() < words:
            pencil = Pencil(style, rng=rng)
            _write_word(draft, pencil)
            written = pencil.finish()
            if written.width > room:
                return
            for mark in written.marks:
                draft.sheet.add(mark.patch, (x + mark.x, baseline + mark.y), label="", line=line)
        else:
            number = draft.compose(draw_text(rng), style, room_px=room)
            if number is None or not number.marks:
                return
            written = number
            draft.put(written, (x, baseline), style=style, line=line)
        x += written.width + d * float(rng.uniform(1.0, 2.5))
        if rng.random() < 0.12:
            return


def _write_word(draft: Draft, pencil: Pencil) -> None:
    """Write letters in one case, a symbol, or characters of no script."""
    rng = draft.rng
    chance = float(rng.random())
    if chance < 0.7:
        is_capital = rng.random() < 0.5
        names = [name for name in draft.bank.letters if name.isupper() == is_capital]
        count = int(rng.integers(1, 9))
        alikes = load_alike_letters() if count >= LEAST_WORD else {}
        alike_names = [name for name in alikes if name.isupper() == is_capital]
        for i, name in enumerate(rng.choice(names, count)):
            glyph = draft.bank.draw_letter(str(name), rng)
            if alike_names and i % 3 == 1 and rng.random() < 0.5:
                glyphs = alikes[str(rng.choice(alike_names))]
                glyph = glyphs[int(rng.integers(len(glyphs)))]
            pencil.write_glyph(glyph, size=1.0 if is_capital else 1.15)
        return
    categories = ("symbol", "chinese", "sign", "print", "character", "script") if chance < 0.9 else ("fake",)
    for _ in range(int(rng.integers(1, 4))):
        pencil.write_glyph(draft.bank.draw_other(rng, categories=categories))
