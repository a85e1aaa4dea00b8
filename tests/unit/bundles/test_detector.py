"""Peaks become signs: one for each, labels and boxes as the channels say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.bundles.bundle import FOLDER
from inkdigits.bundles.detector import BOX_UNIT_PX, BundleDetector, decode, drop_covered, load_detector
from inkdigits.errors import BundleError

Answer = npt.NDArray[np.float32]
DIGITS = slice(2, 12)


def empty(height: int = 12, width: int = 20) -> Answer:
    answer = np.zeros((20, height, width), np.float32)
    answer[:2] = -8
    return answer


def put(
    answer: Answer, row: int, column: int, *, label: int, size: tuple[float, float], heat: float = 3
) -> None:
    """A sign of (width, height) pixels around a place."""
    answer[0, row, column] = heat
    answer[2 + label, row, column] = 6
    width, height = size
    for channel, side in enumerate((width, height, width, height)):
        answer[-4 + channel, row, column] = np.log(side / 2 / BOX_UNIT_PX)


def test_a_peak_becomes_a_sign_with_its_label_and_box() -> None:
    answer = empty()
    put(answer, 5, 7, label=4, size=(16, 24))
    (sign,) = decode(answer, channel=0, names=DIGITS, least_score=0.3)
    assert sign.probs.argmax() == 4
    assert sign.probs.sum() == pytest.approx(1, abs=1e-5)
    assert (sign.x, sign.y) == pytest.approx((30 - 8, 22 - 12), abs=1e-3)
    assert (sign.width, sign.height) == pytest.approx((16, 24), abs=1e-3)
    assert sign.score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)


def test_of_two_answers_on_each_other_the_better_remains() -> None:
    answer = empty()
    put(answer, 5, 7, label=4, size=(16, 24), heat=2)
    put(answer, 5, 9, label=9, size=(16, 24), heat=3)
    (sign,) = decode(answer, channel=0, names=DIGITS, least_score=0.3)
    assert sign.probs.argmax() == 9


def test_touching_signs_both_remain() -> None:
    answer = empty()
    put(answer, 5, 5, label=1, size=(10, 24))
    put(answer, 5, 7, label=1, size=(10, 24))
    assert len(decode(answer, channel=0, names=DIGITS, least_score=0.3)) == 2


def test_faint_peaks_and_empty_answers_give_nothing() -> None:
    answer = empty()
    assert decode(answer, channel=0, names=DIGITS, least_score=0.3) == []
    put(answer, 5, 5, label=1, size=(10, 24), heat=-2)
    assert decode(answer, channel=0, names=DIGITS, least_score=0.3) == []


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        BundleDetector(tmp_path / "missing.onnx")
    with pytest.raises(BundleError):
        load_detector("no-such-detector")


def test_a_classifier_is_no_detector() -> None:
    with pytest.raises(BundleError, match="no detector"):
        BundleDetector(FOLDER / "latin.onnx")


def test_a_box_drops_those_after_it_that_lie_on_it() -> None:
    boxes = np.array([(0, 0, 10, 20), (5, 0, 15, 20), (6, 0, 16, 20), (30, 0, 40, 20), (2, 2, 4, 4)], float)
    assert drop_covered(boxes) == [0, 2, 3]  # the second shares half of the first, the third less
    assert drop_covered(boxes[[1, 0, 3]]) == [0, 2]
    assert drop_covered(boxes[:0]) == []


def test_a_small_box_that_lies_on_a_large_one_by_a_part_remains() -> None:
    five, zero = (0, 7, 43, 45), (29, 20, 49, 40)  # an 0 beneath the cap of a 5: 0.7 of it, 0.16 of both
    inner = (20, 20, 40, 40)
    assert drop_covered(np.array([five, zero, inner], float)) == [0, 1]
    assert drop_covered(np.array([zero, five], float)) == [0, 1]
