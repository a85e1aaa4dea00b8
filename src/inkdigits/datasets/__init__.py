"""Data sets of handwritten digits: what there is, where it lies, and how to load, fetch and split it.

Owns: the face of this room; see `registry.toml` for the sets themselves. Leaves to others: normalising glyphs
(ink), training. Importing it loads neither Pooch, scikit-learn nor Matplotlib.
"""

from inkdigits.datasets.fetch import fetch_dataset
from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.locate import find_files, is_present
from inkdigits.datasets.pictures import Cell, LabelledPicture, load_pictures
from inkdigits.datasets.registry import DatasetInfo, get_info, list_datasets
from inkdigits.datasets.splits import (
    concatenate,
    count_classes,
    one_hot,
    split_train_validation,
    subset,
    take_train_size,
)

__all__ = [
    "Cell",
    "DatasetInfo",
    "LabelledPicture",
    "concatenate",
    "count_classes",
    "fetch_dataset",
    "find_files",
    "get_info",
    "is_present",
    "list_datasets",
    "load_dataset",
    "load_pictures",
    "one_hot",
    "split_train_validation",
    "subset",
    "take_train_size",
]
