"""Views of pages: boxes stand where the signs do, small pictures lie apart, the same seed gives the same views."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.synth import GlyphBank
from inkdigits.training.detect import pages
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


def test_views_of_things_hold_boxes_and_no_digit(pool: PagePool) -> None:
    bank = GlyphBank.simulated(np.random.default_rng(0))
    things = make_pool(bank, seed=3, count=24, kind="scene")
    assert set(things.kinds) == {"scene"}
    assert len(things.labels) > 40
    assert (things.labels == OTHER).all()
    assert not any(text.strip() for text in things.texts)
    x, y, width, height = things.boxes.T
    assert (x >= 0).all()
    assert (y >= 0).all()
    assert (x + width <= VIEW_SIZE[1] + 1).all()
    assert (y + height <= VIEW_SIZE[0] + 1).all()
    for row in range(len(things.labels)):  # what stands in a box is what a reader found there
        left, top, right, bottom = (
            int(v) for v in (x[row], y[row], x[row] + width[row], y[row] + height[row])
        )
        assert things.views[things.pages[row], top : bottom + 1, left : right + 1].max() > 60


def test_shards_of_things_stand_behind_those_of_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str | None]] = []

    def map_here(work: object, jobs: list[tuple[Path, int, str | None]], *, workers: int) -> None:
        made.extend((path.name, kind) for path, _, kind in jobs)

    monkeypatch.setattr(pages, "map_processes", map_here)
    (tmp_path / "pages-7-0001.npz").touch()
    paths = pages.find_shards(tmp_path, seed=7, count=700, scenes=1)
    assert [path.name for path in paths] == ["pages-7-0000.npz", "pages-7-0001.npz", "scenes-7-0000.npz"]
    assert made == [("pages-7-0000.npz", None), ("scenes-7-0000.npz", "scene")]
