"""MNIST's form: 20 px, centred by mass, the same from any size and place."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.pens import render_sign
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import WriterStyle
from inkdigits.errors import EmptyInkError
from inkdigits.ink import normalize_glyph, normalize_images
from inkdigits.ink.normalize import (
    CENTER,
    GLYPH_PX,
    MIN_PEN_PX,
    SIZE_PX,
    center_by_mass,
    find_extent,
    measure_stroke_px,
    resize,
    thicken,
)
from inkdigits.types import Ink

STYLE = WriterStyle(jitter=0.3, tremor=0.2, pen_width=0.12)


def write(digit: str, *, height_px: int = 90, seed: int = 5) -> Ink:
    """A digit by the simulated writer, ink in [0, 1]."""
    rng = np.random.default_rng(seed)
    strokes = make_strokes(digit, rng=rng, style=STYLE)
    return render_sign(strokes, height_px=height_px, rng=rng, style=STYLE)


def bar(height: int, width: int, *, pad: int = 4) -> Ink:
    return np.pad(np.ones((height, width), np.float32), pad)


def ring(radius: int, *, width: int) -> Ink:
    """A circle's line; OpenCV's own circles come out up to two pixels too wide."""
    y, x = np.mgrid[-200:201, -200:201]
    line: Ink = (np.abs(np.hypot(x, y) - radius) <= width / 2).astype(np.float32)
    return line


def center_of(form: Ink) -> tuple[float, float]:
    """Centre of mass (y, x), pixel middles counted at .5."""
    places = np.arange(SIZE_PX) + 0.5
    mass = form.sum()
    return float(form.sum(axis=1) @ places / mass), float(form.sum(axis=0) @ places / mass)


@pytest.mark.parametrize("digit", "0123456789")
def test_form_of_every_digit(digit: str) -> None:
    form = normalize_glyph(write(digit))
    assert form.shape == (28, 28)
    assert form.dtype == np.float32
    assert float(form.min()) >= 0
    assert 0.6 < float(form.max()) <= 1
    rows, columns = find_extent(form / form.max())
    longer = max(rows.stop - rows.start, columns.stop - columns.start)
    assert abs(longer - GLYPH_PX) <= 1
    middle = SIZE_PX * CENTER
    assert center_of(form) == pytest.approx((middle, middle), abs=0.3)


@pytest.mark.parametrize(("height", "width"), [(60, 30), (30, 60), (45, 45), (200, 20), (20, 200)])
def test_the_aspect_is_kept(height: int, width: int) -> None:
    rows, columns = find_extent(normalize_glyph(bar(height, width)))
    scale = GLYPH_PX / max(height, width)
    assert rows.stop - rows.start == pytest.approx(height * scale, abs=1)
    assert columns.stop - columns.start == pytest.approx(width * scale, abs=1)


@pytest.mark.parametrize("digit", "0123456789")
def test_place_does_not_matter(digit: str) -> None:
    ink = write(digit)
    moved = np.pad(ink, ((13, 2), (1, 40)))
    np.testing.assert_allclose(normalize_glyph(moved), normalize_glyph(ink), atol=0.02)


@pytest.mark.parametrize("height_px", [30, 45, 130, 300])
@pytest.mark.parametrize("digit", "0123456789")
def test_size_hardly_matters(digit: str, height_px: int) -> None:
    form = normalize_glyph(write(digit))
    other = normalize_glyph(write(digit, height_px=height_px))
    # Mean over all 784 pixels; measured up to 0.021, at 30 px, where the pen is 3 px wide.
    assert float(np.abs(form - other).mean()) < 0.025


@pytest.mark.parametrize("digit", "0123456789")
def test_a_form_stays_what_it_is(digit: str) -> None:
    form = normalize_glyph(write(digit))
    again = normalize_glyph(form)
    assert float(np.abs(form - again).mean()) < 0.025


def test_thin_pens_are_widened_to_the_least_width() -> None:
    form = normalize_glyph(ring(180, width=3))
    assert float(form.max()) > 0.9  # a plain reduction would leave 3 * 20 / 363 = 0.17
    width_px = float(form.sum()) / (np.pi * (GLYPH_PX - MIN_PEN_PX))
    assert width_px == pytest.approx(MIN_PEN_PX, rel=0.25)


def test_thick_pens_keep_their_width() -> None:
    width_px = float(normalize_glyph(ring(150, width=60)).sum()) / (np.pi * 300 * GLYPH_PX / 360)
    assert width_px == pytest.approx(60 * GLYPH_PX / 360, rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (3, 2), (60, 1), (1, 500)])
def test_smallest_glyphs(size: tuple[int, int]) -> None:
    form = normalize_glyph(np.ones(size, np.float32))
    assert form.shape == (28, 28)
    assert float(form.sum()) > 5


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 5)])
def test_no_ink_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(EmptyInkError, match="no ink"):
        normalize_glyph(np.zeros(size, np.float32))


def test_the_argument_is_not_changed() -> None:
    ink = write("4")
    before = ink.copy()
    normalize_glyph(ink)
    np.testing.assert_array_equal(ink, before)


def test_center_by_mass_puts_a_block_in_the_middle() -> None:
    square = center_by_mass(np.ones((4, 4), np.float32), size_px=29)
    np.testing.assert_array_equal(np.flatnonzero(square.any(axis=0)), [13, 14, 15, 16])
    np.testing.assert_array_equal(np.flatnonzero(square.any(axis=1)), [13, 14, 15, 16])
    assert float(square.sum()) == 16


def test_center_by_mass_never_cuts_lopsided_ink() -> None:
    ink = np.full((28, 20), 0.01, np.float32)
    ink[-3:, -3:] = 1
    assert float(center_by_mass(ink).sum()) == pytest.approx(float(ink.sum()))


def test_center_by_mass_of_nothing() -> None:
    with pytest.raises(EmptyInkError):
        center_by_mass(np.zeros((5, 5), np.float32))


def test_extent_ends_at_half_ink() -> None:
    ink = np.zeros((10, 12), np.float32)
    ink[2:6, 3:9] = 0.5
    ink[7, 10] = 0.49
    assert find_extent(ink) == (slice(2, 6), slice(3, 9))
    with pytest.raises(EmptyInkError):
        find_extent(ink * 0.9)


@pytest.mark.parametrize("width", [3, 5, 8, 13])
def test_stroke_width_of_bars_and_rings(width: int) -> None:
    assert measure_stroke_px(bar(220, width)) == pytest.approx(width, rel=0.06)
    assert measure_stroke_px(ring(70, width=width)) == pytest.approx(width, rel=0.12)


def test_stroke_width_grows_with_the_pen() -> None:
    widths = [measure_stroke_px(bar(150, width)) for width in range(2, 20)]
    assert widths == sorted(widths)
    assert measure_stroke_px(np.zeros((9, 9), np.float32)) == 0
    assert measure_stroke_px(bar(1, 1)) == 1


@pytest.mark.parametrize(
    ("scale", "size"), [(0.5, (10, 20)), (2.0, (40, 80)), (0.001, (1, 1)), (1.0, (20, 40))]
)
def test_resize(scale: float, size: tuple[int, int]) -> None:
    ink = np.zeros((20, 40), np.float32)
    ink[:, :20] = 1
    resized = resize(ink, scale=scale)
    assert resized.shape == size
    assert resized.dtype == np.float32
    assert float(resized.mean()) == pytest.approx(0.5, abs=0.02)
    assert (
        0 <= float(resized.min()) <= float(resized.max()) <= 1
    )  # cubic enlargement overshoots, so it is cut


@pytest.mark.parametrize("by_px", [1.0, 2.0, 5.0, 8.0])
def test_thicken_widens_by_so_much(by_px: float) -> None:
    before = bar(40, 6)
    after = thicken(before, by_px=by_px)
    rows, columns = find_extent(after)
    assert columns.stop - columns.start == pytest.approx(6 + by_px, abs=1)
    assert rows.stop - rows.start == pytest.approx(40 + by_px, abs=1)


def test_thicken_by_less_than_a_pixel_does_nothing() -> None:
    ink = bar(9, 3)
    assert thicken(ink, by_px=0.4) is ink
    assert thicken(ink, by_px=-3) is ink


def test_many_glyphs_are_single_glyphs_and_empty_stays_empty() -> None:
    inks = [np.pad(write(d, height_px=40), 4)[:44, :30] for d in "147"]
    stack = np.zeros((4, 44, 30), np.float32)
    for index, ink in enumerate(inks):
        stack[index, : ink.shape[0], : ink.shape[1]] = ink / ink.max()
    forms = normalize_images(stack)
    assert forms.shape == (4, 28, 28)
    for form, ink in zip(forms[:3], stack[:3], strict=True):
        np.testing.assert_array_equal(form, normalize_glyph(ink))
    assert not forms[3].any()
    assert normalize_images(stack[:0]).shape == (0, 28, 28)


def test_bytes_and_floats_give_the_same_forms() -> None:
    ink = write("6", height_px=40)
    raw = np.rint(ink / ink.max() * 255).astype(np.uint8)
    from_bytes = normalize_images(raw[None])
    from_floats = normalize_images(raw[None].astype(np.float32) / 255)
    np.testing.assert_array_equal(from_bytes, from_floats)


@pytest.mark.parametrize("darkness", [0.9, 0.45, 0.15])
def test_pale_ink_has_the_form_of_dark_ink(darkness: float) -> None:
    ink = np.zeros((60, 40), np.float32)
    ink[5:55, 18:24] = 1
    ink[5:11, 6:24] = 1
    pale = (ink * np.float32(darkness)).astype(np.float32)
    np.testing.assert_allclose(normalize_glyph(pale), normalize_glyph(ink), atol=1e-4)
    as_bytes = np.rint(pale * 255).astype(np.uint8)[None]
    np.testing.assert_allclose(normalize_images(as_bytes)[0], normalize_glyph(ink), atol=0.02)
