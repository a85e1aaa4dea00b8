"""Readers of glyph files: from the files of one packaging to raw arrays.

Owns: formats other than IDX itself (NPZ, text of USPS, Semeion and Optdigits, EMNIST's and QMNIST's habits).
Leaves to others: IDX (idx), polarity, scale and checksums (load).
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.archives import open_archive, read_member
from inkdigits.datasets.idx import read_idx, read_idx_stream
from inkdigits.datasets.registry import Packaging
from inkdigits.errors import DataCorruptError, MissingExtraError

MAX_TEXT_BYTES = 256 << 20
"""Largest text after decompression; the largest registered one (USPS by libsvm) has 50e6 bytes."""

_REMEDY = "Delete the file and fetch it again."


@dataclass(frozen=True)
class RawGlyphs:
    """Arrays as the files hold them.

    Attributes:
        arrays: "images" (N, H, W) and "labels" (N,), both uint8 where their checksums are compared, and
            further columns (N,).
    """

    arrays: Mapping[str, npt.NDArray[Any]]


Reader: TypeAlias = Callable[[Packaging, str, Mapping[str, Path]], RawGlyphs]
"""(packaging, split, role -> path) -> raw arrays."""


def read_idx_files(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read one IDX file per role; a table of nearest MNIST images (role "nearest") adds two columns."""
    arrays = {role: read_idx(path) for role, path in paths.items() if role != "nearest"}
    if "nearest" in paths:
        arrays |= read_nearest_table(paths["nearest"])
    return RawGlyphs(arrays)


def read_nearest_table(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read `index,nearest_mnist_index,correlation`.

    Returns:
        "nearest_mnist_index" (N,) int64, 60000 and above means the test part; "nearest_mnist_correlation"
        (N,) float32.

    Raises:
        DataCorruptError: If it is no such table, or its rows are not numbered from 0.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path))))
        numbers = [(int(r["index"]), int(r["nearest_mnist_index"]), float(r["correlation"])) for r in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataCorruptError(f"{path} is no table of nearest images", remedy=_REMEDY) from error
    if [number[0] for number in numbers] != list(range(len(numbers))):
        raise DataCorruptError(f"{path} is not numbered from 0", remedy=_REMEDY)
    return {
        "nearest_mnist_index": np.array([number[1] for number in numbers], np.int64),
        "nearest_mnist_correlation": np.array([number[2] for number in numbers], np.float32),
    }


def read_npz_file(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read "images" (N, H, W) or (N, H, W, 3) and "labels" (N,) from an NPZ archive, without pickles.

    Raises:
        DataCorruptError: If the archive is damaged, lacks an array, or holds Python objects.
    """
    path = paths["archive"]
    with open_archive(path):  # checks the limits before anything is decompressed
        try:
            with np.load(path, allow_pickle=False) as archive:
                images, labels = archive["images"], archive["labels"]
        except (KeyError, ValueError, OSError) as error:
            raise DataCorruptError(
                f"{path} is no archive of images and labels ({error})", remedy=_REMEDY
            ) from error
    if images.ndim == 4:  # (N, H, W, 3) -> (N, H, W): the channels of the registered sets are equal
        images = images[..., 0]
    return RawGlyphs({"images": images.astype(np.uint8), "labels": labels.reshape(-1).astype(np.uint8)})


def read_usps_text(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read `zip.train.gz` of "The Elements of Statistical Learning": label, then 256 values in [-1, 1]."""
    table = parse_numbers(read_text(paths["table"]), columns=257, source=str(paths["table"]))
    return RawGlyphs({"images": _scale_usps(table[:, 1:]), "labels": table[:, 0].astype(np.uint8)})


def read_libsvm_text(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read libsvm's USPS: "label 1:value 2:value ...", label = digit + 1, values in [-1, 1].

    Raises:
        DataCorruptError: If a line is malformed.
    """
    path = paths["table"]
    lines = read_text(path).splitlines()
    # -1 is paper; a sparse file leaves nothing else out, yet zeros (grey) may be absent: they are 0.
    values = np.zeros((len(lines), 256))
    labels = np.zeros(len(lines), np.uint8)
    try:
        for number, line in enumerate(lines):
            label, *items = line.split()
            labels[number] = int(float(label)) - 1
            for item in items:
                index, _, value = item.partition(":")
                values[number, int(index) - 1] = float(value)
    except (ValueError, IndexError, OverflowError) as error:
        raise DataCorruptError(
            f"{path} is no libsvm file of 256 features ({error})", remedy=_REMEDY
        ) from error
    return RawGlyphs({"images": _scale_usps(values), "labels": labels})


def read_semeion_text(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read `semeion.data`: 256 values 0 or 1, then ten columns of which one is 1."""
    table = parse_numbers(read_text(paths["table"]), columns=266, source=str(paths["table"]))
    images = (table[:, :256] * 255).astype(np.uint8).reshape(-1, 16, 16)
    return RawGlyphs({"images": images, "labels": table[:, 256:].argmax(axis=1).astype(np.uint8)})


def read_optdigits_text(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read `optdigits.tra`: 64 values 0..16 and the label, separated by commas."""
    text = read_text(paths["table"]).replace(",", " ")
    table = parse_numbers(text, columns=65, source=str(paths["table"])).astype(np.uint8)
    return RawGlyphs({"images": table[:, :64].reshape(-1, 8, 8), "labels": table[:, 64]})


def read_sklearn_digits(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Take the Optdigits test part that scikit-learn carries, values 0..16.

    Raises:
        MissingExtraError: If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError("scikit-learn", extra="train") from error
    digits = load_digits()
    return RawGlyphs({"images": digits.images.astype(np.uint8), "labels": digits.target.astype(np.uint8)})


def read_emnist_zip(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read two gzip members of EMNIST's archive; its pictures are transposed, its letters count from 1."""
    prefix = f"{packaging.options['prefix']}-{split}"
    with open_archive(paths["archive"]) as archive:
        images = _read_gzip_idx(read_member(archive, f"{prefix}-images-idx3-ubyte.gz"), prefix)
        labels = _read_gzip_idx(read_member(archive, f"{prefix}-labels-idx1-ubyte.gz"), prefix)
    first = int(packaging.options.get("first_label", "0"))
    # (N, W, H) -> (N, H, W)
    return RawGlyphs({"images": np.ascontiguousarray(images.transpose(0, 2, 1)), "labels": labels - first})


def read_qmnist_files(packaging: Packaging, split: str, paths: Mapping[str, Path]) -> RawGlyphs:
    """Read QMNIST: labels are (N, 8) integers of which the first is the digit and the third the writer.

    References:
        Yadav and Bottou, "Cold case: the lost MNIST digits", 2019: "Character class, NIST HSF series, NIST
        writer ID, digit index for this writer, NIST class code, global digit index, duplicate, unused".
    """
    table = read_idx(paths["labels"])
    if table.ndim != 2 or table.shape[1] != 8:
        raise DataCorruptError(f"{paths['labels']} has no 8 columns", remedy=_REMEDY)
    return RawGlyphs({"images": read_idx(paths["images"]), "labels": table[:, 0], "writers": table[:, 2]})


GLYPH_READERS: Mapping[str, Reader] = {
    "idx": read_idx_files,
    "npz": read_npz_file,
    "usps-text": read_usps_text,
    "libsvm-text": read_libsvm_text,
    "semeion-text": read_semeion_text,
    "optdigits-text": read_optdigits_text,
    "sklearn": read_sklearn_digits,
    "emnist-zip": read_emnist_zip,
    "qmnist-idx": read_qmnist_files,
}
"""Format of a packaging -> its reader."""


def read_text(path: Path) -> str:
    """Return a text file, decompressed if its name ends with ".gz", ".bz2" or ".xz".

    Raises:
        DataCorruptError: If it is damaged, no ASCII, or over MAX_TEXT_BYTES.
    """
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    try:
        with openers.get(path.suffix, open)(path, "rb") as stream:
            data: bytes = stream.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise DataCorruptError(f"{path} has more than {MAX_TEXT_BYTES:,} bytes", remedy=_REMEDY)
        return data.decode("ascii")
    except (OSError, EOFError, zlib.error, lzma.LZMAError, UnicodeDecodeError) as error:
        raise DataCorruptError(f"{path} is damaged ({error})", remedy=_REMEDY) from error


def parse_numbers(text: str, *, columns: int, source: str) -> npt.NDArray[np.float64]:
    """Parse a table of numbers separated by blanks.

    Returns:
        (rows, columns) float64.

    Raises:
        DataCorruptError: If a row has another number of columns or something else than numbers.
    """
    try:
        rows = [list(map(float, line.split())) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise DataCorruptError(f"{source} is no table of numbers ({error})", remedy=_REMEDY) from error
    if not rows or any(len(row) != columns for row in rows):
        raise DataCorruptError(f"{source} has rows without exactly {columns} columns", remedy=_REMEDY)
    return np.array(rows)


def _scale_usps(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """(N, 256) in [-1, 1] -> (N, 16, 16) uint8."""
    return np.clip(np.rint((values + 1) * 127.5), 0, 255).astype(np.uint8).reshape(-1, 16, 16)


def _read_gzip_idx(data: bytes, source: str) -> npt.NDArray[Any]:
    with gzip.open(io.BytesIO(data)) as stream:
        return read_idx_stream(stream, source)  # type: ignore[arg-type]
