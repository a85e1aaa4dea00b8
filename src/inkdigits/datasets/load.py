"""Data sets as arrays: one call, one shape of answer, ink always bright.

Owns: `load_dataset`. Leaves to others: file formats (idx, readers), finding files (locate), cutting (splits).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.decode import decode_gray
from inkdigits.datasets.locate import check_split, require_packaging
from inkdigits.datasets.pictures import LabelledPicture, load_pictures
from inkdigits.datasets.readers import GLYPH_READERS, RawGlyphs
from inkdigits.datasets.registry import DatasetInfo, SplitInfo, get_info
from inkdigits.datasets.verify import verify_array, verify_files
from inkdigits.errors import DataCorruptError, UsageError
from inkdigits.types import LabelledImages

_REMEDY = "Delete the files and fetch them again."


def load_dataset(name: str, split: str = "train") -> LabelledImages:
    """Load labelled glyphs of one size from this machine; never downloads.

    Args:
        name: Name of the set; see `list_datasets`.
        split: One of its splits.

    Returns:
        Images uint8 with ink bright (sets with dark ink are inverted), labels int64. `extra["verified"]`
        tells whether the content equals a published checksum; other keys hold further columns of the set,
        such as "nearest_mnist_index" of nist-raw.

    Raises:
        DataNotFoundError: If the name is unknown, or the files are absent; the remedy is the exact command.
        UsageError: If there is no such split, or the set holds pictures of many sizes (see `load_pictures`).
        DataCorruptError: If a file is truncated, damaged or differs from the published one.
        MissingExtraError: If the set lives in scikit-learn and that is not installed.
    """
    info = get_info(name)
    check_split(info, split)
    if info.kind == "pictures":
        return _load_equal_pictures(info, split)
    packaging, paths = require_packaging(info, split)
    raw = GLYPH_READERS[packaging.format](packaging, split, paths)
    part = info.splits[split]
    if part.sha256 and packaging.options.get("check") != "files":
        # Content decides, so that a file which someone recompressed is still the published one.
        verified = True
        for role, expected in part.sha256.items():
            verify_array(raw.arrays[role], expected, f"{role} of {info.name}/{split}")
    elif packaging.options.get("check") == "none":
        verified = False  # made on this machine: nobody could have published a checksum
    else:
        verified = verify_files(packaging.files_of(split), paths)
    return _build(info, split, raw, verified=verified)


def _build(info: DatasetInfo, split: str, raw: RawGlyphs, *, verified: bool) -> LabelledImages:
    arrays = dict(raw.arrays)
    images, labels = arrays.pop("images"), arrays.pop("labels")
    part = info.splits[split]
    _check_shape(info, split, images, labels)
    if any(len(array) != len(labels) for array in arrays.values()):
        raise DataCorruptError(f"{info.name}/{split} has columns of different lengths", remedy=_REMEDY)
    writers = arrays.pop("writers", None)
    return LabelledImages(
        images=_make_ink_bright(images, info, part),
        labels=labels.astype(np.int64),
        label_names=info.label_names,
        name=f"{info.name}/{split}",
        writers=None if writers is None else writers.astype(np.int64),
        extra={"verified": verified, **arrays},
    )


def _make_ink_bright(images: npt.NDArray[Any], info: DatasetInfo, part: SplitInfo) -> npt.NDArray[np.uint8]:
    """Scale (N, H, W) to 0..255 and invert sets with dark ink."""
    if part.value_max != 255:
        images = np.rint(images * (255 / part.value_max)).astype(np.uint8)
    if info.polarity == "dark-on-light":
        images = 255 - images
    return images.astype(np.uint8, copy=False)


def _check_shape(info: DatasetInfo, split: str, images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
    part = info.splits[split]
    size = part.size or info.size
    expected = (part.count, *(size or images.shape[1:]))
    if images.shape != expected or labels.shape != expected[:1]:
        raise DataCorruptError(
            f"{info.name}/{split} has images {images.shape} and labels {labels.shape} instead of {expected}",
            remedy=_REMEDY,
        )
    if labels.min() < 0 or labels.max() >= len(info.label_names) or images.max() > part.value_max:
        raise DataCorruptError(f"{info.name}/{split} has labels or values out of range", remedy=_REMEDY)


def _load_equal_pictures(info: DatasetInfo, split: str) -> LabelledImages:
    if info.size is None:
        raise UsageError(f"{info.name} holds pictures of many sizes", remedy="Use load_pictures instead.")
    pictures = load_pictures(info.name, split)
    names = info.label_names or tuple(sorted({picture.text for picture in pictures}))
    images = np.stack([decode_gray(picture.data) for picture in pictures])
    labels = np.array([names.index(picture.text) for picture in pictures], np.int64)
    return LabelledImages(
        images=_make_ink_bright(images, info, info.splits[split]),
        labels=labels,
        label_names=names,
        name=f"{info.name}/{split}",
        writers=_collect_writers(pictures),
        extra={"verified": True},
    )


def _collect_writers(pictures: list[LabelledPicture]) -> npt.NDArray[np.int64] | None:
    """Return the writers' numbers (N,), or None if one is unknown."""
    writers = [picture.writer for picture in pictures if picture.writer is not None]
    return np.array(writers, np.int64) if len(writers) == len(pictures) else None
