"""Glyphs that are no digits: the same for a seed, in the reader's form, and varied."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.training.fakes import KINDS, write_fakes


def test_the_same_seed_gives_the_same_glyphs() -> None:
    first, second, other = write_fakes(20, seed=3), write_fakes(20, seed=3), write_fakes(20, seed=4)
    np.testing.assert_array_equal(first.images, second.images)
    assert (first.images != other.images).any()


def test_all_are_of_the_class_none_and_hold_ink() -> None:
    data = write_fakes(60)
    assert data.label_names[-1] == "none"
    assert set(data.labels.tolist()) == {10}
    assert (data.images.max(axis=(1, 2)) > 150).all()


def test_they_differ_from_each_other() -> None:
    data = write_fakes(60)
    assert len({image.tobytes() for image in data.images}) == 60


def test_the_parts_of_all_kinds_make_a_whole() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)
