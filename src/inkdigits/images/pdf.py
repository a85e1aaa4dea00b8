"""PDF pages are drawn as pictures (extra `pdf`).

Owns: PDFium, which serves one thread at a time. Leaves to others: every other kind of file.
"""

from __future__ import annotations

import math
import re
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from inkdigits.errors import (
    ImageFormatError,
    MissingExtraError,
)
from inkdigits.images.failures import check_sizes
from inkdigits.images.page import Limits
from inkdigits.types import Rgb

if TYPE_CHECKING:
    import pypdfium2


_PDF_DPI = 200  # a 0.5 mm stroke of a ball-point pen is 4 px wide; office scanners use 200 too

_POINTS_PER_INCH = 72  # ISO 32000-1, 8.3.2.3

_PDFIUM_LOCK = threading.Lock()  # PDFium serves one thread at a time (pypdfium2's README)


def render_pdf(data: bytes, name: str, limits: Limits) -> list[Rgb]:
    """Draw every page of a PDF.

    Args:
        data: The file.
        name: How it is called in messages.
        limits: Most pixels and pages.

    Returns:
        One (H, W, 3) uint8 array a page, about 200 dpi, fewer where a page would have too many pixels.

    Raises:
        ImageError: If the file is damaged, encrypted or too large.
        MissingExtraError: If pypdfium2 is not installed.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError("pypdfium2", extra="pdf") from error
    if b"startxref" not in data:  # PDFium would guess at the pages, and draw blanks for what is missing
        raise ValueError("no cross-reference table")
    with _PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if not re.search("password|security", str(error), re.IGNORECASE):
                raise
            message = f"{name} is protected by a password"
            raise ImageFormatError(message, remedy="Save a copy without the password.") from error
        with closing(document):
            indices = range(min(len(document), limits.max_pages + 1))
            sizes_pt = [document.get_page_size(index) for index in indices]
            scales = [_choose_scale(*size_pt, max_pixels=limits.max_pixels) for size_pt in sizes_pt]
            sizes = [(math.ceil(w * s), math.ceil(h * s)) for (w, h), s in zip(sizes_pt, scales, strict=True)]
            check_sizes(sizes, name, limits)
            return [_render_page(document[index], scales[index]) for index in indices]


def _choose_scale(width_pt: float, height_pt: float, *, max_pixels: int) -> float:
    """Return pixels per point: 200 dpi, or the largest s with (w s + 1) (h s + 1) <= max_pixels."""
    total, area, room = width_pt + height_pt, width_pt * height_pt, max_pixels - 1
    return min(_PDF_DPI / _POINTS_PER_INCH, 2 * room / (total + math.sqrt(total**2 + 4 * area * room)))


def _render_page(page: pypdfium2.PdfPage, scale: float) -> Rgb:
    bitmap = page.render(scale=scale, rev_byteorder=True)
    rgb: Rgb = bitmap.to_numpy()[..., :3].copy()
    bitmap.close()  # here, under the lock, and not whenever garbage is collected
    page.close()
    return rgb
