"""Views of pages: boxes stand where the signs do, small pictures lie apart, the same seed gives the same views."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.synth import GlyphBank
from inkdigits.training.detect.pages import LABELS, OTHER, VIEW_SIZE, PagePool, make_pool


@pytest.fixture(scope="module")
def pool() -> PagePool:
    return make_pool(GlyphBank.simulated(np.random.default_rng(0)), seed=3, count=24)


def test_views_have_one_size_and_signs_in_order(pool: PagePool) -> None:
    assert pool.views.shape == (24, *VIEW_SIZE)
    assert (np.diff(pool.pages) >= 0).all()
    assert set(pool.labels.tolist()) <= {OTHER, *range(len(LABELS))}
    assert len(pool.texts) == len(pool.kinds) == 24


def test_named_signs_are_visible_in_their_boxes(pool: PagePool) -> None:
    named = np.flatnonzero(pool.labels >= 0)
    assert len(named) > 40
    for row in named:
        x, y, width, height = pool.boxes[row]
        part = pool.views[
            pool.pages[row], max(0, int(y)) : int(y + height) + 1, max(0, int(x)) : int(x + width) + 1
        ]
        assert part.max() >= 50


def test_the_same_seed_gives_the_same_views(pool: PagePool) -> None:
    again = make_pool(GlyphBank.simulated(np.random.default_rng(0)), seed=3, count=24)
    np.testing.assert_array_equal(again.views, pool.views)
    np.testing.assert_array_equal(again.boxes, pool.boxes)
