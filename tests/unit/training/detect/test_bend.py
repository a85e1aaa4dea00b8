"""Bends are smooth, small, another for each picture, and the same for a seed."""

from __future__ import annotations

import numpy as np
import torch

from inkdigits.training.detect.bend import draw_bends


def draw(seed: int, *, most_px: float = 1.5) -> torch.Tensor:
    return draw_bends(6, (40, 60), most_px=most_px, rng=np.random.default_rng(seed))


def test_a_seed_gives_the_same_bends_and_each_picture_its_own() -> None:
    first, again, other = draw(1), draw(1), draw(2)
    assert first.shape == (6, 40, 60, 2)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert not torch.allclose(first[0], first[1])


def test_bends_are_smooth_and_as_large_as_asked() -> None:
    pixels = draw(3) * torch.tensor([60 / 2, 40 / 2])  # from half sides to pixels
    assert 0.1 < float(pixels.std()) < 1.5
    steps = torch.diff(pixels, dim=1).abs().max(), torch.diff(pixels, dim=2).abs().max()
    assert max(map(float, steps)) < 1  # neighbours never change places
    assert float(draw(3, most_px=0).abs().max()) == 0
