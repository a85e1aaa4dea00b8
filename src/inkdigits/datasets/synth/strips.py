"""Strips of numbers, amounts as on cheques, and blank paper.

Owns: what stands on these pages and where. Leaves to others: writing, grounds, camera.
"""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.distractors import add_bleed_through, add_intruders, add_print
from inkdigits.datasets.synth.draft import Draft
from inkdigits.datasets.synth.grounds import print_ruling, print_security
from inkdigits.datasets.synth.inking import smooth_path
from inkdigits.datasets.synth.page import SynthPage
from inkdigits.datasets.synth.style import Style
from inkdigits.datasets.synth.writing import Pencil, Written

LINE_PITCH = 1.75
"""Distance of lines, in digit heights."""
LEADS = {"$": 0.36, "#": 0.16, "*": 0.14, "=": 0.14, "-": 0.09, "€": 0.06, "+": 0.05}
"""What leads an amount, and how often. Nothing that a long, leaning 1 looks like: such 1s lead real amounts."""


def draw_digits(rng: np.random.Generator, low: int, high: int) -> str:
    """Return low to high digits; some runs of zeros, as amounts have."""
    count = int(rng.integers(low, high + 1))
    digits = "".join(str(d) for d in rng.integers(0, 10, count))
    if rng.random() < 0.3:  # amounts begin with 1 more often than by even chance: Benford's law
        digits = "1" + digits[1:]
    if count > 2 and rng.random() < 0.2:
        zeros = int(rng.integers(2, count))
        digits = digits[: count - zeros] + "0" * zeros
    if rng.random() < 0.08:
        digits = digits[0] * count
    return digits


def draw_text(rng: np.random.Generator) -> str:
    """Return a number, sometimes with marks: a date, a fraction, a telephone number."""
    chance = float(rng.random())
    if chance < 0.82:
        return draw_digits(rng, 2, 8)
    parts = [draw_digits(rng, 1, 3), draw_digits(rng, 2, 4)]
    if chance < 0.9:
        return str(rng.choice(list(".,"))).join(parts)
    if chance < 0.95:
        return "/".join([*parts, draw_digits(rng, 2, 4)][: int(rng.integers(2, 4))])
    return "-".join(parts)


def angle_for(size_px: tuple[int, int], tall_px: float) -> float:
    """Return the most turn, in degrees, that keeps writing of this height inside."""
    return float(np.rad2deg(np.arctan2(max(size_px[0] - tall_px, 2.0), size_px[1]))) * 1.3


def make_strip(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """One or two lines of numbers on paper."""
    height = size_px[0]
    rows = 2 if height > 2.3 * LINE_PITCH * digit_px * 0.8 and rng.random() < 0.45 else 1
    draft = Draft(
        bank, rng=rng, size_px=size_px, digit_px=digit_px,
        max_angle_deg=angle_for(size_px, digit_px * LINE_PITCH * rows),
    )  # fmt: skip
    pitch = digit_px * float(rng.uniform(1.45, 2.1))
    slack = height - digit_px * 1.2 - pitch * (rows - 1)
    baseline = digit_px * 1.1 + max(slack, 0) * float(rng.uniform(0.1, 0.9))
    chance = float(rng.random())
    if chance < 0.2:
        print_ruling(draft.sheet, pitch_px=pitch, first_px=baseline, rng=rng, squares=False)
    elif chance < 0.3:
        print_ruling(draft.sheet, pitch_px=pitch / 2, first_px=baseline, rng=rng, squares=True)
    elif chance < 0.42:
        print_security(draft.sheet, rng=rng)
    if rng.random() < 0.08:
        add_bleed_through(draft)
    style = draft.make_style()
    for row in range(rows):
        if row and rng.random() < 0.15:
            style = draft.make_style()
        _fill_line(draft, style, baseline=baseline + row * pitch, line=row)
    draft.dry()
    if rng.random() < 0.15:
        add_intruders(draft)
    return draft.finish("strip")


def _fill_line(draft: Draft, style: Style, *, baseline: float, line: int) -> None:
    """Write numbers from left to right until the line is full or the writer stops."""
    rng = draft.rng
    width = draft.size_px[1]
    x = style.digit_px * float(rng.uniform(0.1, 1.2))
    pieces: list[tuple[Written, float]] = []
    while x < width - style.digit_px:
        written = draft.compose(draw_text(rng), style, room_px=width - x - 0.15 * style.digit_px)
        if written is None or not written.marks:
            break
        pieces.append((written, x))
        x += written.width + style.digit_px * float(rng.uniform(1.1, 2.4))
        if rng.random() < 0.35:
            break
    if not pieces:
        return
    end = pieces[-1][1] + pieces[-1][0].width
    shift = max(width - end - 0.1 * style.digit_px, 0) * float(rng.uniform(0, 1))
    for written, start in pieces:
        draft.put(written, (start + shift, baseline), style=style, line=line)
        if rng.random() < 0.05:
            _draw_line_along(draft, style, start + shift, start + shift + written.width, baseline)


def _draw_line_along(draft: Draft, style: Style, left: float, right: float, baseline: float) -> None:
    """Underline a number or strike it through."""
    rng = draft.rng
    d = style.digit_px
    y = baseline + (
        d * float(rng.uniform(0.02, 0.25)) if rng.random() < 0.75 else -d * float(rng.uniform(0.3, 0.6))
    )
    xs = np.linspace(left - d * rng.uniform(0, 0.5), right + d * rng.uniform(0, 0.5), 5)
    path = np.stack([xs, y + rng.normal(0, 0.04 * d, 5) - style.drift * (xs - left)], axis=1)
    draft.sheet.draw([smooth_path(path)], pen_px=style.pen_px * float(rng.uniform(0.6, 1.0)))


def make_amount(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """The amount field of a cheque: security print, boxes, leading and closing signs."""
    height, width = size_px
    draft = Draft(
        bank, rng=rng, size_px=size_px, digit_px=digit_px,
        paper="cheque" if rng.random() < 0.6 else "", max_angle_deg=angle_for(size_px, digit_px * 1.8),
    )  # fmt: skip
    if rng.random() < 0.85:
        print_security(draft.sheet, rng=rng)
    style = draft.make_style()
    rows = int(rng.integers(1, max(2, int(height // (1.9 * digit_px)) + 1))) if rng.random() < 0.5 else 1
    pitch = max(1.7 * digit_px, min(height / rows, 3.5 * digit_px))
    first = digit_px * 1.15 + max(height - pitch * (rows - 1) - 1.4 * digit_px, 0) * float(rng.uniform(0, 1))
    boxes = []
    for row in range(rows):
        if row:
            style = draft.make_style()
        baseline = first + row * pitch
        if baseline > height:
            break
        room = width - 0.4 * digit_px
        written, numbers = _write_amount(draft, style, room_px=room)
        x = 0.1 * digit_px + max(room - written.width, 0) * float(rng.uniform(0, 1))
        place_amount(draft, written, numbers, (x, baseline), style=style, line=row)
        boxes.append((x, baseline, written.width))
    wet, draft.sheet.wet = draft.sheet.wet, np.zeros_like(draft.sheet.wet)
    for x, baseline, wide in boxes:
        if rng.random() < 0.55:
            add_print(draft, around=(x, baseline - digit_px, wide, digit_px))
    draft.sheet.wet = wet
    draft.dry(faint=0.2)
    if rng.random() < 0.3:
        add_intruders(draft)
    return draft.finish("amount")


def place_amount(
    draft: Draft,
    written: Written,
    numbers: list[int],
    corner: tuple[float, float],
    *,
    style: Style,
    line: int,
) -> None:
    """Put an amount on the sheet; what leads and closes belongs to no number."""
    for mark, number in zip(written.marks, numbers, strict=True):
        at = (corner[0] + mark.x, corner[1] + mark.y)
        draft.sheet.add(mark.patch, at, label=mark.label, number=number, line=line)
    if written.joins:
        draft.sheet.draw([path + corner for path in written.joins], pen_px=style.pen_px)


def _write_amount(draft: Draft, style: Style, *, room_px: float) -> tuple[Written, list[int]]:
    """Write an amount with its signs, and tell to which number each belongs; shorter until it fits."""
    high = 7
    while True:
        pencil = Pencil(style, rng=draft.rng)
        numbers: list[int] = []
        _write_lead(draft, pencil)
        numbers += [-1] * (len(pencil.marks) - len(numbers))
        _write_body(draft, pencil, numbers, high=high)
        _write_close(draft, pencil)
        numbers += [-1] * (len(pencil.marks) - len(numbers))
        written = pencil.finish()
        if written.width <= room_px or high <= 1:
            return written, numbers
        high -= 2


def _write_lead(draft: Draft, pencil: Pencil) -> None:
    """Write what keeps others from adding digits before the amount."""
    rng = draft.rng
    if rng.random() < 0.65:
        return
    lead = str(rng.choice(list(LEADS), p=list(LEADS.values())))
    for _ in range(int(rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1]))):
        _write_sign(draft, pencil, lead)
    if rng.random() < 0.4:
        pencil.leave_blank(float(rng.uniform(0.1, 0.6)))


def _write_sign(draft: Draft, pencil: Pencil, sign: str, *, size: float = 0.0) -> None:
    rng = draft.rng
    if sign in "-/.,":
        pencil.write_mark(sign, size=size or float(rng.uniform(0.8, 1.3)))
        return
    glyphs = draft.bank.signs[sign]
    size = size or float(rng.uniform(0.45, 0.7) if sign in "=+*" else rng.uniform(0.85, 1.35))
    rise = float(rng.uniform(0.15, 0.35)) if sign in "=+*" else 0.0
    pencil.write_glyph(glyphs[int(rng.integers(len(glyphs)))], size=size, rise=rise)


def _write_body(draft: Draft, pencil: Pencil, numbers: list[int], *, high: int) -> None:
    """Write the digits with points and the fraction."""
    rng = draft.rng
    digits = draw_digits(rng, min(2, high), high)
    number = draft.new_number()
    is_grouped = rng.random() < 0.55
    point = str(rng.choice(list("..,-"))) if is_grouped else "."
    point = point if point != "-" or rng.random() < 0.1 else "."
    for i, digit in enumerate(digits):
        if is_grouped and i and (len(digits) - i) % 3 == 0:
            if rng.random() < 0.85:
                pencil.write_mark(point, rise=float(rng.choice([0.0, rng.uniform(0.0, 0.4)])))
            pencil.leave_blank(float(rng.choice([0.0, rng.uniform(0, 0.35), rng.uniform(0, 0.9)])))
        pencil.write_digit(digit)
    numbers += [number] * (len(pencil.marks) - len(numbers))
    if high > 3 and rng.random() < 0.25:
        _write_fraction(draft, pencil, numbers, number)


def _write_fraction(draft: Draft, pencil: Pencil, numbers: list[int], number: int) -> None:
    """Write decimals: after a mark, or raised, underlined or over an "xx"."""
    rng = draft.rng
    decimals = "00" if rng.random() < 0.4 else draw_digits(rng, 2, 2)
    if rng.random() < 0.5:
        pencil.write_mark(str(rng.choice(list(".,"))), size=float(rng.uniform(1, 1.5)))
        for digit in decimals:
            pencil.write_digit(digit)
        numbers += [number] * (len(pencil.marks) - len(numbers))
        return
    pencil.leave_blank(float(rng.uniform(0.05, 0.3)))
    small = float(rng.uniform(0.5, 0.75))
    rise = float(rng.uniform(0.35, 0.6))
    start = pencil.end
    pencil.write_raised(decimals, size=small, rise=rise)
    numbers += [draft.new_number()] * (len(pencil.marks) - len(numbers))
    d = pencil.style.digit_px
    y = -rise * d + d * float(rng.uniform(0.03, 0.12))
    pencil.joins.append(np.array([[start, y], [pencil.end + 0.1 * d, y - 0.03 * d]]))
    if rng.random() < 0.5:
        cross = draft.bank.draw_letter("x", rng)
        pencil.write_below(cross, count=2, size=0.4, left=start)
        numbers += [-1] * (len(pencil.marks) - len(numbers))


def _write_close(draft: Draft, pencil: Pencil) -> None:
    """Write what keeps others from adding digits behind the amount."""
    rng = draft.rng
    if rng.random() < 0.4:
        return
    close = str(
        rng.choice(
            [".", ".-", "-", "--", "=", "//", "/", "#", "*", "xx", "~", ",-", ")", "---", ".=", "z"],
            p=[
                0.17,
                0.16,
                0.14,
                0.08,
                0.13,
                0.03,
                0.02,
                0.03,
                0.02,
                0.03,
                0.07,
                0.03,
                0.00,
                0.01,
                0.04,
                0.04,
            ],
        )
    )
    if close == "~":
        pencil.write_sweep()
        return
    if close == "z":
        pencil.write_zigzag()
        return
    for sign in close:
        if sign == "x":
            pencil.write_glyph(draft.bank.draw_letter("x", rng), size=0.5)
        else:
            _write_sign(draft, pencil, sign, size=1.0 if sign in "-." else 0.0)


def make_blank(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """Paper with texture, ruling, print or shadow only."""
    draft = Draft(bank, rng=rng, size_px=size_px, digit_px=digit_px)
    chance = float(rng.random())
    if chance < 0.35:
        pitch = digit_px * float(rng.uniform(0.8, 2))
        print_ruling(draft.sheet, pitch_px=pitch, first_px=0, rng=rng, squares=chance < 0.15)
    elif chance < 0.65:
        print_security(draft.sheet, rng=rng)
    if rng.random() < 0.2:
        add_bleed_through(draft)
    return draft.finish("blank")
