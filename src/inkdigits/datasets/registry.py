"""What is known of each data set: where it comes from, its licence, its splits, its checksums.

Owns: `registry.toml` and its typed form. Leaves to others: finding files (locate), reading them (load,
pictures), downloading (fetch).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from inkdigits.errors import DataNotFoundError

Polarity: TypeAlias = Literal["light-on-dark", "dark-on-light", "mixed"]
"""How ink looks in the files; "mixed" sets have both."""
Kind: TypeAlias = Literal["glyphs", "pictures"]
"""Glyphs are arrays of one size (`load_dataset`); pictures are files of any size (`load_pictures`)."""

NAMED_LABELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "digits": tuple("0123456789"),
        "letters": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    }
)
"""Label lists that several sets share, so that the registry names them in one word."""


@dataclass(frozen=True)
class FileInfo:
    """One file of a packaging.

    Attributes:
        name: File name in the folder of the data set.
        role: What it holds: "images", "labels", "archive", or the name of an extra such as "writers".
        splits: The splits that need it.
        urls: https addresses, tried in order; empty when no program can fetch it.
        sha256: Of the file as published, or "".
        md5: Of the file as published, where the makers publish no SHA-256, or "".
        size_bytes: Size of the file as published, or None.
    """

    name: str
    role: str
    splits: tuple[str, ...]
    urls: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    size_bytes: int | None = None

    @property
    def known_hash(self) -> str:
        """The published hash as Pooch writes it ("sha256:..." or "md5:..."), or ""."""
        if self.sha256:
            return f"sha256:{self.sha256}"
        return f"md5:{self.md5}" if self.md5 else ""


@dataclass(frozen=True)
class Packaging:
    """One way in which a data set is shipped: the same digits can come as IDX, as text or as NPZ.

    Attributes:
        format: Name of the reader, such as "idx" or "zip-folders".
        files: Its files.
        options: What else the reader needs, such as the prefix of the members of an archive.
    """

    format: str
    files: tuple[FileInfo, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    def files_of(self, split: str) -> tuple[FileInfo, ...]:
        """Return the files that a split needs; () if this packaging lacks the split."""
        return tuple(file for file in self.files if split in file.splits)

    @property
    def can_fetch(self) -> bool:
        """Whether every file has an address."""
        return bool(self.files) and all(file.urls for file in self.files)


@dataclass(frozen=True)
class SplitInfo:
    """One part of a data set.

    Attributes:
        count: Number of images.
        sha256: Role ("images", "labels") -> SHA-256 of the array as uncompressed IDX; may be empty.
        size: (height, width) where it differs from that of the set, else None.
        value_max: Largest raw value; images are scaled so that it becomes 255.
    """

    count: int
    sha256: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    value_max: int = 255


@dataclass(frozen=True)
class DatasetInfo:
    """One data set.

    Attributes:
        name: Its key, such as "mnist".
        title: Its name in words.
        kind: "glyphs" or "pictures".
        source: Canonical page.
        licence: In words; read it before you publish anything made from the data.
        may_train: Whether a model that ships may be trained on it.
        script: "latin", "bangla", ...; "symbols" for sets that hold no digits.
        size: (height, width) of all images, or None where they differ.
        polarity: How ink looks in the files; `load_dataset` always returns ink bright.
        label_names: What each class means; () where the data themselves tell.
        splits: Name -> SplitInfo.
        packagings: The ways in which it is shipped, the best first.
        folder: Name of its folder in INKDIGITS_DATA and in the cache.
        citation: Whom to cite.
        manual: Where to get it by hand, for sets that no program can fetch, else "".
        doubt: What is known to be wrong or unsure, else "".
    """

    name: str
    title: str
    kind: Kind
    source: str
    licence: str
    may_train: bool
    script: str
    size: tuple[int, int] | None
    polarity: Polarity
    label_names: tuple[str, ...]
    splits: Mapping[str, SplitInfo]
    packagings: tuple[Packaging, ...]
    folder: str
    citation: str = ""
    manual: str = ""
    doubt: str = ""

    @property
    def can_fetch(self) -> bool:
        """Whether `fetch_dataset` can download it."""
        return any(packaging.can_fetch for packaging in self.packagings)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; counts of the splits, not their checksums."""
        return {
            "name": self.name,
            "title": self.title,
            "kind": self.kind,
            "source": self.source,
            "licence": self.licence,
            "may_train": self.may_train,
            "script": self.script,
            "size": list(self.size) if self.size else None,
            "polarity": self.polarity,
            "labels": list(self.label_names),
            "splits": {name: split.count for name, split in self.splits.items()},
            "can_fetch": self.can_fetch,
            "citation": self.citation,
            "manual": self.manual,
            "doubt": self.doubt,
        }


def list_datasets() -> tuple[DatasetInfo, ...]:
    """Return every registered data set, sorted by name, and the corrections made here if there are some."""
    own = _find_own()
    registry = {**_load_registry(), **({own.name: own} if own else {})}
    return tuple(info for _, info in sorted(registry.items()))


def get_info(name: str) -> DatasetInfo:
    """Return what is known of one data set.

    Raises:
        DataNotFoundError: If no such set is registered; the nearest names are told.
    """
    registry = _load_registry()
    if name in registry:
        return registry[name]
    own = _find_own()
    if own is not None and name == own.name:
        return own
    if name == "corrections":
        raise DataNotFoundError(
            "There are no corrections on this machine yet",
            remedy="Keep some with: inkdigits serve --corrections FILE, then: inkdigits data add FILE.",
        )
    near = get_close_matches(name.lower(), registry, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "See them all with: inkdigits data list."
    raise DataNotFoundError(f"There is no data set named {name!r}", remedy=hint)


def _find_own() -> DatasetInfo | None:
    from inkdigits.datasets.own import find_own_info  # describes itself in the words of this module

    return find_own_info()


@cache
def _load_registry() -> dict[str, DatasetInfo]:
    text = files("inkdigits.datasets").joinpath("registry.toml").read_text(encoding="utf-8")
    return {name: parse_dataset(name, table) for name, table in tomllib.loads(text).items()}


def parse_dataset(name: str, table: Mapping[str, Any]) -> DatasetInfo:
    """Turn one table of the registry into its typed form.

    Args:
        name: Its key.
        table: As tomllib returns it.

    Raises:
        TypeError: If the table has an unknown key or lacks one.
    """
    entry = dict(table)
    labels = entry.pop("labels", [])
    size = entry.pop("size", None)
    splits = {key: _parse_split(value) for key, value in entry.pop("splits").items()}
    packagings = tuple(_parse_packaging(item, tuple(splits)) for item in entry.pop("packagings", []))
    return DatasetInfo(
        name=name,
        label_names=NAMED_LABELS[labels] if isinstance(labels, str) else tuple(labels),
        size=(size[0], size[1]) if size else None,
        splits=MappingProxyType(splits),
        packagings=packagings,
        folder=entry.pop("folder", name),
        **entry,
    )


def _parse_split(table: Mapping[str, Any]) -> SplitInfo:
    entry = dict(table)
    size = entry.pop("size", None)
    return SplitInfo(**entry, size=(size[0], size[1]) if size else None)


def _parse_packaging(table: Mapping[str, Any], splits: tuple[str, ...]) -> Packaging:
    base_urls = table.get("base_urls", [])
    parsed = []
    for item in table.get("files", []):
        entry = dict(item)
        split = entry.pop("split", None)
        urls = tuple(entry.pop("urls", [])) or tuple(f"{base}{entry['name']}" for base in base_urls)
        parsed.append(FileInfo(**entry, splits=(split,) if split else splits, urls=urls))
    return Packaging(table["format"], tuple(parsed), dict(table.get("options", {})))
