"""Cutting and joining labelled glyphs: every cut is seeded and keeps the shares of the classes.

Owns: subsets, concatenation, validation and training cuts, one-hot labels. Leaves to others: loading (load).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from inkdigits.errors import UsageError
from inkdigits.types import LabelledImages

Indices: TypeAlias = npt.NDArray[np.int64]
"""Positions of images, (K,) int64."""


def subset(data: LabelledImages, indices: npt.ArrayLike) -> LabelledImages:
    """Take some of the images, in the given order.

    Args:
        data: Labelled glyphs.
        indices: (K,) positions, or (N,) bool.

    Returns:
        K images; columns of `extra` that have one value per image are cut alike.
    """
    chosen = np.asarray(indices)
    chosen = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)
    return LabelledImages(
        images=data.images[chosen],
        labels=data.labels[chosen],
        label_names=data.label_names,
        name=data.name,
        writers=None if data.writers is None else data.writers[chosen],
        extra={key: v[chosen] if _is_column(v, len(data)) else v for key, v in data.extra.items()},
    )


def concatenate(*parts: LabelledImages, name: str = "") -> LabelledImages:
    """Join parts of equal image size and equal classes, in the given order.

    Args:
        parts: At least one.
        name: Name of the result; by default the names joined by "+".

    Returns:
        All images; writers are kept if every part knows them, other columns if every part has them. The
        result is "verified" if every part is.

    Raises:
        UsageError: If there is no part, or sizes or classes differ.
    """
    if not parts:
        raise UsageError("There is nothing to join", remedy="Give at least one part.")
    first = parts[0]
    for part in parts[1:]:
        if part.images.shape[1:] != first.images.shape[1:] or part.label_names != first.label_names:
            raise UsageError(
                f"{part.name} {part.images.shape[1:]} and {first.name} {first.images.shape[1:]} don't fit",
                remedy="Join only parts with equal image size and equal classes.",
            )
    writers = [part.writers for part in parts if part.writers is not None]
    return LabelledImages(
        images=np.concatenate([part.images for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        label_names=first.label_names,
        name=name or "+".join(part.name for part in parts),
        writers=np.concatenate(writers) if len(writers) == len(parts) else None,
        extra=_join_extra(parts),
    )


def split_train_validation(
    data: LabelledImages, *, validation_size: int | float, seed: int
) -> tuple[LabelledImages, LabelledImages]:
    """Cut off a validation part.

    Where writers are known no writer stands on both sides, and the part has about the asked size; otherwise
    it has exactly that size and every class keeps its share, to one image.

    Args:
        data: Labelled glyphs.
        validation_size: Number of images (int), or share in (0, 1) (float).
        seed: Equal seeds give equal cuts.

    Returns:
        (train, validation), each in the order of `data`.

    Raises:
        UsageError: If one side would be empty, or there is only one writer.
    """
    count = _parse_size(validation_size, len(data), "validation_size")
    rng = np.random.default_rng(seed)
    if data.writers is None:
        chosen = _choose_by_class(data.labels, count, rng)
    else:
        chosen = _choose_by_writer(data.writers, count, rng)
    return _cut(data, chosen, names=("validation", "train"))[::-1]


def take_train_size(
    data: LabelledImages, train_size: int | float, seed: int
) -> tuple[LabelledImages, LabelledImages]:
    """Cut into a training part of exactly the asked size and the rest, keeping the shares of the classes.

    It is for the cuts of textbooks, such as 56,000 and 14,000 of MNIST's 70,000:
    `take_train_size(concatenate(train, test), 56_000, seed=0)`. Such a cut ignores writers, so its figures
    can't be compared with those of the official test part.

    Args:
        data: Labelled glyphs.
        train_size: Number of images (int), or share in (0, 1) (float).
        seed: Equal seeds give equal cuts.

    Returns:
        (train, rest), each in the order of `data`.

    Raises:
        UsageError: If one side would be empty.
    """
    count = _parse_size(train_size, len(data), "train_size")
    chosen = _choose_by_class(data.labels, count, np.random.default_rng(seed))
    return _cut(data, chosen, names=("train", "rest"))


def one_hot(labels: npt.ArrayLike, classes: int) -> npt.NDArray[np.float32]:
    """Turn class indices into rows with a single 1.

    Args:
        labels: (N,) integers in [0, classes).
        classes: Number of columns.

    Returns:
        (N, classes) float32.

    Raises:
        UsageError: If a label is out of range.
    """
    indices = np.asarray(labels, np.int64)
    if indices.size and not 0 <= indices.min() <= indices.max() < classes:
        raise UsageError(
            f"Labels {indices.min()} to {indices.max()} don't fit {classes} classes",
            remedy="Give the number of classes of the data set.",
        )
    return np.eye(classes, dtype=np.float32)[indices]


def count_classes(data: LabelledImages) -> dict[str, int]:
    """Return the number of images of each class, in the order of `label_names`; absent classes count 0."""
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    return {name: int(count) for name, count in zip(data.label_names, counts, strict=True)}


def _parse_size(size: int | float, total: int, what: str) -> int:
    """Turn a count or a share into a count that leaves both sides non-empty."""
    count = round(size * total) if isinstance(size, float) else size
    if not 0 < count < total or (isinstance(size, float) and not 0 < size < 1):
        raise UsageError(
            f"{what}={size} can't cut {total} images in two",
            remedy=f"Give a count from 1 to {total - 1} or a share between 0 and 1.",
        )
    return count


def _choose_by_class(labels: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Choose exactly `count` positions with the classes in their shares (largest remainder)."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * (count / len(labels))
    quotas = np.floor(exact).astype(np.int64)
    missing = count - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    chosen = [
        rng.permutation(np.flatnonzero(labels == label))[:quota]
        for label, quota in zip(classes, quotas, strict=True)
    ]
    return np.concatenate(chosen)


def _choose_by_writer(writers: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Choose all images of the first shuffled writers, so many that the size is nearest to `count`."""
    numbers, sizes = np.unique(writers, return_counts=True)
    if len(numbers) < 2:
        raise UsageError("There is only one writer", remedy="Cut by take_train_size, which ignores writers.")
    order = rng.permutation(len(numbers))
    sums = np.cumsum(sizes[order])[:-1]  # at least one writer stays on the other side
    enough = int(np.argmin(np.abs(sums - count))) + 1
    return np.flatnonzero(np.isin(writers, numbers[order[:enough]]))


def _cut(
    data: LabelledImages, chosen: Indices, *, names: tuple[str, str]
) -> tuple[LabelledImages, LabelledImages]:
    is_chosen = np.zeros(len(data), np.bool_)
    is_chosen[chosen] = True
    parts = subset(data, is_chosen), subset(data, ~is_chosen)
    first, second = (_rename(part, f"{data.name}:{name}") for part, name in zip(parts, names, strict=True))
    return first, second


def _rename(data: LabelledImages, name: str) -> LabelledImages:
    return LabelledImages(data.images, data.labels, data.label_names, name, data.writers, data.extra)


def _join_extra(parts: Sequence[LabelledImages]) -> Mapping[str, Any]:
    extra: dict[str, Any] = {
        key: np.concatenate([part.extra[key] for part in parts])
        for key in parts[0].extra
        if all(key in part.extra and _is_column(part.extra[key], len(part)) for part in parts)
    }
    return {"verified": all(part.extra.get("verified", False) for part in parts), **extra}


def _is_column(value: object, count: int) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and len(value) == count
