"""The normalisation inside graphs sees what `inkdigits.ink` sees."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from inkdigits.export.picture_graph import PictureGraph
from inkdigits.export.proof import make_digits
from inkdigits.export.tensors_torch import TorchTensors
from inkdigits.ink import extract_ink, find_glyphs, normalize_glyph
from inkdigits.types import Ink

DIGITS = make_digits(20, seed=3)


def normalize_in_graph(picture: npt.NDArray[np.uint8]) -> Ink:
    with torch.inference_mode():
        ink, has_ink = PictureGraph(TorchTensors()).build(torch.from_numpy(picture.astype(np.float32)[None]))
    assert has_ink.item() == 1
    result: Ink = ink[0].numpy()
    return result


def make_picture(digit: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Dark ink on paper, with a border on two sides so that the digit does not stand in the middle."""
    large = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    framed = np.pad(large, ((side // 3, 0), (0, side // 4)))
    return (240 - framed * (210 / 255)).astype(np.uint8)


@pytest.mark.parametrize("side", [28, 90, 300])
def test_it_agrees_with_the_readers_normalisation(side: int) -> None:
    differences = []
    for digit in DIGITS:
        picture = make_picture(digit, side)
        glyphs, others = find_glyphs(extract_ink(picture))
        if len(glyphs) == 1 and not others:  # the reader takes a stroke that stands far off for another sign
            differences.append(np.abs(normalize_glyph(glyphs[0].ink) - normalize_in_graph(picture)).mean())
    assert len(differences) >= 0.8 * len(DIGITS)
    # Mean difference of all 784 pixels; another digit of the same class differs by more than 0.1.
    assert np.median(differences) < 0.015
    assert max(differences) < 0.05


def test_polarity_scale_and_place_do_not_matter() -> None:
    for digit in DIGITS[:6]:
        picture = make_picture(digit, 120)
        plain = normalize_in_graph(picture)
        np.testing.assert_allclose(normalize_in_graph(255 - picture), plain, atol=0.15)
        moved = np.pad(picture, ((70, 0), (0, 30)), constant_values=240)
        assert np.abs(normalize_in_graph(moved) - plain).mean() < 0.02
        enlarged = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        assert np.abs(normalize_in_graph(enlarged) - plain).mean() < 0.02


def test_thin_pens_become_as_wide_as_mnists() -> None:
    picture = np.full((400, 400), 250, np.uint8)
    cv2.line(picture, (200, 60), (190, 340), 20, 1)
    ink = normalize_in_graph(picture)
    assert 1.4 < ink[9:19].sum(axis=1).mean() < 2.6


def test_the_glyph_has_mnists_size_and_place() -> None:
    for digit in DIGITS:
        ink = normalize_in_graph(make_picture(digit, 200))
        rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
        longer = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        assert 19 <= longer <= 21
        y = (ink.sum(axis=1) @ (np.arange(28) + 0.5)) / ink.sum()
        x = (ink.sum(axis=0) @ (np.arange(28) + 0.5)) / ink.sum()
        assert abs(x - 14.5) < 0.3
        assert abs(y - 14.5) < 2  # a glyph of 20 px is moved back into the square


def test_dust_is_left_out() -> None:
    picture = make_picture(DIGITS[3], 200)
    plain = normalize_in_graph(picture)
    picture[5:9, 5:9] = 30
    assert np.abs(normalize_in_graph(picture) - plain).mean() < 0.01
