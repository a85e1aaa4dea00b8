"""The weighing of two answers: neither alone decides, and no ink is no reason to trust either."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.deciding import decide
from inkdigits.finding import Sighting
from inkdigits.ink import Glyph
from inkdigits.types import Box, Probs

BOX = Box(0, 0, 10, 20)


def lean(label: int, probability: float) -> Probs:
    probs = np.full(10, (1 - probability) / 9, np.float32)
    probs[label] = probability
    return probs


def sight(*, score: float = 0.99, probs: Probs | None = None) -> Sighting:
    glyph = Glyph(np.ones((20, 10), np.float32), BOX)
    return Sighting(BOX, glyph, score, lean(3, 0.9) if probs is None else probs)


def test_both_answers_agreeing_are_surer_than_either() -> None:
    verdict = decide(sight(), probs=lean(3, 0.9), none=None)
    assert verdict.is_digit
    assert verdict.probs.argmax() == 3
    assert verdict.probs[3] > 0.9


def test_the_surer_answer_wins() -> None:
    assert decide(sight(probs=lean(3, 0.6)), probs=lean(7, 0.999), none=None).probs.argmax() == 7
    assert decide(sight(probs=lean(3, 0.999)), probs=lean(7, 0.5), none=None).probs.argmax() == 3


def test_doubt_about_being_a_digit_lowers_every_probability() -> None:
    sure = decide(sight(score=0.99), probs=lean(3, 0.99), none=0.01)
    unsure = decide(sight(score=0.6), probs=lean(3, 0.99), none=0.5)
    assert unsure.probs.sum() < sure.probs.sum() <= 1.0001


def test_what_both_take_for_no_digit_is_none() -> None:
    assert not decide(sight(score=0.31), probs=lean(3, 0.99), none=0.99).is_digit


def test_without_a_detector_the_classifier_decides_alone() -> None:
    alone = Sighting(BOX, None)
    verdict = decide(alone, probs=lean(3, 0.8), none=0.1)
    assert verdict.is_digit
    assert verdict.probs == pytest.approx(lean(3, 0.8) * 0.9, abs=1e-6)
    assert not decide(alone, probs=lean(3, 0.8), none=0.9).is_digit
    assert decide(alone, probs=lean(3, 0.8), none=None).is_digit
    assert not decide(alone, probs=None, none=None).is_digit
