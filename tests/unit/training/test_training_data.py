from __future__ import annotations

import numpy as np
import pytest

from inkdigits.errors import UsageError
from inkdigits.training import data as training_data
from inkdigits.training.data import draw_subset, join_datasets, load_training_data
from inkdigits.training.sections import DataSection
from inkdigits.types import LabelledImages


def make_data(count: int, name: str = "made/train", *, side: int = 28, classes: int = 2) -> LabelledImages:
    images = np.zeros((count, side, side), np.uint8)
    images[:, 0, 0] = np.arange(count) % 256
    images[:, 0, 1] = np.arange(count) // 256
    labels = np.arange(count, dtype=np.int64) % classes
    names = tuple(str(index) for index in range(classes))
    return LabelledImages(images, labels, names, name=name, writers=np.arange(count))


def get_numbers(data: LabelledImages) -> set[int]:
    return set((data.images[:, 0, 0] + 256 * data.images[:, 0, 1].astype(int)).tolist())


def test_sets_are_joined_in_order() -> None:
    joined = join_datasets([make_data(3, "a/train"), make_data(4, "b/train")])
    assert len(joined) == 7
    assert joined.name == "a/train+b/train"
    assert joined.labels.tolist() == [0, 1, 0, 0, 1, 0, 1]
    assert joined.writers is None


def test_sets_that_don_t_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="same classes"):
        join_datasets([make_data(3), make_data(3, classes=3)])
    with pytest.raises(UsageError, match="8x8"):
        join_datasets([make_data(3, side=8)])


def test_a_subset_is_drawn_once_and_repeatably() -> None:
    data = make_data(300)
    subset = draw_subset(data, size=50, seed=1)
    assert len(get_numbers(subset)) == 50
    assert get_numbers(draw_subset(data, size=50, seed=1)) == get_numbers(subset)
    assert get_numbers(draw_subset(data, size=50, seed=2)) != get_numbers(subset)
    assert draw_subset(data, size=0, seed=1) is data
    with pytest.raises(UsageError, match="300 digits"):
        draw_subset(data, size=301, seed=1)


def test_validation_is_cut_from_the_training_part(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(name: str) -> LabelledImages:
        asked.append(name)
        return make_data(300)

    monkeypatch.setattr(training_data, "load_source", load)
    train, validation = load_training_data(DataSection(sets=("made",), validation_size=60, train_size=100))
    assert asked == ["made"]
    assert (len(train), len(validation)) == (100, 60)
    assert not get_numbers(train) & get_numbers(validation)
    with pytest.raises(UsageError, match="validation_size"):
        load_training_data(DataSection(sets=("made",), validation_size=300))


def test_test_parts_are_pooled_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "load_source", lambda name: make_data(60, "made/train"))
    monkeypatch.setattr(training_data, "load_dataset", lambda name, split: make_data(40, f"{name}/{split}"))
    pooled, validation = load_training_data(DataSection(sets=("made",), validation_size=20, pool_test=True))
    assert (len(pooled), len(validation)) == (80, 20)
    assert pooled.name.startswith("made/train+made/test")
    usual, _ = load_training_data(DataSection(sets=("made",), validation_size=20))
    assert len(usual) < 60


def test_sets_with_and_without_the_class_none_fit_together() -> None:
    digits = make_data(4, classes=2)
    names = (*digits.label_names, "none")
    others = LabelledImages(digits.images, np.full(4, 2), names, name="others")
    joined = join_datasets([digits, others])
    assert joined.label_names == names
    assert joined.labels.tolist() == [0, 1, 0, 1, 2, 2, 2, 2]
    with pytest.raises(UsageError, match="same classes"):
        join_datasets([digits, LabelledImages(digits.images, digits.labels, ("0", "1", "2"), name="x")])
