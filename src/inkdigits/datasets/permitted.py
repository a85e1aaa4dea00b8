"""Which part of a set may be learned from, where that is less than the set.

Owns: the rules that keep what judges out of training. Leaves to others: reading files (load).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.splits import subset
from inkdigits.types import LabelledImages

# Digits of nist-raw at least this near to a test image of MNIST are the same handwriting (the set's README).
NEAR_DUPLICATE = 0.90
MNIST_TRAIN = 60_000  # nearest images from this number on belong to MNIST's test part
# Digits of other scripts that nobody would take for a Latin one; the licences permit training on them.
FOREIGN_DIGITS: Mapping[str, tuple[int, ...]] = {
    "thai": (3, 4, 5, 7, 8, 9),
    "gujarati": (4, 8, 9),
    "kannada-mnist": (5, 6, 8, 9),
}
TRAINED_SYMBOLS = 10  # the symbols of hasy-symbols from this number on judge rejection
CHARACTERS = "omniglot-small1"
# Characters of it that a person who expects digits would call one: nothing can learn that they are none.
LIKE_DIGITS: Mapping[str, tuple[int, ...]] = {
    "Latin": (7, 12, 15, 17, 19, 26),
    "Greek": (15,),
    "Korean": (21, 22, 23, 27, 33),
    "Early_Aramaic": (2, 3, 4, 6, 16, 17, 20),
    "Balinese": (5,),
}


def load_permitted_nist() -> LabelledImages:
    """Load the raw NIST digits without those that are next to a test image of MNIST."""
    data = load_dataset("nist-raw", "all")
    is_test = data.extra["nearest_mnist_index"] >= MNIST_TRAIN
    is_near = data.extra["nearest_mnist_correlation"] >= NEAR_DUPLICATE
    return subset(data, np.flatnonzero(~(is_test & is_near)))


def load_permitted_symbols() -> LabelledImages:
    """Load the symbols 0 to 9; nothing may be trained on the others."""
    data = load_dataset("hasy-symbols", "train")
    return subset(data, np.flatnonzero(data.labels < TRAINED_SYMBOLS))


def is_trained_character(name: str) -> bool:
    """Tell whether a character of omniglot-small1 may be learned from: those with even numbers; the others judge.

    Args:
        name: Alphabet and character, as "Greek/character02".
    """
    return _number(name) % 2 == 0


def load_permitted_characters() -> LabelledImages:
    """Load the characters that may be learned from and that nobody would take for a digit.

    Returns:
        (N, 105, 105) uint8, ink bright; the classes are characters.
    """
    data = load_dataset(CHARACTERS, "all")
    is_permitted = [
        is_trained_character(name) and _number(name) not in LIKE_DIGITS[name.partition("/")[0]]
        for name in data.label_names
    ]
    return subset(data, np.flatnonzero(np.array(is_permitted)[data.labels]))


def _number(name: str) -> int:
    return int(name.rpartition("character")[2])


def load_foreign_digits(name: str) -> LabelledImages:
    """Load those digits of another script that look like no Latin digit; `name` is one of `FOREIGN_DIGITS`."""
    data = load_dataset(name, "all" if name == "thai" else "train" if name == "gujarati" else "test")
    return subset(data, np.flatnonzero(np.isin(data.labels, FOREIGN_DIGITS[name])))
