from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.datasets.synth import fonts
from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.fonts import load_alike_letters, load_font_signs
from inkdigits.datasets.synth.inking import draw_bend, draw_lines, ink_glyph, smooth_path
from inkdigits.datasets.synth.shapes import (
    LETTERS,
    SIGNS,
    crop_to_ink,
    make_fake,
    make_turned,
    render_shape,
    write_form,
)
from inkdigits.datasets.synth.style import make_style
from inkdigits.datasets.synth.writing import write_number

BAR = np.full((40, 8), 255, np.uint8)


@pytest.mark.parametrize("pen_px", [2.0, 4.0, 7.0])
def test_a_glyph_gets_the_asked_pen_and_height(pen_px: float) -> None:
    ink = ink_glyph(BAR, height_px=40, pen_px=pen_px)
    widths = ink.sum(axis=1)
    assert np.median(widths[widths > 0.5]) == pytest.approx(pen_px, abs=1.2)
    assert np.count_nonzero(widths > 0.5) == pytest.approx(40, abs=8)


def test_shear_leans_to_the_right() -> None:
    ink = ink_glyph(BAR, height_px=40, pen_px=4, shear=0.5)
    rows = np.flatnonzero(ink.sum(axis=1) > 1)
    top, bottom = (np.average(np.arange(ink.shape[1]), weights=ink[row]) for row in (rows[3], rows[-4]))
    assert top - bottom == pytest.approx(17, abs=4)


def test_a_swelling_pen_is_wide_where_the_field_is() -> None:
    swell = np.ones((10, 4), np.float32)
    swell[:5] = 0.5
    ink = ink_glyph(BAR, height_px=40, pen_px=6, swell=swell)
    rows = np.flatnonzero(ink.sum(axis=1) > 0.5)
    assert ink[rows[6]].sum() < 0.8 * ink[rows[-7]].sum()


def test_lines_are_where_they_are_drawn() -> None:
    ink, (x, y) = draw_lines([np.array([[10.0, 20.0], [30.0, 20.0]])], pen_px=3)
    assert ink.sum() == pytest.approx(3 * 21.5, rel=0.15)
    rows, cols = np.nonzero(ink > 0.5)
    assert rows.mean() + y + 0.5 == pytest.approx(20, abs=0.6)
    assert cols.mean() + x + 0.5 == pytest.approx(20, abs=0.6)


def test_a_smooth_path_passes_its_points() -> None:
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [4.0, 4.0]])
    path = smooth_path(points)
    for point in points:
        assert np.linalg.norm(path - point, axis=1).min() < 1e-9


def test_letters_that_look_like_digits_are_left_out() -> None:
    assert not set("oOlIisSzZbqgBGD") & set(LETTERS)
    assert not set("0123456789") & (set(LETTERS) | set(SIGNS))


def test_every_form_and_fake_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    forms = [form for table in (LETTERS, SIGNS) for forms in table.values() for form in forms]
    drawn = [write_form(form, rng=rng) for form in forms] + [make_fake(rng) for _ in range(20)]
    drawn += [make_turned(rng) for _ in range(20)]
    assert all(render_shape(paths, height_px=30, pen_px=3).max() > 200 for paths in drawn)


def test_cropping_keeps_an_empty_picture() -> None:
    assert crop_to_ink(np.zeros((5, 4), np.uint8)).shape == (5, 4)


@pytest.mark.real_data
def test_the_bank_takes_only_what_may_be_learned_from() -> None:
    bank = GlyphBank.load()
    assert set(bank.sources) == {"mnist", "nist", "optdigits"}
    assert len(bank.sources["mnist"].glyphs) == 60_000
    assert len(bank.sources["nist"].glyphs) == 10_000 - 496
    assert len(bank.others["symbol"]) == 2139
    assert len(bank.sources["optdigits"].glyphs) == 1934


def test_signs_of_fonts_look_like_no_digit() -> None:
    signs = load_font_signs()
    assert {"A", "k", "Σ", "Ж", "≠"} <= set(signs)
    assert not set("oOlIS0157") & set(signs)
    assert all(glyph.dtype == np.uint8 and glyph.max() > 128 for glyphs in signs.values() for glyph in glyphs)
    assert set("OIS") <= set(load_alike_letters())


def test_without_fonts_there_are_no_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    load_font_signs.cache_clear()
    monkeypatch.setattr(fonts, "find_fonts", lambda: ())
    try:
        assert load_font_signs() == {}
    finally:
        load_font_signs.cache_clear()


@pytest.mark.parametrize(
    ("digit", "roof", "flying", "flag"), [("1", 1, 0, 0), ("5", 0, 1, 0), ("5", 0, 0, 1)]
)
def test_flags_and_caps_make_digits_wider(digit: str, roof: float, flying: float, flag: float) -> None:
    bank = GlyphBank.simulated(np.random.default_rng(0))
    widths: list[list[int]] = [[], []]
    for hand in range(8):  # forms differ more than what is added: many hands
        style = make_style(bank, digit_px=40, rng=np.random.default_rng(hand))
        plain = replace(style, flag=0, roof=0, flying=0)
        for found, each in zip(
            widths, (plain, replace(plain, roof=roof, flying=flying, flag=flag)), strict=True
        ):
            for seed in range(6):
                (mark,) = write_number(digit, each, rng=np.random.default_rng(seed)).marks
                columns = np.flatnonzero((mark.patch > 0.3).any(axis=0))
                found.append(int(columns[-1] - columns[0]))
                assert mark.label == digit
    assert np.mean(widths[1]) > np.mean(widths[0])


def test_a_bent_glyph_keeps_its_ink_but_not_its_place() -> None:
    bend = draw_bend(np.random.default_rng(0), amount=0.03)
    straight, bent = (ink_glyph(BAR, height_px=40, pen_px=4, bend=each) for each in (None, bend))
    assert straight.shape == bent.shape
    assert bent.sum() == pytest.approx(straight.sum(), rel=0.15)
    assert np.abs(bent - straight).max() > 0.5


def test_a_simulated_writer_writes_no_digit_twice_alike() -> None:
    bank, rng = GlyphBank.simulated(np.random.default_rng(0)), np.random.default_rng(1)
    hand = bank.draw_hand(rng)
    first, second = (hand.pick(4, rng)[0] for _ in range(2))
    assert first.shape != second.shape or (first != second).any()


def write_one(digit: str, **changes: float) -> npt.NDArray[np.float32]:
    bank = GlyphBank.simulated(np.random.default_rng(0))
    style = make_style(bank, digit_px=40, rng=np.random.default_rng(5))
    plain: dict[str, Any] = dict.fromkeys(("zero", "one", "first", "fade"), 1.0)
    plain |= dict.fromkeys(("roof", "crossed", "size_jitter"), 0.0)
    written = write_number(digit, replace(style, **(plain | changes)), rng=np.random.default_rng(2))
    return written.marks[-1].patch


@pytest.mark.parametrize(
    ("digit", "changes", "part"),
    [
        ("1", {"one": 1.6}, 1.6),
        ("0", {"zero": 0.5}, 0.5),
        ("3", {"first": 1.5}, 1.5),
        ("333", {"fade": 0.9}, 0.81),
    ],
)
def test_writers_have_habits_of_size(digit: str, changes: dict[str, float], part: float) -> None:
    heights = [
        np.count_nonzero((patch > 0.3).any(axis=1))
        for patch in (write_one(digit), write_one(digit, **changes))
    ]
    assert heights[1] / heights[0] == pytest.approx(part, rel=0.15)


def test_a_crossed_7_has_more_ink() -> None:
    assert write_one("7", crossed=1).sum() > 1.1 * write_one("7").sum()
