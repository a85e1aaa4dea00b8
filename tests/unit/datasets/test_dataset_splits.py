import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.datasets import (
    concatenate,
    count_classes,
    one_hot,
    split_train_validation,
    subset,
    take_train_size,
)
from inkdigits.errors import UsageError
from inkdigits.types import LabelledImages


def make_data(sizes: tuple[int, ...], *, writers: int = 0, seed: int = 0) -> LabelledImages:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    count = len(labels)
    return LabelledImages(
        images=np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), np.uint8),
        labels=labels,
        label_names=tuple(map(str, range(len(sizes)))),
        name="toy/all",
        writers=(np.arange(count) % writers).astype(np.int64) if writers else None,
        extra={"verified": True, "position": np.arange(count)},
    )


def positions(data: LabelledImages) -> npt.NDArray[np.int64]:
    result: npt.NDArray[np.int64] = data.extra["position"]
    return result


@pytest.mark.parametrize("size", [1, 7, 50, 0.25])
def test_cut_is_exact_disjoint_and_complete(size: int | float) -> None:
    data = make_data((30, 50, 20))
    train, validation = split_train_validation(data, validation_size=size, seed=3)
    assert len(validation) == (25 if size == 0.25 else size)
    assert sorted([*positions(train), *positions(validation)]) == list(range(100))
    assert np.array_equal(train.images[:, 0, 0], positions(train))
    assert (train.name, validation.name) == ("toy/all:train", "toy/all:validation")


def test_cut_keeps_the_shares() -> None:
    _, validation = split_train_validation(make_data((300, 500, 200)), validation_size=101, seed=0)
    assert all(
        abs(n - 101 * p) < 1 for n, p in zip(count_classes(validation).values(), (0.3, 0.5, 0.2), strict=True)
    )


def test_cut_is_seeded() -> None:
    data = make_data((30, 50, 20))
    first, again, other = (
        split_train_validation(data, validation_size=30, seed=seed)[1] for seed in (1, 1, 2)
    )
    assert np.array_equal(positions(first), positions(again))
    assert not np.array_equal(positions(first), positions(other))


def test_cut_keeps_the_order() -> None:
    for part in split_train_validation(make_data((30, 50, 20)), validation_size=30, seed=1):
        assert np.all(np.diff(positions(part)) > 0)


def test_writers_stay_on_one_side() -> None:
    data = make_data((30, 50, 20), writers=10)
    train, validation = split_train_validation(data, validation_size=0.3, seed=0)
    assert train.writers is not None
    assert validation.writers is not None
    assert not set(train.writers) & set(validation.writers)
    assert len(validation) == 30
    assert len(train) == 70


@pytest.mark.parametrize("size", [1, 99])
def test_both_sides_have_a_writer(size: int) -> None:
    train, validation = split_train_validation(make_data((100,), writers=4), validation_size=size, seed=0)
    assert len(train)
    assert len(validation)


def test_one_writer_cannot_be_cut() -> None:
    with pytest.raises(UsageError, match="one writer"):
        split_train_validation(make_data((100,), writers=1), validation_size=10, seed=0)


@pytest.mark.parametrize("size", [0, 100, 101, -1, 0.0, 1.0, 1.5, 0.001])
def test_impossible_sizes(size: int | float) -> None:
    with pytest.raises(UsageError, match="can't cut"):
        split_train_validation(make_data((50, 50)), validation_size=size, seed=0)
    with pytest.raises(UsageError, match="train_size"):
        take_train_size(make_data((50, 50)), size, 0)


def test_train_size_ignores_writers() -> None:
    data = make_data((60, 40), writers=3)
    train, rest = take_train_size(concatenate(data, data), 80, seed=5)
    assert (len(train), len(rest)) == (80, 120)
    assert count_classes(train) == {"0": 48, "1": 32}


def test_subset_by_positions_and_by_mask() -> None:
    data = make_data((5, 5), writers=2)
    picked = subset(data, [3, 1])
    assert positions(picked).tolist() == [3, 1]
    assert picked.writers is not None
    assert picked.writers.tolist() == [1, 1]
    assert picked.extra["verified"] is True
    assert len(subset(data, data.labels == 1)) == 5
    assert len(subset(data, [])) == 0


def test_concatenate_joins_columns() -> None:
    data = make_data((2, 3), writers=2)
    both = concatenate(data, subset(data, [0, 1]))
    assert len(both) == 7
    assert both.name == "toy/all+toy/all"
    assert both.writers is not None
    assert positions(both).tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert concatenate(data, make_data((2, 3)), name="x").writers is None
    assert not concatenate(LabelledImages(data.images, data.labels, data.label_names), data).extra["verified"]


def test_concatenate_refuses_what_does_not_fit() -> None:
    data = make_data((2, 3))
    with pytest.raises(UsageError, match="don't fit"):
        concatenate(data, make_data((2, 3, 4)))
    with pytest.raises(UsageError, match="don't fit"):
        concatenate(data, LabelledImages(data.images[:, :1], data.labels, data.label_names))
    with pytest.raises(UsageError, match="nothing"):
        concatenate()


def test_one_hot() -> None:
    rows = one_hot([2, 0], 3)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot([], 3).shape == (0, 3)
    for labels in ([3], [-1]):
        with pytest.raises(UsageError, match="3 classes"):
            one_hot(labels, 3)


def test_count_classes_tells_absent_ones() -> None:
    assert count_classes(make_data((2, 0, 3))) == {"0": 2, "1": 0, "2": 3}
