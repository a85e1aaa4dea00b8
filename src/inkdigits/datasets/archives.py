"""Zip files that are read in memory, within limits: nothing is ever unpacked to disk.

Owns: limits on members and bytes, refusal of names that leave the archive. Leaves to others: what the members
mean (pictures, readers).
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from inkdigits.errors import DataCorruptError

MAX_MEMBERS = 100_000
"""Largest number of members; the largest registered archive has 5,000."""
MAX_MEMBER_BYTES = 512 << 20
"""Largest decompressed member; the largest of EMNIST's archive has 0.2e9 bytes."""
MAX_TOTAL_BYTES = 2 << 30
"""Largest sum of decompressed members; EMNIST's archive has 0.6e9 bytes."""

_REMEDY = "Delete the file and fetch it again."


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose directory was checked against the limits above.

    Args:
        path: The file.

    Raises:
        DataCorruptError: If it is no zip, is over a limit, holds a name that leaves the archive, or if a
            member that is read inside the `with` block is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataCorruptError(f"{path} is damaged or no zip file ({error})", remedy=_REMEDY) from error


def list_members(archive: zipfile.ZipFile, suffixes: tuple[str, ...]) -> list[str]:
    """Return the names of the members with one of the suffixes (lower case), in the archive's order."""
    return [name for name in archive.namelist() if name.lower().endswith(suffixes)]


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one member.

    Raises:
        DataCorruptError: If there is no such member.
    """
    try:
        return archive.read(name)
    except KeyError as error:
        raise DataCorruptError(f"{archive.filename} has no member {name!r}", remedy=_REMEDY) from error


def read_table(archive: zipfile.ZipFile, name: str, *, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV member.

    Args:
        archive: From `open_archive`.
        name: Name of the member, UTF-8 with a header line.
        columns: The columns it must have.

    Raises:
        DataCorruptError: If the member or a column is absent, a row is short, or the text isn't UTF-8.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read_member(archive, name).decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataCorruptError(f"{name} in {archive.filename} is no table", remedy=_REMEDY) from error
    for row in rows:
        if any(row.get(column) is None for column in columns):
            raise DataCorruptError(
                f"{name} in {archive.filename} lacks one of the columns {', '.join(columns)}", remedy=_REMEDY
            )
    return rows


def _check_directory(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    # The sizes announced here also bound the reading: zipfile never returns more than it announced.
    sizes = [member.file_size for member in members]
    if len(members) > MAX_MEMBERS or sum(sizes) > MAX_TOTAL_BYTES or max(sizes, default=0) > MAX_MEMBER_BYTES:
        raise DataCorruptError(
            f"{path} would unpack to {sum(sizes):,} bytes in {len(members):,} members, more than is allowed",
            remedy=_REMEDY,
        )
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if member.filename.startswith("/") or ".." in parts or "\\" in member.filename:
            raise DataCorruptError(f"{path} holds the unsafe name {member.filename!r}", remedy=_REMEDY)
