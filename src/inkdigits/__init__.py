"""InkDigits reads handwritten numbers from pictures.

    >>> from inkdigits import Reader
    >>> Reader().read("amount.jpg").text
    '1250'

Owns: the public names. Leaves to others: everything else; nothing inside imports this face, and it imports the
heavy parts only when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inkdigits.types import (
    Box,
    Classifier,
    Digit,
    Mark,
    Number,
    Reading,
    Rejected,
    ReviewItem,
    Rule,
)

if TYPE_CHECKING:
    from inkdigits.bundles import load_classifier
    from inkdigits.errors import InkdigitsError
    from inkdigits.fields import Field
    from inkdigits.images import Source
    from inkdigits.reader import Reader

__version__ = "0.1.0"
__all__ = [
    "Box",
    "Classifier",
    "Digit",
    "Field",
    "InkdigitsError",
    "Mark",
    "Number",
    "Reader",
    "Reading",
    "Rejected",
    "ReviewItem",
    "Rule",
    "load_classifier",
    "read",
]
_LAZY = {"Reader": "reader", "load_classifier": "bundles", "InkdigitsError": "errors", "Field": "fields"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the standard hook for lazy modules (PEP 562)
    if name not in _LAZY:
        raise AttributeError(f"module 'inkdigits' has no attribute {name!r}")
    return getattr(import_module(f"inkdigits.{_LAZY[name]}"), name)


def read(source: Source) -> Reading:
    """Read all numbers of one picture with the shipped model.

    Args:
        source: Path, bytes, PIL image, or array (H, W), (H, W, 3) RGB, (H, W, 4).

    Returns:
        Numbers in reading order. The model is opened at each call: keep a `Reader` to read several pictures.

    Raises:
        ImageError: If the source is no usable picture.
    """
    from inkdigits.reader import Reader

    return Reader().read(source)
