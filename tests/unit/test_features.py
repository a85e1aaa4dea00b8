from __future__ import annotations

import math
import time

import numpy as np
import numpy.typing as npt
import pytest
import torch

from inkdigits.errors import ImageFormatError
from inkdigits.features import CELL_PX, ORIENTATIONS, compute_features, compute_hog, count_features
from inkdigits.models.hog import FeatureLayer
from inkdigits.types import LabelledImages


def compute_reference_hog(glyph: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The textbook's way: pixel by pixel, with angles."""
    height, width = glyph.shape
    cells = np.zeros((ORIENTATIONS, height // CELL_PX, width // CELL_PX))
    step = 2 * math.pi / ORIENTATIONS
    for y in range(height):
        for x in range(width):
            right = float(glyph[y, min(x + 1, width - 1)]) - float(glyph[y, max(x - 1, 0)])
            down = float(glyph[min(y + 1, height - 1), x]) - float(glyph[max(y - 1, 0), x])
            length, angle = math.hypot(right, down), math.atan2(down, right) % (2 * math.pi)
            below = int(angle / step)
            rest = angle - below * step
            for k, share in ((below, math.sin(step - rest)), (below + 1, math.sin(rest))):
                for row in range(cells.shape[1]):
                    for column in range(cells.shape[2]):
                        near_y = 1 - abs(y + 0.5 - (row + 0.5) * CELL_PX) / CELL_PX
                        near_x = 1 - abs(x + 0.5 - (column + 0.5) * CELL_PX) / CELL_PX
                        weight = max(0.0, near_y) * max(0.0, near_x) * share / math.sin(step)
                        cells[k % ORIENTATIONS, row, column] += weight * length
    return np.asarray(np.sqrt(cells / (cells.sum() + 1)).ravel())


def test_hog_is_what_the_textbook_says(small_digits: LabelledImages) -> None:
    noise = np.random.default_rng(0).random((2, 28, 28), np.float32)
    for glyph in [*(small_digits.images[:3] / np.float32(255)), *noise]:
        np.testing.assert_allclose(compute_hog(glyph[None])[0], compute_reference_hog(glyph), atol=1e-5)


def test_sharing_by_forces_is_nearly_sharing_by_angles() -> None:
    """Dalal and Triggs share by angle; the parallelogram's shares differ by less than 4 % of the length."""
    step = 2 * math.pi / ORIENTATIONS
    angles = np.linspace(0, step, 100)
    first, second = np.sin(step - angles) / math.sin(step), np.sin(angles) / math.sin(step)
    assert np.abs(first - (1 - angles / step)).max() < 0.04
    assert np.abs(second - angles / step).max() < 0.04


@pytest.mark.parametrize("name", ["raw", "hog"])
def test_numpy_and_torch_agree(name: str, small_digits: LabelledImages) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28)).astype(np.uint8)
    images = np.concatenate([small_digits.images[:50], noise, np.zeros((1, 28, 28), np.uint8)])
    ours = compute_features(images, name)  # type: ignore[arg-type]
    ink = torch.from_numpy(images.astype(np.float32) / np.float32(255)).unsqueeze(1)
    theirs = FeatureLayer(name)(ink).numpy()  # type: ignore[arg-type]
    np.testing.assert_allclose(ours, theirs, rtol=3e-7, atol=0)
    assert ours.shape == (101, count_features(name))  # type: ignore[arg-type]
    assert ours.dtype == np.float32


def test_raw_is_the_pixels(small_digits: LabelledImages) -> None:
    features = compute_features(small_digits.images[:3])
    np.testing.assert_allclose(features, small_digits.images[:3].reshape(3, 784) / 255, atol=1e-7)


def test_a_flat_glyph_has_no_gradients() -> None:
    flat = np.stack([np.zeros((28, 28), np.float32), np.ones((28, 28), np.float32)])
    assert not compute_features(flat, "hog").any()


def test_the_sign_of_a_gradient_counts() -> None:
    edge = np.zeros((1, 28, 28), np.float32)
    edge[:, :, 14:] = 1
    rising, falling = compute_hog(edge).reshape(12, 49), compute_hog(1 - edge).reshape(12, 49)
    assert rising.sum(1).argmax() == 0, "direction 0 is to the right"
    assert falling.sum(1).argmax() == 6


def test_contrast_hardly_matters(small_digits: LabelledImages) -> None:
    ink = small_digits.images[:20] / np.float32(255)
    full, faint = compute_features(ink, "hog"), compute_features(ink * np.float32(0.5), "hog")
    assert np.abs(full - faint).max() < 0.02 * full.max()


def test_uint8_and_ink_and_none_at_all(small_digits: LabelledImages) -> None:
    images = small_digits.images[:70]
    ink = images / np.float32(255)
    np.testing.assert_array_equal(compute_features(images, "hog"), compute_features(ink, "hog"))
    np.testing.assert_array_equal(
        compute_features(images, "hog")[66], compute_features(images[66:67], "hog")[0]
    )
    assert compute_features(images[:0], "hog").shape == (0, 588)


@pytest.mark.parametrize("shape", [(28, 28), (1, 27, 28), (1, 1, 28, 28)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageFormatError, match="28"):
        compute_features(np.zeros(shape, np.uint8))
    with pytest.raises(ImageFormatError, match="int64"):
        compute_features(np.zeros((1, 28, 28), np.int64))


def test_it_works_on_many_at_once() -> None:
    """60,000 digits take a few seconds; a loop over digits in Python would take a hundred times as long."""
    images = np.zeros((1000, 28, 28), np.uint8)
    started = time.perf_counter()
    compute_features(images, "hog")
    assert time.perf_counter() - started < 5
