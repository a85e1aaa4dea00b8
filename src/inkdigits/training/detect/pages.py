"""Pools of synthetic pages as the detector sees them: views and the boxes of all signs.

Owns: the size of views, drawing scales, files of pages. Leaves to others: what stands on pages (datasets.synth),
how a page becomes a view (ink).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth import GlyphBank, SynthPage, SynthSign, make_synth_page
from inkdigits.files import replacing
from inkdigits.ink import InkPage, extract_ink, find_glyphs, make_view, remove_rules
from inkdigits.ink.view import DIGIT_PX
from inkdigits.training.workers import load_bank, map_processes

VIEW_SIZE: Final = (96, 320)
"""(height, width) of a view in training, pixels, margins included."""
DIGITS: Final = tuple("0123456789")
MARKS: Final = (".", ",", "-", "/")
LABELS: Final = DIGITS + MARKS
SOURCES: Final = (
    "mnist", "nist-raw", "optdigits", "pen-simulator", "hasy-symbols", "omniglot-small1", "chinese-mnist",
)  # fmt: skip
"""What pages are made of, for the metadata of bundles; see `datasets.synth.bank`."""
OTHER: Final = -1
"""Number of the label of ink that is neither digit nor mark."""
_SPREAD: Final = 0.3
"""Standard deviation of the logarithm of the height of digits in a view: reading knows it only roughly."""
_MOST_REDUCED: Final = 2.5
"""Pages are drawn up to this many times larger than they are seen."""
_SMALL: Final = 0.25
"""Part of the pages that are no larger than what stands on them: crops of one digit, cut-out numbers."""
_SMALL_OF_KIND: Final = 0.6
"""The same where all pages are of one kind: most pictures of things that are read are small."""
_SMALL_KINDS: Final = ("crop", "strip", "strip", "amount", "amount")
_GAP_PX: Final = 26
"""Least paper between small pictures in one view."""
_LEAST_STRENGTH: Final = 50
"""A sign without a pixel of this brightness in the view has no name."""
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


def make_pool(bank: GlyphBank, *, seed: int, count: int, kind: str | None = None) -> PagePool:
    """Make views of synthetic pages.

    Args:
        bank: Where the digits come from.
        seed: The same seed gives the same views.
        count: How many.
        kind: Of all pages; drawn when not given.
    """
    views, boxes, labels, pages, texts, kinds = [], [], [], [], [], []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        view, placed = _make_view(bank, rng, kind)
        views.append(view)
        for page, scale, left, top in placed:
            for sign in page.signs:
                x, y, width, height = (value * scale for value in sign.box)
                box = x + left, y + top, width, height
                is_named = sign.label in LABELS and _is_visible(view, box)
                boxes.append(box)
                labels.append(LABELS.index(sign.label) if is_named else OTHER)
                pages.append(index)
        texts.append("\n".join(page.text for page, *_ in placed))
        kinds.append(placed[0].page.kind)
    return PagePool(
        np.stack(views), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64),
        np.array(pages, np.int64), tuple(texts), tuple(kinds),
    )  # fmt: skip


def _is_visible(view: npt.NDArray[np.uint8], box: tuple[float, float, float, float]) -> bool:
    """False where the page shows nothing, as under a strong shadow: nobody can learn from such a sign."""
    x, y, width, height = box
    part = view[max(0, int(y)) : int(y + height) + 1, max(0, int(x)) : int(x + width) + 1]
    return part.size > 0 and int(part.max()) >= _LEAST_STRENGTH


class Placed(NamedTuple):
    """A page in a view: pixel (x, y) of the page lies at (x * scale + left, y * scale + top)."""

    page: SynthPage
    scale: float
    left: int
    top: int


def _make_view(
    bank: GlyphBank, rng: np.random.Generator, kind: str | None
) -> tuple[npt.NDArray[np.uint8], list[Placed]]:
    """Draw one page that fills a view, or several small pictures with paper between them."""
    view = np.zeros(VIEW_SIZE, np.uint8)
    seen_px = DIGIT_PX * float(np.exp(np.clip(rng.normal(0, _SPREAD), -0.6, 0.6)))
    room = VIEW_SIZE[0] - 2 * _MARGIN_PX, VIEW_SIZE[1] - 2 * _MARGIN_PX
    if rng.random() >= (_SMALL if kind is None else _SMALL_OF_KIND):
        return view, [_place(bank, rng, view, kind, room, (_MARGIN_PX, _MARGIN_PX), seen_px=seen_px)]
    placed: list[Placed] = []
    left = _MARGIN_PX + int(rng.integers(0, _GAP_PX))
    while True:
        tall = seen_px * float(rng.uniform(1.02, 2.2))
        wide = seen_px * float(rng.uniform(0.7, 1.5) if rng.random() < 0.6 else rng.uniform(1.5, 9))
        height, width = min(room[0], round(tall)), min(room[1], round(wide))
        if left + width > VIEW_SIZE[1] - _MARGIN_PX:
            if placed:
                return view, placed
            left = _MARGIN_PX
        small = kind or ("crop" if wide < 1.5 * seen_px else str(rng.choice(_SMALL_KINDS)))
        top = _MARGIN_PX + int(rng.integers(room[0] - height + 1))
        placed.append(_place(bank, rng, view, small, (height, width), (top, left), seen_px=seen_px))
        left += width + int(rng.integers(_GAP_PX, 2 * _GAP_PX))


def _place(
    bank: GlyphBank,
    rng: np.random.Generator,
    view: npt.NDArray[np.uint8],
    kind: str | None,
    size: tuple[int, int],
    corner: tuple[int, int],
    *,
    seen_px: float,
) -> Placed:
    """Draw a page larger than it will be seen, and put it into the view at this size and (top, left) corner."""
    reduced = 1 + (_MOST_REDUCED - 1) * float(rng.random()) ** 2
    drawn = round(size[0] * reduced), round(size[1] * reduced)
    page = make_synth_page(bank, rng=rng, kind=kind, size_px=drawn, digit_px=seen_px * reduced)
    gray = cv2.cvtColor(page.image, cv2.COLOR_RGB2GRAY) if page.image.ndim == 3 else page.image
    ink = extract_ink(gray.astype(np.uint8, copy=False))
    top, left = corner
    if not ink.is_blank:
        strength = make_view(ink, scale=size[1] / ink.ink.shape[1], margin_px=0)
        height, width = min(size[0], strength.shape[0]), min(size[1], strength.shape[1])
        view[top : top + height, left : left + width] = np.rint(255 * strength[:height, :width])
        if page.kind == "scene":
            page = replace(page, signs=_find_things(ink))
    return Placed(page, size[1] / drawn[1], left, top)


def _find_things(ink: InkPage) -> tuple[SynthSign, ...]:
    """Return what a reader would take for glyphs on a picture without writing: signs that are no digits."""
    glyphs, _ = find_glyphs(remove_rules(ink)[0])
    boxes = [glyph.box for glyph in glyphs]
    return tuple(
        SynthSign("", (b.x / ink.scale, b.y / ink.scale, b.width / ink.scale, b.height / ink.scale), -1)
        for b in boxes
    )


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


def load_or_make_pool(folder: Path, *, seed: int, count: int, scenes: int = 0, workers: int = 2) -> PagePool:
    """Read the pool of a seed from a folder of shards; shards that are missing are made, several at a time.

    Args:
        folder: Where shards are kept.
        seed: Seed of the pool.
        count: Number of views, rounded up to whole shards.
        scenes: Number of views of things without writing behind them, rounded up likewise.
        workers: Processes that draw.
    """
    paths = find_shards(folder, seed=seed, count=count, scenes=scenes, workers=workers)
    return join_pools([load_pool(path) for path in paths])


def find_shards(folder: Path, *, seed: int, count: int, scenes: int = 0, workers: int = 2) -> list[Path]:
    """Return the files that hold a pool; those that are missing are made. Arguments as for `load_or_make_pool`."""
    jobs: list[_Job] = [
        (folder / f"{name}-{seed}-{shard:04}.npz", seed * 100_000 + shard, kind)
        for name, kind, views in (("pages", None, count), ("scenes", "scene", scenes))
        for shard in range(-(-views // _SHARD))
    ]
    missing = [job for job in jobs if not job[0].exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        map_processes(_make_shard, missing, workers=workers)
    return [path for path, _, _ in jobs]


_Job = tuple[Path, int, str | None]


def _make_shard(job: _Job) -> None:
    path, seed, kind = job
    save_pool(make_pool(load_bank(), seed=seed, count=_SHARD, kind=kind), path)
