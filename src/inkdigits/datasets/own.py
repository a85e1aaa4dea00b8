"""The data set of one's own digits: what people corrected, once `inkdigits data add` has put it here.

Owns: its name, its file, its place among the registered sets. Leaves to others: the database (corrections).
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from inkdigits.datasets.locate import DATA_VARIABLE, get_cache_folder
from inkdigits.datasets.registry import DatasetInfo, FileInfo, Packaging, SplitInfo
from inkdigits.errors import DataCorruptError
from inkdigits.files import replacing
from inkdigits.types import LabelledImages

OWN: Final = "corrections"
FILE_NAME: Final = "corrections.npz"
DIGITS: Final = tuple("0123456789")


def get_own_path() -> Path:
    """Return where `inkdigits data add` puts the set: in the cache, since other data may be read-only."""
    return get_cache_folder() / OWN / FILE_NAME


def find_own_path() -> Path | None:
    """Return the file of the set if there is one: in the folder of INKDIGITS_DATA, else in the cache."""
    chosen = os.environ.get(DATA_VARIABLE)
    places = [Path(chosen).expanduser() / OWN / FILE_NAME] if chosen else []
    return next((path for path in (*places, get_own_path()) if path.is_file()), None)


def save_own(data: LabelledImages, path: Path) -> None:
    """Write digits as the registry reads them: NPZ with images, labels and the names of the classes.

    Args:
        data: (N, 28, 28) uint8, ink bright.
        path: The file.

    Raises:
        OutputError: If it can't be written.
    """
    stream = io.BytesIO()
    names = np.array(data.label_names)
    np.savez_compressed(stream, images=data.images, labels=data.labels.astype(np.uint8), label_names=names)
    with replacing(path) as part:
        part.write_bytes(stream.getvalue())


def find_own_info() -> DatasetInfo | None:
    """Describe the set if it is on this machine.

    Raises:
        DataCorruptError: If its file is damaged.
    """
    path = find_own_path()
    if path is None:
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            count, names = len(archive["labels"]), tuple(str(name) for name in archive["label_names"])
    except Exception as error:  # NumPy raises what the zip, the header or the pickle check do
        raise DataCorruptError(
            f"{path} is no set of corrections", remedy="Make it anew with: inkdigits data add."
        ) from error
    return DatasetInfo(
        name=OWN,
        title="Digits that people confirmed or corrected here",
        kind="glyphs",
        source="the review of this machine",
        licence="of those who wrote them",
        may_train=True,
        script="latin",
        size=(28, 28),
        polarity="light-on-dark",
        label_names=names,
        splits=MappingProxyType({"train": SplitInfo(count)}),
        packagings=(Packaging("npz", (FileInfo(FILE_NAME, "archive", ("train",)),), {"check": "none"}),),
        folder=OWN,
        manual="inkdigits data add",
    )
