"""Downloads: https only, temporary file, checksum, atomic rename, the next mirror when one fails.

Owns: `fetch_dataset`, the only function of this room that uses the network. Leaves to others: what is fetched
(registry), where it is found again (locate). Pooch does the temporary file, the checksum and the rename.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from inkdigits.datasets.locate import describe_remedy, get_cache_folder
from inkdigits.datasets.registry import FileInfo, Packaging, get_info
from inkdigits.errors import DataNotFoundError, DownloadError, OutputError

Downloader: TypeAlias = Callable[[str, Any, Any], None]
"""Pooch's hook: (url, path or open file to write to, pooch) -> None."""

TIMEOUT_S = 30
"""Seconds that a mirror may stay silent before the next one is tried."""

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
_LOGGER = logging.getLogger(__name__)


def fetch_dataset(name: str, *, force: bool = False, downloader: Downloader | None = None) -> Path:
    """Download a data set into the cache; files that are there and whole are kept.

    Args:
        name: Name of the set.
        force: Download again what is already there; the old file stays until the new one is whole.
        downloader: What does the download, for tests and unusual networks; by default https by Pooch.

    Returns:
        The folder that holds the files.

    Raises:
        DataNotFoundError: If the name is unknown, or no program can fetch the set; the remedy tells where it
            is and where to put it.
        DownloadError: If every mirror failed; all are named.
        OutputError: If the cache can't be written (disk full, no permission).
    """
    info = get_info(name)
    candidates = [packaging for packaging in info.packagings if packaging.can_fetch]
    if not candidates:
        raise DataNotFoundError(f"{name} can't be fetched by a program", remedy=describe_remedy(info))
    folder = get_cache_folder() / info.folder
    _make_folder(folder)
    failures: list[str] = []
    for packaging in candidates:
        if _fetch_packaging(packaging, folder, failures, force=force, downloader=downloader):
            return folder
    raise DownloadError(
        f"Could not download {name}: {'; '.join(failures)}",
        remedy=f"Check the connection and try again, or download the files by hand into {folder}.",
    )


def _fetch_packaging(
    packaging: Packaging,
    folder: Path,
    failures: list[str],
    *,
    force: bool,
    downloader: Downloader | None,
) -> bool:
    """Fetch all files of one packaging; tell whether that worked, and append why not."""
    return all(
        any(_fetch_file(file, url, folder, failures, force=force, downloader=downloader) for url in file.urls)
        for file in packaging.files
    )


def _fetch_file(
    file: FileInfo,
    url: str,
    folder: Path,
    failures: list[str],
    *,
    force: bool,
    downloader: Downloader | None,
) -> bool:
    """Fetch one file from one mirror; tell whether that worked, and append why not."""
    import pooch

    if urlsplit(url).scheme != "https":
        failures.append(f"{url} (not https)")
        return False
    pooch.get_logger().setLevel(logging.ERROR)  # it would announce each file; _make_downloader does
    # With force the old file stays until the new one is whole.
    name = f"{file.name}.new" if force else file.name
    try:
        path = pooch.retrieve(
            url,
            known_hash=file.known_hash or None,
            fname=name,
            path=folder,
            downloader=downloader or _make_downloader(file, url),
        )
        Path(path).replace(folder / file.name)
    except OSError as error:
        # Pooch raises PermissionError without a number when it can't write the folder.
        if error.errno in _DISK_ERRORS or isinstance(error, PermissionError):
            raise OutputError(
                f"Can't write {folder / file.name} ({_shorten(error)})",
                remedy="Free some space, or choose another folder with INKDIGITS_CACHE.",
            ) from error
        failures.append(f"{url} ({type(error).__name__}: {_shorten(error)})")
        return False
    except ValueError as error:  # Pooch: the hash differs; both hashes are in its words
        failures.append(f"{url} (wrong checksum: {_shorten(error)})")
        return False
    if not file.known_hash:
        _LOGGER.warning("No checksum of %s was published: its content is compared on loading", file.name)
    return True


def _make_downloader(file: FileInfo, url: str) -> Downloader:
    """Return Pooch's https downloader with progress on stderr."""
    import pooch

    print(f"Fetching {file.name} from {urlsplit(url).hostname}", file=sys.stderr)
    downloader: Downloader = pooch.HTTPDownloader(
        progressbar=_Progress() if sys.stderr.isatty() else False,
        timeout=TIMEOUT_S,
        hooks={"response": _refuse_plain_redirect},
    )
    return downloader


def _refuse_plain_redirect(response: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - requests has no types
    """Raise OSError if a mirror sends us on to an address without encryption."""
    target = response.headers.get("Location", "") if response.is_redirect else ""
    if target.startswith("http:"):
        raise OSError(f"redirects to {target}, which is not https")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Can't make the folder {folder} ({error.strerror})",
            remedy="Choose another with INKDIGITS_CACHE.",
        ) from error


def _shorten(error: Exception) -> str:
    """Return an error on one line, without Pooch's advice, at most 400 signs (both hashes fit)."""
    words = " ".join(str(error).split())
    return words.partition(". Deleted download")[0][:400]


class _Progress:
    """A progress bar as Pooch asks for it: total, update, reset, close."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        console = Console(stderr=True)
        self._bar = Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    @property
    def total(self) -> float | None:
        """Number of bytes to come."""
        return self._bar.tasks[0].total

    @total.setter
    def total(self, value: int) -> None:
        self._bar.update(self._task, total=value or None)

    def update(self, count: int) -> None:
        """Add received bytes."""
        self._bar.advance(self._task, count)

    def reset(self) -> None:
        """Start again at zero; Pooch does so before it sets the final count."""
        self._bar.reset(self._task)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.stop()
