"""What the detector sees: contrast on a known scale, thin pens not lost."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.ink import extract_ink, make_view
from inkdigits.ink.view import LEAST_PEN_PX, MARGIN_PX, MULTIPLE
from inkdigits.types import Gray


def draw_lines(*, width_px: int, gray: int = 30) -> Gray:
    page = np.full((240, 400), 230, np.uint8)
    for x in (80, 200, 320):
        cv2.line(page, (x, 60), (x + 20, 180), gray, width_px)
    return page


@pytest.mark.parametrize("scale", [0.2, 0.5, 1.0, 1.7])
def test_sides_are_multiples_and_hold_the_page_with_its_margin(scale: float) -> None:
    page = extract_ink(draw_lines(width_px=6))
    view = make_view(page, scale=scale)
    height, width = page.ink.shape
    assert view.shape[0] % MULTIPLE == view.shape[1] % MULTIPLE == 0
    assert view.shape[0] >= round(height * scale) + 2 * MARGIN_PX
    assert view.shape[1] >= round(width * scale) + 2 * MARGIN_PX
    assert view.min() >= 0
    assert view.max() <= 1


def test_ink_lies_where_the_scale_says() -> None:
    view = make_view(extract_ink(draw_lines(width_px=6)), scale=0.5)
    x, y = 90 * 0.5 + MARGIN_PX, 120 * 0.5 + MARGIN_PX  # middle of the first line
    assert view[int(y), int(x) - 2 : int(x) + 3].max() > 0.8
    assert view[int(y), int(x) + 20 : int(x) + 40].max() < 0.2


def test_thin_lines_stay_visible_when_reduced() -> None:
    page = extract_ink(draw_lines(width_px=2))
    assert page.pen_px * 0.2 < LEAST_PEN_PX / 2
    view = make_view(page, scale=0.2)
    row = view[round(120 * 0.2) + MARGIN_PX]
    assert row.max() > 0.6


def test_weak_print_stays_weaker_than_the_pen() -> None:
    page = draw_lines(width_px=6)
    cv2.line(page, (0, 120), (399, 120), 200, 3)
    view = make_view(extract_ink(page), scale=1.0)
    between = view[120 + MARGIN_PX - 3 : 120 + MARGIN_PX + 4, 140 + MARGIN_PX]
    assert 0.05 < between.max() < 0.6
