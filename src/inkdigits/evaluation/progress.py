"""How an evaluation tells how far it is.

Owns: the form of the call. Leaves to others: showing it (cli).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how many items of it are done, and how many there are."""


def say_nothing(what: str, done: int, total: int) -> None:
    """Hear how far it is, and don't tell.

    Args:
        what: Such as "Reading".
        done: How many items are done.
        total: How many there are.
    """


def follow(items: Sequence[T], what: str, on_progress: Progress) -> Iterator[T]:
    """Go through items and tell how far.

    Args:
        items: What is worked on.
        what: Such as "Reading".
        on_progress: Is told before the first and after each item.

    Yields:
        The items.
    """
    on_progress(what, 0, len(items))
    for done, item in enumerate(items, start=1):
        yield item
        on_progress(what, done, len(items))
