"""Pools of synthetic pages as the detector sees them: views and the boxes of all signs.

Owns: the size of views, drawing scales, files of pages. Leaves to others: what stands on pages (datasets.synth),
how a page becomes a view (ink).
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth import GlyphBank, SynthPage, make_synth_page
from inkdigits.files import replacing
from inkdigits.ink import extract_ink, make_view
from inkdigits.ink.view import DIGIT_PX

VIEW_SIZE: Final = (96, 320)
"""(height, width) of a view in training, pixels, margins included."""
DIGITS: Final = tuple("0123456789")
MARKS: Final = (".", ",", "-", "/")
LABELS: Final = DIGITS + MARKS
OTHER: Final = -1
"""Number of the label of ink that is neither digit nor mark."""
_SPREAD: Final = 0.3
"""Standard deviation of the logarithm of the height of digits in a view: reading knows it only roughly."""
_MOST_REDUCED: Final = 2.5
"""Pages are drawn up to this many times larger than they are seen."""
_MARGIN_PX: Final = 8
_SHARD: Final = 500


@dataclass(frozen=True)
class PagePool:
    """Many views with their signs.

    Attributes:
        views: (N, H, W) uint8, ink is bright.
        boxes: (M, 4) float32, x, y, width, height of all signs in pixels of their view.
        labels: (M,) int64, index into `LABELS`, or `OTHER`.
        pages: (M,) int64, index of the view; ascending.
        texts: (N,) ground truth of each view.
        kinds: (N,) kind of page.
    """

    views: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    pages: npt.NDArray[np.int64]
    texts: tuple[str, ...]
    kinds: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.views)

    def signs_of(self, index: int) -> slice:
        """Return which rows of `boxes` and `labels` belong to a view."""
        first, last = np.searchsorted(self.pages, [index, index + 1])
        return slice(int(first), int(last))


def make_pool(bank: GlyphBank, *, seed: int, count: int) -> PagePool:
    """Make views of synthetic pages.

    Args:
        bank: Where the digits come from.
        seed: The same seed gives the same views.
        count: How many.
    """
    views, boxes, labels, pages, texts, kinds = [], [], [], [], [], []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        page, view, scale = _make_view(bank, rng)
        views.append(view)
        for sign in page.signs:
            x, y, width, height = (value * scale for value in sign.box)
            boxes.append((x + _MARGIN_PX, y + _MARGIN_PX, width, height))
            labels.append(LABELS.index(sign.label) if sign.label in LABELS else OTHER)
            pages.append(index)
        texts.append(page.text)
        kinds.append(page.kind)
    return PagePool(
        np.stack(views), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64),
        np.array(pages, np.int64), tuple(texts), tuple(kinds),
    )  # fmt: skip


def _make_view(bank: GlyphBank, rng: np.random.Generator) -> tuple[SynthPage, npt.NDArray[np.uint8], float]:
    """Draw a page larger than it will be seen, and bring it to the view's size."""
    seen_px = DIGIT_PX * float(np.exp(np.clip(rng.normal(0, _SPREAD), -0.6, 0.6)))
    reduced = 1 + (_MOST_REDUCED - 1) * float(rng.random()) ** 2
    inner = [side - 2 * _MARGIN_PX for side in VIEW_SIZE]
    size = round(inner[0] * reduced), round(inner[1] * reduced)
    page = make_synth_page(bank, rng=rng, size_px=size, digit_px=seen_px * reduced)
    gray = cv2.cvtColor(page.image, cv2.COLOR_RGB2GRAY) if page.image.ndim == 3 else page.image
    ink = extract_ink(gray.astype(np.uint8, copy=False))
    view = np.zeros(VIEW_SIZE, np.uint8)
    if not ink.is_blank:
        strength = make_view(ink, scale=inner[1] / ink.ink.shape[1], margin_px=_MARGIN_PX)
        view[:] = np.rint(255 * strength[: VIEW_SIZE[0], : VIEW_SIZE[1]])
    return page, view, inner[1] / size[1]


def save_pool(pool: PagePool, path: Path) -> None:
    """Write a pool as one NPZ file, without pickles."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file, views=pool.views, boxes=pool.boxes, labels=pool.labels, pages=pool.pages,
            texts=np.array(pool.texts), kinds=np.array(pool.kinds),
        )  # fmt: skip


def load_pool(path: Path) -> PagePool:
    """Read what `save_pool` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return PagePool(
            file["views"], file["boxes"], file["labels"], file["pages"],
            tuple(str(t) for t in file["texts"]), tuple(str(k) for k in file["kinds"]),
        )  # fmt: skip


def join_pools(pools: list[PagePool]) -> PagePool:
    """Put pools behind each other."""
    starts = np.cumsum([0, *(len(pool) for pool in pools)])
    return PagePool(
        np.concatenate([p.views for p in pools]),
        np.concatenate([p.boxes for p in pools]),
        np.concatenate([p.labels for p in pools]),
        np.concatenate([p.pages + start for p, start in zip(pools, starts[:-1], strict=True)]),
        tuple(text for p in pools for text in p.texts),
        tuple(kind for p in pools for kind in p.kinds),
    )


def load_or_make_pool(folder: Path, *, seed: int, count: int, workers: int = 2) -> PagePool:
    """Read the pool of a seed from a folder of shards; shards that are missing are made, several at a time.

    Args:
        folder: Where shards are kept.
        seed: Seed of the pool.
        count: Number of views, rounded up to whole shards.
        workers: Processes that draw.
    """
    shards = range(-(-count // _SHARD))
    paths = [folder / f"pages-{seed}-{shard:04}.npz" for shard in shards]
    missing = [(path, seed * 100_000 + shard) for path, shard in zip(paths, shards, strict=True)
               if not path.exists()]  # fmt: skip
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        # "spawn": a fork of a process whose numeric libraries have started threads hangs
        context = get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
            list(pool.map(_make_shard, missing))
    return join_pools([load_pool(path) for path in paths])


_bank: GlyphBank | None = None


def _start_worker() -> None:
    global _bank  # one bank a process: it takes seconds to build
    cv2.setNumThreads(1)
    _bank = GlyphBank.load()


def _make_shard(job: tuple[Path, int]) -> None:
    path, seed = job
    assert _bank is not None
    save_pool(make_pool(_bank, seed=seed, count=_SHARD), path)
