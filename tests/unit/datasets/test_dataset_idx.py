import gzip
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.idx import DTYPES, IdxArray, compute_idx_sha256, encode_idx, read_idx, write_idx
from inkdigits.errors import DataCorruptError, DataNotFoundError, OutputError

DIGITS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_read_is_the_inverse_of_write(tmp_path: Path, dtype: type, name: str) -> None:
    array: IdxArray = (np.arange(24).reshape(2, 3, 4) - 5 * (dtype is not np.uint8)).astype(dtype)
    write_idx(tmp_path / name, array)
    result = read_idx(tmp_path / name)
    assert result.dtype == array.dtype
    np.testing.assert_array_equal(result, array)


def test_every_type_of_the_format_is_known() -> None:
    assert {code: dtype.itemsize for code, dtype in DTYPES.items()} == {
        8: 1,
        9: 1,
        11: 2,
        12: 4,
        13: 4,
        14: 8,
    }


def test_bytes_are_those_of_the_definition() -> None:
    assert encode_idx(np.array([1, 2], np.int16)) == bytes([0, 0, 11, 1, 0, 0, 0, 2, 0, 1, 0, 2])


def test_empty_array_survives(tmp_path: Path) -> None:
    write_idx(tmp_path / "empty", np.zeros((0, 28, 28), np.uint8))
    assert read_idx(tmp_path / "empty").shape == (0, 28, 28)


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(encode_idx(DIGITS)))
    np.testing.assert_array_equal(read_idx(path), DIGITS)


def test_equal_arrays_give_equal_files(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", DIGITS)
    write_idx(tmp_path / "b.gz", DIGITS)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize("is_gzip", [False, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"", "truncated"),
        (lambda data: data[:3], "truncated"),
        (lambda data: data[:7], "truncated"),
        (lambda data: data[:-1], "truncated"),
        (lambda data: data + b"x", "trailing"),
        (lambda data: b"\1" + data[1:], "no IDX file"),
        (lambda data: b"\0\0\x0a" + data[3:], "no IDX file"),
        (lambda data: b"\0\0\x08\0" + data[4:], "no IDX file"),
        (lambda data: b"\0\0\x08\3" + b"\xff" * 12 + data[16:], "announces"),
        (lambda data: b"<html>not found</html>", "no IDX file"),
    ],
)
def test_damage_is_told_apart(tmp_path: Path, change: object, words: str, *, is_gzip: bool) -> None:
    assert callable(change)
    data = change(encode_idx(DIGITS))
    path = tmp_path / "damaged"
    path.write_bytes(gzip.compress(data) if is_gzip else data)
    with pytest.raises(DataCorruptError, match=words) as caught:
        read_idx(path)
    assert "damaged" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("cut", [5, 15, -4])
def test_truncated_gzip_is_corrupt(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(encode_idx(DIGITS))[:cut])
    with pytest.raises(DataCorruptError):
        read_idx(path)


def test_damaged_gzip_is_corrupt(tmp_path: Path) -> None:
    data = bytearray(
        gzip.compress(encode_idx(np.random.default_rng(0).integers(0, 255, (9, 9, 9), np.uint8)))
    )
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "flipped.gz").write_bytes(data)
    with pytest.raises(DataCorruptError):
        read_idx(tmp_path / "flipped.gz")


def test_decompression_bomb_stays_within_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    header = bytes([0, 0, 8, 1]) + (1000).to_bytes(4, "big")
    path.write_bytes(gzip.compress(header + bytes(5_000_000)))
    with pytest.raises(DataCorruptError, match="trailing"):
        read_idx(path)
    with pytest.raises(DataCorruptError, match="announces"):
        read_idx(path, max_bytes=999)


def test_absent_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        read_idx(tmp_path / "absent")


def test_types_that_idx_lacks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataCorruptError, match="int64"):
        write_idx(tmp_path / "a", np.zeros(3, np.int64))
    with pytest.raises(DataCorruptError):
        write_idx(tmp_path / "a", np.uint8(3))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.idx"
    write_idx(path, DIGITS)

    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_disk)
    with pytest.raises(OutputError):
        write_idx(path, DIGITS + 1)
    monkeypatch.undo()
    np.testing.assert_array_equal(read_idx(path), DIGITS)
    assert list(tmp_path.iterdir()) == [path]


def test_hash_is_that_of_the_uncompressed_file() -> None:
    import hashlib

    for array in (DIGITS, np.array([1.5, -2], np.float32), DIGITS[:, ::2]):
        assert compute_idx_sha256(array) == hashlib.sha256(encode_idx(array)).hexdigest()
