import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.datasets import find_files, is_present, load_dataset, registry
from inkdigits.datasets.idx import compute_idx_sha256, write_idx
from inkdigits.datasets.locate import get_cache_folder
from inkdigits.datasets.registry import parse_dataset
from inkdigits.errors import DataCorruptError, DataNotFoundError, MissingExtraError, UsageError

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 6, 5), np.uint8)
LABELS = np.array([3, 1, 4, 1], np.uint8)
Columns = Mapping[str, npt.NDArray[Any]]
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that registers and writes the set "toy" with the split "all"."""

    def do(columns: Columns | None = None, *, split: Mapping[str, object] = {}, **entry: object) -> Path:
        arrays = {"images": IMAGES, "labels": LABELS, **(columns or {})}
        folder = tmp_path / "data" / "toy"
        folder.mkdir(parents=True, exist_ok=True)
        for role, array in arrays.items():
            write_idx(folder / f"{role}.gz", array)
        files = [{"name": f"{role}.gz", "role": role} for role in arrays]
        table: dict[str, object] = {
            "title": "Toy", "kind": "glyphs", "source": "https://example.org", "licence": "none",
            "may_train": False, "script": "latin", "polarity": "light-on-dark", "labels": "digits",
            "size": [6, 5], "manual": "ask", "splits": {"all": {"count": 4, **split}},
            "packagings": [{"format": "idx", "files": files}],
        }  # fmt: skip
        monkeypatch.setattr(registry, "_load_registry", lambda: {"toy": parse_dataset("toy", table | entry)})
        monkeypatch.setenv("INKDIGITS_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))
        return folder

    return do


def hashes() -> dict[str, str]:
    return {"images": compute_idx_sha256(IMAGES), "labels": compute_idx_sha256(LABELS)}


def test_arrays_and_types(install: Install) -> None:
    install({"writers": LABELS, "groups": LABELS}, split={"sha256": hashes()})
    data = load_dataset("toy", "all")
    assert data.images.dtype == np.uint8
    assert data.labels.dtype == np.int64
    np.testing.assert_array_equal(data.images, IMAGES)
    assert data.labels.tolist() == [3, 1, 4, 1]
    assert data.name == "toy/all"
    assert data.writers is not None
    assert data.writers.dtype == np.int64
    assert data.extra["verified"] is True
    assert data.extra["groups"].tolist() == [3, 1, 4, 1]


def test_dark_ink_is_inverted(install: Install) -> None:
    install(polarity="dark-on-light")
    np.testing.assert_array_equal(load_dataset("toy", "all").images, 255 - IMAGES)


def test_small_values_are_scaled(install: Install) -> None:
    install({"images": IMAGES % 17}, split={"value_max": 16})
    images = load_dataset("toy", "all").images
    assert images.max() == 255
    np.testing.assert_array_equal(images, np.rint((IMAGES % 17) * (255 / 16)))


def test_recompressed_files_are_the_same(install: Install) -> None:
    folder = install(split={"sha256": hashes()})
    write_idx(folder / "plain", IMAGES)
    (folder / "plain").replace(folder / "images.gz")  # not even gzip
    assert load_dataset("toy", "all").extra["verified"] is True


def test_other_content_is_corrupt(install: Install) -> None:
    folder = install(split={"sha256": hashes()})
    write_idx(folder / "labels.gz", LABELS[::-1])
    with pytest.raises(DataCorruptError, match=hashes()["labels"]):
        load_dataset("toy", "all")


def test_unverified_files_are_told(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install()
    with caplog.at_level(logging.WARNING):
        assert load_dataset("toy", "all").extra["verified"] is False
    assert "unverified" in caplog.text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"images": IMAGES[:3]}, "instead of"),
        ({"images": IMAGES[:, :5]}, "instead of"),
        ({"labels": LABELS[:3]}, "instead of"),
        ({"labels": LABELS + 6}, "out of range"),
        ({"writers": LABELS[:2]}, "different lengths"),
    ],
)
def test_wrong_counts_are_corrupt(install: Install, columns: Columns, words: str) -> None:
    install(columns)
    with pytest.raises(DataCorruptError, match=words):
        load_dataset("toy", "all")


def test_values_above_the_maximum_are_corrupt(install: Install) -> None:
    install(split={"value_max": 16})
    with pytest.raises(DataCorruptError, match="out of range"):
        load_dataset("toy", "all")


def test_unknown_split_lists_the_splits(install: Install) -> None:
    install()
    with pytest.raises(UsageError, match="all"):
        load_dataset("toy")
    with pytest.raises(UsageError, match="all"):
        is_present("toy", split="train")


def test_absent_set_tells_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path))
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    assert not is_present("mnist")
    assert find_files("mnist") == {}
    with pytest.raises(DataNotFoundError) as caught:
        load_dataset("mnist")
    assert "inkdigits data fetch mnist" in caught.value.remedy


def test_data_folder_goes_before_the_cache(install: Install, tmp_path: Path) -> None:
    folder = install()
    cache = tmp_path / "cache" / "toy"
    cache.mkdir(parents=True)
    for path in folder.iterdir():
        (cache / path.name).write_bytes(path.read_bytes())
    assert set(find_files("toy").values()) == set(folder.iterdir())
    (folder / "labels.gz").unlink()
    assert find_files("toy")["labels.gz"] == cache / "labels.gz"
    assert is_present("toy")
    assert len(load_dataset("toy", "all")) == 4
    (cache / "labels.gz").unlink()
    assert not is_present("toy", split="all")


def test_user_cache_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INKDIGITS_CACHE", raising=False)
    assert "inkdigits" in str(get_cache_folder())


def test_files_can_be_what_is_verified(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    files = [{"name": f"{role}.gz", "role": role} for role in ("images", "labels")]
    packaging = {"format": "idx", "files": files, "options": {"check": "files"}}
    install(split={"sha256": {"images": "0" * 64}}, packagings=[packaging])
    assert load_dataset("toy", "all").extra["verified"] is False


def test_optdigits_needs_no_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path))
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    data = load_dataset("optdigits", "test8x8")
    assert data.images.shape == (1797, 8, 8)
    assert (data.images.min(), data.images.max()) == (0, 255)
    assert data.extra["verified"] is True  # scikit-learn's copy is the published one
    assert not is_present("optdigits")


def test_optdigits_without_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path))
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match="scikit-learn"):
        load_dataset("optdigits", "test8x8")
