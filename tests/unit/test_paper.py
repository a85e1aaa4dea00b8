"""Simulated pages: known boxes, polarity, determinism, and the shipped example pictures."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inkdigits.datasets.paper import PAPERS, Paper, make_page, make_paper
from inkdigits.datasets.pens import PENS
from inkdigits.datasets.writers import WriterStyle
from inkdigits.errors import UsageError

CLEAN = Paper(color=(255, 255, 255), texture=0, fibres=0, blur_px=0, noise=0)
EXAMPLES = Path(__file__).parents[2] / "examples"


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("paper", PAPERS)
def test_page_is_deterministic(paper: str) -> None:
    (first, truth), (second, same) = (
        make_page(["120", "7"], rng=rng_of(4), paper=PAPERS[paper], digit_px=32) for _ in range(2)
    )
    assert first.dtype == np.uint8
    assert first.shape[2] == 3
    np.testing.assert_array_equal(first, second)
    assert truth == same


@pytest.mark.parametrize("pen", PENS)
@pytest.mark.parametrize("seed", range(3))
def test_boxes_enclose_the_ink(seed: int, pen: str) -> None:
    page, truth = make_page(
        ["1250,75", "-3 408"], rng=rng_of(seed), pen=PENS[pen], paper=CLEAN, ink_color=(0, 0, 0), digit_px=48
    )
    ink = 1 - page[..., 0] / 255
    inside = np.zeros(ink.shape, bool)
    for line in truth:
        for box in line.boxes:
            patch = ink[box.y : box.bottom, box.x : box.right]
            assert patch.shape == (box.height, box.width)
            assert min(patch[0].max(), patch[-1].max(), patch[:, 0].max(), patch[:, -1].max()) > 0.05
            inside[box.y : box.bottom, box.x : box.right] = True
    assert ink[~inside].max() < 0.12


def test_truth_has_one_box_per_sign_in_order() -> None:
    _, truth = make_page(["12 7", "", "-3,5"], rng=rng_of(1), digit_px=32)
    assert [line.text for line in truth] == ["12 7", "", "-3,5"]
    assert [len(line.boxes) for line in truth] == [3, 0, 4]
    for line in truth:
        assert [box.x for box in line.boxes] == sorted(box.x for box in line.boxes)
    assert max(b.bottom for b in truth[0].boxes) < min(b.y for b in truth[2].boxes)


@pytest.mark.parametrize(("paper", "is_dark"), [("white", False), ("blackboard", True), ("screen", True)])
def test_ink_is_the_other_side_of_the_paper(paper: str, is_dark: bool) -> None:
    page, truth = make_page(["88"], rng=rng_of(0), paper=PAPERS[paper], pen=PENS["felt"], digit_px=48)
    box = truth[0].boxes[0]
    ground = float(np.median(page))
    extreme = np.percentile(page[box.y : box.bottom, box.x : box.right], 98 if is_dark else 2)
    assert (ground < 100) is is_dark
    assert abs(float(extreme) - ground) > 80
    assert (extreme > ground) is np.bool_(is_dark)


def test_two_writers_give_two_pages() -> None:
    one, _ = make_page(["55"], rng=rng_of(1), paper=CLEAN, digit_px=32, size_px=(90, 160))
    two, _ = make_page(["55"], rng=rng_of(2), paper=CLEAN, digit_px=32, size_px=(90, 160))
    assert (one != two).any()


def test_requested_size_is_kept() -> None:
    page, _ = make_page(["1"], rng=rng_of(0), digit_px=40, size_px=(120, 333))
    assert page.shape == (120, 333, 3)


def test_text_that_does_not_fit_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="does not fit on a page of 100 x 60"):
        make_page(["123456"], rng=rng_of(0), digit_px=40, size_px=(60, 100))


def test_no_lines_give_blank_paper() -> None:
    page, truth = make_page([], rng=rng_of(0), paper=PAPERS["white"], size_px=(64, 80))
    assert truth == []
    assert page.std() < 6
    smallest, _ = make_page([], rng=rng_of(0))
    assert smallest.size > 0


def test_ruled_lines_and_squares_are_printed() -> None:
    ruled = replace(CLEAN, ruling="lines", rule_color=(0, 0, 0))
    page, _ = make_page([], rng=rng_of(0), paper=ruled, digit_px=20, size_px=(100, 100))
    dark_rows = np.flatnonzero(page[:, 50, 0] < 60)
    assert dark_rows.tolist() == [34, 68]
    squared, _ = make_page([], rng=rng_of(0), paper=replace(ruled, ruling="squares"), size_px=(100, 100))
    assert (squared[1, :, 0] < 60).any()


def test_shadow_and_vignette_take_light() -> None:
    shaded, _ = make_page([], rng=rng_of(0), paper=replace(CLEAN, shadow=0.5), size_px=(80, 80))
    assert shaded.max() > 1.4 * shaded.min()
    dim, _ = make_page([], rng=rng_of(0), paper=replace(CLEAN, vignette=0.4), size_px=(81, 81))
    assert dim[40, 40, 0] > dim[0, 0, 0] + 60


def test_invented_papers_keep_the_writing_visible() -> None:
    style = WriterStyle(pen_width=0.1)
    for seed in range(16):
        rng = rng_of(seed)
        page, truth = make_page(["80"], rng=rng, style=style, paper=make_paper(rng), digit_px=40)
        box = truth[0].boxes[0]
        patch = page[box.y : box.bottom, box.x : box.right].min(axis=2)
        assert int(np.ptp(patch)) > 50


def test_examples_can_be_made_again(tmp_path: Path) -> None:
    script = runpy.run_path(str(EXAMPLES / "make_examples.py"))
    script["write_examples"](tmp_path)
    expected = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
    assert json.loads((tmp_path / "expected.json").read_text(encoding="utf-8")) == expected
    pictures = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".png", ".jpg"}}
    assert pictures >= set(expected)
    for name in expected:
        assert (EXAMPLES / name).stat().st_size < 150_000
        shipped, made = (cv2.imread(str(folder / name)) for folder in (EXAMPLES, tmp_path))
        assert shipped is not None
        assert made is not None
        # Other versions of NumPy and OpenCV may round differently, but draw the same picture.
        assert np.abs(shipped.astype(int) - made.astype(int)).mean() < 4
