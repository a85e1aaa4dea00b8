"""Binarisation: polarity, working scale, light divided out, blank pages, pen width."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.paper import PAPERS, make_page
from inkdigits.ink.binarize import LEAST_PX, MOST_PX, extract_ink, is_light_on_dark, measure_pen_px, median_of
from inkdigits.ink.components import Mask, find_components, measure_centers, select
from inkdigits.types import Box, Gray


def make_truth(height: int = 240, width: int = 320, *, pen: int = 9) -> Mask:
    """A circle and a cross, 1 where there is ink."""
    truth = np.zeros((height, width), np.uint8)
    cv2.circle(truth, (width // 4, height // 2), height // 4, 1, pen)
    x, y, arm = 3 * width // 4, height // 2, height // 4
    cv2.line(truth, (x - arm, y - arm), (x + arm, y + arm), 1, pen)
    cv2.line(truth, (x + arm, y - arm), (x - arm, y + arm), 1, pen)
    return truth


def make_gray(truth: Mask, *, ink: int = 30, paper: int = 230, noise: float = 0.0) -> Gray:
    values = np.where(truth > 0, ink, paper).astype(float)
    values += np.random.default_rng(0).normal(0, noise, values.shape) if noise else 0
    gray: Gray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return gray


def overlap(mask: Mask, truth: Mask) -> float:
    """Intersection over union."""
    return float(np.sum(mask & truth) / np.sum(mask | truth))


@pytest.mark.parametrize("pen", [3, 9, 25])
@pytest.mark.parametrize("contrast", [(30, 230), (150, 190), (0, 255), (90, 110)])
def test_polarity_follows_the_minority(contrast: tuple[int, int], pen: int) -> None:
    gray = make_gray(make_truth(pen=pen), ink=contrast[0], paper=contrast[1])
    assert not is_light_on_dark(gray)
    assert is_light_on_dark(255 - gray)


def test_polarity_that_is_known_is_not_sought() -> None:
    gray = make_gray(make_truth())
    assert extract_ink(gray, light_on_dark=False).mask.tolist() == extract_ink(gray).mask.tolist()
    assert extract_ink(gray, light_on_dark=True).light_on_dark


@pytest.mark.parametrize("paper", ["white", "recycled", "ruled", "blackboard", "screen"])
def test_polarity_of_papers(paper: str) -> None:
    page, _ = make_page(["358"], rng=np.random.default_rng(3), paper=PAPERS[paper])
    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    assert is_light_on_dark(gray) is (paper in ("blackboard", "screen"))


@pytest.mark.parametrize("contrast", [(30, 230), (230, 30), (120, 200), (200, 120), (210, 250)])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_ink_is_where_it_was_drawn(contrast: tuple[int, int], noise: float) -> None:
    truth = make_truth()
    page = extract_ink(make_gray(truth, ink=contrast[0], paper=contrast[1], noise=noise))
    assert page.scale == 1
    assert page.light_on_dark is (contrast[0] > contrast[1])
    assert overlap(page.mask, truth) > 0.93
    assert page.pen_px == pytest.approx(9, abs=1.5)


def test_form_of_the_answer() -> None:
    page = extract_ink(make_gray(make_truth(), noise=2.0))
    assert page.ink.dtype == np.float32
    assert page.mask.dtype == np.uint8
    assert page.ink.shape == page.mask.shape == (240, 320)
    assert float(page.ink.min()) == 0
    assert float(page.ink.max()) == 1
    np.testing.assert_array_equal(page.mask, page.ink >= 0.5)
    assert not page.is_blank


@pytest.mark.parametrize("axis", [0, 1])
def test_uneven_light_is_divided_out(axis: int) -> None:
    truth = make_truth()
    light = np.linspace(0.35, 1.0, truth.shape[axis])
    light = light[:, None] if axis == 0 else light[None, :]
    gray = np.rint(make_gray(truth, ink=40, paper=240) * light).astype(np.uint8)
    assert overlap(extract_ink(gray).mask, truth) > 0.9


def test_a_faint_and_a_strong_stroke_are_both_ink() -> None:
    truth = make_truth()
    gray = make_gray(truth, ink=40)
    gray[:, 160:][truth[:, 160:] > 0] = 150  # the right half was written with a weak pen
    page = extract_ink(gray)
    assert overlap(page.mask[:, :160], truth[:, :160]) > 0.9
    assert overlap(page.mask[:, 160:], truth[:, 160:]) > 0.9


def make_cheque(line_px: int, *, print_depth: int, seed: int) -> tuple[Gray, Mask]:
    """Three signs of a dark pen on paper with fine wavy print all over, as the amount on a cheque."""
    y, x = np.mgrid[:60, :130].astype(float)
    away = np.abs((y + 0.2 * x + np.sin(x / 9)) % line_px - line_px / 2)
    paper = 215 - print_depth * np.clip(1.5 - away, 0, 1) + np.random.default_rng(seed).normal(0, 4, y.shape)
    truth = np.zeros(y.shape, np.uint8)
    cv2.ellipse(truth, (25, 30), (11, 20), 0, 0, 360, 1, 2)
    cv2.polylines(truth, [np.array([(50, 10), (70, 10), (56, 50)], np.int32)], False, 1, 2)
    cv2.ellipse(truth, (95, 30), (9, 18), 20, 0, 360, 1, 2)
    soft = cv2.GaussianBlur(truth.astype(float), (0, 0), 0.7)
    gray = cv2.GaussianBlur(paper * (1 - soft) + 60 * soft, (0, 0), 0.5)
    return np.clip(gray, 0, 255).astype(np.uint8), truth


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("print_depth", [50, 60])
@pytest.mark.parametrize("line_px", [5, 6])
def test_fine_print_does_not_hide_the_pen(line_px: int, print_depth: int, seed: int) -> None:
    """Print was taken for grain on both sides of paper, and the floor of grain rose above the pen."""
    gray, truth = make_cheque(line_px, print_depth=print_depth, seed=seed)
    page = extract_ink(gray)
    large = cv2.resize(truth, page.mask.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    assert overlap(page.mask, large) > 0.65  # measured: 0.73 to 0.80


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((240, 320), 1.0),
        ((112, 112), 1.0),
        ((56, 80), 2.0),
        ((28, 28), 4.0),
        ((14, 14), 8.0),
        ((7, 7), 8.0),  # never more than eight times
        ((10, 1000), 2.4),  # nor beyond the longest side
        ((1200, 4800), 0.5),
        ((50, 4800), 1.0),  # neither enlarged, since it is long, nor reduced, since it is low
    ],
)
def test_working_scale(size: tuple[int, int], scale: float) -> None:
    page = extract_ink(np.full(size, 200, np.uint8))
    assert page.scale == pytest.approx(scale)
    assert page.ink.shape == tuple(round(side * page.scale) for side in size)
    assert max(page.ink.shape) <= max(MOST_PX, *size)


def test_small_and_large_pictures_show_the_same_ink() -> None:
    truth = make_truth()
    gray = make_gray(truth)
    small = cv2.resize(gray, (80, 60), interpolation=cv2.INTER_AREA).astype(np.uint8)
    page = extract_ink(small)
    assert min(page.mask.shape) == LEAST_PX
    shape = page.mask.shape[::-1]
    wanted = (cv2.resize(truth.astype(np.float32), shape, interpolation=cv2.INTER_AREA) >= 0.5).astype(
        np.uint8
    )
    assert overlap(page.mask, wanted) > 0.85


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_even_grey_is_blank(level: int) -> None:
    page = extract_ink(np.full((90, 130), level, np.uint8))
    assert page.is_blank
    assert page.pen_px == 0
    assert not page.ink.any()
    assert not page.mask.any()


@pytest.mark.parametrize("noise", [1.0, 4.0, 8.0, 20.0])
@pytest.mark.parametrize("level", [20, 128, 240])
def test_noise_holds_hardly_any_ink(level: int, noise: float) -> None:
    values = np.random.default_rng(1).normal(level, noise, (200, 300))
    page = extract_ink(np.clip(values, 0, 255).astype(np.uint8))
    assert float(page.mask.mean()) < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3)])
def test_tiny_pictures_are_taken(size: tuple[int, int]) -> None:
    values = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    page = extract_ink(values)
    assert page.ink.shape == page.mask.shape
    assert 0 <= float(page.ink.min()) <= float(page.ink.max()) <= 1


@pytest.mark.parametrize("width", range(2, 12))
@pytest.mark.parametrize("turned", [False, True])
def test_pen_width_of_a_bar(width: int, *, turned: bool) -> None:
    mask = np.zeros((300, 40), np.uint8)
    mask[5:295, 10 : 10 + width] = 1
    assert measure_pen_px(mask.T.copy() if turned else mask) == pytest.approx(width, rel=0.06)


def test_pen_width_of_one_pixel_and_of_nothing() -> None:
    mask = np.zeros((50, 50), np.uint8)
    assert measure_pen_px(mask) == 0
    mask[20, 20] = 1
    assert 1 <= measure_pen_px(mask) <= 2


def test_the_border_counts_as_an_outline() -> None:
    full = np.ones((9, 200), np.uint8)
    assert measure_pen_px(full) == pytest.approx(9, rel=0.1)


def test_strength_is_contrast_as_part_of_the_pen() -> None:
    measured = extract_ink(make_gray(make_truth(), noise=2.0)).measured
    assert measured is not None
    wanted = np.clip(measured.contrast / measured.level, 0, 1)
    np.testing.assert_allclose(measured.strength, wanted, atol=1e-6)
    assert measured.strength is measured.strength  # sought once


def test_components_are_those_of_the_mask() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[2:5, 3:9] = 1
    mask[10:18, 20] = 1
    mask[18, 21] = 1  # touches by a corner
    page = extract_ink(make_gray(make_truth()))
    assert page.components is page.components
    found = find_components(mask)
    assert found.boxes == [Box(3, 2, 6, 3), Box(20, 10, 2, 9)]
    np.testing.assert_array_equal(found.stats[1:, cv2.CC_STAT_AREA], [18, 9])
    np.testing.assert_array_equal(found.labels > 0, mask)
    assert find_components(np.zeros((4, 4), np.uint8)).boxes == []


@pytest.mark.parametrize("ids", [(), (2,), (1, 3)])
def test_select_tells_which_pixels_have_a_label(ids: tuple[int, ...]) -> None:
    labels = np.random.default_rng(0).integers(0, 5, (6, 7)).astype(np.int32)
    np.testing.assert_array_equal(select(labels, ids), np.isin(labels, ids))


@pytest.mark.parametrize("count", [1, 2, 5, 100])
def test_median_is_the_upper_one(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(count, 1)).astype(np.float32)
    assert median_of(values) == np.sort(values.ravel())[count // 2]


@pytest.mark.parametrize("count", [0, 1, 3, 5, 6, 40])
def test_few_components_are_measured_as_many_are(count: int) -> None:
    rng = np.random.default_rng(count)
    mask = np.zeros((100, 120), np.uint8)
    for place in rng.permutation(12 * 10)[:count]:  # on a grid, so that they don't touch
        y, x = 10 * (place // 12), 10 * (place % 12)
        mask[y + 1 : y + int(rng.integers(2, 9)), x + 1 : x + int(rng.integers(2, 9))] = 1
    found = find_components(mask)
    everything, centers = measure_centers(mask)
    np.testing.assert_array_equal(found.labels, everything.labels)
    np.testing.assert_array_equal(found.stats[1:], everything.stats[1:])
    assert found.boxes == everything.boxes
    assert len(found.boxes) == count
    assert [mask[round(y), round(x)] for x, y in centers[1:]] == [1] * count


def test_small_pictures_are_enlarged_alike_whoever_offers_to_do_it() -> None:
    """Intel's library rounds other grey levels than OpenCV; what a thread has chosen about it stays."""
    rng = np.random.default_rng(3)
    gray = cv2.GaussianBlur(rng.integers(0, 256, (50, 185), np.uint8), (0, 0), 3)
    before = cv2.ipp.useIPP()
    pages = []
    try:
        for choice in (True, False):
            cv2.ipp.setUseIPP(choice)
            pages.append(extract_ink(gray.astype(np.uint8)))
            assert cv2.ipp.useIPP() in (choice, False)  # builds without it never use it
    finally:
        cv2.ipp.setUseIPP(before)
    np.testing.assert_array_equal(pages[0].measured.ground, pages[1].measured.ground)  # type: ignore[union-attr]
    np.testing.assert_array_equal(pages[0].ink, pages[1].ink)
