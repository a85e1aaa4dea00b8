"""Whether files are what their makers published.

Owns: comparing hashes. Leaves to others: where the files are (locate), what they mean (load, pictures).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from inkdigits.datasets.idx import IdxArray, compute_idx_sha256
from inkdigits.datasets.registry import FileInfo
from inkdigits.errors import DataCorruptError

_LOGGER = logging.getLogger(__name__)
_REMEDY = "Delete the file and fetch it again."


def verify_files(files: Iterable[FileInfo], paths: Mapping[str, Path]) -> bool:
    """Compare files with their published hashes.

    Args:
        files: What is known of them.
        paths: Role -> path.

    Returns:
        Whether every file had a published hash; where there is none, a warning is logged.

    Raises:
        DataCorruptError: If a hash differs; both are named.
    """
    verified = True
    for file in files:
        if file.known_hash:
            verify_file(paths[file.role], file.known_hash)
        else:
            _LOGGER.warning("No checksum of %s was published: it is used unverified", file.name)
            verified = False
    return verified


def verify_file(path: Path, known_hash: str) -> None:
    """Compare one file with "sha256:..." or "md5:...".

    Raises:
        DataCorruptError: If they differ.
    """
    algorithm, _, expected = known_hash.partition(":")
    with path.open("rb") as stream:
        actual = hashlib.file_digest(stream, algorithm).hexdigest()
    if actual != expected:
        raise DataCorruptError(
            f"{path} has the wrong checksum: {algorithm} {actual} instead of {expected}", remedy=_REMEDY
        )


def verify_array(array: IdxArray, expected: str, what: str) -> None:
    """Compare the content of an array with the SHA-256 of its uncompressed IDX form.

    Raises:
        DataCorruptError: If they differ.
    """
    actual = compute_idx_sha256(array)
    if actual != expected:
        raise DataCorruptError(
            f"{what} has the wrong content: sha256 {actual} instead of {expected}", remedy=_REMEDY
        )
