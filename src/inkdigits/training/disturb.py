"""What lies around the ink and is none of it: a ground that is not black, stray strokes, another contrast of edges.

Owns: these three changes, a whole batch at once. Leaves to others: their order and the other changes (`augment`).

A photograph has a ground, a crop has the ends of its neighbours. A network that has only ever seen black around the
ink takes the first grey for strokes.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

_STROKES: Final = 4
"""Most stray strokes of one digit; each is there with a chance of a half."""
_HALF_WIDTHS_PX: Final = (0.4, 1.4)
"""Half of a stray stroke's width; MNIST's own strokes are 2 to 4 px wide."""
_DISTANCE_PX: Final = (13.0, 19.0)
"""How far away a neighbour's middle is: digits are 20 px high, and about 10 to 14 px wide."""
_FILTER_PX: Final = 5
"""Side of the largest random filter; the smallest has 1 px, the one between 3."""
_KNOTS: Final = 5
"""Knots of an uneven ground on each side: it changes over 7 px, a pen's stroke over 3."""


def add_ground(images: Tensor, level: float, *, generator: Generator) -> Tensor:
    """Lay a ground under a half of the digits; the others keep theirs.

    The ground is even, or changes slowly from place to place. Ink stands on it between two extremes: it adds up
    until it is full (light), or covers what is below (paint).

    Args:
        images: (N, 1, H, W) ink in [0, 1].
        level: The lightest that a ground can be, in [0, 1].
        generator: Source of all randomness.

    Returns:
        (N, 1, H, W) float32, up to 1 + level.
    """
    count, _, height, width = images.shape
    peak = _draw((count, 1, 1, 1), generator, low=-level, high=level).clamp_min(0)
    coarse = torch.randn((count, 1, _KNOTS, _KNOTS), generator=generator, device=generator.device)
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    evenness = _draw((count, 1, 1, 1), generator)
    ground = peak * (evenness + (1 - evenness) * torch.sigmoid(1.5 * smooth))
    covering = _draw((count, 1, 1, 1), generator)
    return images * (1 - covering * ground) + ground


def add_clutter(images: Tensor, share: float, *, generator: Generator) -> Tensor:
    """Give a share of the digits strokes that are not theirs: specks, parts of lines, the end of a neighbour.

    Args:
        images: (N, 1, H, W) ink in [0, 1].
        share: Of digits that are changed.
        generator: Source of all randomness.

    Returns:
        (N, 1, H, W) float32 in [0, 1].
    """
    places = torch.nonzero(_draw((len(images),), generator) < share).squeeze(1)
    if not len(places):
        return images
    chosen = images[places]
    strokes = _draw_strokes(chosen, generator)
    # A neighbour stands beside a third of them.
    has_neighbour = _draw((len(chosen), 1, 1, 1), generator) < 1 / 3
    strokes = torch.where(has_neighbour, torch.maximum(strokes, _draw_neighbours(chosen, generator)), strokes)
    return images.index_copy(0, places, torch.maximum(chosen, strokes))


def filter_randomly(images: Tensor, share: float, *, generator: Generator) -> Tensor:
    """Pass a share of the digits through small filters of random weights, and blend the result with the digit.

    The form of a digit stays, the contrast along its strokes changes: softer, harder, edges more than areas.

    Args:
        images: (N, 1, H, W) ink in [0, 1].
        share: Of digits that are changed.
        generator: Source of all randomness.

    Returns:
        (N, 1, H, W) float32 in [0, 1].

    References:
        Xu et al., "Robust and generalizable visual representation learning via random convolutions", 2021.
    """
    count, _, height, width = images.shape
    chosen = _draw((count, 1, 1, 1), generator) < share
    weights = torch.randn((count, 1, _FILTER_PX, _FILTER_PX), generator=generator, device=generator.device)
    radius = torch.randint(
        0, _FILTER_PX // 2 + 1, (count, 1, 1, 1), generator=generator, device=generator.device
    )
    places = torch.arange(_FILTER_PX, device=generator.device) - _FILTER_PX // 2
    reach = torch.maximum(places[:, None].abs(), places[None, :].abs())
    is_inside = (reach <= radius).float()
    weights = weights * is_inside
    # Every second filter gives nothing on an area and all on its edges, as where a cut hollows out a broad stroke.
    hollows = (_draw((count, 1, 1, 1), generator) < 0.5) & (radius > 0)
    mean = weights.sum(dim=(2, 3), keepdim=True) / is_inside.sum(dim=(2, 3), keepdim=True)
    weights = torch.where(hollows, (weights - mean) * is_inside, weights)
    answer = F.conv2d(images.view(1, count, height, width), weights, padding=_FILTER_PX // 2, groups=count)
    # The sign of a random filter says nothing: its strength does. Full ink stays full ink.
    answer = answer.view(images.shape).abs()
    answer = answer / answer.amax(dim=(2, 3), keepdim=True).clamp_min(1e-6)
    answer = answer * images.amax(dim=(2, 3), keepdim=True)
    return torch.where(chosen, torch.lerp(images, answer, _draw((count, 1, 1, 1), generator)), images)


def _draw_strokes(images: Tensor, generator: Generator) -> Tensor:
    """Return (N, 1, H, W): straight strokes anywhere, most of them short."""
    count, _, height, width = images.shape
    shape = (count, _STROKES, 1, 1)
    middle_y = _draw(shape, generator, high=height)
    middle_x = _draw(shape, generator, high=width)
    angle = _draw(shape, generator, high=torch.pi)
    half_length = _draw(shape, generator).square() * (height / 2)
    half_width = _draw(shape, generator, low=_HALF_WIDTHS_PX[0], high=_HALF_WIDTHS_PX[1])
    darkness = _draw(shape, generator, low=0.2) * (_draw(shape, generator) < 0.5)
    ys = (torch.arange(height, device=generator.device) + 0.5).view(-1, 1) - middle_y  # (N, S, H, 1)
    xs = (torch.arange(width, device=generator.device) + 0.5).view(1, -1) - middle_x  # (N, S, 1, W)
    along, across = (
        xs * torch.cos(angle) + ys * torch.sin(angle),
        ys * torch.cos(angle) - xs * torch.sin(angle),
    )
    beyond = (along.abs() - half_length).clamp_min(0)
    distance = torch.hypot(beyond, across)
    ink = (half_width + 0.5 - distance).clamp(0, 1) * darkness
    return ink.amax(dim=1, keepdim=True)


def _draw_neighbours(images: Tensor, generator: Generator) -> Tensor:
    """Return (N, 1, H, W): another of these digits, moved so far to one side that only its end is left."""
    count, _, height, width = images.shape
    partner = torch.randperm(count, generator=generator, device=generator.device)
    side = 1 - 2 * (_draw((count,), generator) < 0.5).float()
    across = side * _draw((count,), generator, low=_DISTANCE_PX[0], high=_DISTANCE_PX[1])
    along = _draw((count,), generator, low=-4, high=4)
    is_beside = _draw((count,), generator) < 0.75  # others stand above or below
    shift = torch.stack((torch.where(is_beside, across, along), torch.where(is_beside, along, across)), dim=1)
    matrix = torch.eye(2, 3, device=generator.device).repeat(count, 1, 1)
    matrix[:, :, 2] = shift * 2 / shift.new_tensor((width, height))
    grid = F.affine_grid(matrix, [count, 1, height, width], align_corners=False)
    return F.grid_sample(images[partner], grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _draw(shape: tuple[int, ...], generator: Generator, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Return numbers, uniform in [low, high)."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)
