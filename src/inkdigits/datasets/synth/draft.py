"""The state of one page while it is made: bank, chance, sheet, camera, and the pen in use.

Owns: taking the sheet, choosing inks, writing lines that fit, finishing. Leaves to others: what each kind of page
holds (`synth.strips`, `synth.forms`, `synth.crops`).
"""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.camera import aim_camera, measure_sheet, take_picture
from inkdigits.datasets.synth.grounds import make_sheet
from inkdigits.datasets.synth.noise import cut_noise
from inkdigits.datasets.synth.page import SynthPage
from inkdigits.datasets.synth.sheet import Color
from inkdigits.datasets.synth.style import Style, make_style
from inkdigits.datasets.synth.writing import Pencil, Written, place

INVERTED = 0.1
"""Part of the pages with light ink on dark: boards, screens, negatives."""
INKS: tuple[Color, ...] = (
    (25, 25, 28), (40, 40, 45), (30, 40, 110), (20, 60, 150), (60, 50, 120), (15, 25, 70),
    (70, 50, 40), (150, 30, 40), (20, 90, 60), (80, 80, 84), (120, 60, 20),
)  # fmt: skip
INK_WEIGHTS = (0.24, 0.16, 0.14, 0.1, 0.05, 0.07, 0.05, 0.06, 0.03, 0.07, 0.03)
LEAST_CONTRAST = 50.0
"""Grey levels between ink and the ground that are always kept."""


class Draft:
    """One page in the making.

    Attributes:
        bank: Where glyphs come from.
        rng: Source of all chance.
        size_px: (height, width) of the picture.
        digit_px: Height of digits.
        sheet: What has been put on paper.
        lines: Lines of writing so far.
    """

    def __init__(
        self,
        bank: GlyphBank,
        *,
        rng: np.random.Generator,
        size_px: tuple[int, int],
        digit_px: float,
        paper: str = "",
        max_angle_deg: float = 8.0,
    ) -> None:
        self.bank = bank
        self.rng = rng
        self.size_px = size_px
        self.digit_px = digit_px
        self._matrix = aim_camera(size_px, rng=rng, max_angle_deg=max_angle_deg)
        origin, sheet_px = measure_sheet(self._matrix, size_px)
        self.sheet = make_sheet(size_px, origin=origin, sheet_px=sheet_px, rng=rng, paper=paper)
        self.lines = 0
        self._numbers = 0

    def make_style(self, *, size: float = 1.0) -> Style:
        """Invent a writer; size against the digits of the page."""
        return make_style(self.bank, digit_px=self.digit_px * size, rng=self.rng)

    def new_number(self) -> int:
        """Return the number of the next number."""
        self._numbers += 1
        return self._numbers - 1

    def compose(self, text: str, style: Style, *, room_px: float) -> Written | None:
        """Write a number as far as there is room; None if not even one sign fits."""
        pencil = Pencil(style, rng=self.rng)
        for sign in text:
            before = len(pencil.marks), pencil.end
            if sign.isdigit():
                pencil.write_digit(sign)
            else:
                pencil.write_mark(sign)
            if pencil.end > room_px:
                kept = pencil.finish()
                if not before[0]:
                    return None
                joins = tuple(path for path in kept.joins if float(path[:, 0].max()) <= before[1])
                return Written(kept.marks[: before[0]], joins, before[1])
        return pencil.finish()

    def put(self, written: Written, corner: tuple[float, float], *, style: Style, line: int) -> None:
        """Put a number on the sheet; its baseline starts at the corner."""
        place(self.sheet, written, corner, style=style, numbers=self.new_number(), line=line)

    def dry(self, *, color: Color | None = None, faint: float = 0.12) -> None:
        """Let the ink dry in a pen's colour, with its unevenness.

        Args:
            color: Drawn when not given.
            faint: Probability of weak ink.
        """
        rng = self.rng
        ground = float(self.sheet.surface[::7, ::7].mean())
        if color is None:
            color = INKS[int(rng.choice(len(INKS), p=INK_WEIGHTS))]
        alpha = float(rng.uniform(0.33, 0.6) if rng.random() < faint else rng.uniform(0.7, 1.0))
        contrast = ground - sum(color) / 3
        alpha = min(1.0, max(alpha, LEAST_CONTRAST / max(contrast, 1.0)))
        kind = int(rng.choice(4, p=(0.45, 0.25, 0.15, 0.15)))
        size = self.sheet.wet.shape
        shape = (size[0], size[1])
        if kind == 0:
            self.sheet.dry(color, strength=alpha)
            return
        if kind == 1:  # pressure comes and goes over some strokes
            field = 1 + np.float32(rng.uniform(0.1, 0.28)) * cut_noise(shape, cell=3, rng=rng)
        elif kind == 2:  # pencil and chalk: the tooth of the paper
            field = 1 - np.float32(rng.uniform(0.1, 0.4)) * np.abs(cut_noise(shape, cell=0, rng=rng))
        else:  # a ball that skips
            field = 1 - np.float32(rng.uniform(0.3, 0.9)) * (cut_noise(shape, cell=1, rng=rng) > 1.1)
        self.sheet.dry(color, strength=np.asarray(np.clip(field * alpha, 0.1, 1), np.float32))

    def finish(self, kind: str, *, is_dark: bool | None = None) -> SynthPage:
        """Take the picture.

        Args:
            kind: Of the page.
            is_dark: Whether the ground becomes dark and the ink light; drawn when not given.
        """
        chance = bool(self.rng.random() < INVERTED)
        if chance if is_dark is None else is_dark:
            tint = self.rng.uniform(0.8, 1.0, 3).astype(np.float32)
            self.sheet.surface = np.asarray((260 - self.sheet.surface) * tint, np.float32)
        return take_picture(self.sheet, self._matrix, kind=kind, rng=self.rng)
