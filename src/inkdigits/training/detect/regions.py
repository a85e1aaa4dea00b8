"""What the region classifier learns from: boxes on synthetic views, with the digit in each, or none.

Owns: which boxes, their jitter, batches. Leaves to others: views (pages), geometry (ink.region), the loop.

Boxes are those of the signs, those that the detector gives (as reading will see them), and wrong ones on purpose:
halves of digits, and the gap between two.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.bundles.detector import BundleDetector
from inkdigits.files import replacing
from inkdigits.ink.region import BOX_HEIGHT_PX, BOX_WIDTH_PX, REGION_PX
from inkdigits.training.detect.bend import draw_bends
from inkdigits.training.detect.pages import PagePool, find_shards, load_pool
from inkdigits.training.workers import map_processes

NONE: Final = 10
"""Class of boxes that hold no digit."""
DIGITS: Final = 10
SAME: Final = 0.5
"""A box that agrees with a digit's by this much (intersection over union) holds that digit."""
APART: Final = 0.3
"""One that agrees with none by this much holds none; what lies between teaches nothing."""
_LEAST_SCORE: Final = 0.1
_JITTER: Final = 0.06
"""Standard deviation of a box's sides, as part of its longer side."""
_TRUE, _SPOTTED, _FALSE, _OTHER, _THING = range(5)
_SHARES: Final = (0.3, 0.34, 0.13, 0.17, 0.06)
"""Of a batch: boxes of digits; the detector's boxes of digits; its boxes of none; marks, letters and pieces; boxes
on views of things, whose share would else come out of that of letters. What there is none of gives way to the rest.
"""
_WINDOW_PX: Final = 112
"""Width of what is cut out of a view before it is sampled; regions are hardly ever wider."""
_ELASTIC_PX: Final = 1.5
"""Most of the bending, in pixels of the region."""
_THICKNESS: Final = 0.25
"""How far strokes are thinned or thickened by a pixel on either side, standard deviation; 1 is fully."""
_PIECES: Final = 0.5
"""Part of the last that are pieces of digits."""


@dataclass(frozen=True)
class Regions:
    """Boxes on the views of a pool.

    Attributes:
        pages: (N,) int64, index of the view.
        boxes: (N, 4) float32, x, y, width, height in pixels of the view.
        labels: (N,) int64, 0 to 9, or `NONE`.
        kinds: (N,) int64: a digit's own box, the detector's of a digit, the detector's of none, another sign's, or
            any on a view of things.
    """

    pages: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pages)


def collect_regions(pool: PagePool, detector: BundleDetector) -> Regions:
    """Find the boxes of a pool.

    Args:
        pool: Views with their signs.
        detector: Its boxes are added to those of the signs.
    """
    pages: list[int] = []
    boxes: list[npt.NDArray[np.float32]] = []
    labels: list[int] = []
    kinds: list[int] = []

    def add(page: int, box: npt.NDArray[np.float32], label: int, kind: int) -> None:
        pages.append(page)
        boxes.append(box)
        labels.append(label)
        kinds.append(_THING if pool.kinds[page] == "scene" else kind)

    for index in range(len(pool)):
        rows = pool.signs_of(index)
        signs, names = pool.boxes[rows], pool.labels[rows]
        is_digit = (names >= 0) & (names < DIGITS)
        digits, digit_names = signs[is_digit], names[is_digit]
        for box, name in zip(digits, digit_names, strict=True):
            add(index, box, int(name), _TRUE)
        for box in signs[~is_digit]:
            if measure_overlaps(box, digits).max(initial=0) < APART:
                add(index, box, NONE, _OTHER)
        found, _ = detector.detect(pool.views[index].astype(np.float32) / 255, least_score=_LEAST_SCORE)
        for spot in found:
            box = np.array((spot.x, spot.y, spot.width, spot.height), np.float32)
            overlaps = measure_overlaps(box, digits)
            if overlaps.max(initial=0) >= SAME:
                add(index, box, int(digit_names[overlaps.argmax()]), _SPOTTED)
            elif overlaps.max(initial=0) < APART:
                add(index, box, NONE, _FALSE)
    return Regions(
        np.array(pages, np.int64), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64),
        np.array(kinds, np.int64),
    )  # fmt: skip


def measure_overlaps(
    box: npt.NDArray[np.float32], others: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return intersection over union of a box (4,) with others (N, 4); x, y, width, height."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = box[2:].prod() + others[:, 2:].prod(axis=1) - shared
    overlaps: npt.NDArray[np.float32] = shared / np.maximum(union, 1e-6)
    return overlaps


def load_or_collect(
    pool_paths: list[Path], detector: Path, folder: Path, *, workers: int = 2
) -> list[Regions]:
    """Read the regions of pools from a folder; those that are missing are collected, several at a time.

    Args:
        pool_paths: Files of pools.
        detector: Bundle of the detector.
        folder: Where regions are kept.
        workers: Processes.
    """
    paths = [folder / f"regions-{path.name}" for path in pool_paths]
    missing = [(pool, detector, path) for pool, path in zip(pool_paths, paths, strict=True)
               if not path.exists()]  # fmt: skip
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        map_processes(_collect_shard, missing, workers=workers)
    return [_load(path) for path in paths]


def _collect_shard(job: tuple[Path, Path, Path]) -> None:
    pool, detector, path = job
    regions = collect_regions(load_pool(pool), BundleDetector(detector, threads=1))
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, pages=regions.pages, boxes=regions.boxes, labels=regions.labels, kinds=regions.kinds)


def _load(path: Path) -> Regions:
    with np.load(path, allow_pickle=False) as file:
        return Regions(file["pages"], file["boxes"], file["labels"], file["kinds"])


def join_regions(parts: list[Regions], *, pages_each: list[int]) -> Regions:
    """Put the regions of joined pools behind each other.

    Args:
        parts: Regions of each pool.
        pages_each: Views of each pool.
    """
    starts = np.cumsum([0, *pages_each])[:-1]
    return Regions(
        np.concatenate([part.pages + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )


def load_views(
    pages: Path,
    folder: Path,
    *,
    detector: Path,
    seed: int,
    count: int,
    scenes: int = 0,
    workers: int = 2,
) -> tuple[npt.NDArray[np.uint8], Regions]:
    """Read the views of a seed and the boxes on them; what is missing is made.

    Args:
        pages: Where views are kept.
        folder: Where boxes are kept.
        detector: Bundle of the detector.
        seed, count, scenes, workers: As for `pages.find_shards`.

    Returns:
        (N, H, W) uint8 and boxes.
    """
    shards = find_shards(pages, seed=seed, count=count, scenes=scenes, workers=workers)
    parts = load_or_collect(shards, detector, folder, workers=workers)
    pools = [load_pool(path) for path in shards]
    views = np.concatenate([pool.views for pool in pools])
    return views, join_regions(parts, pages_each=[len(pool) for pool in pools])


class Drawer:
    """Draws batches of regions, each a little different.

    Args:
        views: (P, H, W) uint8.
        regions: Boxes on them.
    """

    def __init__(self, views: npt.NDArray[np.uint8], regions: Regions) -> None:
        self._views, self._regions = views, regions
        self._rows = [np.flatnonzero(regions.kinds == kind) for kind in range(len(_SHARES))]

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return (count, 2, 40, 40) float32 in [0, 1] and (count,) int64.

        Args:
            count: Regions in the batch.
            rng: The same state gives the same batch.
        """
        shares = [share if len(rows) else 0.0 for share, rows in zip(_SHARES, self._rows, strict=True)]
        kinds = rng.choice(len(shares), count, p=np.array(shares) / sum(shares))
        rows = np.array([self._rows[kind][rng.integers(len(self._rows[kind]))] for kind in kinds])
        boxes, labels = self._regions.boxes[rows].astype(np.float64), self._regions.labels[rows].copy()
        pieces = np.flatnonzero((kinds == _OTHER) & (rng.random(count) < _PIECES))
        if len(pieces):
            rows[pieces] = self._rows[_TRUE][rng.integers(len(self._rows[_TRUE]), size=len(pieces))]
            boxes[pieces] = _cut_pieces(self._regions.boxes[rows[pieces]].astype(np.float64), rng)
            labels[pieces] = NONE
        boxes = _jitter(boxes, rng)
        width = min(_WINDOW_PX, self._views.shape[2])
        views = np.empty((count, self._views.shape[1], width), np.uint8)
        starts = np.round(boxes[:, 0] + boxes[:, 2] / 2 - width / 2).astype(np.int64)
        starts = np.clip(starts, 0, self._views.shape[2] - width)
        for view, page, start in zip(views, self._regions.pages[rows], starts, strict=True):
            view[:] = self._views[page, :, start : start + width]
        boxes[:, 0] -= starts
        ink = torch.from_numpy(views).unsqueeze(1).float() / 255
        return _disturb(sample(ink, boxes, rng), rng), torch.from_numpy(labels)


def _cut_pieces(boxes: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return a half of each box, or as large a box half beside it."""
    x, y, width, height = boxes.T
    side = rng.integers(0, 6, len(boxes))
    is_narrow = width < 0.45 * height  # the left half of a 1 is a 1: take the upper or lower one
    side = np.where(is_narrow & (side % 6 < 2), side + 2, side)
    pieces = np.stack([x, y, width, height], axis=1)
    pieces[side == 0, 2] /= 2
    pieces[side == 1, 0] += width[side == 1] / 2
    pieces[side == 1, 2] /= 2
    pieces[side == 2, 3] /= 2
    pieces[side == 3, 1] += height[side == 3] / 2
    pieces[side == 3, 3] /= 2
    wide = np.maximum(width, 0.5 * height)
    pieces[side == 4, 0] -= (wide * 0.6)[side == 4]
    pieces[side == 5, 0] += (wide * 0.6)[side == 5]
    pieces[side >= 4, 2] = wide[side >= 4]
    return pieces


def _jitter(boxes: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    longer = boxes[:, 2:].max(axis=1)
    left, top, right, bottom = rng.normal(0, _JITTER, (4, len(boxes))) * longer
    x, y, width, height = boxes.T
    return np.stack(
        [x + left, y + top, np.maximum(2.0, width - left + right), np.maximum(3.0, height - top + bottom)],
        axis=1,
    )


class _Bent(NamedTuple):
    """How the writing in each region is turned, stretched and bent."""

    turn: npt.NDArray[np.float64]
    shear: npt.NDArray[np.float64]
    wide: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    elastic: Tensor | None = None


def sample(views: Tensor, boxes: npt.NDArray[np.float64], rng: np.random.Generator | None) -> Tensor:
    """Cut one region out of each view, as `inkdigits.ink.region.cut_regions` does.

    Args:
        views: (N, 1, H, W) float32 in [0, 1].
        boxes: (N, 4) x, y, width, height.
        rng: Turns, shears, stretches and bends the writing; None leaves it as it is.

    Returns:
        (N, 2, 40, 40) float32 in [0, 1].
    """
    count, (height, width) = len(boxes), views.shape[2:]
    scale = np.minimum(BOX_HEIGHT_PX / np.maximum(1, boxes[:, 3]), BOX_WIDTH_PX / np.maximum(1, boxes[:, 2]))
    none, one = np.zeros(count), np.ones(count)
    bent = _Bent(none, none, one, one)
    if rng is not None:
        both = np.exp(rng.uniform(-0.1, 0.1, count))
        bent = _Bent(
            np.deg2rad(rng.uniform(-8, 8, count)),
            rng.uniform(-0.2, 0.2, count),
            both * np.exp(rng.uniform(-0.18, 0.18, count)),
            both,
            draw_bends(count, (REGION_PX, REGION_PX), most_px=_ELASTIC_PX, rng=rng),
        )
    cos, sin = np.cos(bent.turn), np.sin(bent.turn)
    # from the region's middle to the view: shear, stretch, turn, then scale
    a = np.stack([cos / bent.wide, (cos * bent.shear - sin) / bent.high], axis=1)
    b = np.stack([sin / bent.wide, (sin * bent.shear + cos) / bent.high], axis=1)
    half = REGION_PX / 2
    matrix = np.zeros((count, 2, 3), np.float32)
    matrix[:, 0, :2] = a * (2 * half / scale / width)[:, None]
    matrix[:, 1, :2] = b * (2 * half / scale / height)[:, None]
    matrix[:, 0, 2] = 2 * (boxes[:, 0] + boxes[:, 2] / 2) / width - 1
    matrix[:, 1, 2] = 2 * (boxes[:, 1] + boxes[:, 3] / 2) / height - 1
    grid = F.affine_grid(torch.from_numpy(matrix), [count, 1, REGION_PX, REGION_PX], align_corners=False)
    if bent.elastic is not None:
        grid = grid + torch.einsum("nab,nhwb->nhwa", torch.from_numpy(matrix[:, :, :2]), bent.elastic)
    ink = F.grid_sample(views, grid, align_corners=False)
    away = torch.from_numpy(np.abs(np.arange(REGION_PX) + 0.5 - half).astype(np.float32))
    lengths = torch.from_numpy((boxes[:, 2:] * scale[:, None]).astype(np.float32))
    across = (lengths[:, :1] / 2 - away + 0.5).clamp(0, 1)
    down = (lengths[:, 1:] / 2 - away + 0.5).clamp(0, 1)
    return torch.cat([ink, (down[:, :, None] * across[:, None, :])[:, None]], dim=1)


def _disturb(regions: Tensor, rng: np.random.Generator) -> Tensor:
    """Change thickness, strength, contrast and grain of the ink."""
    count = len(regions)

    def draw(values: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).view(-1, 1, 1, 1)

    ink = regions[:, :1].clamp(0, 1)
    padded = F.pad(ink, (1, 1, 1, 1), mode="replicate")
    thick, thin = F.max_pool2d(padded, 3, stride=1), -F.max_pool2d(-padded, 3, stride=1)
    change = draw(np.clip(rng.normal(0, _THICKNESS, count), -0.7, 0.9))
    ink = ink + change.clamp(min=0) * (thick - ink) - (-change).clamp(min=0) * (ink - thin)
    ink = ink ** draw(np.exp(rng.normal(0, 0.25, count)))
    ink = ink * draw(rng.uniform(0.75, 1.2, count))
    is_soft = draw((rng.random(count) < 0.25).astype(np.float64))
    soft = F.avg_pool2d(F.pad(ink, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    ink = is_soft * soft + (1 - is_soft) * ink
    noise = rng.normal(0, 1, tuple(ink.shape)).astype(np.float32)
    ink = ink + torch.from_numpy(noise) * draw(rng.uniform(0, 0.06, count))
    return torch.cat([ink.clamp(0, 1), regions[:, 1:]], dim=1)
