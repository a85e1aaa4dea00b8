import bz2
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.datasets import readers
from inkdigits.datasets.idx import encode_idx, write_idx
from inkdigits.datasets.readers import (
    parse_numbers,
    read_emnist_zip,
    read_idx_files,
    read_libsvm_text,
    read_nearest_table,
    read_npz_file,
    read_optdigits_text,
    read_qmnist_files,
    read_semeion_text,
    read_text,
    read_usps_text,
)
from inkdigits.datasets.registry import Packaging
from inkdigits.errors import DataCorruptError

PACKAGING = Packaging("any", ())
RNG = np.random.default_rng(0)


def make_images(count: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    return RNG.integers(0, 256, (count, height, width), np.uint8)


def test_idx_columns_come_by_role(tmp_path: Path) -> None:
    arrays = {
        "images": make_images(3, 4, 5),
        "labels": np.array([1, 2, 3], np.uint8),
        "writers": np.array([7, 7, 8], np.uint8),
    }
    paths = {role: tmp_path / role for role in arrays}
    for role, array in arrays.items():
        write_idx(paths[role], array)
    result = read_idx_files(PACKAGING, "all", paths).arrays
    assert all(np.array_equal(result[role], array) for role, array in arrays.items())


def test_nearest_table(tmp_path: Path) -> None:
    path = tmp_path / "near.csv.gz"
    path.write_bytes(gzip.compress(b"index,nearest_mnist_index,correlation\n0,7911,0.8930\n1,60001,0.9214\n"))
    columns = read_nearest_table(path)
    assert columns["nearest_mnist_index"].tolist() == [7911, 60001]
    assert columns["nearest_mnist_correlation"] == pytest.approx([0.893, 0.9214])


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "index,nearest_mnist_index,correlation\n1,2,0.5\n"])
def test_damaged_nearest_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataCorruptError):
        read_nearest_table(tmp_path / "t.csv")


@pytest.mark.parametrize("channels", [(), (3,)])
def test_npz(tmp_path: Path, channels: tuple[int, ...]) -> None:
    images = make_images(5, 4, 4)
    stacked = np.stack([images] * 3, axis=-1) if channels else images
    np.savez(tmp_path / "a.npz", images=stacked, labels=np.arange(5).reshape(5, 1))
    result = read_npz_file(PACKAGING, "all", {"archive": tmp_path / "a.npz"}).arrays
    np.testing.assert_array_equal(result["images"], images)
    assert result["labels"].tolist() == [0, 1, 2, 3, 4]


def test_npz_never_runs_pickles(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.array([{"a": 1}], object), labels=np.zeros(1), allow_pickle=True)
    with pytest.raises(DataCorruptError, match=r"Object arrays|pickle"):
        read_npz_file(PACKAGING, "all", {"archive": tmp_path / "a.npz"})


@pytest.mark.parametrize("data", [b"", b"no npz", b"\x93NUMPY"])
def test_damaged_npz(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(DataCorruptError):
        read_npz_file(PACKAGING, "all", {"archive": tmp_path / "a.npz"})


def test_npz_lacks_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((1, 2, 2)))
    with pytest.raises(DataCorruptError, match="labels"):
        read_npz_file(PACKAGING, "all", {"archive": tmp_path / "a.npz"})


def test_usps_text(tmp_path: Path) -> None:
    images = make_images(3, 16, 16)
    lines = [
        f"{label}.0000 " + " ".join(f"{value / 127.5 - 1:.3f}" for value in image.ravel())
        for label, image in zip([6, 0, 9], images, strict=True)
    ]
    (tmp_path / "zip.train.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    result = read_usps_text(PACKAGING, "train", {"table": tmp_path / "zip.train.gz"}).arrays
    assert result["labels"].tolist() == [6, 0, 9]
    assert np.abs(result["images"].astype(int) - images).max() <= 1  # three decimals


def test_libsvm_text(tmp_path: Path) -> None:
    images = make_images(2, 16, 16)
    lines = [
        f"{label + 1} " + " ".join(f"{i}:{v / 127.5 - 1:.6f}" for i, v in enumerate(image.ravel(), start=1))
        for label, image in zip([0, 9], images, strict=True)
    ]
    (tmp_path / "usps.bz2").write_bytes(bz2.compress("\n".join(lines).encode()))
    result = read_libsvm_text(PACKAGING, "train", {"table": tmp_path / "usps.bz2"}).arrays
    assert result["labels"].tolist() == [0, 9]
    np.testing.assert_array_equal(result["images"], images)


@pytest.mark.parametrize("line", ["x 1:1", "1 300:0.5", "1 a:b", "1 1", "900 1:0.5"])
def test_damaged_libsvm_text(tmp_path: Path, line: str) -> None:
    (tmp_path / "t").write_text(f"1 1:0.5\n{line}\n")
    with pytest.raises(DataCorruptError):
        read_libsvm_text(PACKAGING, "train", {"table": tmp_path / "t"})


def test_semeion_text(tmp_path: Path) -> None:
    bits = RNG.integers(0, 2, (2, 256))
    lines = [" ".join(f"{bit}.0000" for bit in row) + " 0 0 0 1 0 0 0 0 0 0 " for row in bits]
    (tmp_path / "semeion.data").write_text("\n".join(lines) + "\n")
    result = read_semeion_text(PACKAGING, "all", {"table": tmp_path / "semeion.data"}).arrays
    np.testing.assert_array_equal(result["images"].reshape(2, 256), bits * 255)
    assert result["labels"].tolist() == [3, 3]


def test_optdigits_text(tmp_path: Path) -> None:
    values = RNG.integers(0, 17, (3, 64))
    lines = [",".join(map(str, [*row, label])) for row, label in zip(values, [0, 5, 9], strict=True)]
    (tmp_path / "optdigits.tra").write_text("\n".join(lines) + "\n")
    result = read_optdigits_text(PACKAGING, "train8x8", {"table": tmp_path / "optdigits.tra"}).arrays
    np.testing.assert_array_equal(result["images"].reshape(3, 64), values)
    assert result["labels"].tolist() == [0, 5, 9]


@pytest.mark.parametrize("text", ["", "1 2\n", "1 2 x\n", "1 2 3\n1 2\n"])
def test_tables_of_another_form(text: str) -> None:
    with pytest.raises(DataCorruptError, match="t"):
        parse_numbers(text, columns=3, source="t")


def make_emnist(path: Path, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> Packaging:
    with zipfile.ZipFile(path, "w") as archive:
        for kind, array, axes in (("images", images, 3), ("labels", labels, 1)):
            name = f"gzip/emnist-letters-test-{kind}-idx{axes}-ubyte.gz"
            archive.writestr(name, gzip.compress(encode_idx(array)))
    return Packaging("emnist-zip", (), {"prefix": "gzip/emnist-letters", "first_label": "1"})


def test_emnist_is_transposed_and_counts_from_one(tmp_path: Path) -> None:
    images = make_images(2, 28, 28)
    packaging = make_emnist(tmp_path / "gzip.zip", images, np.array([1, 26], np.uint8))
    result = read_emnist_zip(packaging, "test", {"archive": tmp_path / "gzip.zip"}).arrays
    np.testing.assert_array_equal(result["images"], images.transpose(0, 2, 1))
    assert result["labels"].tolist() == [0, 25]
    with pytest.raises(DataCorruptError, match="no member"):
        read_emnist_zip(packaging, "train", {"archive": tmp_path / "gzip.zip"})


def test_emnist_with_a_damaged_member(tmp_path: Path) -> None:
    packaging = Packaging("emnist-zip", (), {"prefix": "gzip/emnist-letters"})
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        archive.writestr("gzip/emnist-letters-test-images-idx3-ubyte.gz", b"no gzip")
    with pytest.raises(DataCorruptError):
        read_emnist_zip(packaging, "test", {"archive": tmp_path / "gzip.zip"})


def test_qmnist_labels_hold_class_and_writer(tmp_path: Path) -> None:
    table = np.array([[5, 4, 123, 0, 0, 0, 0, 0], [0, 4, 124, 0, 0, 0, 0, 0]], np.int32)
    write_idx(tmp_path / "images", make_images(2, 28, 28))
    write_idx(tmp_path / "labels", table)
    paths = {role: tmp_path / role for role in ("images", "labels")}
    result = read_qmnist_files(PACKAGING, "train", paths).arrays
    assert result["labels"].tolist() == [5, 0]
    assert result["writers"].tolist() == [123, 124]
    write_idx(tmp_path / "labels", table[:, :3])
    with pytest.raises(DataCorruptError, match="8 columns"):
        read_qmnist_files(PACKAGING, "train", paths)


@pytest.mark.parametrize("name", ["t.gz", "t.bz2", "t.xz"])
def test_damaged_text(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not compressed")
    with pytest.raises(DataCorruptError):
        read_text(tmp_path / name)


def test_text_is_bounded_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t").write_bytes(b"\xff")
    with pytest.raises(DataCorruptError):
        read_text(tmp_path / "t")
    monkeypatch.setattr(readers, "MAX_TEXT_BYTES", 5)
    stream = io.BytesIO()
    with gzip.open(stream, "wb") as compressed:
        compressed.write(b"0" * 6)
    (tmp_path / "t.gz").write_bytes(stream.getvalue())
    with pytest.raises(DataCorruptError, match="more than 5"):
        read_text(tmp_path / "t.gz")
