"""The fifteen corruptions: what all have in common, and what each does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets import load_dataset
from inkdigits.errors import UsageError
from inkdigits.evaluation.corruptions import CORRUPTIONS, SIDE_PX
from inkdigits.types import Gray

# In the order of figure 1 of the paper.
NAMES = [
    "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "scale", "rotate", "brightness",
    "translate", "stripe", "fog", "spatter", "dotted_line", "zigzag", "canny_edges",
]  # fmt: skip
BLANKS = np.zeros((40, SIDE_PX, SIDE_PX), np.uint8)
BLANKS[:, 0, 0] = np.arange(40)  # each another picture, so that each has other noise


def draw_digits() -> Gray:
    """Sevens and ones of several pens, soft as MNIST's, and with its margin."""
    images = []
    for pen_px in (8, 12, 16):
        for x in (8, 10, 12, 14):
            fine = np.zeros((112, 112), np.uint8)
            cv2.line(fine, (4 * x, 88), (4 * x + 20, 24), 255, pen_px)
            cv2.line(fine, (4 * x - 12, 24), (4 * x + 20, 24), 255, pen_px)
            images.append(cv2.resize(fine, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA))
    return np.stack(images).astype(np.uint8)


DIGITS = draw_digits()


def find_middle(image: Gray) -> tuple[float, float]:
    """Centre of mass, (x, y)."""
    moments = cv2.moments(image)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def find_slant(image: Gray) -> float:
    """Columns to the left for each row down."""
    moments = cv2.moments(image)
    return moments["mu11"] / moments["mu02"]


def test_there_are_the_fifteen_of_the_paper() -> None:
    assert list(CORRUPTIONS) == NAMES
    assert all(corruption.name == name for name, corruption in CORRUPTIONS.items())


@pytest.mark.parametrize("name", NAMES)
def test_pictures_stay_pictures(name: str) -> None:
    before = DIGITS.copy()
    out = CORRUPTIONS[name](DIGITS)
    assert out.shape == DIGITS.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(DIGITS, before)
    assert CORRUPTIONS[name](DIGITS[:0]).shape == (0, SIDE_PX, SIDE_PX)
    changed = (out != DIGITS).any(axis=(1, 2))
    assert changed.all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_picture_wherever_it_stands(name: str) -> None:
    corrupt = CORRUPTIONS[name]
    once = corrupt(DIGITS, seed=3)
    np.testing.assert_array_equal(corrupt(DIGITS[::-1], seed=3)[::-1], once)
    np.testing.assert_array_equal(corrupt(DIGITS[5:6], seed=3), once[5:6])


@pytest.mark.parametrize("name", sorted({*NAMES} - {"scale", "brightness", "stripe", "canny_edges"}))
def test_another_seed_gives_another_picture(name: str) -> None:
    assert (CORRUPTIONS[name](DIGITS, seed=1) != CORRUPTIONS[name](DIGITS, seed=2)).any()


@pytest.mark.parametrize("name", NAMES)
def test_ink_stays_brighter_than_paper(name: str) -> None:
    # Within stripes only the middle keeps its polarity; outlines lie beside the ink, so its neighbourhood counts.
    middle = slice(7, 21)
    near = cv2.blur(DIGITS.transpose(1, 2, 0), (3, 3)).transpose(2, 0, 1)[:, :, middle] > 60
    out = CORRUPTIONS[name](DIGITS)[:, :, middle].astype(float)
    assert out[near].mean() > out[~near].mean() + 10


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_and_a_full_picture_do_no_harm(name: str) -> None:
    full = np.full((1, SIDE_PX, SIDE_PX), 255, np.uint8)
    for images in (np.zeros_like(full), full):
        assert CORRUPTIONS[name](images).shape == images.shape


@pytest.mark.parametrize(
    "images", [DIGITS.astype(np.float32), DIGITS[:, :20], DIGITS[0], np.zeros((2, 28, 28, 1), np.uint8)]
)
def test_other_pictures_are_refused(images: Gray) -> None:
    with pytest.raises(UsageError, match="28x28"):
        CORRUPTIONS["fog"](images)


def test_shot_noise_counts_to_three_and_leaves_paper() -> None:
    out = CORRUPTIONS["shot_noise"](DIGITS)
    assert set(np.unique(out)) <= {0, 85, 170, 255}
    assert not out[DIGITS == 0].any()
    grey = np.full((40, SIDE_PX, SIDE_PX), 51, np.uint8)
    grey[:, 0, 0] = np.arange(40)
    assert CORRUPTIONS["shot_noise"](grey).mean() == pytest.approx(51, abs=1.5)  # rarely clipped, so unbiased


def test_impulse_noise_hits_one_pixel_in_six() -> None:
    grey = BLANKS + np.uint8(100)
    out = CORRUPTIONS["impulse_noise"](grey)
    assert (out != grey).mean() == pytest.approx(0.17, abs=0.01)
    assert set(np.unique(out[out != grey])) == {0, 255}
    assert (out == 255).mean() == pytest.approx(0.085, abs=0.008)


def test_glass_blur_moves_ink_by_a_few_pixels_and_loses_none() -> None:
    out = CORRUPTIONS["glass_blur"](DIGITS)
    assert out.sum() == pytest.approx(DIGITS.sum(), rel=0.01)
    assert not out[:, :, 25:].any()  # the digits end in column 21


def test_motion_blur_drags_to_the_left() -> None:
    dot = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
    dot[0, 14, 20] = 255
    for seed in range(20):
        (out,) = CORRUPTIONS["motion_blur"](dot, seed=seed)
        ys, xs = np.nonzero(out)
        assert xs.max() == 20
        assert out[:, 18:].max() == out.max()  # strongest where it starts
        assert np.abs(ys - 14).max() <= 20 - xs.min()  # at most 45 degrees
        assert 4 <= np.hypot(ys - 14, xs - 20).max() <= 10
        assert float(out.sum()) == pytest.approx(255, rel=0.05)


def test_shear_slants_to_either_side_and_keeps_the_middle() -> None:
    bar = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
    bar[0, 4:24, 12:16] = 255
    found = {round(find_slant(CORRUPTIONS["shear"](bar, seed=seed)[0]), 1) for seed in range(10)}
    assert found == {-0.4, 0.4}
    assert find_middle(CORRUPTIONS["shear"](bar)[0]) == pytest.approx((13.5, 13.5), abs=0.1)


def test_scale_reduces_to_seven_tenths_around_the_middle() -> None:
    square = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
    square[0, 4:24, 4:24] = 255
    (out,) = CORRUPTIONS["scale"](square)
    assert out.sum() / 255 == pytest.approx(14**2, rel=0.03)
    assert find_middle(out) == pytest.approx((13.5, 13.5), abs=0.05)


def test_rotate_turns_by_23_degrees_to_either_side() -> None:
    bar = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
    bar[0, 4:24, 13:15] = 255
    angles = set()
    for seed in range(10):
        (out,) = CORRUPTIONS["rotate"](bar, seed=seed)
        moments = cv2.moments(out)
        # Angle of the longer axis from the vertical.
        turn = 0.5 * np.arctan2(2 * moments["mu11"], moments["mu02"] - moments["mu20"])
        angles.add(round(float(turn), 2))
        assert out.sum() == pytest.approx(bar.sum(), rel=0.02)
    assert sorted(angles) == pytest.approx([-0.4, 0.4], abs=0.01)


def test_brightness_adds_half_of_white() -> None:
    out = CORRUPTIONS["brightness"](DIGITS).astype(int)
    np.testing.assert_allclose(out, np.minimum(DIGITS.astype(int) + 127.5, 255), atol=1)


def test_translate_moves_all_ink_towards_a_corner() -> None:
    moves = set()
    for seed in range(20):
        (out,) = CORRUPTIONS["translate"](DIGITS[5:6], seed=seed)
        before, after = find_middle(DIGITS[5]), find_middle(out)
        assert out.sum() == DIGITS[5].sum()
        moves.add((round(after[0] - before[0], 3), round(after[1] - before[1], 3)))
    assert moves == {(x, y) for x in (-3, 3) for y in (-3, 3)}


def test_stripe_inverts_a_quarter_at_each_side() -> None:
    out = CORRUPTIONS["stripe"](DIGITS)
    np.testing.assert_array_equal(out[:, :, 7:21], DIGITS[:, :, 7:21])
    np.testing.assert_array_equal(out[:, :, :7], 255 - DIGITS[:, :, :7])
    np.testing.assert_array_equal(out[:, :, 21:], 255 - DIGITS[:, :, 21:])


def test_fog_is_smooth_and_leaves_a_quarter_of_the_contrast() -> None:
    square = BLANKS.copy()
    square[:, 8:20, 8:20] = 255
    out = CORRUPTIONS["fog"](square).astype(float)
    dark = CORRUPTIONS["fog"](BLANKS)
    assert (dark.max(axis=(1, 2)) <= BLANKS.max(axis=(1, 2))).all()  # scaled by the picture's brightest pixel
    inside, outside = out[:, 8:20, 8:20].mean(), out[:, :8].mean()
    assert inside - outside == pytest.approx(255 / 4, abs=12)
    paper = out[:, :7, :]
    steps = np.abs(np.diff(paper, axis=2)).mean()
    assert steps < 0.35 * paper.std()  # neighbours are alike
    assert paper.mean(axis=(1, 2)).std() > 10  # but pictures differ


def test_spatter_is_mud_of_one_grey() -> None:
    out = CORRUPTIONS["spatter"](BLANKS)
    covered = out[out > BLANKS]
    assert 50 <= np.median(covered) <= 63
    assert covered.max() <= 63
    assert 0.05 < (out > BLANKS).mean() < 0.5
    assert (CORRUPTIONS["spatter"](DIGITS)[DIGITS == 255] < 255).any()


def test_dotted_lines_have_gaps_and_go_from_side_to_side() -> None:
    out = CORRUPTIONS["dotted_line"](BLANKS)
    out[:, 0, 0] = 0
    marked = out.max(axis=1) > 0  # (N, columns)
    is_dot = np.arange(SIDE_PX) // 2 % 2 == 1
    assert not marked[:, ~is_dot].any()
    dots = np.flatnonzero(is_dot)[:-1]  # the line ends before the last column
    assert marked[:, dots].all()
    assert not marked[:, -1].any()
    added = CORRUPTIONS["dotted_line"](DIGITS)
    assert (added >= DIGITS).all()


def test_a_zigzag_has_six_teeth() -> None:
    seen = 0
    for seed in range(30):
        (out,) = CORRUPTIONS["zigzag"](BLANKS[1:2], seed=seed)
        out[0, 0] = 0
        ys = np.array([out[:, x].argmax() if out[:, x].any() else -1 for x in range(SIDE_PX)])
        assert (ys[:2] == -1).all()
        assert (ys[27:] == -1).all()
        if (ys[2:25] >= 3).all() and (ys[2:25] <= 24).all():  # not cut by the border
            drift = np.polyval(np.polyfit(range(2, 25), ys[2:25], 1), range(2, 25))
            signs = np.sign(ys[2:25] - drift)
            assert 5 <= (np.diff(signs[signs != 0]) != 0).sum() <= 7
            seen += 1
    assert seen > 3


def test_canny_edges_are_thin_closed_outlines() -> None:
    square = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
    square[0, 6:22, 8:20] = 255
    (out,) = CORRUPTIONS["canny_edges"](square)
    assert set(np.unique(out)) == {0, 255}
    assert not out[9:19, 11:17].any()
    assert not out[:4].any()
    assert 40 <= (out > 0).sum() <= 60  # the outline of 16x12 is 52 long
    count, _ = cv2.connectedComponents((out == 0).astype(np.uint8), connectivity=4)
    assert count == 3  # edges, inside, outside


@pytest.mark.real_data
def test_on_mnist_every_corruption_changes_every_digit() -> None:
    images = load_dataset("mnist", "test").images[:100]
    for corrupt in CORRUPTIONS.values():
        assert (corrupt(images) != images).any(axis=(1, 2)).all()
