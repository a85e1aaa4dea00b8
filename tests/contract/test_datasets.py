"""Every registered data set that is on this machine keeps the same promises."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets import (
    DatasetInfo,
    LabelledPicture,
    get_info,
    is_present,
    list_datasets,
    load_dataset,
    load_pictures,
    split_train_validation,
)
from inkdigits.types import LabelledImages

# Sets that users download: they go through the suite where they are, and can not be required offline.
DOWNLOADS = ("emnist-digits", "emnist-letters", "fashion-mnist", "kmnist", "qmnist")
SPLITS = [
    (info, split)
    for info in list_datasets()
    for split in info.splits
    if info.name not in DOWNLOADS or is_present(info.name, split=split)
]
GLYPHS = [
    pytest.param(info, split, id=f"{info.name}-{split}")
    for info, split in SPLITS
    if info.kind == "glyphs" or info.size
]
PICTURES = [pytest.param(info, s, id=f"{info.name}-{s}") for info, s in SPLITS if info.kind == "pictures"]


def require(info: DatasetInfo, split: str) -> None:
    if "INKDIGITS_DATA" not in os.environ:
        pytest.skip("INKDIGITS_DATA is not set")
    if not is_present(info.name, split=split):
        pytest.skip(f"{info.name} is not on this machine")


def assert_promises(data: LabelledImages, info: DatasetInfo, split: str) -> None:
    size = info.splits[split].size or info.size
    assert data.images.shape == (info.splits[split].count, *(size or ()))
    assert data.images.dtype == np.uint8
    assert data.labels.shape == (len(data),)
    assert data.labels.dtype == np.int64
    assert data.labels.min() >= 0
    assert data.labels.max() < len(data.label_names)
    assert not info.label_names or data.label_names == info.label_names
    assert data.name == f"{info.name}/{split}"
    assert data.writers is None or data.writers.shape == (len(data),)


@pytest.mark.real_data
@pytest.mark.parametrize(("info", "split"), GLYPHS)
def test_glyphs_keep_their_promises(info: DatasetInfo, split: str) -> None:
    require(info, split)
    data = load_dataset(info.name, split)
    assert_promises(data, info, split)
    assert data.extra["verified"] is True
    # Ink is bright and covers less than half of a glyph, however tight the crop.
    assert data.images.mean() < 100
    assert data.images.max() > 200


@pytest.mark.real_data
@pytest.mark.parametrize(("info", "split"), GLYPHS)
def test_cuts_of_glyphs_repeat(info: DatasetInfo, split: str) -> None:
    require(info, split)
    data = load_dataset(info.name, split)
    first, again = (split_train_validation(data, validation_size=0.2, seed=7) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.images[::50], other.images[::50])
    assert len(first[0]) + len(first[1]) == len(data)
    assert abs(len(first[1]) / len(data) - 0.2) < 0.05


@pytest.mark.real_data
@pytest.mark.parametrize(("info", "split"), PICTURES)
def test_pictures_keep_their_promises(info: DatasetInfo, split: str) -> None:
    require(info, split)
    pictures = load_pictures(info.name, split)
    assert len(pictures) == info.splits[split].count
    assert len({picture.name for picture in pictures}) == len(pictures)
    for picture in pictures:
        assert picture.text.strip()
        assert picture.kind
        assert not info.label_names or picture.text in info.label_names
        assert not picture.boxes or len(picture.boxes) == len(picture.text)
    assert_readable(pictures[:: max(1, len(pictures) // 20)])


def assert_readable(pictures: list[LabelledPicture]) -> None:
    for picture in pictures:
        with Image.open(io.BytesIO(picture.data)) as image:
            image.load()
            assert all(
                box.right <= image.width + 1 and box.bottom <= image.height + 1 for box in picture.boxes
            )


@pytest.mark.real_data
def test_figures_of_the_readmes() -> None:
    require(get_info("own-handwriting"), "all")
    kinds = [picture.kind for picture in load_pictures("own-handwriting")]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"photo": 91, "photo28": 60, "drawn": 458}
    assert sum(len(picture.boxes) for picture in load_pictures("orand-car-a")) == 4020
    cells = [cell.kind for table in load_pictures("mark-tables-sample") for cell in table.cells]
    assert (cells.count("number"), cells.count("grade")) == (247, 29)
    photos = load_pictures("number-photos")
    assert sum(len(photo.text.split("\n")) for photo in photos) == 24
    assert sum(sign.isdigit() for photo in photos for sign in photo.text) == 135


@pytest.mark.real_data
def test_neighbours_of_the_mnist_test_part_are_known() -> None:
    require(get_info("nist-raw"), "all")
    extra = load_dataset("nist-raw", "all").extra
    near = (extra["nearest_mnist_index"] >= 60_000) & (extra["nearest_mnist_correlation"] >= 0.90)
    assert near.sum() == 496
