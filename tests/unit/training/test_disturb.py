from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from inkdigits.training.disturb import add_clutter, add_ground, filter_randomly

COUNT = 400


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def make_strokes() -> Tensor:
    """(N, 1, 28, 28): one upright stroke of 3 px."""
    images = torch.zeros(COUNT, 1, 28, 28)
    images[:, :, 4:24, 12:15] = 1.0
    return images


def share_of_changed(changed: Tensor, images: Tensor) -> float:
    return float((changed != images).flatten(1).any(1).float().mean())


def test_half_of_the_digits_keep_their_ground() -> None:
    images = make_strokes()
    grounded = add_ground(images, 0.6, generator=seeded())
    assert share_of_changed(grounded, images) == pytest.approx(0.5, abs=0.07)


def test_a_ground_is_no_lighter_than_asked_and_never_hides_the_ink() -> None:
    images = make_strokes()
    grounded = add_ground(images, 0.6, generator=seeded()).clamp(0, 1)
    assert 0.4 < grounded[images == 0].max() <= 0.6
    assert grounded[images == 1].min() > 0.99


def test_a_ground_changes_slowly() -> None:
    grounded = add_ground(torch.zeros(COUNT, 1, 28, 28), 0.6, generator=seeded())
    steps = torch.cat([grounded.diff(dim=dim).abs().flatten() for dim in (2, 3)])
    assert 0 < steps.max() < 0.15, "a step as steep as a stroke's edge would be ink"


def test_clutter_meets_the_asked_share_and_only_adds() -> None:
    images = make_strokes()
    cluttered = add_clutter(images, 0.4, generator=seeded())
    # A digit that is chosen may draw no stroke (one in sixteen), or only some outside the picture.
    assert share_of_changed(cluttered, images) == pytest.approx(0.37, abs=0.07)
    assert (cluttered >= images).all()
    assert cluttered.max() <= 1


def test_clutter_is_less_ink_than_the_digit() -> None:
    images = make_strokes()
    added = (add_clutter(images, 1.0, generator=seeded()) - images).sum((1, 2, 3))
    assert added.median() < images[0].sum() / 2


def test_filters_keep_blank_paper_and_the_peak() -> None:
    images = make_strokes()
    filtered = filter_randomly(images, 1.0, generator=seeded())
    assert (filtered[:, :, :, :10] == 0).all(), "no filter reaches further than 2 px"
    assert (filtered.amax((1, 2, 3)) > 0.45).all()
    assert filtered.max() <= 1 + 1e-6


def test_some_filters_hollow_out_an_area() -> None:
    images = torch.zeros(COUNT, 1, 28, 28)
    images[:, :, 6:22, 6:22] = 1.0
    filtered = filter_randomly(images, 1.0, generator=seeded())
    is_hollow = filtered[:, 0, 13, 13] < 0.5 * filtered[:, 0, 6:22, 6:22].flatten(1).amax(1)
    assert 0.1 < is_hollow.float().mean() < 0.6


def test_filters_meet_the_asked_share() -> None:
    images = make_strokes()
    filtered = filter_randomly(images, 0.3, generator=seeded())
    # A filter of one pixel changes nothing: the peak is kept.
    assert share_of_changed(filtered, images) == pytest.approx(0.2, abs=0.07)
