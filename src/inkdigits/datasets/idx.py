"""The IDX format of MNIST and its relatives: arrays in one small header and big-endian numbers.

Owns: decoding and encoding of IDX, plain or gzip. Leaves to others: which files belong together (load).

References:
    "The IDX file format" at the end of http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from inkdigits.errors import DataCorruptError, DataNotFoundError
from inkdigits.files import replacing

IdxArray: TypeAlias = npt.NDArray[Any]
"""Any array that IDX can hold: uint8, int8, int16, int32, float32 or float64."""

MAX_BYTES = 1 << 30
"""Largest array that is read. EMNIST "by class", the largest of the family, holds 0.55e9 bytes."""

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""Third byte of the magic number -> type of the numbers, as in the format's definition."""

_CODES = {dtype.str[1:]: code for code, dtype in DTYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"
_REMEDY = "Delete the file and fetch it again."


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> IdxArray:
    """Read one IDX file, plain or gzip (told apart by content, not by name).

    Args:
        path: The file.
        max_bytes: Largest array that may be allocated, bytes after decompression.

    Returns:
        The array in the machine's byte order; its shape and dtype are those of the file.

    Raises:
        DataNotFoundError: If there is no such file.
        DataCorruptError: If the magic number, the length or the compression is wrong, or if the array
            would be larger than max_bytes.
    """
    source = Path(path)
    try:
        with _open_plain(source) as stream:
            return read_idx_stream(stream, str(source), max_bytes=max_bytes)
    except FileNotFoundError as error:
        raise DataNotFoundError(f"No file at {source}", remedy="Check the path.") from error


def read_idx_stream(stream: BinaryIO, source: str, *, max_bytes: int = MAX_BYTES) -> IdxArray:
    """Read an IDX array from an open stream of decompressed bytes, up to its end.

    Args:
        stream: Positioned at the magic number.
        source: Name of the file, for errors.
        max_bytes: Largest array that may be allocated.

    Raises:
        DataCorruptError: As in `read_idx`.
    """
    try:
        dtype, shape = _read_header(stream, source)
        # Python integers don't overflow, so absurd dimensions are seen before anything is allocated.
        size = prod(shape) * dtype.itemsize
        if size > max_bytes:
            raise _corrupt(source, f"announces {size:,} bytes {shape}, more than the {max_bytes:,} allowed")
        body = stream.read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _corrupt(source, f"has damaged compression ({error})") from error
    if len(body) < size:
        raise _corrupt(source, f"is truncated: {len(body):,} of {size:,} bytes for shape {shape}")
    if len(body) > size:
        raise _corrupt(source, f"has trailing bytes after the {size:,} bytes of shape {shape}")
    return np.frombuffer(body, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def write_idx(path: str | os.PathLike[str], array: IdxArray) -> None:
    """Write an array as IDX; gzip if the name ends with ".gz". The inverse of `read_idx`.

    Equal arrays give equal bytes (no time stamp), and an interrupted call leaves no half file.

    Args:
        path: Where to write; missing folders are made.
        array: 1 to 255 axes; uint8, int8, int16, int32, float32 or float64.

    Raises:
        DataCorruptError: If IDX has no code for the array's dtype, or the array has no axis.
        OutputError: If the file can't be written.
    """
    data = encode_idx(array)
    if Path(path).suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    with replacing(path) as part:
        part.write_bytes(data)


def encode_idx(array: IdxArray) -> bytes:
    """Return the array as uncompressed IDX bytes.

    Raises:
        DataCorruptError: As in `write_idx`.
    """
    return _header(array) + _big_endian(array).tobytes()


def compute_idx_sha256(array: IdxArray) -> str:
    """Return the SHA-256 of `encode_idx(array)` as 64 hexadecimal digits, without copying bytes.

    It equals the checksum of the decompressed file that the array came from, so it tells whether the content
    is canonical, whatever program compressed it and whatever format it was shipped in.
    """
    digest = hashlib.sha256(_header(array))
    digest.update(_big_endian(array).data)
    return digest.hexdigest()


def _open_plain(path: Path) -> BinaryIO:
    """Open for reading decompressed bytes."""
    stream = path.open("rb")
    is_gzip = stream.read(2) == _GZIP_MAGIC
    stream.seek(0)
    if not is_gzip:
        return stream
    stream.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _read_header(stream: BinaryIO, source: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise _corrupt(source, "is truncated within the magic number")
    if magic[:2] != b"\0\0" or magic[2] not in DTYPES or magic[3] == 0:
        raise _corrupt(source, f"is no IDX file (magic number 0x{magic.hex()})")
    axes = magic[3]
    sizes = stream.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise _corrupt(source, "is truncated within the dimensions")
    return DTYPES[magic[2]], tuple(int(n) for n in np.frombuffer(sizes, ">u4"))


def _header(array: IdxArray) -> bytes:
    code = _CODES.get(array.dtype.str[1:])
    if code is None or not 1 <= array.ndim <= 255:
        raise DataCorruptError(
            f"IDX can't hold {array.ndim} axes of {array.dtype}", remedy="Convert to uint8 or float32 first."
        )
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()


def _big_endian(array: IdxArray) -> IdxArray:
    return np.ascontiguousarray(array, array.dtype.newbyteorder(">"))


def _corrupt(source: str, what: str) -> DataCorruptError:
    return DataCorruptError(f"{source} {what}", remedy=_REMEDY)
