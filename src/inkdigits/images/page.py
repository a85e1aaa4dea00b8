"""What a page is, and how large anything may be.

Owns: `Page`, `Limits`, the kinds of source. Leaves to others: making pages.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from inkdigits.types import Gray, Rgb

if TYPE_CHECKING:
    pass


Source: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[Any]
"""A path ("-" is standard input), the bytes of a file, a Pillow image or an array."""


@dataclass(frozen=True)
class Limits:
    """What one source may cost; each bound is checked before the work that it bounds.

    Attributes:
        max_bytes: Of the file.
        max_pixels: Of one page; A3 at 600 dpi has 70 million. TIFF and GIF are also held to Pillow's own
            `Image.MAX_IMAGE_PIXELS`, 89 million, since their plugins would warn above it.
        max_pages: Of one document.
        max_total_pixels: Of all pages: a tiny TIFF can hold 200 huge white ones. 10^9 are 3 GB of RGB.
    """

    max_bytes: int = 64 * 2**20
    max_pixels: int = 100_000_000
    max_pages: int = 200
    max_total_pixels: int = 1_000_000_000


DEFAULT_LIMITS = Limits()
"""For one's own pictures; a server that takes strangers' files should set lower ones."""


@dataclass(frozen=True, eq=False)
class Page:
    """One upright picture.

    Attributes:
        rgb: (H, W, 3) uint8, upright, not writeable when it comes from `load_pages`. Of a grey picture all three
            channels may lie in the same memory (stride 0).
        source: The path as it was given, "-" for standard input, "" for pictures from memory.
        index: Number of the page in its document, from 0.
    """

    rgb: Rgb
    source: str = ""
    index: int = 0

    @cached_property
    def gray(self) -> Gray:
        """(H, W) uint8, ITU-R BT.601 luma, not writeable; a grey picture keeps its values exactly."""
        if not self.rgb.strides[2]:  # one grey value, seen three times
            return self.rgb[..., 0]
        return np.asarray(Image.fromarray(self.rgb).convert("L"))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]
