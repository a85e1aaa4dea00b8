"""Glyphs cut out of synthetic pages; a bank of simulated pens needs no data."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.synth import GlyphBank
from inkdigits.training.crops import CLASSES, make_crops


@pytest.fixture(scope="module")
def bank() -> GlyphBank:
    return GlyphBank.simulated(np.random.default_rng(1))


def test_the_same_seed_gives_the_same_crops(bank: GlyphBank) -> None:
    first, second = make_crops(bank, count=40, seed=2), make_crops(bank, count=40, seed=2)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_digits_and_what_is_none_both_occur_and_hold_ink(bank: GlyphBank) -> None:
    crops = make_crops(bank, count=150, seed=2)
    assert crops.label_names == CLASSES
    assert crops.images.shape == (150, 28, 28)
    assert (crops.images.max(axis=(1, 2)) > 100).all()
    none = (crops.labels == 10).mean()
    assert 0.05 < none < 0.7
    assert len(set(crops.labels.tolist())) >= 9


def test_most_digits_are_whole(bank: GlyphBank) -> None:
    """A zero that was cut right has ink on all four sides of its middle."""
    crops = make_crops(bank, count=300, seed=5)
    zeros = crops.images[crops.labels == 0] > 90
    sides = [zeros[:, :14].any(axis=(1, 2)), zeros[:, 14:].any(axis=(1, 2)),
             zeros[:, :, :14].any(axis=(1, 2)), zeros[:, :, 14:].any(axis=(1, 2))]  # fmt: skip
    assert np.logical_and.reduce(sides).mean() > 0.9
