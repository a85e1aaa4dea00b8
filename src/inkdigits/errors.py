"""The one error tree: each error knows its exit code, its HTTP status and a remedy in one sentence.

Owns: every exception that a user can cause. Leaves to others: how it is shown (cli, web).
"""

from __future__ import annotations

from typing import ClassVar


class InkdigitsError(Exception):
    """Base of everything that bad input or a bad environment can cause.

    Args:
        message: What is wrong, one sentence without a final full stop.
        remedy: What the user can do about it, one sentence.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else f"{self.message}."


class UsageError(InkdigitsError):
    """Arguments that contradict each other or name something that does not exist."""

    exit_code = 2
    http_status = 422


class ImageError(InkdigitsError):
    """A picture that can't be used."""

    exit_code = 3
    http_status = 422


class ImageNotFoundError(ImageError):
    """No file at the given path, or a folder or pattern without pictures."""

    http_status = 404


class ImageFormatError(ImageError):
    """Bytes that are no picture, or a kind of picture that isn't supported."""

    http_status = 415


class ImageCorruptError(ImageError):
    """A picture that is truncated or damaged."""


class ImageTooLargeError(ImageError):
    """A picture over the limit of bytes, pixels or pages."""

    http_status = 413


class EmptyInkError(ImageError):
    """An array without any ink where a glyph was expected."""


class DataError(InkdigitsError):
    """A data set that can't be used."""

    exit_code = 4


class DataNotFoundError(DataError):
    """An unknown data set, or files that are not on this machine."""

    http_status = 404


class DataCorruptError(DataError):
    """A data file that is truncated, has the wrong format or the wrong checksum."""


class DownloadError(DataError):
    """No mirror could deliver a file."""

    http_status = 502


class BundleError(InkdigitsError):
    """A model bundle that is missing, damaged or of another kind."""

    exit_code = 5


class ExportError(BundleError):
    """An exported model that answers other than its bundle."""


class RecipeError(InkdigitsError):
    """A recipe with an unknown key or an impossible value."""

    exit_code = 6
    http_status = 422


class MissingExtraError(InkdigitsError):
    """A heavy library that this call needs is not installed.

    Args:
        library: Import name of what is missing.
        extra: The extra of this package that brings it.
    """

    exit_code = 7
    http_status = 501

    def __init__(self, library: str, *, extra: str) -> None:
        super().__init__(
            f"{library} is not installed", remedy=f"Install it with: pip install 'inkdigits[{extra}]'."
        )


class OutputError(InkdigitsError):
    """A result that can't be written (no permission, disk full, folder missing)."""

    exit_code = 8
