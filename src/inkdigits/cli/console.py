"""Where lines go: results to standard output, everything else to standard error.

Owns: the console for people. Leaves to others: what is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from inkdigits.errors import InkdigitsError

T = TypeVar("T")
EXIT_INTERRUPTED = 130  # 128 + SIGINT, the shells' convention
LINE_EVERY = 100  # without a terminal, one line after so many files


def tell(text: str) -> None:
    """Write one line for a person to standard error.

    Args:
        text: The line.
    """
    print(text, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Write a result to standard output; a pipe whose reader has seen enough, such as head, is no error.

    Args:
        text: The result, with its final line feed.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would flush once more when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell_error(error: InkdigitsError) -> None:
    """Write an error as one sentence with its remedy to standard error.

    Args:
        error: What went wrong.
    """
    tell(f"inkdigits: {error}")


def is_terminal() -> bool:
    """Return True if standard error is a terminal, so that progress bars make sense."""
    return sys.stderr.isatty()


def follow(items: Sequence[T], what: str) -> Iterator[T]:
    """Go through items and show how far: a bar on a terminal, plain lines elsewhere, nothing for one item.

    Args:
        items: What is worked on.
        what: Verb for the bar, such as "Reading".

    Yields:
        The items.
    """
    if len(items) < 2:
        yield from items
    elif is_terminal():
        from rich.console import Console
        from rich.progress import track

        yield from track(items, what, console=Console(stderr=True), transient=True)
    else:
        for index, item in enumerate(items, start=1):
            yield item
            if index % LINE_EVERY == 0:
                tell(f"{what}: {index} of {len(items)}")
