"""Pictures without any number, made by code: paper, rules, shadows, stuff, noise.

Twenty kinds in ten sizes; every picture comes from its own seed, so that one can be made again alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from _cases import Array, Case

Field: TypeAlias = npt.NDArray[np.float64]  # (H, W) grey values, 0 black to 255 white
Size = tuple[int, int]
SIZES: tuple[Size, ...] = (
    (28, 28), (60, 44), (100, 300), (128, 128), (240, 320), (400, 400), (480, 640), (700, 1000), (1200, 900),
    (1600, 1200),
)  # fmt: skip


def make_blank_cases() -> list[Case]:
    """Return 200 pictures, each (H, W, 3) uint8."""
    return [
        Case(f"{kind}-{h}x{w}", _make(kind, (h, w), seed=100 * k + s), "", group=kind)
        for k, kind in enumerate(KINDS)
        for s, (h, w) in enumerate(SIZES)
    ]


def _make(kind: str, size: Size, *, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    field = np.clip(KINDS[kind](rng, size), 0, 255)
    tint = rng.uniform(0.9, 1, 3).astype(np.float64)  # paper and light are never quite grey
    return (field[..., None] * tint).astype(np.uint8)


def _grain(rng: np.random.Generator, size: Size, *, level: float = 225, spread: float = 4) -> Field:
    fine = rng.normal(0, spread, size)
    return (level + cv2.GaussianBlur(fine, (0, 0), 0.7) + 2 * spread * _cloud(rng, size, waves=3)).astype(
        np.float64
    )


def _cloud(rng: np.random.Generator, size: Size, *, waves: int) -> Field:
    """Slow changes within [-1, 1]."""
    coarse = rng.uniform(-1, 1, (waves + 1, waves + 1)).astype(np.float64)
    return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), np.float64)


def _grid(size: Size) -> tuple[Field, Field]:
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    return y, x


def _spacing(rng: np.random.Generator, size: Size) -> float:
    return float(max(6, min(size) / rng.uniform(4, 18)))


def _stripes(rng: np.random.Generator, along: Field, *, every: float) -> Field:
    """1 on ruled lines, 0 between them."""
    width = max(1.0, every / 25)
    return ((along + rng.uniform(0, every)) % every < width).astype(np.float64)


def _paper(rng: np.random.Generator, size: Size) -> Field:
    return _grain(rng, size, spread=rng.uniform(2, 9))


def _ruled(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    tilted = y + x * rng.uniform(-0.03, 0.03)
    return _grain(rng, size) - rng.uniform(40, 120) * _stripes(rng, tilted, every=_spacing(rng, size))


def _margin(rng: np.random.Generator, size: Size) -> Field:
    x = _grid(size)[1]
    line = np.abs(x - size[1] * rng.uniform(0.1, 0.25)) < max(1, size[1] / 300)
    return _ruled(rng, size) - 60 * line


def _squared(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    every = _spacing(rng, size)
    lines = np.maximum(_stripes(rng, y, every=every), _stripes(rng, x, every=every))
    return _grain(rng, size) - rng.uniform(30, 100) * lines


def _dotted(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    every = _spacing(rng, size)
    return _grain(rng, size) - 90 * _stripes(rng, y, every=every) * _stripes(rng, x, every=every)


def _gradient(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    angle = rng.uniform(0, 2 * np.pi)
    slope: Field = np.cos(angle) * x / size[1] + np.sin(angle) * y / size[0]
    return _grain(rng, size, level=190) + rng.uniform(40, 120) * (slope - float(slope.mean()))


def _shadow(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    edge = (x / size[1] - rng.uniform(0.3, 0.7)) + (y / size[0] - 0.5) * rng.uniform(-1, 1)
    dark = 0.5 + 0.5 * np.tanh(edge * rng.uniform(8, 60))
    return _grain(rng, size) * (1 - rng.uniform(0.3, 0.6) * dark)


def _wood(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    bent = y / size[0] + 0.08 * _cloud(rng, size, waves=2) + 0.03 * np.sin(3 * x / size[1])
    rings: Field = np.sin(2 * np.pi * bent * rng.uniform(5, 20))
    return _grain(rng, size, level=150, spread=6) + 22 * rings


def _fabric(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    every = rng.uniform(3, 9)
    weave: Field = np.sin(2 * np.pi * x / every) * np.sin(2 * np.pi * y / every)
    return _grain(rng, size, level=rng.uniform(80, 200), spread=7) + 25 * weave


def _gaussian(rng: np.random.Generator, size: Size) -> Field:
    return rng.normal(rng.uniform(60, 200), rng.uniform(10, 50), size).astype(np.float64)


def _salt(rng: np.random.Generator, size: Size) -> Field:
    field, share = _grain(rng, size), rng.uniform(0.002, 0.05)
    chance = rng.random(size)
    return np.where(chance < share, 0, np.where(chance > 1 - share, 255, field)).astype(np.float64)


def _blocks(rng: np.random.Generator, size: Size) -> Field:
    """A flat picture after JPEG of low quality."""
    field = np.clip(_gradient(rng, size) + rng.normal(0, 12, size), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", field, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(5, 30))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float64)


def _folds(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    field = _grain(rng, size)
    for _ in range(rng.integers(1, 4)):
        angle = rng.uniform(0, np.pi)
        away = (x - size[1] * rng.uniform(0.2, 0.8)) * np.cos(angle)
        away = away + (y - size[0] * rng.uniform(0.2, 0.8)) * np.sin(angle)
        field += 12 * np.tanh(away / (0.1 * min(size))) - 45 * np.exp(
            -((away / max(1, min(size) / 120)) ** 2)
        )
    return field


def _coffee(rng: np.random.Generator, size: Size) -> Field:
    """The edge of a cup, partly outside of the picture and of uneven strength."""
    y, x = _grid(size)
    radius = min(size) * rng.uniform(0.5, 0.9)
    from_middle = np.hypot(x - size[1] * rng.uniform(0, 0.2), y - size[0] * rng.uniform(0.8, 1))
    ring = np.exp(-(((from_middle - radius) / (0.025 * min(size))) ** 2))
    return (
        _grain(rng, size) - 60 * ring * (0.6 + 0.4 * _cloud(rng, size, waves=5)) - 10 * (from_middle < radius)
    )


def _board(rng: np.random.Generator, size: Size) -> Field:
    """A dark board with traces of chalk that was wiped off."""
    field = _grain(rng, size, level=rng.uniform(30, 70), spread=5)
    smear = cv2.GaussianBlur(rng.random(size).astype(np.float64), (0, 0), max(2.0, min(size) / 20), sigmaY=2)
    return np.asarray(field + 300 * np.abs(smear - smear.mean()), np.float64)


def _moire(rng: np.random.Generator, size: Size) -> Field:
    """A screen, photographed: two patterns of nearly one frequency."""
    y, x = _grid(size)
    first, turn = rng.uniform(2.1, 4), rng.uniform(0.01, 0.06)
    screen: Field = np.sin(2 * np.pi * x / first) * np.sin(
        2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / (first * 1.02)
    )
    return _grain(rng, size, level=185, spread=3) + rng.uniform(10, 35) * screen


def _desk(rng: np.random.Generator, size: Size) -> Field:
    """The straight edge of a sheet on a darker desk."""
    y, x = _grid(size)
    side = (x - size[1] * rng.uniform(0.2, 0.8)) + (y - size[0] / 2) * rng.uniform(-0.3, 0.3)
    return np.where(side > 0, _grain(rng, size), _wood(rng, size) - 40).astype(np.float64)


def _crumpled(rng: np.random.Generator, size: Size) -> Field:
    """Facets: every crease lightens one side of a short piece of itself and darkens the other."""
    y, x = _grid(size)
    field = _grain(rng, size)
    for _ in range(12):
        angle, near = rng.uniform(0, np.pi), rng.uniform(0, 1, 2)
        dx, dy = x - size[1] * near[0], y - size[0] * near[1]
        across, along = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        reach = min(size) * rng.uniform(0.2, 0.6)
        field += 25 * np.tanh(12 * across / reach) * np.exp(-((across / reach) ** 2) - (along / reach) ** 2)
    return field


def _halftone(rng: np.random.Generator, size: Size) -> Field:
    y, x = _grid(size)
    every = rng.uniform(4, 10)
    dots = np.cos(2 * np.pi * (x + y) / every) + np.cos(2 * np.pi * (x - y) / every)
    return np.where(dots > 0.9 + _cloud(rng, size, waves=2) * 0.5, 90, 230).astype(np.float64)


def _flat(rng: np.random.Generator, size: Size) -> Field:
    return np.full(size, rng.uniform(0, 255), np.float64)


KINDS: dict[str, Callable[[np.random.Generator, Size], Field]] = {
    "flat": _flat, "paper": _paper, "ruled": _ruled, "margin": _margin, "squared": _squared, "dotted": _dotted,
    "gradient": _gradient, "shadow": _shadow, "wood": _wood, "fabric": _fabric, "gaussian": _gaussian,
    "salt": _salt, "jpeg-blocks": _blocks, "folds": _folds, "coffee": _coffee, "board": _board, "moire": _moire,
    "desk": _desk, "crumpled": _crumpled, "halftone": _halftone,
}  # fmt: skip
