"""Pictures with their ground truth, and what was read from them, in one form for every set and every reader."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from inkdigits import Reader
from inkdigits.bundles.detector import load_detector
from inkdigits.bundles.region import load_regions
from inkdigits.datasets import load_dataset, load_pictures
from inkdigits.datasets.registry import get_info
from inkdigits.errors import InkdigitsError
from inkdigits.types import Box, Digit

Array: TypeAlias = npt.NDArray[np.uint8]
CHUNK = 32  # pictures that are read together; large photos of one chunk must fit in memory
PAPER = {"light-on-dark": 0, "dark-on-light": 255}


@dataclass(frozen=True, slots=True)
class Case:
    """One picture with its ground truth.

    Attributes:
        name: Name within its set.
        picture: PNG or JPEG bytes, or an array (H, W) or (H, W, 3) RGB.
        truth: What is written; "" where no number is.
        boxes: Where each digit stands, where known, else ().
        group: Kind of picture, class of symbol: results are also counted by it.
    """

    name: str
    picture: bytes | Array
    truth: str
    boxes: tuple[Box, ...] = ()
    group: str = ""

    def open(self) -> Image.Image:
        """The picture in RGB."""
        if isinstance(self.picture, bytes):
            return Image.open(io.BytesIO(self.picture)).convert("RGB")
        return Image.fromarray(self.picture).convert("RGB")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader made of a picture.

    Attributes:
        text: Numbers; blanks between those of one line, line feeds between lines.
        digits: In the order of the text.
    """

    text: str = ""
    digits: tuple[Digit, ...] = ()

    @property
    def confidence(self) -> float:
        """That of the least sure digit; 0 where nothing was read."""
        return min((digit.confidence for digit in self.digits), default=0.0)

    @property
    def is_empty(self) -> bool:
        """True if no digit is reported, unsure ones not counted."""
        return not any(digit.is_sure for digit in self.digits)


Pair: TypeAlias = tuple[Case, Answer]


def load_cases(name: str) -> list[Case]:
    """Load a set of pictures as they are."""
    return [Case(p.name, p.data, p.text, p.boxes, p.kind) for p in load_pictures(name)]


def load_glyph_cases(name: str, split: str, *, border_share: float = 0) -> list[Case]:
    """Load a set of glyphs as grey pictures in the set's own polarity.

    Args:
        name: Name of the set.
        split: Its split.
        border_share: Width of a border of paper on each side, relative to the longer side; 0 leaves the crop as it
            is in the set.
    """
    data, polarity = load_dataset(name, split), get_info(name).polarity
    images = 255 - data.images if polarity == "dark-on-light" else data.images
    width = round(border_share * max(images.shape[1:]))
    images = np.pad(images, ((0, 0), (width, width), (width, width)), constant_values=PAPER[polarity])
    names = [data.label_names[label] for label in data.labels]
    return [
        Case(f"{split}/{i}", image, label, group=label)
        for i, (image, label) in enumerate(zip(images, names, strict=True))
    ]


def read_cases(reader: Reader, cases: Sequence[Case]) -> list[Answer]:
    """Read pictures in chunks; one that can't be opened counts as not read."""
    answers: list[Answer] = []
    for start in range(0, len(cases), CHUNK):
        chunk = cases[start : start + CHUNK]
        try:
            readings = reader.read_many([case.picture for case in chunk])
            answers += [Answer(reading.text, reading.digits) for reading in readings]
        except InkdigitsError:
            answers += [_read_one(reader, case) for case in chunk]
    return answers


class ReaderPool:
    """Several processes that read side by side, each with its own reader and one thread.

    Args:
        model: As for `Reader`.
        workers: Processes; 1 reads in this one.
    """

    def __init__(self, model: str, *, workers: int) -> None:
        self.reader = Reader(model)
        self._pool = None
        if workers > 1:
            # "spawn": a fork of a process whose numeric libraries have started threads hangs
            self._pool = ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=_open_reader, initargs=(model,)
            )

    def read(self, cases: Sequence[Case]) -> list[Answer]:
        """Read pictures; one that can't be opened counts as not read."""
        if self._pool is None:
            return read_cases(self.reader, cases)
        chunks = [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]
        return [answer for answers in self._pool.map(_read_chunk, chunks) for answer in answers]


_reader: Reader | None = None


def _open_reader(model: str) -> None:
    global _reader  # one reader a process
    cv2.setNumThreads(1)
    _reader = Reader(model, detector=load_detector(threads=1), regions=load_regions(threads=1))


def _read_chunk(cases: Sequence[Case]) -> list[Answer]:
    assert _reader is not None
    return read_cases(_reader, cases)


def _read_one(reader: Reader, case: Case) -> Answer:
    try:
        reading = reader.read(case.picture)
    except InkdigitsError:
        return Answer()
    return Answer(reading.text, reading.digits)


def load_errors(path: Path) -> dict[tuple[str, str], str]:
    """Read the list of wrong ground truth.

    Returns:
        (set, file) -> what is really there; "" where nobody can tell.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {(entry["set"], entry["file"]): entry["there"] for entry in table.get("error", [])}


def correct_pairs(pairs: Sequence[Pair], set_name: str, errors: Mapping[tuple[str, str], str]) -> list[Pair]:
    """Put what is really there in the place of wrong ground truth; pictures that nobody can tell are left out."""
    corrected = []
    for case, answer in pairs:
        there = errors.get((set_name, case.name), case.truth)
        if there or not case.truth:
            corrected.append((replace(case, truth=there), answer))
    return corrected
