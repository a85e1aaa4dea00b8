"""How far ink stands out from its paper."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.ink import InkPage
from inkdigits.ink.binarize import Measured
from inkdigits.ink.contrast import INK_SHARE, measure_contrast
from inkdigits.types import Ink


def page_of(contrast: Ink) -> InkPage:
    mask = np.zeros(contrast.shape, np.uint8)
    measured = Measured(contrast, mask, mask, contrast)
    return InkPage(contrast, mask, 1.0, light_on_dark=False, pen_px=3.0, measured=measured)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 7), (20, 20), (41, 53)])
def test_it_is_the_percentile_of_the_box(size: tuple[int, int]) -> None:
    contrast = np.random.default_rng(size[1]).normal(0.3, 0.2, (60, 60)).astype(np.float32)
    part = contrast[4 : 4 + size[0], 5 : 5 + size[1]]
    found = measure_contrast(page_of(contrast), (5, 4, size[1], size[0]))
    assert found == pytest.approx(float(np.percentile(part, INK_SHARE)), rel=1e-6)


def test_a_box_outside_the_page_has_none() -> None:
    page = page_of(np.ones((8, 8), np.float32))
    assert measure_contrast(page, (20, 20, 4, 4)) is None


def test_without_measured_paper_there_is_none() -> None:
    ink = np.ones((8, 8), np.float32)
    page = InkPage(ink, ink.astype(np.uint8), 1.0, light_on_dark=False, pen_px=3.0)
    assert measure_contrast(page, (0, 0, 4, 4)) is None
