"""Data sets of real pictures: photos, scans and drawings of any size, in zip files.

Owns: `LabelledPicture` and the zip layouts it comes from. Leaves to others: decoding (images, ink), sets of
equal arrays (load).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath

from inkdigits.datasets.archives import list_members, open_archive, read_member, read_table
from inkdigits.datasets.locate import check_split, require_packaging
from inkdigits.datasets.registry import DatasetInfo, get_info
from inkdigits.datasets.verify import verify_files
from inkdigits.errors import DataCorruptError, UsageError
from inkdigits.types import Box

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
"""What counts as a picture within an archive."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a photographed table.

    Attributes:
        row: Counted from 1 at the top.
        column: Counted from 1 at the left.
        text: What is written in it.
        kind: "number" or "grade" (a letter; a reader of numbers should not read it as one).
    """

    row: int
    column: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture with its ground truth.

    Attributes:
        name: Name within the set, such as "w07/0_0.png".
        data: The file as it is: PNG or JPEG bytes.
        text: What is written: a digit, a number, lines separated by a line feed; or the name of a symbol.
        kind: How it came about: "photo", "photo28", "scan", "drawn", "webcam", "crop", "cheque", "form",
            "table", "letter" or "symbol".
        writer: Number of the writer where known, else None.
        boxes: Where each digit of `text` stands, in reading order, where known, else ().
        cells: The cells of a table, row by row, else ().
        extra: Further columns, such as the source.
    """

    name: str
    data: bytes
    text: str
    kind: str
    writer: int | None = None
    boxes: tuple[Box, ...] = ()
    cells: tuple[Cell, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


def load_pictures(name: str, split: str = "all") -> list[LabelledPicture]:
    """Load a data set of real pictures.

    Args:
        name: A set whose kind is "pictures", such as "own-handwriting".
        split: One of its splits.

    Returns:
        The pictures, in the order of the archive or its table.

    Raises:
        DataNotFoundError: If the name is unknown or the files are not on this machine.
        UsageError: If the set holds glyphs instead (see `load_dataset`) or has no such split.
        DataCorruptError: If a file is damaged or differs from the published one.
    """
    info = get_info(name)
    if info.kind != "pictures":
        raise UsageError(f"{name} holds glyphs of one size, not pictures", remedy="Use load_dataset.")
    check_split(info, split)
    packaging, paths = require_packaging(info, split)
    verify_files(packaging.files_of(split), paths)
    pictures = PICTURE_READERS[packaging.format](paths["archive"], info)
    if len(pictures) != info.splits[split].count:
        raise DataCorruptError(
            f"{name} has {len(pictures)} pictures instead of {info.splits[split].count}",
            remedy="Delete the file and fetch it again.",
        )
    return pictures


def read_labelled_zip(path: Path, info: DatasetInfo) -> list[LabelledPicture]:
    """Read an archive with `labels.csv`: columns file, then text, label or letter; others go to `extra`."""
    with open_archive(path) as archive:
        rows = read_table(archive, "labels.csv", columns=("file",))
        return [_parse_row(row, read_member(archive, row["file"]), info) for row in rows]


def read_folders_zip(path: Path, info: DatasetInfo) -> list[LabelledPicture]:
    """Read an archive of `<label>/<name>.jpg`."""
    with open_archive(path) as archive:
        names = list_members(archive, PICTURE_SUFFIXES)
        return [
            LabelledPicture(name, read_member(archive, name), PurePosixPath(name).parent.name, _kind(info))
            for name in names
        ]


def read_names_zip(path: Path, info: DatasetInfo) -> list[LabelledPicture]:
    """Read an archive of `<number>_<text>.png`: the name tells the text."""
    with open_archive(path) as archive:
        names = list_members(archive, PICTURE_SUFFIXES)
        return [
            LabelledPicture(
                name, read_member(archive, name), PurePosixPath(name).stem.partition("_")[2], _kind(info)
            )
            for name in names
        ]


def read_omniglot_zip(path: Path, info: DatasetInfo) -> list[LabelledPicture]:
    """Read an archive of `<set>/<alphabet>/<character>/<id>_<writer>.png`."""
    with open_archive(path) as archive:
        return [
            LabelledPicture(
                name,
                read_member(archive, name),
                "/".join(PurePosixPath(name).parts[-3:-1]),
                _kind(info),
                writer=_parse_int(PurePosixPath(name).stem.partition("_")[2], name),
            )
            for name in list_members(archive, PICTURE_SUFFIXES)
        ]


def read_tables_zip(path: Path, info: DatasetInfo) -> list[LabelledPicture]:
    """Read an archive with `labels.csv` that has one line per cell: image, row, column, text, kind."""
    with open_archive(path) as archive:
        rows = read_table(archive, "labels.csv", columns=("image", "row", "column", "text", "kind"))
        return [
            _make_table(name, read_member(archive, name), list(group), _kind(info))
            for name, group in groupby(rows, key=lambda row: row["image"])
        ]


PICTURE_READERS: Mapping[str, Callable[[Path, DatasetInfo], list[LabelledPicture]]] = {
    "zip-labels": read_labelled_zip,
    "zip-folders": read_folders_zip,
    "zip-names": read_names_zip,
    "zip-omniglot": read_omniglot_zip,
    "zip-tables": read_tables_zip,
}
"""Format of a packaging -> its reader."""

_TEXT_COLUMNS = ("text", "label", "letter")
_KINDS = {
    "zip-labels": "photo",
    "zip-folders": "crop",
    "zip-names": "form",
    "zip-omniglot": "symbol",
    "zip-tables": "table",
}
_OWN_COLUMNS = {"file", "writer", "kind", "boxes", *_TEXT_COLUMNS}


def _kind(info: DatasetInfo) -> str:
    """The kind of pictures whose table doesn't tell it."""
    packaging = info.packagings[0]
    return packaging.options.get("kind", _KINDS[packaging.format])


def _parse_row(row: dict[str, str], data: bytes, info: DatasetInfo) -> LabelledPicture:
    text = next((row[column] for column in _TEXT_COLUMNS if column in row), None)
    if text is None:
        raise DataCorruptError(f"{row['file']} of {info.name} has no text", remedy="Fetch the set again.")
    return LabelledPicture(
        row["file"],
        data,
        text.replace("|", "\n"),
        row.get("kind") or _kind(info),
        writer=_parse_int(row["writer"], row["file"]) if row.get("writer") else None,
        boxes=_parse_boxes(row.get("boxes") or "", row["file"]),
        extra={key: value for key, value in row.items() if key not in _OWN_COLUMNS},
    )


def _parse_boxes(text: str, name: str) -> tuple[Box, ...]:
    """Parse "x y w h;x y w h"."""
    boxes = []
    for item in filter(None, text.split(";")):
        numbers = [_parse_int(word, name) for word in item.split()]
        if len(numbers) != 4:
            raise DataCorruptError(f"{name} has the malformed box {item!r}", remedy="Fetch the set again.")
        boxes.append(Box(*numbers))
    return tuple(boxes)


def _make_table(name: str, data: bytes, rows: list[dict[str, str]], kind: str) -> LabelledPicture:
    cells = sorted(
        (
            Cell(_parse_int(row["row"], name), _parse_int(row["column"], name), row["text"], row["kind"])
            for row in rows
        ),
        key=lambda cell: (cell.row, cell.column),
    )
    numbers = groupby((cell for cell in cells if cell.kind == "number"), key=lambda cell: cell.row)
    text = "\n".join(" ".join(cell.text for cell in line) for _, line in numbers)
    return LabelledPicture(name, data, text, kind, cells=tuple(cells))


def _parse_int(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise DataCorruptError(
            f"{name} has {text!r} instead of a number", remedy="Fetch the set again."
        ) from error
