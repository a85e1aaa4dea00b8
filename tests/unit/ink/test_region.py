"""A region shows its box at one size, in the middle, with what stands around it."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.ink.region import BOX_HEIGHT_PX, BOX_WIDTH_PX, REGION_PX, cut_regions, measure_scale


@pytest.mark.parametrize("height", [12, 24, 48])
def test_a_box_has_the_same_height_whatever_its_size(height: int) -> None:
    view = np.zeros((120, 200), np.float32)
    view[30 : 30 + height, 80 : 80 + height // 2] = 1
    (region,) = cut_regions(view, [(80, 30, height // 2, height)])
    rows = np.flatnonzero(region[0].max(axis=1) > 0.5)
    assert rows[-1] - rows[0] + 1 == pytest.approx(BOX_HEIGHT_PX, abs=1)
    assert (rows[0] + rows[-1] + 1) / 2 == pytest.approx(REGION_PX / 2, abs=0.5)
    box = np.flatnonzero(region[1].max(axis=1) > 0.5)
    assert (box[0], box[-1]) == (rows[0], rows[-1])


def test_a_wide_box_keeps_within_the_region() -> None:
    assert measure_scale(100, 20) == pytest.approx(BOX_WIDTH_PX / 100)
    (region,) = cut_regions(np.ones((60, 200), np.float32), [(20, 20, 100, 20)])
    assert region[1].max(axis=0)[[0, -1]].tolist() == [0, 0]


def test_neighbours_are_seen_and_paper_lies_beyond_the_view() -> None:
    view = np.zeros((40, 60), np.float32)
    view[8:32, 34:38] = 1  # a neighbour
    (region,) = cut_regions(view, [(16, 8, 14, 24)])
    assert region[0][:, 30:].max() > 0.9
    (corner,) = cut_regions(np.ones((40, 60), np.float32), [(0, 0, 12, 24)])
    assert corner[0, 0, 0] == 0
    assert corner[0, 20, 20] == pytest.approx(1)


def test_no_boxes_give_no_regions() -> None:
    assert cut_regions(np.zeros((20, 20), np.float32), []).shape == (0, 2, REGION_PX, REGION_PX)
