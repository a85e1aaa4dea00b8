"""Other readers on the same pictures: RapidOCR in this process, Tesseract through its command.

Answers are kept as JSON, so that a slow run goes on where it stopped. Both get every picture as RGB; what is
smaller than the Reader's own working size is enlarged to it. Letters are dropped from their answers. Neither tells
where a single sign stands, so the box of a word is cut into equal parts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from _cases import Answer, Case
from _tasks import Layout
from inkdigits.errors import MissingExtraError, UsageError
from inkdigits.files import write_text
from inkdigits.types import Box, Digit

LEAST_SIDE_PX = 112  # as in ink.binarize: the Reader enlarges small pictures to this, too
MOST_SIDE_PX = 4000
SAVE_EVERY = 10
Word = tuple[str, float, int, int, int, int, int]  # text, confidence, line, x, y, width, height


class Rival(ABC):
    """A reader that is not ours."""

    name: str
    settings: str

    @abstractmethod
    def read_words(self, picture: Image.Image, layout: Layout) -> list[Word]:
        """Return the words of an RGB picture, in reading order."""


class RapidOcr(Rival):
    """RapidOCR with the PP-OCR models of its wheel; needs the extra `bench`."""

    def __init__(self) -> None:
        try:
            module = import_module("rapidocr")
        except ImportError as error:
            raise MissingExtraError("rapidocr", extra="bench") from error
        self.engine: Any = module.RapidOCR(params={"Global.log_level": "error"})
        self.name = f"rapidocr-{version('rapidocr')}"
        self.settings = (
            "models of its wheel (PP-OCRv6 small), its own thresholds; signs and lines: recognition alone "
            "(its detector finds nothing in tight crops); pages: detection, direction, recognition"
        )

    def read_words(self, picture: Image.Image, layout: Layout) -> list[Word]:
        array = np.ascontiguousarray(np.asarray(picture)[..., ::-1])  # RGB -> BGR
        if layout == "page":
            found = self.engine(array, use_det=True, use_cls=True, use_rec=True)  # it keeps the last settings
        else:
            found = self.engine(array, use_det=False, use_cls=False, use_rec=True)
        texts, scores = found.txts or (), found.scores or ()
        boxes = getattr(found, "boxes", None)
        if boxes is None:
            boxes = [[(0, 0), picture.size]] * len(texts)
        words = []
        for text, score, corners in zip(texts, scores, boxes, strict=True):
            (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
            size = int(right - left), int(bottom - top)
            words.append((str(text), float(score), 0, int(left), int(top), *size))
        return _sort_lines(words)


class Tesseract(Rival):
    """The command `tesseract` with a whitelist of digits; the page mode tells what is in the picture."""

    MODES: dict[Layout, int] = {"glyph": 10, "line": 7, "page": 6}  # noqa: RUF012

    def __init__(self) -> None:
        command = shutil.which("tesseract")
        if command is None:
            raise UsageError("Tesseract is not installed", remedy="Install it, or choose other rivals.")
        self.command = command
        shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
        self.name = "-".join((shown.stdout or shown.stderr).split()[:2])
        modes = ", ".join(f"{layout} --psm {mode}" for layout, mode in self.MODES.items())
        self.settings = f"language eng, tessedit_char_whitelist=0123456789; {modes}"

    def read_words(self, picture: Image.Image, layout: Layout) -> list[Word]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "picture.png"
            picture.save(path)
            run = subprocess.run(
                [self.command, str(path), "stdout", "--psm", str(self.MODES[layout]), "--dpi", "150",
                 "-c", "tessedit_char_whitelist=0123456789", "tsv"],
                capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
        return _parse_tsv(run.stdout)


def make_rivals(choice: str) -> list[Rival]:
    """Return the readers of `--rivals`; "all" takes those that are installed."""
    classes: dict[str, type[Rival]] = {"rapidocr": RapidOcr, "tesseract": Tesseract}
    if choice in classes:
        return [classes[choice]()]
    rivals = []
    for rival in classes.values() if choice == "all" else ():
        try:
            rivals.append(rival())
        except (MissingExtraError, UsageError) as error:
            print(f"left out: {error}")
    return rivals


def read_cached(rival: Rival, cases: Sequence[Case], layout: Layout, *, cache: Path) -> list[Answer]:
    """Read pictures, taking from the cache what was read before.

    Args:
        rival: The reader.
        cases: The pictures.
        layout: What is in them.
        cache: JSON file; picture name -> words. Delete it if the pictures or the settings change.
    """
    known: dict[str, list[Word]] = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    missing = [case for case in cases if case.name not in known]
    for done, case in enumerate(missing, start=1):
        picture, zoom = _enlarge(case.open())
        words = rival.read_words(picture, layout)
        known[case.name] = [(t, c, line, *(round(n / zoom) for n in box)) for t, c, line, *box in words]  # type: ignore[misc]
        if done % SAVE_EVERY == 0 or done == len(missing):
            write_text(cache, json.dumps(known))
    return [to_answer(known[case.name]) for case in cases]


def to_answer(words: Sequence[Word]) -> Answer:
    """Keep the digits and decimal marks of words; words without a digit are dropped."""
    lines: dict[int, list[str]] = {}
    digits: list[Digit] = []
    for text, confidence, line, x, y, width, height in words:
        if not any(sign in "0123456789" for sign in text):
            continue
        lines.setdefault(line, []).append("".join(sign for sign in text if sign in "0123456789.,-/"))
        step = width / len(text)
        digits += [
            Digit(sign, confidence, Box(round(x + i * step), y, max(1, round(step)), max(1, height)))
            for i, sign in enumerate(text)
            if sign in "0123456789"
        ]
    return Answer("\n".join(" ".join(texts) for texts in lines.values()), tuple(digits))


def _enlarge(picture: Image.Image) -> tuple[Image.Image, float]:
    zoom = min(max(1.0, LEAST_SIDE_PX / min(picture.size)), max(1.0, MOST_SIDE_PX / max(picture.size)))
    if zoom == 1:
        return picture, 1.0
    size = (round(picture.width * zoom), round(picture.height * zoom))
    return picture.resize(size, Image.Resampling.BICUBIC), zoom


def _sort_lines(words: Sequence[Word]) -> list[Word]:
    """Number the lines: a word whose middle lies within the height of the line's first word belongs to it."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word[4] + word[6] / 2):
        middle = word[4] + word[6] / 2
        if lines and middle < lines[-1][0][4] + lines[-1][0][6]:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [
        (*word[:2], number, *word[3:])
        for number, line in enumerate(lines)
        for word in sorted(line, key=lambda word: word[3])
    ]


def _parse_tsv(table: str) -> list[Word]:
    """Take the words (level 5) of Tesseract's table."""
    words: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in table.splitlines()[1:]:
        level, *place, x, y, width, height, confidence, text = row.split("\t", 11)
        if level == "5" and text.strip():
            line = lines.setdefault(tuple(place[:4]), len(lines))
            box = int(x), int(y), int(width), int(height)
            words.append((text.strip(), float(confidence) / 100, line, *box))
    return words
