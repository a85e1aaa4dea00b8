"""Writes results so that nothing half-written is ever seen: to a temporary file, then renamed.

Owns: atomic replacement and its errors. Leaves to others: what is written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inkdigits.errors import OutputError


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `target` that takes its name when the block ends without an error.

    Args:
        target: File to write or replace; missing folders are made.

    Yields:
        Path to write to.

    Raises:
        OutputError: If the file can't be written (no permission, disk full, a folder of that name).
    """
    goal = Path(target)
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=goal.parent, prefix=f".{goal.name[:40]}.", suffix=goal.suffix)
        os.close(handle)
    except OSError as error:
        raise _cannot_write(goal, error) from error
    part = Path(name)
    try:
        yield part
        part.chmod(0o666 & ~_umask())  # mkstemp makes private files; results are as public as any new file
        part.replace(goal)
    except OSError as error:
        raise _cannot_write(goal, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_text(target: str | os.PathLike[str], text: str) -> None:
    """Write a text file (UTF-8) as a whole or not at all.

    Args:
        target: File to write or replace.
        text: Its content.

    Raises:
        OutputError: If the file can't be written.
    """
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8", newline="")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot_write(goal: Path, error: OSError) -> OutputError:
    reason = (error.strerror or "unknown reason").lower()
    return OutputError(
        f"{goal} can't be written: {reason}",
        remedy="Choose another place, or free space and check permissions.",
    )
