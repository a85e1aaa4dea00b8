"""The region classifier answers the same, however its regions are shared out."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.bundles.region import BATCH, LEAST_SPLIT, load_regions


@pytest.mark.parametrize("count", [0, 1, LEAST_SPLIT - 1, LEAST_SPLIT, 2 * BATCH + 3])
def test_two_threads_answer_as_one(count: int) -> None:
    regions = np.random.default_rng(count).random((count, 2, 40, 40), dtype=np.float32)
    one, two = load_regions(threads=1).run(regions), load_regions(threads=2).run(regions)
    assert one.shape == (count, 11)
    np.testing.assert_array_equal(one, two)
    if count:
        np.testing.assert_array_equal(one[-1:], load_regions(threads=1).run(regions[-1:]))
