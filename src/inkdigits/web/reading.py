"""Reads what a request holds, with models that were opened once.

Owns: the models of this process, options of one request, what an answer holds. Leaves to others: the reading itself
(reader), threads (pool), the request (routes).
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from inkdigits.annotate import annotate_page
from inkdigits.bundles.detector import load_detector
from inkdigits.bundles.region import load_regions
from inkdigits.errors import UsageError
from inkdigits.explaining import explain_form
from inkdigits.fields import Field, parse_field
from inkdigits.images import Limits, Page, load_pages
from inkdigits.reader import Reader
from inkdigits.types import Gray, Ink, Reading, Rgb
from inkdigits.web.forms import encode_forms
from inkdigits.web.uploads import Upload

SHOWN_PX = 1600  # longer side of a page that is sent back to be shown
SHOWN_QUALITY = 80  # JPEG


@dataclass(frozen=True, slots=True)
class Options:
    """What one request asks for.

    Attributes:
        min_confidence: As for `Reader`.
        field: What is known about the numbers.
        has_forms: True to return the 28x28 form of each digit.
        has_pages: True to return the upright pages, for clients that can't show them (PDF, TIFF).
    """

    min_confidence: float = 0.0
    field: Field | None = None
    has_forms: bool = False
    has_pages: bool = False

    @staticmethod
    def parse(*, min_confidence: float, field: str, forms: bool, pages: bool) -> Options:
        """Make options of what a client wrote.

        Args:
            min_confidence: In [0, 1].
            field: As for `inkdigits read --field`, or "".
            forms: See `has_forms`.
            pages: See `has_pages`.

        Raises:
            UsageError: If `field` can't be understood.
        """
        return Options(min_confidence, parse_field(field) if field else None, forms, pages)


@dataclass(frozen=True, slots=True)
class Result:
    """One document, read.

    Attributes:
        reading: What was read.
        pages: Its upright pages.
        forms: What the classifier saw of each of `reading.digits`; empty if nobody asked for it.
    """

    reading: Reading
    pages: list[Page]
    forms: list[Ink | None] = field(default_factory=list)


class Readings:
    """The models of this process; opened once, shared by threads.

    Args:
        model: Name of a model that ships, or path of a bundle.
        limits: Bytes, pixels and pages of one picture.

    Raises:
        BundleError: If the model can't be opened.
    """

    def __init__(self, model: str, *, limits: Limits) -> None:
        # Requests run side by side: a second thread inside one of them would only take a core from another.
        cv2.setNumThreads(1)
        self._reader = Reader(model, limits=limits)
        self._limits = limits
        if self._reader.detector is not None:
            self._reader = Reader(
                self._reader.classifier,
                detector=load_detector(threads=1),
                regions=load_regions(threads=1),
                limits=limits,
            )
        self.model = model

    def warm_up(self) -> None:
        """Read a drawn line, so that the first request isn't the slowest."""
        page = np.full((112, 112), 255, np.uint8)
        cv2.line(page, (56, 20), (56, 92), 0, 8, cv2.LINE_AA)
        self._reader.read(page)

    def read(self, upload: Upload, options: Options) -> Result:
        """Read one file.

        Args:
            upload: The file.
            options: What is asked for.

        Raises:
            ImageError: If it is no usable picture.
        """
        pages = [replace(page, source=upload.name) for page in load_pages(upload.data, limits=self._limits)]
        return self.read_pages(pages, options)

    def read_pages(self, pages: list[Page], options: Options) -> Result:
        """Read pages that are already there.

        Args:
            pages: Of one document.
            options: What is asked for.
        """
        reader = self._reader.with_confidence(options.min_confidence)
        if options.has_forms:
            reading, forms = reader.read_with_forms(pages, field=options.field)
            return Result(reading, pages, forms)
        return Result(reader.read_pages([pages], field=options.field)[0], pages)

    def explain(self, form: Gray, label: str) -> dict[str, Any]:
        """Tell which ink of a form speaks for a label; it takes as long as reading about a hundred digits.

        Args:
            form: (28, 28) uint8, ink bright.
            label: One of the model's labels.

        Returns:
            The JSON form: label, classifier_probs, saliency.

        Raises:
            UsageError: If the model has no such label.
        """
        ink = np.asarray(form, np.float32) / np.float32(255)
        probs, saliency = explain_form(self._reader.classifier, ink, label)
        return {
            "label": label,
            "classifier_probs": {name: round(min(1.0, p), 6) for name, p in probs.items()},
            "saliency": [[round(float(nats), 4) for nats in row] for row in saliency],
        }


def to_answer(result: Result, options: Options, *, reading: Reading | None = None) -> dict[str, Any]:
    """Return the JSON form of a result: that of its reading, with what else was asked for.

    Args:
        result: What was read.
        options: What was asked for.
        reading: The same reading in other units, if those of the pages don't suit the client.
    """
    answer = (reading or result.reading).to_dict()
    if options.has_forms:
        forms = encode_forms(result.forms)
        answer["forms"] = [None if form is None else _encode_base64(form) for form in forms]
    if options.has_pages:
        answer["pictures"] = [_encode_base64(shrink(page)) for page in result.pages]
    return answer


def annotate(result: Result, *, page: int) -> bytes:
    """Return the annotated picture of one page, PNG.

    Args:
        result: What was read.
        page: Which page, from 1.

    Raises:
        UsageError: If there is no such page.
    """
    if page > len(result.pages):
        raise UsageError(
            f"the document has {len(result.pages)} pages, page {page} was asked for",
            remedy="Ask for another.",
        )
    picture = annotate_page(result.pages[page - 1], result.reading, page_index=page - 1)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)  # at 6, a 12 million pixel photograph takes 4 times as long
    return stream.getvalue()


def shrink(page: Page) -> bytes:
    """Return a page as a JPEG that is small enough to be shown.

    Args:
        page: The page.
    """
    bgr = np.ascontiguousarray(shrink_rgb(page)[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, SHOWN_QUALITY])[1].tobytes()


def shrink_rgb(page: Page) -> Rgb:
    """Return the pixels of a page, its longer side at most `SHOWN_PX`.

    Args:
        page: The page.

    Returns:
        (H, W, 3) uint8, red first.
    """
    height, width = page.size
    scale = min(1.0, SHOWN_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return (
        page.rgb if scale == 1 else cv2.resize(page.rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    )


def _encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
