"""Data sets of handwritten digits: what there is, where it lies, and how to load, fetch and split it.

Owns: the face of this room; see `registry.toml` for the sets themselves. Leaves to others: normalising glyphs
(ink), training. Importing it loads neither Pooch, scikit-learn nor Matplotlib.
"""

from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.locate import find_files, is_present
from inkdigits.datasets.pictures import Cell, LabelledPicture, load_pictures
from inkdigits.datasets.registry import DatasetInfo, get_info, list_datasets

__all__ = [
    "Cell",
    "DatasetInfo",
    "LabelledPicture",
    "find_files",
    "get_info",
    "is_present",
    "list_datasets",
    "load_dataset",
    "load_pictures",
]
