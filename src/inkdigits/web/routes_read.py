"""The routes that read: one picture, several, or pen strokes.

Owns: arguments and answers of /v1/read, /v1/read/batch, /v1/strokes. Leaves to others: everything between.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import JSONResponse, Response

from inkdigits.errors import InkdigitsError
from inkdigits.web.examples import STROKES
from inkdigits.web.problems import describe
from inkdigits.web.reading import Options, Readings, Result, annotate, to_answer
from inkdigits.web.schemas import AnswerFormat, BatchOut, ProblemOut, ReadingOut, StrokesIn
from inkdigits.web.service import TheService
from inkdigits.web.strokes import draw_strokes
from inkdigits.web.uploads import Upload, receive_uploads

router = APIRouter(prefix="/v1", tags=["read"])

MinConfidence = Annotated[
    float, Query(ge=0, le=1, description="Digits below it are written as ? and listed in `review`.")
]
FieldText = Annotated[
    str,
    Query(
        max_length=200, description="What is known about the numbers.", examples=["length=5,checksum=luhn"]
    ),
]
Forms = Annotated[bool, Query(description="Return the 28x28 form of each digit that the model saw.")]
Format = Annotated[AnswerFormat, Query(description="JSON, or the picture with boxes as PNG.")]
Pages = Annotated[bool, Query(description="Return the upright pages, as for PDF.")]

_BINARY = {"type": "string", "format": "binary"}
PICTURE_TYPES = (
    "image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif", "application/pdf",
    "application/octet-stream",
)  # fmt: skip
_FORM = {"type": "object", "required": ["file"], "properties": {"file": _BINARY}}
_FORMS = {
    "type": "object",
    "required": ["files"],
    "properties": {"files": {"type": "array", "minItems": 1, "items": _BINARY}},
}
ONE_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            **{kind: {"schema": _BINARY} for kind in PICTURE_TYPES},
        },
    }
}
SEVERAL_FILES = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORMS}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": about, "content": {"application/problem+json": {}}, "model": ProblemOut}
    for status, about in {
        400: "The request can't be understood.",
        401: "The key is missing or wrong.",
        403: "Another host or origin.",
        408: "The upload took too long.",
        413: "Too many bytes, pixels, pages or files.",
        415: "No picture of a supported kind.",
        422: "A damaged picture, or options of the wrong form.",
        429: "Too many requests; see Retry-After.",
        503: "It took too long, or the service is shutting down.",
    }.items()
}
_READ: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What was read; a blank page gives no numbers.",
        "model": ReadingOut,
        "content": {"image/png": {"schema": _BINARY}},
    },
    **PROBLEMS,
}
_READ_STROKES: dict[int | str, dict[str, Any]] = {
    200: {"description": "What was read.", "model": ReadingOut},
    **PROBLEMS,
}


def _time(duration_ms: float) -> dict[str, str]:
    return {"Server-Timing": f"read;dur={duration_ms:.1f}"}


@router.post("/read", responses=_READ, response_class=JSONResponse, openapi_extra=ONE_FILE)
async def read(
    request: Request,
    service: TheService,
    *,
    min_confidence: MinConfidence = 0.0,
    field: FieldText = "",
    forms: Forms = False,
    pages: Pages = False,
    format: Format = AnswerFormat.json,
    page: Annotated[int, Query(ge=1, le=1000, description="Which page to draw with format=annotated.")] = 1,
) -> Response:
    """Read all numbers of one picture or document.

    Send a form with one file, or the file itself as the body. What kind of file it is, is told by its content.
    """
    options = Options.parse(min_confidence=min_confidence, field=field, forms=forms, pages=pages)
    upload = (await receive_uploads(request, service.settings, max_files=1))[0]
    if format is AnswerFormat.annotated:
        png, duration_ms = await service.run(lambda r: annotate(r.read(upload, options), page=page))
        return Response(png, media_type="image/png", headers=_time(duration_ms))

    def work(readings: Readings) -> tuple[Result, dict[str, Any]]:
        result = readings.read(upload, options)
        return result, to_answer(result, options)

    (result, answer), duration_ms = await service.run(work)
    service.count_digits(len(result.reading.digits))
    return JSONResponse(answer, headers=_time(duration_ms))


@router.post(
    "/read/batch",
    responses={200: {"description": "One item a file.", "model": BatchOut}, **PROBLEMS},
    response_class=JSONResponse,
    openapi_extra=SEVERAL_FILES,
)
async def read_batch(
    request: Request,
    service: TheService,
    *,
    min_confidence: MinConfidence = 0.0,
    field: FieldText = "",
    forms: Forms = False,
) -> Response:
    """Read several pictures in one request; a bad one does not stop the others."""
    options = Options.parse(min_confidence=min_confidence, field=field, forms=forms, pages=False)
    uploads = await receive_uploads(request, service.settings, max_files=service.settings.max_files)

    def work(readings: Readings) -> list[dict[str, Any]]:
        return [_read_item(readings, upload, options) for upload in uploads]

    items, duration_ms = await service.run(work)
    service.count_digits(
        sum(len(n["digits"]) for item in items if "reading" in item for n in item["reading"]["numbers"])
    )
    return JSONResponse({"items": items}, headers=_time(duration_ms))


def _read_item(readings: Readings, upload: Upload, options: Options) -> dict[str, Any]:
    try:
        return {"name": upload.name, "reading": to_answer(readings.read(upload, options), options)}
    except InkdigitsError as error:
        return {"name": upload.name, "problem": describe(error)}


@router.post("/strokes", responses=_READ_STROKES, response_class=JSONResponse)
async def read_strokes(
    service: TheService, strokes: Annotated[StrokesIn, Body(openapi_examples={"seven": {"value": STROKES}})]
) -> Response:
    """Read what a pen wrote; boxes come back in the units of the strokes."""
    answer, duration_ms = await service.run(lambda readings: answer_strokes(readings, strokes))
    service.count_digits(sum(len(number["digits"]) for number in answer["numbers"]))
    return JSONResponse(answer, headers=_time(duration_ms))


def answer_strokes(readings: Readings, strokes: StrokesIn) -> dict[str, Any]:
    """Draw strokes, read them, and return the JSON form of the reading.

    Args:
        readings: The models.
        strokes: As a client sent them.
    """
    options = Options.parse(
        min_confidence=strokes.min_confidence, field=strokes.field, forms=strokes.forms, pages=False
    )
    drawing = draw_strokes(strokes.points, pen_width=strokes.pen_width)
    result = readings.read_pages([drawing.page], options)
    return to_answer(result, options, reading=drawing.to_units(result.reading, strokes.size))
