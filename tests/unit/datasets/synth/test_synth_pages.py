from itertools import pairwise

import numpy as np
import pytest

from inkdigits.datasets.synth import KINDS, MARKS, GlyphBank, SynthPage, make_synth_page
from inkdigits.datasets.synth.camera import aim_camera, describe_signs, measure_sheet, take_picture
from inkdigits.datasets.synth.grounds import make_sheet
from inkdigits.datasets.synth.sheet import PlacedSign
from inkdigits.datasets.synth.style import make_style
from inkdigits.datasets.synth.writing import place, write_number
from inkdigits.errors import UsageError

LEGAL = {*"0123456789", *MARKS, ""}
TRIES = 6


@pytest.fixture(scope="module")
def bank() -> GlyphBank:
    return GlyphBank.simulated(np.random.default_rng(0))


def make(bank: GlyphBank, kind: str | None, seed: int, size_px: tuple[int, int] = (128, 384)) -> SynthPage:
    return make_synth_page(bank, rng=np.random.default_rng(seed), kind=kind, size_px=size_px)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_make_equal_pages(bank: GlyphBank, kind: str) -> None:
    one, two = make(bank, kind, 3), make(bank, kind, 3)
    np.testing.assert_array_equal(one.image, two.image)
    assert (one.signs, one.text, one.kind) == (two.signs, two.text, two.kind)
    assert not np.array_equal(one.image, make(bank, kind, 4).image)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_px", [(128, 384), (40, 40), (60, 200), (300, 260)])
def test_pages_keep_their_promise(bank: GlyphBank, kind: str, size_px: tuple[int, int]) -> None:
    height, width = size_px
    for seed in range(TRIES):
        page = make(bank, kind, seed, size_px)
        assert page.kind == kind
        assert page.image.dtype == np.uint8
        assert page.image.shape in [size_px, (*size_px, 3)]
        for sign in page.signs:
            x, y, w, h = sign.box
            assert sign.label in LEGAL
            assert w > 0
            assert h > 0
            assert x >= 0
            assert y >= 0
            assert x + w <= width + 1e-6
            assert y + h <= height + 1e-6
            assert sign.label or sign.number == -1


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_what_the_signs_say(bank: GlyphBank, kind: str) -> None:
    for seed in range(TRIES):
        page = make(bank, kind, seed)
        numbers: dict[int, str] = {}
        for sign in page.signs:
            if sign.number >= 0:
                numbers[sign.number] = numbers.get(sign.number, "") + sign.label
        assert page.text.split() == [numbers[i] for i in sorted(numbers)]
        assert sorted(numbers) == list(range(len(numbers)))
        assert all(any(c.isdigit() for c in number) for number in numbers.values())


@pytest.mark.parametrize("kind", ["junk", "blank", "scene"])
def test_pages_without_digits_have_none(bank: GlyphBank, kind: str) -> None:
    for seed in range(TRIES):
        page = make(bank, kind, seed)
        assert page.text == ""
        assert all(sign.label == "" for sign in page.signs)


def test_a_crop_has_a_digit_in_its_middle(bank: GlyphBank) -> None:
    for seed in range(TRIES):
        page = make(bank, "crop", seed, (44, 40))
        middles = [
            (s.box[0] + s.box[2] / 2, s.box[1] + s.box[3] / 2) for s in page.signs if s.label.isdigit()
        ]
        assert any(abs(x - 20) < 10 and abs(y - 22) < 10 for x, y in middles)


def test_a_kind_is_drawn_when_none_is_given(bank: GlyphBank) -> None:
    kinds = {make(bank, None, seed).kind for seed in range(40)}
    assert len(kinds) > 4
    assert kinds <= set(KINDS)


def test_digits_have_about_the_asked_height(bank: GlyphBank) -> None:
    rng = np.random.default_rng(0)
    pages = [make_synth_page(bank, rng=rng, kind="strip", digit_px=30) for _ in range(12)]
    heights = [sign.box[3] for page in pages for sign in page.signs if sign.label.isdigit()]
    assert 25 < float(np.median(heights)) < 36


def test_an_unknown_kind_is_named(bank: GlyphBank) -> None:
    with pytest.raises(UsageError, match="poster"):
        make(bank, "poster", 0)


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 20])  # not: shadows, faint ink
def test_boxes_hold_the_ink_of_a_lone_digit(bank: GlyphBank, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size_px = (90, 120)
    matrix = aim_camera(size_px, rng=rng)
    origin, sheet_px = measure_sheet(matrix, size_px)
    sheet = make_sheet(size_px, origin=origin, sheet_px=sheet_px, rng=rng)
    sheet.surface[:] = 250
    style = make_style(bank, digit_px=36, rng=rng)
    place(sheet, write_number(str(seed % 10), style, rng=rng), (45, 65), style=style, numbers=0, line=0)
    sheet.dry((5, 5, 5))
    page = take_picture(sheet, matrix, kind="strip", rng=rng)
    gray = page.image if page.image.ndim == 2 else page.image.min(axis=2)
    ys, xs = np.nonzero(gray < 0.5 * np.median(gray))
    (sign,) = page.signs
    found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    x, y, width, height = sign.box
    np.testing.assert_allclose(found, [x, y, x + width, y + height], atol=4)


def test_signs_mostly_outside_lose_their_name() -> None:
    def square(x: float, *, label: str, number: int) -> PlacedSign:
        return PlacedSign(label, np.array([[x, 10], [x + 10, 10], [x + 10, 20], [x, 20]], float), number, 0)

    placed = [
        square(-7, label="1", number=0),
        square(-4, label="2", number=0),
        square(40, label="3", number=1),
        square(93, label=".", number=1),
        square(200, label="4", number=2),
        square(60, label=",", number=3),
    ]
    signs, text = describe_signs(placed, np.eye(3), (50, 100))
    assert [(sign.label, sign.number) for sign in signs] == [
        ("", -1),
        ("2", 0),
        ("3", 1),
        (".", 1),
        (",", -1),
    ]
    assert signs[1].box == (0, 10, 6, 10)
    assert text == "2 3."


def test_many_neighbours_touch(bank: GlyphBank) -> None:
    rng = np.random.default_rng(1)
    touching = []
    for _ in range(240):
        style = make_style(bank, digit_px=28, rng=rng)
        marks = write_number("40723658", style, rng=rng).marks
        for before, after in pairwise(marks):
            canvas = np.zeros((2, 200, 700), bool)
            for layer, mark in zip(canvas, (before, after), strict=True):
                x, y = round(mark.x) + 50, round(mark.y) + 120
                layer[y : y + mark.patch.shape[0], x : x + mark.patch.shape[1]] = mark.patch > 0.3
            touching.append(bool((canvas[0] & canvas[1]).any()))
    assert np.mean(touching) > 1 / 7
