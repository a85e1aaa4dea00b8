"""Data sets as an evaluation needs them: glyphs for a classifier, pictures for a reader, non-digits for either.

Owns: which part judges, and what is right where nothing can be read. Leaves to others: files (datasets).
"""

from __future__ import annotations

import numpy as np

from inkdigits.datasets import (
    DatasetInfo,
    LabelledPicture,
    get_info,
    load_dataset,
    load_pictures,
    subset,
)
from inkdigits.datasets.permitted import CHARACTERS, TRAINED_SYMBOLS, is_trained_character
from inkdigits.errors import UsageError
from inkdigits.evaluation.provenance import has_learned_as_none
from inkdigits.evaluation.strings import make_blank_truths, make_pictures
from inkdigits.types import Classifier, LabelledImages

SYMBOLS = "symbols"
"""Script of sets that hold no digits."""
LEARNED_BY_HALF = ("hasy-symbols", CHARACTERS)
"""Half of their symbols may be learned from as "no digit"; only the others judge."""


def choose_split(info: DatasetInfo, split: str | None = None) -> str:
    """Return the split that judges: the one that is asked for, else "test", else the first.

    Args:
        info: The set.
        split: Asked for, or None.
    """
    return split or ("test" if "test" in info.splits else next(iter(info.splits)))


def load_for_reader(info: DatasetInfo, split: str) -> list[LabelledPicture]:
    """Load any set as pictures, each with the text that a reader of numbers should find.

    Glyphs come in the polarity of their set. Symbols are no numbers: nothing should be read.

    Args:
        info: The set.
        split: One of its splits.

    Raises:
        DataError: If the set is absent or damaged.
        UsageError: If there is no such split.
    """
    if info.kind == "pictures":
        pictures = load_pictures(info.name, split)
    else:
        pictures = make_pictures(load_dataset(info.name, split), is_dark_ink=info.polarity == "dark-on-light")
    return make_blank_truths(pictures) if info.script == SYMBOLS else pictures


def check_non_digits(classifier: Classifier, name: str) -> None:
    """Refuse a set of non-digits that a model has learned: it would judge what it remembers.

    Args:
        classifier: Any classifier.
        name: Name of the set.

    Raises:
        UsageError: If it has learned all of it.
    """
    if name not in LEARNED_BY_HALF and has_learned_as_none(classifier, name):
        raise UsageError(
            f"This model has learned that {name} is no digit", remedy=f"Judge it by {LEARNED_BY_HALF[0]}."
        )


def load_non_digits(name: str) -> LabelledImages:
    """Load glyphs that are no digits and that judge rejection.

    Args:
        name: A set such as "hasy-symbols"; of one in `LEARNED_BY_HALF`, only symbols that may not be learned from.

    Raises:
        DataError: If the set is unknown, absent or damaged.
        UsageError: If it holds pictures of many sizes.
    """
    info = get_info(name)
    if info.kind == "pictures" and info.size is None:
        raise UsageError(
            f"{name} holds pictures of many sizes, and a classifier takes glyphs",
            remedy="Judge the whole reader, with --reader, or take hasy-symbols.",
        )
    data = load_dataset(name, choose_split(info))
    if name == CHARACTERS:
        return subset(data, np.array([not is_trained_character(data.label_names[i]) for i in data.labels]))
    return subset(data, data.labels >= TRAINED_SYMBOLS) if name in LEARNED_BY_HALF else data


def load_non_digit_pictures(name: str) -> list[LabelledPicture]:
    """Load pictures without digits that judge a reader's rejection, as `load_non_digits` does.

    Args:
        name: Any set that holds no digits.

    Raises:
        DataError: If the set is unknown, absent or damaged.
    """
    info = get_info(name)
    if info.kind == "pictures":
        pictures = load_pictures(name, choose_split(info))
        judging = [p for p in pictures if name != CHARACTERS or not is_trained_character(p.text)]
        return make_blank_truths(judging)
    return make_blank_truths(
        make_pictures(load_non_digits(name), is_dark_ink=info.polarity == "dark-on-light")
    )
