"""Several looks at a page become one answer; the detector here is a fixed one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.bundles.detector import Spotted
from inkdigits.ink import extract_ink
from inkdigits.ink.view import DIGIT_PX, MARGIN_PX
from inkdigits.looking import is_far_off, look, measure_seen, pool_looks
from inkdigits.types import Gray, Ink, Probs


def lean(label: int, probability: float = 0.91) -> Probs:
    probs = np.full(10, (1 - probability) / 9, np.float32)
    probs[label] = probability
    return probs


def spot(
    x: float = 0, *, score: float = 0.9, height: float = 24, label: int = 3, probability: float = 0.91
) -> Spotted:
    return Spotted(x, 0, 15, height, score, lean(label, probability))


def test_a_sign_seen_on_every_scale_keeps_its_score() -> None:
    (sign,) = pool_looks({1.0: [spot()], 1.2: [spot(1)]})
    assert sign.score == pytest.approx(0.9)
    assert sign.probs.argmax() == 3
    assert 0 < sign.x < 1


def test_a_sign_seen_on_one_of_two_good_scales_is_half_as_sure() -> None:
    (sign,) = pool_looks({1.0: [spot()], 1.01: []})
    assert sign.score == pytest.approx(0.45, abs=0.01)


def test_a_scale_that_does_not_suit_hardly_counts() -> None:
    (sign,) = pool_looks({1.0: [spot()], 3.0: []})
    assert sign.score > 0.85
    assert pool_looks({4.0: [spot()]}) == []  # 96 px high in the view: nothing the detector knows


def test_the_surer_scale_names_the_digit() -> None:
    seen = {1.0: [spot(label=2, probability=0.6)], 1.1: [spot(label=7, probability=0.98)]}
    (sign,) = pool_looks(seen)
    assert sign.probs.argmax() == 7
    assert sign.probs.sum() == pytest.approx(1, abs=1e-5)


def test_of_two_signs_on_each_other_the_better_remains() -> None:
    signs = pool_looks({1.0: [spot(score=0.8), spot(40, score=0.7)], 1.1: [spot(6, score=0.3)]})
    assert [round(sign.x) for sign in signs] == [0, 40]


def test_nothing_seen_is_nothing() -> None:
    assert pool_looks({}) == []
    assert pool_looks({1.0: [], 2.0: []}) == []


class Watcher:
    """Remembers the views; sees one digit of a given part of the view's height."""

    marks: tuple[str, ...] = (".", ",", "-", "/")

    def __init__(self, *, part: float = 0.0) -> None:
        self.part = part
        self.views: list[Ink] = []

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        self.views.append(view)
        height = (view.shape[0] - 2 * MARGIN_PX) * self.part
        return ([Spotted(60, 50, 12, height, 0.9, lean(3))] if self.part else []), []


def draw(height: int, width: int, *, digit_px: int = 60) -> Gray:
    page = np.full((height, width), 235, np.uint8)
    for x in range(40, width - 40, 2 * digit_px):
        cv2.rectangle(page, (x, 40), (x + digit_px // 2, 39 + digit_px), 20, 5)
    return page


def test_a_small_page_is_seen_on_several_scales_one_of_them_fitting() -> None:
    watcher = Watcher()
    look(extract_ink(draw(140, 400)), watcher, height_px=60)
    heights = [int(np.ptp(np.flatnonzero(view.max(axis=1) > 0.5))) for view in watcher.views]
    assert len(heights) == 6
    assert heights[0] == pytest.approx(DIGIT_PX, abs=3)
    assert max(heights) > 1.2 * DIGIT_PX > DIGIT_PX / 1.5 > min(heights)


def test_a_large_page_is_seen_again_only_if_the_guess_was_wrong() -> None:
    page = extract_ink(draw(1500, 2000, digit_px=30))
    right, wrong = Watcher(part=24 / 1200), Watcher(part=60 / 1200)
    for watcher in (right, wrong):
        look(page, watcher, height_px=30)
    assert len(right.views) == 1
    assert len(wrong.views) == 2
    assert wrong.views[1].shape < wrong.views[0].shape


class Sized:
    """Sees two digits of a given height on the page, the surer the nearer they are to what it knows."""

    marks: tuple[str, ...] = (".", ",", "-", "/")

    def __init__(self, height_px: float, *, page_px: int) -> None:
        self.height_px, self.page_px = height_px, page_px
        self.scales: list[float] = []

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        scale = (view.shape[1] - 2 * MARGIN_PX) / self.page_px
        self.scales.append(scale)
        height = self.height_px * scale
        score = max(0.25, 0.95 - abs(float(np.log(height / DIGIT_PX))))
        return [Spotted(x * scale + MARGIN_PX, 50, 12, height, score, lean(3)) for x in (60, 160)], []


def test_small_digits_in_large_frames_are_looked_at_again_in_their_own_size() -> None:
    page = extract_ink(draw(240, 400, digit_px=120))
    detector = Sized(36, page_px=400)
    digits, _ = look(page, detector, height_px=120)
    assert (
        max(detector.scales[:6]) < 0.8 * DIGIT_PX / 36
    )  # none of the first six shows them as they should be
    assert detector.scales[6] == pytest.approx(DIGIT_PX / 36, rel=0.05)
    assert [sign.height for sign in digits] == pytest.approx([36, 36], rel=0.05)
    assert all(sign.score > 0.45 for sign in digits)


def test_the_height_of_digits_is_known_from_two() -> None:
    assert measure_seen([spot(height=30)]) is None
    assert measure_seen([spot(height=30), spot(height=40), spot(height=99, score=0.1)]) == 35
    assert measure_seen([]) is None
    assert is_far_off(100, 30)
    assert is_far_off(30, 100)
    assert not is_far_off(30, 40)


def test_where_nothing_is_seen_clearly_faint_sights_tell_the_height() -> None:
    faint = [spot(height=30, score=0.18), spot(height=40, score=0.11), spot(height=99, score=0.08)]
    assert measure_seen(faint) == 35
    assert measure_seen([spot(height=90), *faint]) is None  # one is seen clearly: the others are none
