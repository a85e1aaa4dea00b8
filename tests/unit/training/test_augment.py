from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from inkdigits.training.augment import augment, change_thickness, mixup, move
from inkdigits.training.sections import AugmentSection

OFF = AugmentSection()
ALL = AugmentSection(
    rotation_deg=15,
    scale=0.2,
    aspect=0.2,
    widening=0.5,
    shear=0.3,
    shift_px=2,
    elastic_px=1,
    thickness_px=1.5,
    blur_px=1,
    noise=0.2,
    contrast=0.4,
    erasing=0.5,
    filtering=0.7,
    clutter=0.9,
    ground=0.6,
    flip_horizontal=0.5,
    flip_vertical=0.5,
)
SINGLE = [
    replace(OFF, **{key.name: getattr(ALL, key.name)})
    for key in fields(OFF)
    if key.name not in ("mixup", "elastic_smooth_px")
]


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def make_strokes(count: int = 8) -> Tensor:
    """(N, 1, 28, 28): a hook of 3 px, not symmetric in any direction."""
    images = torch.zeros(count, 1, 28, 28)
    images[:, :, 6:22, 10:13] = 1.0
    images[:, :, 6:9, 10:20] = 0.8
    return images


def name_of(settings: AugmentSection) -> str:
    return next(key.name for key in fields(settings) if getattr(settings, key.name) != getattr(OFF, key.name))


def test_all_off_is_the_same_tensor_and_draws_nothing() -> None:
    images, generator = make_strokes(), seeded()
    before = generator.get_state()
    assert augment(images, OFF, generator=generator) is images
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("settings", [ALL, *SINGLE], ids=["all", *map(name_of, SINGLE)])
class TestEachChange:
    def test_it_changes_digits_within_range_and_shape(self, settings: AugmentSection) -> None:
        images = make_strokes()
        kept = images.clone()
        changed = augment(images, settings, generator=seeded())
        assert changed.shape == images.shape
        assert changed.dtype == torch.float32
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert not torch.equal(changed, images)
        assert torch.equal(images, kept), "the input must stay"

    def test_equal_seeds_give_equal_digits(self, settings: AugmentSection) -> None:
        images = make_strokes()
        first, second, other = (augment(images, settings, generator=seeded(seed)) for seed in (3, 3, 4))
        assert torch.equal(first, second)
        assert not torch.equal(first, other)

    def test_digits_of_a_batch_differ(self, settings: AugmentSection) -> None:
        changed = augment(make_strokes(16), settings, generator=seeded())
        assert len(torch.unique(changed, dim=0)) > 1


def test_widening_stops_where_a_digit_is_as_wide_as_high() -> None:
    narrow, wide = make_strokes(64), torch.zeros(64, 1, 28, 28)
    wide[:, :, 10:18, 6:22] = 1.0
    settings = replace(OFF, widening=2.0)
    widths = (augment(narrow, settings, generator=seeded()) > 0.4).any(dim=2).sum(dim=2).flatten()
    heights = (augment(narrow, settings, generator=seeded()) > 0.4).any(dim=3).sum(dim=2).flatten()
    assert widths.min() >= 10
    assert 15 <= widths.max() <= 17, "the hook is 10 px wide and 16 px high"
    assert heights.min() == heights.max() == 16
    torch.testing.assert_close(augment(wide, settings, generator=seeded()), wide)


def test_changes_don_t_touch_the_global_random_state() -> None:
    before = torch.get_rng_state()
    augment(make_strokes(), replace(ALL, mixup=1), generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_certain_flip_is_exact() -> None:
    images = make_strokes()
    mirrored = augment(images, replace(OFF, flip_horizontal=1), generator=seeded())
    assert torch.allclose(mirrored, images.flip(3), atol=1e-5)
    upside_down = augment(images, replace(OFF, flip_vertical=1), generator=seeded())
    assert torch.allclose(upside_down, images.flip(2), atol=1e-5)


def test_shift_stays_within_its_limit() -> None:
    image = torch.zeros(200, 1, 28, 28)
    image[:, :, 14, 14] = 1
    moved = move(image, replace(OFF, shift_px=2), generator=seeded()).squeeze(1)
    rows = (moved.sum(2) @ torch.arange(28.0)) / moved.sum((1, 2))
    assert ((rows - 14).abs() <= 2.001).all()
    assert (rows - 14).abs().max() > 1.5


def test_rotation_turns_and_keeps_lengths() -> None:
    image = torch.zeros(100, 1, 28, 28)
    image[:, :, 4:24, 13:15] = 1
    turned = move(image, replace(OFF, rotation_deg=45), generator=seeded())
    assert torch.allclose(turned.sum((1, 2, 3)), image.sum((1, 2, 3)), rtol=0.1)
    # A stroke of 20 px that leans up to 45 degrees to either side covers both corners in some pictures.
    assert turned[:, 0, :10, :10].amax((1, 2)).max() > 0.5
    assert turned[:, 0, :10, 18:].amax((1, 2)).max() > 0.5


def test_elastic_displacement_has_the_asked_size() -> None:
    ramp = torch.linspace(0, 1, 28).expand(400, 1, 28, 28).contiguous()
    moved = move(ramp, replace(OFF, elastic_px=1.0, elastic_smooth_px=4.0), generator=seeded())
    shift_px = (moved - ramp)[:, :, 8:20, 8:20] * 27  # away from the edges
    assert 0.9 < shift_px.std() < 1.1
    assert shift_px.mean().abs() < 0.05


def test_thickness_changes_both_ways_and_keeps_hairlines() -> None:
    images = torch.zeros(200, 1, 28, 28)
    images[:, :, 4:24, 14] = 0.9
    changed = change_thickness(images, 1.0, generator=seeded())
    ink = changed.sum((1, 2, 3)) / images.sum((1, 2, 3))
    assert ink.max() > 1.8
    assert changed.amax((1, 2, 3)).min() > 0.8, "a hairline must not vanish"


def test_erasing_strikes_the_asked_share() -> None:
    full = torch.ones(1000, 1, 28, 28)
    erased = augment(full, replace(OFF, erasing=0.3), generator=seeded())
    share = (erased.amin((1, 2, 3)) == 0).float().mean()
    assert 0.25 < share < 0.35
    assert erased.sum((1, 2, 3)).min() >= 28 * 28 - 10 * 10


def test_mixup_blends_images_and_targets_alike() -> None:
    images = torch.eye(6).reshape(6, 1, 6, 1).expand(6, 1, 6, 6).contiguous()
    targets = torch.eye(6)
    mixed, blended = mixup(images, targets, alpha=1.0, generator=seeded(1))
    assert torch.allclose(mixed[:, 0, :, 0], blended)
    assert torch.allclose(blended.sum(1), torch.ones(6))
    assert not torch.equal(blended, targets)
    same, unchanged = mixup(images, targets, alpha=0.0, generator=seeded())
    assert same is images
    assert unchanged is targets


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_mixup_shares_follow_the_beta_distribution(alpha: float) -> None:
    generator, pair, targets = seeded(), torch.zeros(2, 1, 1, 1), torch.eye(2)
    runs = [mixup(pair, targets, alpha=alpha, generator=generator) for _ in range(800)]
    shares = torch.stack([blended.max() for _, blended in runs])
    # A digit that meets itself gives 1; of the two orders of a pair, one does that.
    met = shares[shares < 1]
    draws = np.random.default_rng(0).beta(alpha, alpha, 20_000)
    assert met.mean() == pytest.approx(np.maximum(draws, 1 - draws).mean(), abs=0.03)
