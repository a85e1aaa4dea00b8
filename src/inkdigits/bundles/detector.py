"""Opens the digit detector's bundle, runs it, and turns its answer into signs: peaks, labels, boxes.

Owns: the session, peaks, overlapping answers. Leaves to others: the view of a page (ink), the network (models).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.bundles.bundle import FOLDER, open_bundle
from inkdigits.errors import BundleError
from inkdigits.types import Ink, Probs

DEFAULT_DETECTOR = "detector"
TASK = "detect"
"""What a detector's metadata name as its task."""
STRIDE = 4
BOX_UNIT_PX = 8.0
DIGIT_LABELS = 10
# Two answers that share this part of the smaller box are one sign: touching digits share up to a third. A small one
# may lie farther on a large one, as an 0 does beneath the cap of a 5, if both share so little of their union.
SAME_SIGN, WITHIN, UNLIKE = 0.5, 0.9, 0.3


@dataclass(frozen=True)
class Spotted:
    """One sign that the detector sees.

    Attributes:
        x, y, width, height: Its box in pixels of the view.
        score: How sure the detector is that a sign of this kind stands here, in [0, 1].
        probs: (C,) probability of each digit, or of each mark.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    probs: Probs


class BundleDetector:
    """A detector read from one ONNX file; unchanging after it is built, shared by threads.

    Args:
        path: The ONNX file.
        threads: Threads for one call.

    Raises:
        BundleError: If the file is missing, damaged, or no detector.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 2) -> None:
        self.path = Path(path)
        self._session, self.metadata = open_bundle(self.path, threads=threads)
        if self.metadata.everything.get("task") != TASK:
            raise BundleError(
                f"{self.path.name} is a classifier, but no detector",
                remedy="Take the detector that ships, or train one with 'inkdigits train-detector'.",
            )
        self._input = self._session.get_inputs()[0].name

    @property
    def digits(self) -> tuple[str, ...]:
        """Labels of digits."""
        return self.metadata.labels[:DIGIT_LABELS]

    @property
    def marks(self) -> tuple[str, ...]:
        """Labels of marks."""
        return self.metadata.labels[DIGIT_LABELS:]

    def run(self, view: Ink) -> npt.NDArray[np.float32]:
        """Return the network's raw answer.

        Args:
            view: (H, W) float32 in [0, 1] as `inkdigits.ink.make_view` makes it.

        Returns:
            (2 + labels + 4, H / 4, W / 4) float32.
        """
        answer: npt.NDArray[np.float32] = self._session.run(None, {self._input: view[None, None]})[0][0]
        return answer

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        """Find digits and marks.

        Args:
            view: As for `run`.
            least_score: Fainter answers are left out.

        Returns:
            Digits and marks, best first.
        """
        answer = self.run(view)
        return (
            decode(answer, channel=0, names=slice(2, 2 + DIGIT_LABELS), least_score=least_score),
            decode(answer, channel=1, names=slice(2 + DIGIT_LABELS, -4), least_score=least_score),
        )


def decode(
    answer: npt.NDArray[np.float32], *, channel: int, names: slice, least_score: float
) -> list[Spotted]:
    """Turn one channel's peaks into signs; of answers that lie on each other the best remains.

    Args:
        answer: (C, h, w) as the network gives it.
        channel: 0 for digits, 1 for marks.
        names: Where the logits of the labels stand.
        least_score: Fainter peaks are left out.
    """
    heat = answer[channel]
    least = float(np.log(least_score / (1 - least_score)))
    peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > least)
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-heat[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    # In 64 bits: processors differ in the exponential function of 32, and so did the boxes that `regions` is shown.
    at_peaks = answer[:, rows, columns].astype(np.float64)
    scores = 1 / (1 + np.exp(-at_peaks[channel]))
    left, top, right, bottom = np.exp(np.clip(at_peaks[-4:], -6, 6)) * BOX_UNIT_PX
    x, y = (columns + 0.5) * STRIDE, (rows + 0.5) * STRIDE
    logits = at_peaks[names].T  # (M, labels)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probs /= probs.sum(axis=1, keepdims=True)
    boxes = np.stack([x - left, y - top, x + right, y + bottom], axis=1)
    kept = drop_covered(boxes)
    return [
        Spotted(
            float(boxes[i, 0]), float(boxes[i, 1]), float(boxes[i, 2] - boxes[i, 0]),
            float(boxes[i, 3] - boxes[i, 1]), float(scores[i]), probs[i].astype(np.float32),
        )
        for i in kept
    ]  # fmt: skip


def drop_covered(boxes: npt.NDArray[np.floating[Any]]) -> list[int]:
    """Return the rows of the boxes that remain where each, in turn, drops those after it that lie on it.

    Args:
        boxes: (N, 4) left, top, right, bottom, best first. Two that share `SAME_SIGN` of the smaller one are one;
            of those that share less than `UNLIKE` of their union, two that share `WITHIN`.
    """
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    areas = (right - left) * (bottom - top)
    is_free = np.ones(len(boxes), np.bool_)
    kept = []
    for index in range(len(boxes)):
        if is_free[index]:
            kept.append(index)
            width = np.minimum(right[index], right) - np.maximum(left[index], left)
            height = np.minimum(bottom[index], bottom) - np.maximum(top[index], top)
            shared = np.maximum(width, 0) * np.maximum(height, 0)
            cover = shared / np.maximum(np.minimum(areas[index], areas), 1e-6)
            is_unlike = shared < UNLIKE * np.maximum(areas[index] + areas - shared, 1e-6)
            is_free &= cover < np.where(is_unlike, WITHIN, SAME_SIGN)
    return kept


def load_detector(name: str | os.PathLike[str] = DEFAULT_DETECTOR, *, threads: int = 2) -> BundleDetector:
    """Open the detector that ships, or one by path.

    Args:
        name: "detector", or the path of an ONNX file.
        threads: Threads for one call.

    Raises:
        BundleError: If there is no such bundle or it can't be opened.
    """
    text = os.fspath(name)
    path = FOLDER / "detectors" / f"{text}.onnx" if Path(text).suffix != ".onnx" else Path(text)
    return BundleDetector(path, threads=threads)
