"""Saves annotated pages for `inkdigits read --annotate`.

Owns: the names of the files. Leaves to others: the drawing (annotate).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inkdigits.annotate import annotate_page
from inkdigits.cli.console import tell
from inkdigits.files import replacing
from inkdigits.images import Page
from inkdigits.types import Reading


class AnnotationFolder:
    """A folder of annotated pages, in which no picture replaces another of the same run.

    Args:
        folder: Where to save; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()

    def save(self, pages: Sequence[Page], reading: Reading) -> None:
        """Save one PNG a page.

        Args:
            pages: Pages of one document.
            reading: What was read from them.

        Raises:
            OutputError: If a picture can't be written.
        """
        for index, page in enumerate(pages):
            target = self._folder / self._name(reading.source, index, len(pages))
            picture = annotate_page(page, reading, page_index=index)
            with replacing(target) as part:
                picture.save(part, format="PNG")
            tell(f"Wrote {target}")

    def _name(self, source: str, index: int, pages: int) -> str:
        stem = "stdin" if source in ("", "-") else Path(source).name.replace(".", "-")
        stem += f"-page{index + 1}" if pages > 1 else ""
        name, count = f"{stem}.png", 2
        while name in self._taken:
            name, count = f"{stem}-{count}.png", count + 1
        self._taken.add(name)
        return name
