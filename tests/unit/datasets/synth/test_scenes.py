"""Pictures of things: seeded, of every kind, and with the contrast that makes a reader look twice."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.synth import scenes
from inkdigits.datasets.synth.scenes import draw_scene


@pytest.mark.parametrize("size", [(12, 40), (28, 28), (96, 320)])
def test_the_same_seed_gives_the_same_picture(size: tuple[int, int]) -> None:
    first, second = (draw_scene(np.random.default_rng(3), size) for _ in range(2))
    assert first.shape == size
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert not np.array_equal(first, draw_scene(np.random.default_rng(4), size))


@pytest.mark.parametrize("kind", list(scenes._DRAWERS))
def test_every_kind_shows_something(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "_SHARES", {kind: 1.0})
    for seed in range(6):
        picture = draw_scene(np.random.default_rng(seed), (48, 64))
        assert np.ptp(np.quantile(picture, [0.02, 0.98])) > 40


def test_the_kinds_make_a_whole() -> None:
    assert sum(scenes._SHARES.values()) == pytest.approx(1)
    assert set(scenes._SHARES) == set(scenes._DRAWERS)
