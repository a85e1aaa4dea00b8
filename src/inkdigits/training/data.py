"""From a recipe's data section to digits in memory: what is learned from, and what judges.

Owns: joining sets, and drawing fewer digits. Leaves to others: files and splits (`inkdigits.datasets`).
The test parts are never opened here, unless a recipe asks for textbook cuts (`data.pool_test`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.datasets import load_dataset, split_train_validation
from inkdigits.errors import UsageError
from inkdigits.training.sections import DataSection
from inkdigits.training.sources import load_non_digits, load_source
from inkdigits.types import LabelledImages

_SIZE = (28, 28)


def load_training_data(section: DataSection) -> tuple[LabelledImages, LabelledImages]:
    """Load, join and split the training parts that a recipe names.

    Args:
        section: The recipe's data section.

    Returns:
        Digits to learn from and digits to judge by, without a common one.

    Raises:
        DataError: If a set is unknown, absent or damaged.
        UsageError: If the sets don't fit together, or hold too few digits.
    """
    parts = [load_source(name) for name in section.sets]
    parts += [load_non_digits(name) for name in section.non_digits]
    if section.pool_test:
        parts += [load_dataset(name, "test") for name in section.sets]
    data = join_datasets(parts)
    if section.validation_size >= len(data):
        raise UsageError(
            f"{data.name} holds {len(data)} digits, too few to set {section.validation_size} aside",
            remedy="Lower data.validation_size in the recipe.",
        )
    train, validation = split_train_validation(
        data, validation_size=section.validation_size, seed=section.seed
    )
    return draw_subset(train, size=section.train_size, seed=section.seed), validation


def join_datasets(parts: Sequence[LabelledImages]) -> LabelledImages:
    """Return all digits of several sets, in their order.

    Raises:
        UsageError: If the sets' classes differ, or pictures are not 28x28.
    """
    first = parts[0]
    names = max((part.label_names for part in parts), key=len)
    for part in parts:
        if part.images.shape[1:] != _SIZE:
            height, width = part.images.shape[1:]
            raise UsageError(
                f"The digits of {part.name} are {height}x{width} pixels, not 28x28",
                remedy="Bring them into MNIST's form first, with inkdigits.ink.",
            )
        if not _fit(part.label_names, names):
            raise UsageError(
                f"{first.name} and {part.name} don't have the same classes",
                remedy="Train on them one by one.",
            )
    if len(parts) == 1:
        return first
    return replace(
        first,
        label_names=names,
        images=np.concatenate([part.images for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        name="+".join(part.name for part in parts),
        writers=None,  # numbers of writers of different sets would collide
        extra={},
    )


def _fit(names: tuple[str, ...], longest: tuple[str, ...]) -> bool:
    """True if the classes are the same, but that some sets lack "none", which stands last."""
    return names == longest or (*names, NO_DIGIT) == longest


def draw_subset(data: LabelledImages, *, size: int, seed: int) -> LabelledImages:
    """Return `size` digits drawn without repetition; all of them if `size` is 0.

    Raises:
        UsageError: If there are fewer.
    """
    if size == 0:
        return data
    if size > len(data):
        raise UsageError(
            f"{data.name} has {len(data)} digits to train on, not {size}",
            remedy="Lower --train-size or data.train_size in the recipe.",
        )
    chosen = np.sort(np.random.default_rng(seed).permutation(len(data))[:size])
    return replace(
        data,
        images=data.images[chosen],
        labels=data.labels[chosen],
        writers=None if data.writers is None else data.writers[chosen],
        extra={},
    )
