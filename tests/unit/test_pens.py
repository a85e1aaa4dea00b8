"""Simulated pens: ink within bounds, anti-aliased, and shaped by pressure and direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkdigits.datasets.allographs import ALLOGRAPHS, DIGITS
from inkdigits.datasets.pens import PENS, Pen, render_ink, render_sign
from inkdigits.datasets.strokes import PenStroke, make_doodle, make_strokes
from inkdigits.datasets.writers import make_writer


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def line(start: tuple[float, float], end: tuple[float, float], pressure: float = 1.0) -> PenStroke:
    xy = np.linspace(start, end, 40)
    return PenStroke(np.column_stack([xy, np.linspace(0, 1, 40), np.full(40, pressure)]).astype(np.float32))


PLAIN = Pen(swell=0.5, fade=0.0, darkness=1.0)


@pytest.mark.parametrize("pen", PENS)
@pytest.mark.parametrize("digit", DIGITS)
def test_every_form_shows_with_every_pen(digit: str, pen: str) -> None:
    for form in range(len(ALLOGRAPHS[digit])):
        rng = rng_of(form)
        style = replace(make_writer(rng), habits=(form,) * 10, fidelity=1.0)
        strokes = make_strokes(digit, rng=rng, style=style)
        ink = render_sign(strokes, height_px=32, rng=rng, style=style, pen=PENS[pen])
        assert ink.dtype == np.float32
        assert ink.min() >= 0
        assert ink.max() <= 1
        assert ink.max() > 0.5
        assert 20 < np.count_nonzero(ink > 0.3) < 0.7 * ink.size
        border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
        assert border.max() < 0.1, "ink is cut off at the edge"


@pytest.mark.parametrize("pen", PENS)
def test_rendering_is_deterministic(pen: str) -> None:
    style = make_writer(rng_of(1))
    strokes = make_strokes("58", rng=rng_of(1), style=style)
    first, second = (
        render_sign(strokes, height_px=40, rng=rng_of(2), style=style, pen=PENS[pen]) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_line_lies_where_its_points_are() -> None:
    ink = render_ink([line((8.0, 10.0), (24.0, 10.0))], (20, 32), rng=rng_of(0), pen=PLAIN, width_px=4.0)
    ys, xs = np.nonzero(ink > 0.5)
    assert (xs.mean() + 0.5, ys.mean() + 0.5) == pytest.approx((16.0, 10.0), abs=0.3)
    assert ink[:, 16].sum() == pytest.approx(4.0, abs=0.6)


def test_edges_are_anti_aliased() -> None:
    ink = render_ink([line((4, 3), (28, 17))], (20, 32), rng=rng_of(0), pen=PLAIN)
    assert np.count_nonzero((ink > 0.1) & (ink < 0.9)) > 20


def test_pressure_widens_the_line() -> None:
    light, strong = (
        render_ink([line((4, 10), (28, 10), p)], (20, 32), rng=rng_of(0), pen=PLAIN, width_px=6.0).sum()
        for p in (0.3, 1.0)
    )
    assert strong > 1.3 * light


def test_broad_nib_knows_directions() -> None:
    nib = Pen(nib=0.6, nib_deg=0.0, fade=0.0)
    flat = render_ink([line((8, 16), (24, 16))], (32, 32), rng=rng_of(0), pen=nib, width_px=5.0)
    steep = render_ink([line((16, 8), (16, 24))], (32, 32), rng=rng_of(0), pen=nib, width_px=5.0)
    assert steep.sum() > 1.5 * flat.sum()


def test_what_lies_outside_is_cut_off() -> None:
    ink = render_ink([line((-40, -40), (60, 60))], (20, 20), rng=rng_of(0))
    assert ink.shape == (20, 20)
    assert ink.max() > 0.5


def test_no_strokes_give_no_ink() -> None:
    assert render_ink([], (12, 9), rng=rng_of(0), pen=PENS["pencil"]).max() == 0


def test_doodles_can_be_drawn() -> None:
    for seed in range(10):
        style = make_writer(rng_of(seed))
        strokes = make_doodle(rng=rng_of(seed), style=style)
        assert render_sign(strokes, height_px=28, rng=rng_of(seed), style=style).max() > 0.5
