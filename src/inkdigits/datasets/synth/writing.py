"""Writing a number: which glyphs, how they lean, how near they stand, and what joins them.

Owns: the places of its signs. Leaves to others: the writer (`synth.style`), glyphs (`synth.bank`), ink
(`synth.inking`), where the string stands on the page (`synth.kinds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.flourish import add_flourish
from inkdigits.datasets.synth.inking import SOLID, draw_bend, draw_lines, ink_glyph, smooth_path
from inkdigits.datasets.synth.noise import cut_noise
from inkdigits.datasets.synth.sheet import NO_NUMBER, Sheet
from inkdigits.datasets.synth.style import GAP_MODES, Style
from inkdigits.types import Ink

MIXED_WEIGHTS = (0.08, 0.32, 0.35, 0.25, 0.0)
MIN_ADVANCE = 0.4
"""Least distance of the middles of neighbouring digits, in digit heights: readers still see two of them."""
MOST_FADING = 5
"""Digits of a number after which it gets no smaller."""
OLD_FIGURES = {"3": 0.25, "4": 0.25, "5": 0.25, "7": 0.3, "9": 0.3}
"""How far old-style figures go below the line, in digit heights."""


@dataclass(frozen=True)
class Mark:
    """One sign of a written string: its ink, top left corner against the string's start, label ("" for none)."""

    patch: Ink
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Written:
    """A written string: its marks, lines that join them, and how wide it is in pixels."""

    marks: tuple[Mark, ...]
    joins: tuple[npt.NDArray[np.float64], ...]
    width: float


class Pencil:
    """Writes signs one after another on an imaginary line whose baseline is y = 0 and that starts at x = 0."""

    def __init__(self, style: Style, *, rng: np.random.Generator) -> None:
        self.style = style
        self.marks: list[Mark] = []
        self.joins: list[npt.NDArray[np.float64]] = []
        self._rng = rng
        self._reach = int(3 * style.digit_px) + 16
        self._right = np.full(2 * self._reach, -np.inf)
        self._middle = -np.inf
        self._end = 0.0
        self._glyphs: list[int] = []
        self._lift = 0.0

    @property
    def end(self) -> float:
        """Where the ink ends to the right."""
        return self._end

    def write_digit(self, digit: str) -> None:
        """Write one digit beside what stands there, in the gaps of the style."""
        style, rng = self.style, self._rng
        glyph, own_slant = style.hand.pick(int(digit), rng)
        size = self._size_of(digit)
        patch = ink_glyph(
            glyph,
            height_px=size,
            pen_px=style.pen_px * float(np.exp(rng.normal(0, 0.05))),
            aspect=style.aspect
            * float(np.exp(rng.normal(0, 0.06)))
            * (style.zero_aspect if digit == "0" else 1.0),
            shear=style.shear
            - 0.75 * own_slant
            + float(rng.normal(0, 0.04))
            + (style.one_shear if digit == "1" else 0.0),
            angle_deg=float(rng.normal(0, 2.5)),
            swell=cut_swell(style.swell, rng=rng),
            bend=draw_bend(rng, amount=style.bending),
        )
        patch = add_flourish(patch, digit, style=style, rng=rng)
        baseline = float(rng.normal(0, style.wobble)) * style.digit_px
        if style.has_old_figures:
            baseline += OLD_FIGURES.get(digit, 0.0) * style.digit_px
        elif digit == "0" and rng.random() < 0.3:
            baseline -= (1 - style.zero) * style.digit_px * float(rng.uniform(0, 1))
        self._glyphs.append(len(self.marks))
        self._put(patch, digit, baseline=baseline, gap=self._draw_gap())
        self._join()

    def _size_of(self, digit: str) -> float:
        style = self.style
        size = style.digit_px * float(np.exp(self._rng.normal(0, style.size_jitter)))
        size *= style.fade ** min(len(self._glyphs), MOST_FADING)
        if digit == "0":
            return size * style.zero
        return size * max(style.one if digit == "1" else 1.0, 1.0 if self._glyphs else style.first)

    def write_glyph(self, glyph: npt.NDArray[np.uint8], *, size: float = 1.0, rise: float = 0.0) -> None:
        """Write a glyph that is no digit; size and rise in digit heights."""
        style, rng = self.style, self._rng
        patch = ink_glyph(
            glyph,
            height_px=size * style.digit_px,
            pen_px=style.pen_px,
            aspect=float(rng.uniform(0.85, 1.2)),
            shear=style.shear + float(rng.normal(0, 0.05)),
        )
        gap = style.digit_px * float(rng.uniform(0.03, 0.3))
        self._put(patch, "", baseline=-rise * style.digit_px, gap=gap)

    def write_mark(self, mark: str, *, size: float = 1.0, rise: float = 0.0) -> None:
        """Write ".", ",", "-" or "/", enlarged and raised by digit heights."""
        style, rng = self.style, self._rng
        d = style.digit_px
        lean = np.array([[style.shear, 0.0]])
        if mark == ".":
            reach = d * float(rng.uniform(0.0, 0.06)) * size
            path = np.array([[0.0, 0.0], [reach, reach * float(rng.uniform(-0.6, 0.6))]])
        elif mark == ",":
            path = (
                np.array([[0.0, -0.08], [0.02, 0.05], [-0.08, 0.2]]) * d * size * float(rng.uniform(0.7, 1.3))
            )
        elif mark == "-":
            length = d * size * float(rng.uniform(0.25, 0.75))
            path = (
                np.array([[0, 0], [0.5, float(rng.normal(0, 0.05))], [1, float(rng.normal(0, 0.08))]])
                * length
            )
            path[:, 1] -= d * float(rng.uniform(0.3, 0.6))
        else:
            tall = d * size * float(rng.uniform(0.9, 1.4))
            path = np.array([[0.0, 0.15], [0.22, -0.4], [0.42, -0.95]]) * tall
        path = smooth_path(path - lean * path[:, 1:])
        pen = style.pen_px * (float(rng.uniform(1.0, 1.7)) if mark == "." else 1.0)
        patch, (_, top) = draw_lines([path - (0.0, rise * d)], pen_px=pen)
        bottom = top + patch.shape[0]
        gap = d * float(rng.uniform(-0.02, 0.3 if mark in ".," else 0.4))
        self._put(patch, mark, baseline=None, gap=gap, bottom=bottom)

    def write_raised(self, digits: str, *, size: float, rise: float) -> None:
        """Write small digits above the line, as decimals stand; size and rise in digit heights."""
        usual = self.style
        self.style = replace(usual, digit_px=size * usual.digit_px, pen_px=max(1.0, 0.85 * usual.pen_px))
        self._lift = rise * usual.digit_px
        for digit in digits:
            self.write_digit(digit)
        self.style, self._lift = usual, 0.0

    def write_below(self, glyph: npt.NDArray[np.uint8], *, count: int, size: float, left: float) -> None:
        """Write a glyph some times below a raised fraction, from `left` on; size in digit heights."""
        for i in range(count):
            patch = ink_glyph(glyph, height_px=size * self.style.digit_px, pen_px=0.85 * self.style.pen_px)
            top = -float(patch.shape[0]) + 0.25 * size * self.style.digit_px
            self.marks.append(Mark(patch, left + i * 0.8 * patch.shape[1], top, ""))

    def write_sweep(self) -> None:
        """Close with a long stroke, straight or wavy; it has no name."""
        d, rng = self.style.digit_px, self._rng
        length = d * float(rng.uniform(0.8, 4.0))
        count = int(rng.integers(3, 7))
        wave = rng.normal(0, float(rng.choice([0.02, 0.12, 0.22])) * d, count)
        path = smooth_path(
            np.stack([np.linspace(0, length, count), wave - d * rng.uniform(0.25, 0.6)], axis=1)
        )
        patch, (_, top) = draw_lines([path], pen_px=self.style.pen_px)
        self._put(patch, "", baseline=None, gap=d * float(rng.uniform(0, 0.4)), bottom=top + patch.shape[0])

    def write_zigzag(self) -> None:
        """Close with two dashes in one stroke, like a flat Z; it has no name."""
        d, rng = self.style.digit_px, self._rng
        wide, tall = d * float(rng.uniform(0.4, 1.2)), d * float(rng.uniform(0.15, 0.35))
        points = np.array([[0, 0], [1, 0], [0.1, 1], [1.1, 1]]) * (wide, tall)
        path = smooth_path(points + rng.normal(0, 0.04 * d, points.shape) - (0, 0.7 * d))
        patch, (_, top) = draw_lines([path], pen_px=self.style.pen_px)
        self._put(patch, "", baseline=None, gap=d * float(rng.uniform(0, 0.4)), bottom=top + patch.shape[0])

    def leave_blank(self, width: float) -> None:
        """Go on to the right, by digit heights."""
        self._end += width * self.style.digit_px
        self._right[:] = np.maximum(self._right, self._end)

    def finish(self) -> Written:
        """Return what was written."""
        left = min((mark.x for mark in self.marks), default=0.0)
        marks = tuple(replace(mark, x=mark.x - left) for mark in self.marks)
        return Written(marks, tuple(path - (left, 0.0) for path in self.joins), self._end - left)

    def _put(self, patch: Ink, label: str, *, baseline: float | None, gap: float, bottom: int = 0) -> None:
        """Place a patch so that the nearest strokes are a gap apart."""
        solid = patch > SOLID * max(float(patch.max()), 0.1)
        rows = np.flatnonzero(solid.any(axis=1))
        cols = np.flatnonzero(solid.any(axis=0))
        if not len(rows):
            return
        foot = int(rows[-1]) + 1
        if baseline is None:
            baseline = bottom - patch.shape[0] + foot
        top = round(baseline - self._lift - self.style.drift * max(self._end, 0.0)) - foot
        has_ink = solid.any(axis=1)
        left = np.where(has_ink, solid.argmax(axis=1), np.inf)
        right = np.where(has_ink, patch.shape[1] - solid[:, ::-1].argmax(axis=1), -np.inf)
        start = max(0, min(top + self._reach, len(self._right) - len(left)))
        span = slice(start, start + len(left))
        x = -float(cols[0])
        if self.marks:
            x += self._next_x(left - cols[0], span, label=label, width=float(cols[-1] - cols[0]), gap=gap)
        x = float(round(x))
        self.marks.append(Mark(patch, x, float(top), label))
        self._right[span] = np.maximum(self._right[span], right + x)
        self._end = max(self._end, x + float(cols[-1]) + 1)
        if label.isdigit():
            self._middle = x + float(cols[0] + cols[-1]) / 2

    def _next_x(
        self, left: npt.NDArray[np.float64], span: slice, *, label: str, width: float, gap: float
    ) -> float:
        """Return where ink begins whose left edge, row by row, is to stand a gap from what is there."""
        near = cv2.dilate(self._right[:, None], np.ones((5, 1), np.uint8))[span, 0]
        x = float((near - left).max())
        if not label or label not in ".,":
            # Boxes may overlap by half a digit; marks may slip below a flag.
            x = max(x, self._end - 0.45 * self.style.digit_px)
        if not np.isfinite(x):
            x = self._end
        x += gap
        if label.isdigit():
            x = max(x, self._middle + MIN_ADVANCE * self.style.digit_px - width / 2)
        return x

    def _draw_gap(self) -> float:
        """Return the distance to the next digit's strokes in pixels; negative overlaps."""
        style, rng = self.style, self._rng
        mode = style.gaps
        if mode == "mixed":
            mode = str(rng.choice(GAP_MODES, p=MIXED_WEIGHTS))
        if mode == "wide":
            return style.digit_px * float(rng.uniform(0.3, 0.9))
        if mode == "normal":
            return style.digit_px * float(rng.uniform(0.06, 0.28)) + 1
        if mode == "touching":
            return -style.pen_px * float(rng.uniform(0.2, 1.1)) - 0.5
        return -style.digit_px * float(rng.uniform(0.03, 0.2)) - 0.6 * style.pen_px

    def _join(self) -> None:
        """Sometimes join the last two digits by a line from foot to head."""
        if len(self._glyphs) < 2 or self._rng.random() >= self.style.ligature:
            return
        before, after = (self.marks[i] for i in self._glyphs[-2:])
        if self._glyphs[-1] - self._glyphs[-2] != 1:
            return
        rng = self._rng
        are_zeros = before.label == after.label == "0" and rng.random() < 0.6  # a chain, joined at the top
        from_part = rng.uniform(0.0, 0.25) if are_zeros else rng.uniform(0.3, 1.0)
        to_part = rng.uniform(0.0, 0.25) if are_zeros else rng.uniform(0.0, 0.7)
        start = _corner_of(before, at_end=True, part=float(from_part))
        goal = _corner_of(after, at_end=False, part=float(to_part))
        middle = (start + goal) / 2 + (0.0, self.style.digit_px * float(self._rng.uniform(-0.1, 0.25)))
        self.joins.append(smooth_path(np.stack([start, middle, goal])))


def cut_swell(strength: float, *, rng: np.random.Generator) -> Ink | None:
    """Return how the pressure of a nib comes and goes over a glyph, or None for an even pen."""
    if not strength:
        return None
    return np.asarray(np.clip(1 + strength * cut_noise((24, 20), cell=2, rng=rng), 0.35, 2), np.float32)


def _corner_of(mark: Mark, *, at_end: bool, part: float) -> npt.NDArray[np.float64]:
    """Return the outermost ink of a mark at a part of its height, (x, y)."""
    solid = mark.patch > SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    row = int(rows[int(part * (len(rows) - 1))])
    cols = np.flatnonzero(solid[row])
    return np.array([mark.x + cols[-1 if at_end else 0], mark.y + row], np.float64)


def write_number(text: str, style: Style, *, rng: np.random.Generator) -> Written:
    """Write digits and the marks ".,-/" in one go."""
    pencil = Pencil(style, rng=rng)
    for sign in text:
        if sign.isdigit():
            pencil.write_digit(sign)
        else:
            pencil.write_mark(sign)
    return pencil.finish()


def place(
    sheet: Sheet,
    written: Written,
    corner: tuple[float, float],
    *,
    style: Style,
    numbers: Sequence[int] | int,
    line: int,
) -> None:
    """Put a written string on a sheet.

    Args:
        sheet: Where to.
        written: What.
        corner: (x, y) of the start of its baseline.
        style: For the pen of the joins.
        numbers: Number of the page that each mark belongs to, or one for all.
        line: Line of writing.
    """
    for i, mark in enumerate(written.marks):
        number = numbers if isinstance(numbers, int) else numbers[i]
        at = (corner[0] + mark.x, corner[1] + mark.y)
        sheet.add(mark.patch, at, label=mark.label, number=number if mark.label else NO_NUMBER, line=line)
    if written.joins:
        sheet.draw([path + corner for path in written.joins], pen_px=style.pen_px)
