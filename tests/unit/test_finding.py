"""How the detector's answer and the components of the ink fit together; the detector here is a fixed answer."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.bundles.detector import Spotted
from inkdigits.finding import Components, Found, Opinion, find_digits
from inkdigits.images import Page
from inkdigits.ink.view import MARGIN_PX
from inkdigits.types import Box, Gray, Ink, Probs

TRUTH = [Box(40, 40, 30, 60), Box(120, 40, 30, 60)]


class Known:
    """Answers with given boxes of the page, whatever it is shown; remembers the views."""

    def __init__(self, boxes: list[Box], *, page_px: tuple[int, int], score: float = 0.9) -> None:
        self.boxes, self.page_px, self.score = boxes, page_px, score
        self.views: list[Ink] = []
        self.marks = (".", ",", "-", "/")

    def detect(self, view: Ink, *, least_score: float) -> tuple[list[Spotted], list[Spotted]]:
        self.views.append(view)
        scale = self.guess_scale(view)
        probs = np.full(10, 0.1, np.float32)
        return [
            Spotted(b.x * scale + MARGIN_PX, b.y * scale + MARGIN_PX, b.width * scale, b.height * scale,
                    self.score, probs)
            for b in self.boxes
        ], []  # fmt: skip

    def guess_scale(self, view: Ink) -> float:
        """From the leftmost and rightmost ink of the picture drawn by `draw`."""
        columns = np.flatnonzero(view.max(axis=0) > 0.5)
        return float(columns[-1] - columns[0] + 1) / (TRUTH[1].right - TRUTH[0].x)


def draw() -> Gray:
    page = np.full((140, 220), 235, np.uint8)
    for box in TRUTH:
        cv2.rectangle(page, (box.x + 2, box.y + 2), (box.right - 3, box.bottom - 3), 20, 5)
    return page


def find(page: Gray, detector: Known | None) -> Found:
    return find_digits(Page(np.repeat(page[:, :, None], 3, axis=2)), 0, detector)


def test_without_a_detector_every_glyph_is_a_sighting() -> None:
    found = find(draw(), None)
    assert len(found.sightings) == 2
    assert all(s.probs is None and s.score == 1 for s in found.sightings)


def test_sightings_carry_the_detectors_opinion_and_the_exact_box() -> None:
    shifted = [Box(b.x + 2, b.y - 2, b.width + 3, b.height) for b in TRUTH]
    found = find(draw(), Known(shifted, page_px=(140, 220)))
    boxes = sorted(s.box for s in found.sightings)
    for box, truth in zip(boxes, TRUTH, strict=True):
        assert box.to_list() == pytest.approx(truth.to_list(), abs=4)
    assert all(abs(s.score - 0.9) < 0.05 and s.glyph is not None for s in found.sightings)


def test_a_glyph_that_the_detector_does_not_see_is_an_unlikely_sighting() -> None:
    found = find(draw(), Known(TRUTH[:1], page_px=(140, 220)))
    seen, unseen = sorted(found.sightings, key=lambda s: s.box)
    assert unseen.score < 0.1 < seen.score
    assert unseen.box.to_list() == pytest.approx(TRUTH[1].to_list(), abs=2)


def test_ink_of_another_size_than_the_digits_is_left_over() -> None:
    page = draw()
    cv2.rectangle(page, (85, 60), (103, 78), 20, 4)  # a third as high
    found = find(page, Known(TRUTH, page_px=(140, 220)))
    assert len(found.sightings) == 2
    (left,) = [item for item in found.rejected if item.reason == "no digit"]
    assert left.box.to_list() == pytest.approx([83, 58, 22, 22], abs=3)


def test_glyphs_are_sought_anew_once_the_height_of_digits_is_known() -> None:
    page = np.full((400, 600), 235, np.uint8)
    for left in (40, 260):
        cv2.rectangle(
            page, (left, 20), (left + 180, 200), 20, 5
        )  # large frames: digits seem to be 180 px high
    boxes = [Box(100, 250, 20, 36), Box(100, 304, 20, 36)]  # two digits of a column, not two strokes of one
    for box in boxes:
        cv2.rectangle(page, (box.x, box.y), (box.right - 1, box.bottom - 1), 20, 5)
    alone = Components(Page(np.repeat(page[:, :, None], 3, axis=2)), 0)
    probs = np.full(10, 0.1, np.float32)
    seen = [Spotted(box.x, box.y, box.width, box.height, 0.9, probs) for box in boxes]
    assert sorted(round(glyph.box.height, -1) for glyph in alone.glyphs) == [100, 190, 190]
    resized = alone.resize(seen, guess_px=180)
    assert sorted(round(glyph.box.height, -1) for glyph in resized.glyphs)[:2] == [40, 40]
    assert len(alone.glyphs) == 3
    assert alone.resize(seen, guess_px=50) is alone
    assert alone.resize(seen[:1], guess_px=180) is alone


def test_a_blank_page_is_not_looked_at() -> None:
    detector = Known(TRUTH, page_px=(140, 220))
    assert find(np.full((140, 220), 235, np.uint8), detector).sightings == []
    assert detector.views == []


def make_crop(*, light_on_dark: bool) -> Page:
    """A ring that touches all four sides of its picture."""
    crop = np.full((20, 18), 0 if light_on_dark else 255, np.uint8)
    cv2.ellipse(crop, (8, 9), (8, 9), 0, 0, 360, 255 if light_on_dark else 0, 3)
    return Page(np.repeat(crop[:, :, None], 3, axis=2))


@pytest.mark.parametrize("light_on_dark", [True, False])
def test_a_tight_crop_gets_paper_around_it(*, light_on_dark: bool) -> None:
    components = Components(make_crop(light_on_dark=light_on_dark), 0, light_on_dark=light_on_dark)
    (glyph,) = components.glyphs
    assert components.to_page(glyph.box).to_list() == pytest.approx([0, 0, 18, 20], abs=2)
    turned = components.turn()
    assert turned is not None
    assert turned.light_on_dark is not light_on_dark


def test_a_picture_with_paper_around_its_ink_is_not_turned() -> None:
    page = np.full((30, 30), 240, np.uint8)
    cv2.line(page, (15, 8), (14, 22), 10, 2)
    assert Components(Page(np.repeat(page[:, :, None], 3, axis=2)), 0).turn() is None
    assert (
        Components(Page(np.repeat(draw()[:, :, None], 3, axis=2)), 0).turn() is None
    )  # too large to be a crop


class SeesAgain:
    """Says 4 about every box, and remembers the boxes in the view."""

    def __init__(self) -> None:
        self.boxes: list[tuple[float, float, float, float]] = []

    def predict(
        self, view: Ink, boxes: Sequence[tuple[float, float, float, float]]
    ) -> tuple[Probs, npt.NDArray[np.float32]]:
        self.boxes += boxes
        probs = np.full((len(boxes), 10), 0.01, np.float32)
        probs[:, 4] = 0.91
        return probs, np.full(len(boxes), 0.2, np.float32)


def test_each_place_is_looked_at_again() -> None:
    regions = SeesAgain()
    page = Page(np.repeat(draw()[:, :, None], 3, axis=2))
    found = find_digits(page, 0, Known(TRUTH[:1], page_px=(140, 220)), regions)
    assert len(found.sightings) == 2  # one of them unseen by the detector
    for sighting in found.sightings:
        assert sighting.again is not None
        assert sighting.again.probs.argmax() == 4
        assert sighting.again.none == pytest.approx(0.2, abs=0.01)
    heights = {round(height) for *_, height in regions.boxes}
    assert all(15 <= height <= 40 for height in heights)  # the size that the region classifier wants


def test_a_chain_of_digits_is_no_dash_to_pass_over() -> None:
    page = np.full((140, 400), 235, np.uint8)
    cv2.rectangle(page, (20, 42), (50, 98), 20, 5)
    for x in range(100, 360, 36):  # rings that touch
        cv2.ellipse(page, (x, 70), (18, 28), 0, 0, 360, 20, 5)
    components = Components(Page(np.repeat(page[:, :, None], 3, axis=2)), 0)
    assert len(components.glyphs) == 1
    assert components.may_hide_digits
    page[:, 80:] = 235
    cv2.line(page, (100, 70), (250, 70), 20, 6)  # a dash is one pen high
    assert not Components(Page(np.repeat(page[:, :, None], 3, axis=2)), 0).may_hide_digits


def test_digits_in_the_only_glyph_are_parts_of_one_piece() -> None:
    page = draw()
    cv2.line(page, (TRUTH[0].right - 4, 70), (TRUTH[1].x + 4, 70), 20, 5)
    components = Components(Page(np.repeat(page[:, :, None], 3, axis=2)), 0)
    assert len(components.glyphs) == 1
    lone = components.take_alone(None, Opinion(np.full(10, 0.1, np.float32), 0.5))
    several = components.ask_alone(Known(TRUTH, page_px=page.shape), None, lone)
    assert several.is_one_piece
    assert len(several.sightings) == 2
    single = components.ask_alone(Known(TRUTH[:1], page_px=page.shape), None, lone)
    assert not single.is_one_piece
    assert single.sightings[0].is_lone


@pytest.mark.parametrize(("x", "is_free"), [(60, True), (18, True), (0, False), (171, False)])
def test_a_glyph_is_free_where_it_touches_no_border(x: int, *, is_free: bool) -> None:
    gray = np.full((120, 200), 240, np.uint8)
    gray[30:90, x : x + 29] = 20
    page = Components(Page(np.repeat(gray[:, :, None], 3, axis=2)), 0)
    assert len(page.glyphs) == 1
    assert page.is_free is is_free


def test_nothing_is_free_in_a_tight_crop() -> None:
    gray = np.full((28, 28), 240, np.uint8)
    gray[6:22, 8:20] = 20
    assert not Components(Page(np.repeat(gray[:, :, None], 3, axis=2)), 0).is_free
