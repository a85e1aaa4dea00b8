"""Where data sets lie on this machine: the folder of INKDIGITS_DATA first, then the cache.

Owns: search order and the choice of packaging. Leaves to others: reading (load, pictures), downloads (fetch).
"""

from __future__ import annotations

import os
from pathlib import Path

from inkdigits.datasets.registry import DatasetInfo, FileInfo, Packaging, get_info
from inkdigits.errors import DataNotFoundError, UsageError

DATA_VARIABLE = "INKDIGITS_DATA"
"""Environment variable: a folder with one sub folder per data set."""
CACHE_VARIABLE = "INKDIGITS_CACHE"
"""Environment variable: replaces the user's cache folder."""


def get_cache_folder() -> Path:
    """Return the folder that downloads go to: INKDIGITS_CACHE, or the user's cache. It may not exist yet."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("inkdigits"))


def get_folders(info: DatasetInfo) -> tuple[Path, ...]:
    """Return where files of the set are looked for, in order."""
    chosen = os.environ.get(DATA_VARIABLE)
    cache = get_cache_folder() / info.folder
    return (Path(chosen).expanduser() / info.folder, cache) if chosen else (cache,)


def find_files(name: str) -> dict[str, Path]:
    """Return the files of a data set that are on this machine.

    Args:
        name: Name of the data set.

    Returns:
        File name -> path; empty if nothing is there.

    Raises:
        DataNotFoundError: If the name is unknown.
    """
    info = get_info(name)
    found: dict[str, Path] = {}
    for packaging in info.packagings:
        for file in packaging.files:
            path = _find_file(info, file)
            if path is not None:
                found[file.name] = path
    return found


def is_present(name: str, *, split: str | None = None) -> bool:
    """Whether a data set can be loaded without a download.

    Args:
        name: Name of the data set.
        split: One split, or None for all of them.

    Raises:
        DataNotFoundError: If the name is unknown.
        UsageError: If the set has no such split.
    """
    info = get_info(name)
    if split is not None:
        check_split(info, split)
    splits = info.splits if split is None else (split,)
    return all(find_packaging(info, part) is not None for part in splits)


def find_packaging(info: DatasetInfo, split: str) -> tuple[Packaging, dict[str, Path]] | None:
    """Choose the first packaging whose files for a split are all on this machine.

    Args:
        info: The data set.
        split: One of its splits.

    Returns:
        The packaging and role -> path, or None if no packaging is complete.
    """
    for packaging in info.packagings:
        if packaging.options.get("library_split") == split:
            return packaging, {}  # scikit-learn carries the digits itself: no file is needed
        paths = {file.role: _find_file(info, file) for file in packaging.files_of(split)}
        present = {role: path for role, path in paths.items() if path is not None}
        if present and len(present) == len(paths):
            return packaging, present
    return None


def require_packaging(info: DatasetInfo, split: str) -> tuple[Packaging, dict[str, Path]]:
    """Do as `find_packaging`, but raise if there is none.

    Raises:
        UsageError: If the set has no such split.
        DataNotFoundError: If the files are not on this machine; the remedy is the exact command.
    """
    check_split(info, split)
    found = find_packaging(info, split)
    if found is None:
        raise DataNotFoundError(
            f"The data set {info.name} is not on this machine", remedy=describe_remedy(info)
        )
    return found


def check_split(info: DatasetInfo, split: str) -> None:
    """Raise UsageError, naming the splits, if the set has no such split."""
    if split not in info.splits:
        known = ", ".join(info.splits)
        raise UsageError(f"{info.name} has no split {split!r}", remedy=f"Its splits are: {known}.")


def describe_remedy(info: DatasetInfo) -> str:
    """Return one sentence on how to get the set: the command, or where to fetch and put it by hand."""
    if info.can_fetch:
        return f"Fetch it with: inkdigits data fetch {info.name}."
    names = sorted({file.name for file in info.packagings[0].files})
    hint = f" ({info.manual})" if info.manual else ""
    return (
        f"Get it by hand from {info.source}{hint}, then put {', '.join(names)} into {get_folders(info)[0]}."
    )


def _find_file(info: DatasetInfo, file: FileInfo) -> Path | None:
    for folder in get_folders(info):
        path = folder / file.name
        if path.is_file():
            return path
    return None
