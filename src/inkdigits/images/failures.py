"""Errors about pictures: limits kept, and the failures of libraries turned into one sentence.

Owns: the wording. Leaves to others: decoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from inkdigits.errors import (
    ImageCorruptError,
    ImageError,
    ImageNotFoundError,
    ImageTooLargeError,
    InkdigitsError,
)
from inkdigits.images.page import Limits

if TYPE_CHECKING:
    pass


def check_bytes(size: int, name: str, limits: Limits) -> None:
    """Raise `ImageTooLargeError` if a file of `size` bytes is over the limit; `name` is shown to people."""
    if size > limits.max_bytes:
        message = f"{name} has over {limits.max_bytes / 2**20:.4g} MiB, the limit"
        raise ImageTooLargeError(message, remedy="Save it smaller, or raise the limit of bytes.")


def check_sizes(sizes: Sequence[tuple[int, int]], name: str, limits: Limits) -> None:
    """Hold the pages' (width, height) against the limits."""
    if len(sizes) > limits.max_pages:
        message = f"{name} has over {limits.max_pages} pages, the limit"
        raise ImageTooLargeError(message, remedy="Split the document, or raise the limit of pages.")
    for width, height in sizes:
        if width * height > limits.max_pixels:
            message = f"{name} has {width} x {height} pixels, over the limit of {limits.max_pixels}"
            raise ImageTooLargeError(message, remedy="Scale it down, or raise the limit of pixels.")
    if sum(width * height for width, height in sizes) > limits.max_total_pixels:
        message = f"All pages of {name} have over {limits.max_total_pixels} pixels together, the limit"
        raise ImageTooLargeError(message, remedy="Split the document, or raise the limit of pixels.")


def explain_failed_access(error: Exception, name: str) -> ImageError:
    """Return the error that tells people why the file `name` could not be opened."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError | re.error):
        return ImageNotFoundError(f"There is no file {name}", remedy="Check the spelling and the folder.")
    if isinstance(error, PermissionError):
        return ImageError(f"There is no permission to read {name}", remedy="Change its permissions.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ImageError(f"{name} can't be read: {reason}", remedy="Check the path and the disk.")


@contextmanager
def naming_failures(name: str, kind: str = "picture") -> Iterator[None]:
    """Turn whatever a decoder raises in the block into an `ImageError` that names the picture."""
    try:
        yield
    except InkdigitsError:
        raise
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLargeError(f"{name} is too large", remedy="Scale it down.") from error
    except Exception as error:
        # Broad: damaged files make Pillow raise SyntaxError, OSError, ValueError, KeyError, struct.error,
        # zlib.error and, under "python -W error", UserWarning.
        message = f"{name} can't be decoded as {kind}: truncated, damaged or rare ({_escape(str(error))})"
        raise ImageCorruptError(message, remedy="Save it again, as PNG if possible.") from error


def quote(path: str) -> str:
    """Return a path in quotes, with control characters escaped so that they can't act on a terminal."""
    return f'"{_escape(path)}"'


def _escape(text: str) -> str:
    """Make text safe for a terminal: control characters escaped, at most 240 characters."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown if len(shown) <= 240 else f"{shown[:120]}...{shown[-117:]}"
