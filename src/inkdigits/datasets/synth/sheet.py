"""A sheet while it is being written: ground, wet ink, and what has been placed where.

Owns: compositing and the outlines of placed signs. Leaves to others: what is placed (`synth.writing`,
`synth.distractors`), the ground (`synth.grounds`), the camera (`synth.camera`).

Coordinates are those of the picture before the camera turns it: (0, 0) is its top left corner. The sheet is larger
than the picture, so that a turned camera sees paper everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.inking import draw_lines
from inkdigits.types import Ink

Color: TypeAlias = tuple[float, float, float]
VISIBLE = 0.2
"""Part of a sign's strongest ink from which a pixel counts for its box."""
NO_NUMBER = -1


@dataclass(frozen=True)
class PlacedSign:
    """A sign on the sheet: its label, hull of visible ink (N, 2), number and line of writing."""

    label: str
    hull: npt.NDArray[np.float64]
    number: int
    line: int


@dataclass
class Sheet:
    """The sheet and what has been put on it.

    Attributes:
        size_px: (height, width) of the picture.
        origin: Position of the sheet's first pixel, (x, y), at most 0.
        surface: (H, W, 3) float32 in [0, 255]: paper, print and dry ink.
        wet: (H, W) float32 in [0, 1]: ink that is not yet dry.
        signs: What has been placed.
    """

    size_px: tuple[int, int]
    origin: tuple[int, int]
    surface: npt.NDArray[np.float32]
    wet: Ink
    signs: list[PlacedSign] = field(default_factory=list)

    def add(
        self, patch: Ink, corner: tuple[float, float], *, label: str, number: int = NO_NUMBER, line: int = 0
    ) -> None:
        """Put ink on the sheet and remember it as a sign.

        Args:
            patch: (H, W) float32 ink.
            corner: (x, y) of its top left pixel, rounded to whole pixels.
            label: As in `SynthSign`.
            number: Number of the page that it belongs to.
            line: Line of writing.
        """
        x, y = round(corner[0]), round(corner[1])
        if self._paste(patch, x, y):
            self.remember(patch, (x, y), label=label, number=number, line=line)

    def remember(
        self, patch: Ink, corner: tuple[int, int], *, label: str, number: int = NO_NUMBER, line: int = 0
    ) -> None:
        """Remember ink, which may be on the sheet in another way, as a sign."""
        visible = (patch > VISIBLE * float(patch.max())).astype(np.uint8)
        points = cv2.findNonZero(visible)
        if points is None:
            return
        ends = cv2.convexHull(points).reshape(-1, 2).astype(np.float64) + corner
        # Each pixel counts with its whole area.
        hull = np.concatenate([ends + step for step in ((0, 0), (1, 0), (0, 1), (1, 1))])
        self.signs.append(PlacedSign(label, hull, number, line))

    def press(self, patch: Ink, corner: tuple[float, float]) -> None:
        """Put ink on the sheet that is no sign."""
        self._paste(patch, round(corner[0]), round(corner[1]))

    def draw(self, paths: Sequence[npt.NDArray[np.float64]], *, pen_px: float, strength: float = 1.0) -> None:
        """Draw lines that belong to no sign, such as ligatures and underlines."""
        patch, corner = draw_lines(paths, pen_px=pen_px)
        self._paste(patch * np.float32(strength), *corner)

    def dry(self, color: Color, *, strength: npt.NDArray[np.float32] | float = 1.0) -> None:
        """Let the wet ink dry in a colour; the next ink comes from another pen.

        Args:
            color: Red, green, blue in [0, 255].
            strength: Of the ink, (H, W) or one value.
        """
        alpha = (self.wet * np.float32(strength) if isinstance(strength, float) else self.wet * strength)[
            ..., None
        ]
        self.surface += alpha * (np.array(color, np.float32) - self.surface)
        self.wet = np.zeros_like(self.wet)

    def blend(self, mask: Ink, color: Color, *, strength: float = 1.0) -> None:
        """Print something at once, over the whole sheet.

        Args:
            mask: (H, W) float32 in [0, 1], as large as the sheet.
            color: Red, green, blue in [0, 255].
            strength: Of the print.
        """
        self.surface += (mask * np.float32(strength))[..., None] * (
            np.array(color, np.float32) - self.surface
        )

    def _paste(self, patch: Ink, x: int, y: int) -> bool:
        """Add wet ink; tell whether some of it is on the sheet."""
        x, y = x - self.origin[0], y - self.origin[1]
        height, width = self.wet.shape
        top, bottom = max(0, y), min(height, y + patch.shape[0])
        left, right = max(0, x), min(width, x + patch.shape[1])
        if top >= bottom or left >= right:
            return False
        view = self.wet[top:bottom, left:right]
        np.maximum(view, patch[top - y : bottom - y, left - x : right - x], out=view)
        return True
