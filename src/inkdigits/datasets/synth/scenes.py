"""Pictures of things: shapes that cover each other, with shading and texture, as photographs show them; no writing.

Owns: what stands on these pictures. Leaves to others: what a reader sees in them (training).

The model behind most of them is that of dead leaves: shapes of all sizes that fall on each other, which has the
statistics of photographs (Lee, Mumford, Huang, "Occlusion models for natural images", 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.page import SynthPage

Field: TypeAlias = npt.NDArray[np.float32]
"""(H, W) grey values, 0 black to 255 white."""
Size: TypeAlias = tuple[int, int]

SMALLEST, LARGEST = (0.04, 0.25), 0.8
"""Radii of the smallest shapes of a picture, and of the largest, as parts of its shorter side."""
MOST_LEAVES = 160
_FINE = 16
"""Steps of a pixel in which corners are placed."""
_SHIFT: Final = 4


def make_scene(
    bank: GlyphBank, *, rng: np.random.Generator, size_px: tuple[int, int], digit_px: float
) -> SynthPage:
    """A picture without any writing; `bank` and `digit_px` are not needed."""
    return SynthPage(draw_scene(rng, size_px), (), "scene", "")


def draw_scene(rng: np.random.Generator, size_px: Size) -> npt.NDArray[np.uint8]:
    """Draw a picture of things.

    Args:
        rng: Source of all chance; the same state gives the same picture.
        size_px: (height, width).

    Returns:
        (H, W) uint8 grey values.
    """
    kind = rng.choice(list(_SHARES), p=list(_SHARES.values()))
    field = _DRAWERS[str(kind)](rng, size_px)
    field = field + _shade(rng, size_px) * np.float32(rng.uniform(0, 40))
    blur = float(rng.uniform(0, 1.3))
    if blur > 0.3:
        field = cv2.GaussianBlur(field, (0, 0), blur).astype(np.float32)
    low, high = float(rng.uniform(0, 70)), float(rng.uniform(140, 255))
    darkest, lightest = np.quantile(field, [0.01, 0.99])
    field = low + (field - darkest) * np.float32((high - low) / max(1.0, lightest - darkest))
    field += rng.normal(0, rng.uniform(0, 6), size_px).astype(np.float32)
    return np.asarray(np.clip(np.rint(field), 0, 255), np.uint8)


def _drop_leaves(rng: np.random.Generator, size: Size) -> Field:
    """Shapes of all sizes on each other, until hardly any ground is left."""
    smallest = float(np.exp(rng.uniform(*np.log(SMALLEST))))
    most = MOST_LEAVES * SMALLEST[0] / smallest
    return _cover(rng, size, count=int(rng.uniform(0.2, 1) * most) + 8, smallest=smallest)


def _draw_few(rng: np.random.Generator, size: Size) -> Field:
    """One to six large things before a sky, a wall or a meadow."""
    ground = _cloud(rng, size, slope=float(rng.uniform(1, 2.5))) * np.float32(rng.uniform(3, 25))
    return _cover(
        rng, size, count=int(rng.integers(1, 7)), smallest=0.15, ground=ground + _shade(rng, size) * 40
    )


def _draw_head(rng: np.random.Generator, size: Size) -> Field:
    """A round thing with smaller ones on it: a face, an eye, a flower, a wheel, a cup."""
    field = _draw_few(rng, size)
    radius = float(rng.uniform(0.2, 0.55)) * min(size)
    middle = np.array(size[::-1]) * rng.uniform(0.3, 0.7, 2)
    for part in sorted(rng.uniform(0.1, 1, int(rng.integers(2, 6))), reverse=True):
        wide = radius * part * rng.uniform(0.7, 1.2, 2)
        outline = _make_ellipse(middle + rng.normal(0, 0.12, 2) * radius, wide, float(rng.uniform(0, np.pi)))
        _paint(field, outline, rng)
    for _ in range(int(rng.integers(0, 9))):  # petals, spokes, whiskers
        angle = float(rng.uniform(0, 2 * np.pi))
        place = middle + radius * rng.uniform(0.2, 1) * np.array([np.cos(angle), np.sin(angle)])
        _paint(field, _make_ellipse(place, radius * rng.uniform(0.03, 0.3, 2), angle), rng)
    return field


def _draw_pattern(rng: np.random.Generator, size: Size) -> Field:
    """Squares, stripes, bricks, rings or dots, seen under an angle."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    angle = float(rng.normal(0, 0.3) if rng.random() < 0.6 else rng.uniform(0, np.pi))
    period = np.float32(min(size) / rng.uniform(1.5, 10))
    u, v = (x * np.cos(angle) + y * np.sin(angle)) / period, (y * np.cos(angle) - x * np.sin(angle)) / period
    u, v = u + np.float32(rng.uniform(0, 2)), v + np.float32(rng.uniform(0, 2))
    kind = int(rng.integers(5))
    if kind == 0:
        wave = np.sign(np.sin(np.pi * u) * np.sin(np.pi * v))
    elif kind == 1:
        wave = np.clip(3 * np.sin(2 * np.pi * u), -1, 1)
    elif kind == 2:
        shifted = u + 0.5 * (np.floor(v * 2) % 2)
        wave = 1 - 2 * ((np.abs(shifted % 1 - 0.5) > 0.45) | (np.abs((v * 2) % 1 - 0.5) > 0.42))
    elif kind == 3:
        wave = np.sin(2 * np.pi * np.hypot(x - size[1] * rng.random(), y - size[0] * rng.random()) / period)
    else:
        wave = 1 - 2 * (np.hypot(u % 1 - 0.5, v % 1 - 0.5) < rng.uniform(0.15, 0.45))
    grain = _cloud(rng, size, slope=1.0) * np.float32(rng.uniform(0, 25))
    return np.asarray(128 + 90 * wave + grain, np.float32)


def _draw_texture(rng: np.random.Generator, size: Size) -> Field:
    """Clouds, stone, fur, grass: noise of all scales, drawn out in one direction or not."""
    field = _cloud(
        rng, size, slope=float(rng.uniform(0.6, 2.2)), stretch=float(np.exp(rng.uniform(-1.5, 1.5)))
    )
    return 128 + 60 * field


def _cover(
    rng: np.random.Generator, size: Size, *, count: int, smallest: float, ground: Field | None = None
) -> Field:
    field = np.full(size, 128, np.float32) if ground is None else 128 + ground
    side = min(size)
    # Areas of things are spread so that pictures look alike at all distances.
    radii = smallest / np.sqrt(1 - rng.random(count) * (1 - (smallest / LARGEST) ** 2)) * side
    if rng.random() < 0.5:
        radii = np.sort(radii)[::-1]
    for radius in radii.tolist():
        middle = rng.uniform(-0.1, 1.1, 2) * size[::-1]
        _paint(field, _make_outline(rng, middle, radius), rng)
    return field


def _make_outline(
    rng: np.random.Generator, middle: npt.NDArray[np.float64], radius: float
) -> npt.NDArray[np.float64]:
    """Return the corners of a shape, (N, 2)."""
    kind, turn = rng.random(), float(rng.uniform(0, np.pi))
    if kind < 0.35:
        return _make_ellipse(middle, radius * np.exp(rng.uniform(-0.9, 0.1, 2)), turn)
    if kind < 0.6:  # boxes, beams, posts: most stand upright
        turn = float(rng.normal(0, 0.08)) if rng.random() < 0.6 else turn
        wide, high = radius * np.exp(rng.uniform(-1.6, 0.3, 2))
        corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
        return middle + corners @ _turn(turn)
    count = int(rng.integers(3, 9)) if kind < 0.75 else 24
    angles = (
        np.sort(rng.uniform(0, 2 * np.pi, count)) if kind < 0.75 else np.arange(count) * 2 * np.pi / count
    )
    waves = sum(
        rng.normal(0, 0.35 / order) * np.cos(order * angles + rng.uniform(0, 2 * np.pi))
        for order in (2, 3, 4, 5)
    )
    lengths = radius * np.clip(1 + waves, 0.2, 2)
    return middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * lengths[:, None] @ _turn(turn)


def _make_ellipse(
    middle: npt.NDArray[np.float64], radii: npt.NDArray[np.float64], turn: float
) -> npt.NDArray[np.float64]:
    angles = np.arange(32) * 2 * np.pi / 32
    return middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii @ _turn(turn)


def _turn(angle: float) -> npt.NDArray[np.float64]:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _paint(field: Field, outline: npt.NDArray[np.float64], rng: np.random.Generator) -> None:
    """Lay a shape on the picture: a grey of its own, a slope of light, perhaps texture and a dark edge."""
    mask = np.zeros(field.shape, np.uint8)
    corners = np.rint(np.clip(outline, -2000, 4000) * _FINE).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SHIFT)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows) or not len(columns):
        return
    place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    size = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    paint = np.full(size, rng.uniform(0, 255), np.float32)
    paint += _shade(rng, size) * np.float32(rng.uniform(0, 70))
    if rng.random() < 0.5:
        paint += _cloud(rng, size, slope=float(rng.uniform(0.6, 2))) * np.float32(rng.uniform(0, 35))
    share = mask[place].astype(np.float32) / 255
    field[place] += share * (paint - field[place])
    if rng.random() < 0.1:
        edge = np.zeros(field.shape, np.uint8)
        cv2.polylines(edge, [corners], True, 255, int(rng.integers(1, 3)), cv2.LINE_AA, _SHIFT)
        field += edge.astype(np.float32) / 255 * np.float32(rng.uniform(-120, 60))


def _shade(rng: np.random.Generator, size: Size) -> Field:
    """Return light that comes from one side, -1 to 1."""
    angle = float(rng.uniform(0, 2 * np.pi))
    y, x = np.linspace(-1, 1, size[0], dtype=np.float32), np.linspace(-1, 1, size[1], dtype=np.float32)
    return np.asarray((np.cos(angle) * x[None, :] + np.sin(angle) * y[:, None]) / 1.42, np.float32)


def _cloud(rng: np.random.Generator, size: Size, *, slope: float, stretch: float = 1.0) -> Field:
    """Return noise whose amplitude falls with frequency by this power: mean 0, standard deviation 1."""
    waves_y = np.fft.fftfreq(size[0])[:, None] * stretch
    waves_x = np.fft.rfftfreq(size[1])[None, :] / stretch
    amplitude = np.hypot(np.hypot(waves_y, waves_x), 1 / (2 * max(size))) ** -slope
    spectrum = np.fft.rfft2(rng.normal(0, 1, size)) * amplitude
    field = np.fft.irfft2(spectrum, s=size)
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), np.float32)


_SHARES: Final[Mapping[str, float]] = {
    "leaves": 0.5,
    "few": 0.12,
    "head": 0.2,
    "pattern": 0.09,
    "texture": 0.09,
}
_DRAWERS: Final[Mapping[str, Callable[[np.random.Generator, Size], Field]]] = {
    "leaves": _drop_leaves,
    "few": _draw_few,
    "head": _draw_head,
    "pattern": _draw_pattern,
    "texture": _draw_texture,
}
