"""Augmentation: new digits from old ones, a whole batch at once.

Owns: the random changes and their order. All changes of place (turn, size, slant, shift, mirror and elastic
displacement) are merged into one sampling grid, so that each digit is resampled once: that is what makes
60,000 digits take seconds on two cores, and it blurs only once. Leaves to others: which strengths are good
(the recipe), what lies around the ink (`disturb`) and when it is called (`loop`).

Every random number comes from the caller's generator: the same generator state gives the same digits.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from inkdigits.training.disturb import add_clutter, add_ground, filter_randomly
from inkdigits.training.sections import AugmentSection

_ERASED_SIDES_PX: Final = (3, 9)
"""Sides of an erased rectangle: from a stroke's width to a third of the picture."""


def augment(images: Tensor, settings: AugmentSection, *, generator: Generator) -> Tensor:
    """Return changed copies of a batch.

    Args:
        images: (N, 1, H, W) float32 ink in [0, 1].
        settings: Strengths; with all of them 0 the very same tensor is returned.
        generator: Source of all randomness, on the device of `images`.

    Returns:
        (N, 1, H, W) float32 in [0, 1].
    """
    changed = images
    if settings.thickness_px:
        changed = change_thickness(changed, settings.thickness_px, generator=generator)
    if is_moving(settings):
        changed = move(changed, settings, generator=generator)
    if settings.filtering:
        changed = filter_randomly(changed, settings.filtering, generator=generator)
    if settings.clutter:
        changed = add_clutter(changed, settings.clutter, generator=generator)
    if settings.blur_px:
        changed = blur(changed, settings.blur_px, generator=generator)
    if settings.contrast:
        changed = change_contrast(changed, settings.contrast, generator=generator)
    if settings.erasing:
        changed = erase(changed, settings.erasing, generator=generator)
    if settings.ground:
        changed = add_ground(changed, settings.ground, generator=generator)
    if settings.noise:
        changed = add_noise(changed, settings.noise, generator=generator)
    return changed if changed is images else changed.clamp_(0, 1)


def mixup(images: Tensor, targets: Tensor, *, alpha: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Blend each digit, and its target, with another one of the batch.

    Args:
        images: (N, 1, H, W) float32.
        targets: (N, C) float32, rows sum to 1.
        alpha: Parameter of the symmetric beta distribution; 0 changes nothing.
        generator: Source of all randomness.

    Returns:
        Blended images and targets, same shapes.

    References:
        Zhang et al., "mixup: Beyond empirical risk minimization", 2018.
    """
    if alpha == 0:
        return images, targets
    share = _draw_beta(alpha, generator)
    partner = torch.randperm(len(images), generator=generator, device=images.device)
    return torch.lerp(images[partner], images, share), torch.lerp(targets[partner], targets, share)


def is_moving(settings: AugmentSection) -> bool:
    """Return whether any setting changes where ink lies."""
    return any(
        (
            settings.rotation_deg,
            settings.scale,
            settings.aspect,
            settings.widening,
            settings.shear,
            settings.shift_px,
            settings.elastic_px,
            settings.flip_horizontal,
            settings.flip_vertical,
        )
    )


def move(images: Tensor, settings: AugmentSection, *, generator: Generator) -> Tensor:
    """Resample each digit through its own affine map and elastic displacement, in one go."""
    count, _, height, width = images.shape
    matrix = _draw_affine(count, settings, height, width, generator)  # (N, 2, 3)
    if settings.widening:
        wider = _draw_widening(images, settings.widening, generator=generator)
        matrix = torch.cat((matrix[:, :1] / wider.view(-1, 1, 1), matrix[:, 1:]), dim=1)
    grid = F.affine_grid(matrix, [count, 1, height, width], align_corners=False)  # (N, H, W, 2)
    if settings.elastic_px:
        pixels = _draw_displacement(count, settings, height, width, generator)  # (N, H, W, 2)
        grid = grid + pixels * pixels.new_tensor((2 / width, 2 / height))
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def change_thickness(images: Tensor, thickness_px: float, *, generator: Generator) -> Tensor:
    """Make strokes thicker by up to `thickness_px` on each side, or thinner by up to half of it.

    A thin stroke that would vanish keeps its darkest line: what is left is raised to the old peak.
    """
    amount = _draw(len(images), thickness_px, generator).view(-1, 1, 1, 1)
    # MNIST's strokes are 2 to 4 px wide: taking a whole pixel from each side tears many of them apart.
    amount = torch.where(amount < 0, amount / 2, amount)
    grown, shrunk = images, images
    for ring in range(math.ceil(thickness_px)):
        grown = torch.lerp(grown, _dilate(grown), (amount - ring).clamp(0, 1))
        shrunk = torch.lerp(shrunk, 1 - _dilate(1 - shrunk), (-amount - ring).clamp(0, 1))
    peak = images.amax(dim=(2, 3), keepdim=True)
    # A fifth: below that, what is left of a hairline is mostly rounding and would come out ragged.
    left = shrunk.amax(dim=(2, 3), keepdim=True).clamp_min(0.2)
    return torch.where(amount > 0, grown, shrunk * (peak / left).clamp_min(1))


def blur(images: Tensor, blur_px: float, *, generator: Generator) -> Tensor:
    """Blur each digit with a Gaussian whose standard deviation lies in [0, `blur_px`]."""
    count, _, height, width = images.shape
    sigma = _draw_share(count, generator).view(-1, 1, 1) * blur_px
    rows = _gaussian_matrix(height, sigma)  # (N, H, H)
    columns = _gaussian_matrix(width, sigma)  # (N, W, W)
    return (rows @ images.squeeze(1) @ columns.transpose(1, 2)).unsqueeze(1)


def change_contrast(images: Tensor, contrast: float, *, generator: Generator) -> Tensor:
    """Make the ink paler by up to `contrast`, and its edges harder or softer by a gamma around 1."""
    paler = 1 - contrast * _draw_share(len(images), generator)
    gamma = torch.exp(_draw(len(images), contrast, generator))
    return images.clamp(0, 1).pow(gamma.view(-1, 1, 1, 1)) * paler.view(-1, 1, 1, 1)


def erase(images: Tensor, erasing: float, *, generator: Generator) -> Tensor:
    """Set one small rectangle to paper in a share of the digits.

    References:
        Zhong et al., "Random erasing data augmentation", 2020.
    """
    count, _, height, width = images.shape
    chosen = _draw_share(count, generator) < erasing
    inside_rows = _draw_interval(count, height, generator)  # (N, H)
    inside_columns = _draw_interval(count, width, generator)  # (N, W)
    hole = inside_rows[:, :, None] & inside_columns[:, None, :] & chosen[:, None, None]
    return images.masked_fill(hole.unsqueeze(1), 0.0)


def add_noise(images: Tensor, noise: float, *, generator: Generator) -> Tensor:
    """Add Gaussian noise whose standard deviation lies in [0, `noise`], its own for each digit."""
    strength = _draw_share(len(images), generator).view(-1, 1, 1, 1) * noise
    return images + strength * torch.randn(images.shape, generator=generator, device=images.device)


def _draw_share(count: int, generator: Generator) -> Tensor:
    """Return (count,) numbers, uniform in [0, 1)."""
    return torch.rand(count, generator=generator, device=generator.device)


def _draw(count: int, limit: float, generator: Generator) -> Tensor:
    """Return (count,) numbers, uniform in [-limit, limit)."""
    return (_draw_share(count, generator) * 2 - 1) * limit


def _draw_beta(alpha: float, generator: Generator) -> float:
    """Return one number of Beta(alpha, alpha), by Jöhnk's method: torch's own takes no generator."""
    while True:
        first, second = torch.rand(2, generator=generator, device=generator.device).double().tolist()
        x, y = first ** (1 / alpha), second ** (1 / alpha)
        if 0 < x + y <= 1:
            return float(x / (x + y))


def _draw_affine(
    count: int, settings: AugmentSection, height: int, width: int, generator: Generator
) -> Tensor:
    """Return (N, 2, 3) maps from output to input places, in the coordinates of `affine_grid`."""
    angle = torch.deg2rad(_draw(count, settings.rotation_deg, generator))
    zoom = 1 + _draw(count, settings.scale, generator)
    stretch = torch.sqrt(1 + _draw(count, settings.aspect, generator))
    slant = _draw(count, settings.shear, generator)
    mirror_x = 1 - 2 * (_draw_share(count, generator) < settings.flip_horizontal).float()
    mirror_y = 1 - 2 * (_draw_share(count, generator) < settings.flip_vertical).float()
    scale_x, scale_y = mirror_x / (zoom * stretch), mirror_y * stretch / zoom
    cos, sin = torch.cos(angle), torch.sin(angle)
    # rows of diag(scale) @ [[1, slant], [0, 1]] @ rotation
    top = torch.stack((scale_x * (cos + slant * sin), scale_x * (slant * cos - sin)), dim=1)
    bottom = torch.stack((scale_y * sin, scale_y * cos), dim=1)
    shift_x = _draw(count, settings.shift_px * 2 / width, generator)
    shift_y = _draw(count, settings.shift_px * 2 / height, generator)
    shift = torch.stack((shift_x, shift_y), dim=1)
    return torch.cat((torch.stack((top, bottom), dim=1), shift.unsqueeze(2)), dim=2)


def _draw_widening(images: Tensor, widening: float, *, generator: Generator) -> Tensor:
    """Return (N,) factors of width from 1 on, most of them small; nothing becomes wider than high."""
    share = _draw_share(len(images), generator).square()
    is_ink = images[:, 0] > 0.5 * images.amax(dim=(2, 3))[:, :1, None]  # (N, H, W)
    wide = is_ink.any(dim=1).sum(dim=1).clamp_min(1)
    high = is_ink.any(dim=2).sum(dim=1).clamp_min(1)
    return torch.minimum(1 + widening * share, (high / wide).clamp_min(1))


def _draw_displacement(
    count: int, settings: AugmentSection, height: int, width: int, generator: Generator
) -> Tensor:
    """Return (N, H, W, 2) displacements in pixels, smooth, with standard deviation `elastic_px`.

    White noise on a coarse lattice is spread by Gaussians. It looks like the fully smoothed field of Simard
    et al., "Best practices for convolutional neural networks", 2003, at a fraction of its random numbers.
    """
    rows = _spread_matrix(height, settings.elastic_smooth_px).to(generator.device)  # (H, K)
    columns = _spread_matrix(width, settings.elastic_smooth_px).to(generator.device)  # (W, L)
    shape = (count, 2, rows.shape[1], columns.shape[1])
    noise = torch.randn(shape, generator=generator, device=generator.device) * settings.elastic_px
    return (rows @ noise @ columns.T).permute(0, 2, 3, 1)  # (N, 2, H, W) -> (N, H, W, 2)


@lru_cache(maxsize=16)
def _spread_matrix(size: int, smooth_px: float) -> Tensor:
    """Return (size, K): rows spread K lattice values over `size` pixels and keep their variance."""
    # Knots closer than the Gaussian's standard deviation leave no visible lattice; two lie beyond each edge.
    knots = torch.arange(-2 * smooth_px, size + 2 * smooth_px, smooth_px)
    pixels = torch.arange(size).unsqueeze(1)
    weights = torch.exp(-0.5 * ((pixels - knots) / smooth_px) ** 2)
    return weights / weights.square().sum(dim=1, keepdim=True).sqrt()


def _gaussian_matrix(size: int, sigma: Tensor) -> Tensor:
    """Return (N, size, size) matrices that blur along one axis; `sigma` is (N, 1, 1)."""
    places = torch.arange(size, device=sigma.device)
    distance = (places[:, None] - places[None, :]).float()
    weights = torch.exp(-0.5 * (distance / sigma.clamp_min(1e-3)) ** 2)
    return weights / weights.sum(dim=2, keepdim=True)


def _dilate(images: Tensor) -> Tensor:
    """Return the largest value among each pixel and its four neighbours; outside counts as nothing."""
    grown = images.clone()
    grown[:, :, 1:] = torch.maximum(grown[:, :, 1:], images[:, :, :-1])
    grown[:, :, :-1] = torch.maximum(grown[:, :, :-1], images[:, :, 1:])
    grown[:, :, :, 1:] = torch.maximum(grown[:, :, :, 1:], images[:, :, :, :-1])
    grown[:, :, :, :-1] = torch.maximum(grown[:, :, :, :-1], images[:, :, :, 1:])
    return grown


def _draw_interval(count: int, size: int, generator: Generator) -> Tensor:
    """Return (N, size) masks, each true on one random stretch."""
    low, high = (min(side, size) for side in _ERASED_SIDES_PX)
    length = low + _draw_share(count, generator) * (high - low)
    start = _draw_share(count, generator) * (size - length)
    places = torch.arange(size, device=generator.device)
    return (places >= start[:, None]) & (places < (start + length)[:, None])
