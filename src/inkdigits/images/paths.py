"""Files, folders and patterns become a list of names.

Owns: what counts as a picture inside a folder, and the order. Leaves to others: opening files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.errors import (
    ImageNotFoundError,
)
from inkdigits.images.failures import explain_failed_access, quote

if TYPE_CHECKING:
    pass


STDIN = "-"
"""The name that stands for standard input, by Unix custom; a file of that name is "./-"."""

PICTURE_SUFFIXES = (
    *(".apng", ".bmp", ".dib", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pdf"),
    *(".png", ".tif", ".tiff", ".webp"),
)
"""What counts as a picture inside a folder; elsewhere the content decides, never the name."""


def expand_paths(patterns: Sequence[str]) -> list[str]:
    """List the files that paths, folders and glob patterns stand for.

    Args:
        patterns: Files are kept as they are, and so is "-". A folder gives its pictures at any depth, told by
            `PICTURE_SUFFIXES`, without hidden ones. A pattern ("*", "?", "[...]", "**") gives all files that
            match. What exists is never taken as a pattern.

    Returns:
        In the order given, within a folder or pattern in natural order ("2.png" before "10.png"), each
        file once.

    Raises:
        ImageNotFoundError: If a path or pattern stands for nothing, or a folder holds no picture.
        ImageError: If a folder can't be listed.
    """
    unique: dict[str, str] = {}
    for pattern in patterns:
        for path in [STDIN] if pattern == STDIN else _expand(pattern):
            unique.setdefault(path if path == STDIN else os.path.normcase(Path(path).absolute()), path)
    return list(unique.values())


def _expand(pattern: str) -> list[str]:
    name = quote(pattern)
    try:
        if pattern and Path(pattern).is_dir():  # Path("") would be the current folder
            return _list_folder(pattern, name)
        if pattern and Path(pattern).exists():
            return [pattern]
        # glob, since Path.glob refuses absolute patterns and gives hidden files.
        found = glob(pattern, recursive=True) if has_magic(pattern) else []  # noqa: PTH207
    except (OSError, ValueError, re.error) as error:
        raise explain_failed_access(error, name) from error
    if not (files := [path for path in found if Path(path).is_file()]):
        raise ImageNotFoundError(f"There is no file {name}", remedy="Check the spelling and the folder.")
    return sorted(files, key=_natural_key)


def _list_folder(folder: str, name: str) -> list[str]:
    def refuse(error: OSError) -> None:
        raise error  # os.walk would skip the folder, and its numbers would be missing unnoticed

    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [each for each in folders if not each.startswith(".")]
        shown = [file for file in files if not file.startswith(".")]
        found += [str(Path(root, file)) for file in shown if file.lower().endswith(PICTURE_SUFFIXES)]
    if not found:
        remedy = f"Pictures in a folder are told by their endings: {' '.join(PICTURE_SUFFIXES)}."
        raise ImageNotFoundError(f"The folder {name} holds no pictures", remedy=remedy)
    return sorted(found, key=_natural_key)


def _natural_key(path: str) -> tuple[list[tuple[int, str]], str]:
    runs = re.findall(r"([0-9]+)|([^0-9]+)", path.casefold())
    return [(int(digits or -1), text) for digits, text in runs], path
