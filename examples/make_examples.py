"""Write the example pictures and `expected.json` again: python examples/make_examples.py [folder].

The pictures are simulated handwriting, so that they may be shared freely and their text is known exactly.
Same seeds and same library versions give the same bytes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from inkdigits.datasets.paper import PAPERS, Color, Paper, make_page
from inkdigits.datasets.pens import PENS
from inkdigits.datasets.writers import WriterStyle
from inkdigits.types import Rgb

ENCODING = {".jpg": (cv2.IMWRITE_JPEG_QUALITY, 88), ".png": (cv2.IMWRITE_PNG_COMPRESSION, 9)}
QUIET = Paper(texture=0.8, fibres=0.3, noise=0.0)
"""Little texture: noise is most of the bytes of a PNG."""


@dataclass(frozen=True)
class Example:
    """One picture: what it says, who wrote it, with what, on what."""

    name: str
    lines: tuple[str, ...]
    seed: int
    size_px: tuple[int, int]
    style: WriterStyle
    pen: str = "ballpoint"
    paper: Paper = QUIET
    ink_color: Color | None = None
    digit_px: int = 72


EXAMPLES = (
    Example(
        "digit.png",
        ("7",),
        seed=7,
        size_px=(340, 320),
        style=WriterStyle(habits=(0, 1, 0, 0, 0, 0, 0, 1, 0, 0), fidelity=1.0),
        pen="fountain",
        paper=replace(QUIET, vignette=0.06),
        digit_px=170,
    ),
    Example(
        "postal-code.png",
        ("90214",),
        seed=11,
        size_px=(190, 560),
        style=WriterStyle(slant_deg=8, habits=(0, 1, 0, 0, 1, 0, 0, 0, 0, 1), fidelity=1.0, spacing=0.26),
        ink_color=(28, 52, 150),
        digit_px=84,
    ),
    Example(
        "amount.jpg",
        ("1250",),
        seed=23,
        size_px=(360, 640),
        style=WriterStyle(slant_deg=3, pen_width=0.1, habits=(2, 1, 1, 0, 0, 1, 0, 0, 0, 0), fidelity=1.0),
        pen="felt",
        paper=replace(PAPERS["photo"], jpeg_quality=None),
        ink_color=(24, 24, 30),
        digit_px=120,
    ),
    Example(
        "list.png",
        ("1984", "307", "65", "4128", "790"),
        seed=31,
        size_px=(560, 420),
        style=WriterStyle(slant_deg=5, habits=(0, 1, 3, 0, 0, 0, 0, 0, 1, 0), spacing=0.24, fidelity=1.0),
        pen="pencil",
        paper=replace(QUIET, ruling="lines"),
        ink_color=(58, 58, 62),
        digit_px=56,
    ),
    Example(
        "blackboard.png",
        ("3856",),
        seed=43,
        size_px=(300, 560),
        style=WriterStyle(slant_deg=2, roundness=0.8, spacing=0.28, fidelity=1.0, pen_width=0.085),
        pen="chalk",
        paper=replace(PAPERS["blackboard"], texture=1.2, noise=0.0, smear=12.0),
        digit_px=120,
    ),
    Example(
        "blank.png",
        (),
        seed=59,
        size_px=(300, 420),
        style=WriterStyle(),
        paper=replace(PAPERS["recycled"], texture=1.5, fibres=3.0, noise=0.0),
    ),
)


def make_example(example: Example) -> Rgb:
    """Return the picture, (H, W, 3) uint8."""
    page, _ = make_page(
        example.lines,
        rng=np.random.default_rng(example.seed),
        style=example.style,
        pen=PENS[example.pen],
        paper=example.paper,
        ink_color=example.ink_color,
        digit_px=example.digit_px,
        size_px=example.size_px,
    )
    return page


def write_examples(folder: Path) -> None:
    """Write all pictures and `expected.json`, which maps each file name to its text."""
    for example in EXAMPLES:
        suffix = Path(example.name).suffix
        _, data = cv2.imencode(suffix, make_example(example)[..., ::-1], ENCODING[suffix])
        (folder / example.name).write_bytes(data.tobytes())
    expected = {example.name: "\n".join(example.lines) for example in EXAMPLES}
    text = json.dumps(expected, indent=2, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_examples(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
