"""The proof that an exported model answers as its bundle does: a thousand digits through the target's own runtime.

Owns: which digits, the comparison, its limits. Leaves to others: running the target (to_*).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch

from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.pens import PENS, render_sign
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_writer
from inkdigits.errors import DataError, ExportError
from inkdigits.export.picture_graph import PictureGraph
from inkdigits.export.recogniser import Form, Source
from inkdigits.export.tensors_torch import TorchTensors
from inkdigits.ink import normalize_glyph
from inkdigits.types import Probs

COUNT: Final = 1000
TOLERANCE: Final = 1e-4
"""Largest difference of a probability; frameworks add in other orders, which moves the seventh figure."""
INT8_LABELS: Final = 0.995
"""Weights in eight bits move probabilities by more than that: their labels must be equal this often."""
SIZES: Final = ((28, 28), (64, 48), (96, 128), (200, 160), (280, 300), (512, 512))
"""(height, width) of the pictures of the proof, pixels: least, most, and some between that are not square."""
Answer: TypeAlias = tuple[Probs, npt.NDArray[np.float32]]
"""What a model gives: (N, C) probabilities and (N,) probability of "none"."""
Run: TypeAlias = Callable[[npt.NDArray[np.float32]], Answer]
_REMEDY: Final = "Nothing was written; please report this as a bug, with the versions of the libraries."


@dataclass(frozen=True, slots=True)
class Parity:
    """How an exported model's answers compare with its bundle's.

    Attributes:
        digits: How many were compared.
        equal_labels: Share with the same label.
        difference: Largest difference of a probability.
        digits_from: "mnist/test", or "made" where that is not on this machine.
    """

    digits: int
    equal_labels: float
    difference: float
    digits_from: str


def prove(run: Run, source: Source, form: Form, *, is_int8: bool = False, count: int = COUNT) -> Parity:
    """Compare an exported model with its bundle.

    Args:
        run: Runs the written file in the target's own runtime; takes what `Form` says.
        source: The bundle.
        form: The form of the file.
        is_int8: Demand equal labels in 99.5 % of the cases instead of equal probabilities.
        count: Number of digits.

    Raises:
        ExportError: If a label or probability differs.
    """
    digits, origin = load_digits(count)
    theirs, ours = [], []
    for batch in make_batches(digits, form):
        try:
            theirs.append(run(batch))
        except Exception as error:  # every runtime raises its own classes
            raise ExportError(f"The exported file can't be run ({error})", remedy=_REMEDY) from error
        ours.append(_expect(batch, source, form))
    parity = compare(theirs, ours, digits_from=origin)
    check(parity, is_int8=is_int8)
    return parity


def compare(theirs: Sequence[Answer], ours: Sequence[Answer], *, digits_from: str) -> Parity:
    """Compare answers, batch by batch.

    Args:
        theirs: Of the exported model.
        ours: Of the bundle.
        digits_from: Where the digits come from.

    Raises:
        ExportError: If their shapes differ.
    """
    for (probs, none), (expected, expected_none) in zip(theirs, ours, strict=True):
        if probs.shape != expected.shape or none.shape != expected_none.shape:
            raise ExportError(
                f"The exported file gives shapes {probs.shape} and {none.shape} instead of {expected.shape} and "
                f"{expected_none.shape}",
                remedy=_REMEDY,
            )
    probs, none = (np.concatenate([answer[i] for answer in theirs]) for i in (0, 1))
    expected, expected_none = (np.concatenate([answer[i] for answer in ours]) for i in (0, 1))
    # NaN must not pass: the maximum of numpy keeps it, and every comparison with it is false.
    difference = np.max([np.abs(probs - expected).max(), np.abs(none - expected_none).max()])
    equal = float((probs.argmax(axis=1) == expected.argmax(axis=1)).mean())
    return Parity(len(probs), equal, float(difference), digits_from)


def check(parity: Parity, *, is_int8: bool) -> None:
    """Refuse a model that answers otherwise.

    Raises:
        ExportError: If it does.
    """
    if is_int8 and not (parity.equal_labels >= INT8_LABELS and np.isfinite(parity.difference)):
        raise ExportError(
            f"The exported file gives the same label for {100 * parity.equal_labels:.1f} % of {parity.digits} "
            f"digits, less than {100 * INT8_LABELS} %",
            remedy="Export float32 instead; nothing was written.",
        )
    if not is_int8 and not (parity.equal_labels == 1 and parity.difference <= TOLERANCE):
        raise ExportError(
            f"The exported file differs from its bundle: {100 * parity.equal_labels:.1f} % equal labels, "
            f"probabilities up to {parity.difference:.2g} apart",
            remedy=_REMEDY,
        )


@cache
def load_digits(count: int = COUNT) -> tuple[npt.NDArray[np.uint8], str]:
    """Return digits in MNIST's form, (count, 28, 28) uint8 with ink = 255, and where they come from.

    Args:
        count: The first so many of MNIST's test digits, or as many digits of the pen simulator.
    """
    try:
        return load_dataset("mnist", "test").images[:count], "mnist/test"
    except DataError:
        return make_digits(count), "made"


def make_digits(count: int, *, seed: int = 7) -> npt.NDArray[np.uint8]:
    """Write digits with simulated pens.

    Args:
        count: How many; every tenth one is of the same class.
        seed: Of all chance.

    Returns:
        (count, 28, 28) uint8 with ink = 255, in MNIST's form.
    """
    rng = np.random.default_rng(seed)
    digits = np.empty((count, 28, 28), np.uint8)
    for index in range(count):
        style = make_writer(rng)
        strokes = make_strokes(str(index % 10), rng=rng, style=style)
        pen = PENS[str(rng.choice(("ballpoint", "felt", "fountain")))]
        ink = render_sign(strokes, height_px=64, rng=rng, style=style, pen=pen)
        digits[index] = np.rint(255 * normalize_glyph(ink))
    return digits


def make_batches(digits: npt.NDArray[np.uint8], form: Form) -> list[npt.NDArray[np.float32]]:
    """Bring digits into what a form takes: for pictures several sizes, and every other one dark on light.

    Args:
        digits: (N, 28, 28) uint8 with ink = 255.
        form: The form.

    Returns:
        Batches of at most 50, each of one size.
    """
    batches: list[npt.NDArray[np.float32]] = []
    for number, start in enumerate(range(0, len(digits), 50)):
        part = digits[start : start + 50]
        if form is Form.bare:
            batches.append(part.astype(np.float32) / np.float32(255))
            continue
        height, width = SIZES[number % len(SIZES)]
        batches.append(
            np.stack([_make_picture(digit, height, width, i % 2 == 0) for i, digit in enumerate(part)])
        )
    return batches


def _make_picture(
    digit: npt.NDArray[np.uint8], height: int, width: int, is_dark: bool
) -> npt.NDArray[np.float32]:
    """Enlarge a digit to fill a picture's shorter side, on 10 to 245 grey levels."""
    side = min(height, width)
    enlarged = cv2.resize(digit, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    top, left = (height - side) // 2, (width - side) // 2
    picture = np.zeros((height, width), np.float32)
    picture[top : top + side, left : left + side] = enlarged
    level = 10 + picture * (235 / 255)
    return np.asarray(np.rint(255 - level if is_dark else level), np.float32)


def _expect(batch: npt.NDArray[np.float32], source: Source, form: Form) -> Answer:
    if form is Form.bare:
        return source.classifier.predict(batch)
    with torch.inference_mode():
        ink, has_ink = PictureGraph(TorchTensors()).build(torch.from_numpy(batch))
    probs, none = source.classifier.predict(ink.numpy())
    return probs, np.maximum(none, 1 - has_ink[:, 0, 0].numpy())
