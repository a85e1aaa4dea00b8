"""The second opinion: when it is asked, and what it may change."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits import Reader, load_classifier
from inkdigits.bundles.second import UNSURE, SecondOpinion, find_second
from inkdigits.types import Ink, Probs


def make_probs(*best: float) -> Probs:
    """Label 0 with these probabilities, label 1 with half of the rest."""
    rest = (1 - np.array(best)) / 18
    probs = np.repeat(rest[:, None], 10, axis=1)
    probs[:, 0], probs[:, 1] = best, 9 * rest + rest
    shares: Probs = (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def make_seven() -> Ink:
    form: Ink = np.zeros((28, 28), np.float32)
    form[5:8, 7:20] = 1
    for y in range(8, 24):
        x = 18 - (y - 8) * 9 // 16
        form[y, x - 1 : x + 2] = 1
    return form


def test_what_is_sure_stays_and_nobody_else_is_opened() -> None:
    second, probs = SecondOpinion(), make_probs(UNSURE, 0.999)
    assert second.join(np.zeros((2, 28, 28), np.float32), probs) is probs
    assert "classifier" not in vars(second)


def test_what_is_unsure_moves_towards_the_other() -> None:
    second, probs = SecondOpinion(), make_probs(0.5, 0.99)
    forms = np.stack([make_seven()] * 2)
    before = probs.copy()
    joined = second.join(forms, probs)
    np.testing.assert_array_equal(probs, before)
    np.testing.assert_array_equal(joined[1], probs[1])
    assert joined[0, 7] > probs[0, 7]
    assert joined[0].sum() == pytest.approx(1, abs=1e-5)


def test_only_the_classifier_that_ships_has_one() -> None:
    assert Reader().second is not None
    assert Reader("latin-mnist").second is None
    assert find_second(load_classifier("latin")) is not None
    assert Reader().with_confidence(0.5).second is not None
