"""Every error becomes the same small JSON object: RFC 9457, with a remedy.

Owns: its form, and how exceptions are mapped to it. Leaves to others: raising them.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from inkdigits.errors import InkdigitsError
from inkdigits.web.errors import (
    KeyRequiredError,
    MethodError,
    OptionsError,
    RequestError,
    TryLaterError,
    UnknownRouteError,
)

CONTENT_TYPE = "application/problem+json"
SHOWN_CHARS = 60  # of a client's own words, at most


class InternalError(InkdigitsError):
    """Something in this program went wrong; its log says what."""

    def __init__(self) -> None:
        super().__init__("Something went wrong here", remedy="Try again; if it stays, report it.")


def describe(error: InkdigitsError) -> dict[str, Any]:
    """Return the JSON form of an error.

    Args:
        error: What went wrong.

    Returns:
        `type`, `title`, `status`, `detail` and `remedy`.
    """
    words = re.findall("[A-Z][a-z]*", type(error).__name__.removesuffix("Error"))
    message = error.message[:1].upper() + error.message[1:]
    return {
        "type": f"urn:inkdigits:problem:{'-'.join(words).lower()}",
        "title": " ".join(words).capitalize(),
        "status": error.http_status,
        "detail": f"{message}.",
        "remedy": error.remedy,
    }


def to_response(error: InkdigitsError) -> JSONResponse:
    """Return an error as an answer.

    Args:
        error: What went wrong.
    """
    headers = {}
    if isinstance(error, TryLaterError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, KeyRequiredError):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(describe(error), error.http_status, headers, media_type=CONTENT_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let an app answer all errors in this form.

    Args:
        app: The app.
    """

    @app.exception_handler(InkdigitsError)
    async def answer_error(_: Request, error: InkdigitsError) -> Response:
        return to_response(error)

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(_: Request, error: RequestValidationError) -> Response:
        return to_response(explain_invalid(error))

    @app.exception_handler(HTTPException)
    async def answer_http(request: Request, error: HTTPException) -> Response:
        response = to_response(explain_http(error, request))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(ClientDisconnect)
    async def answer_nobody(_: Request, error: ClientDisconnect) -> Response:
        return to_response(RequestError("The upload broke off", remedy="Send it again."))


def explain_invalid(error: RequestValidationError) -> OptionsError:
    """Say what is wrong with options or a JSON body, without repeating the body.

    Args:
        error: As FastAPI raises it.
    """
    first = error.errors()[0]
    place = ".".join(str(part) for part in first.get("loc", ()))[:SHOWN_CHARS]
    return OptionsError(
        f"{place or 'the request'}: {first.get('msg', 'not valid')}",
        remedy="See /openapi.json for the form.",
    )


def explain_http(error: HTTPException, request: Request) -> InkdigitsError:
    """Say what is wrong where the framework found it.

    Args:
        error: As Starlette or FastAPI raises it.
        request: What was asked.
    """
    remedy = "See /openapi.json for what this service offers."
    if error.status_code == 404:
        path = ascii(request.url.path)[1:-1][:SHOWN_CHARS]
        return UnknownRouteError(f"There is nothing at {path}", remedy=remedy)
    if error.status_code == 405:
        return MethodError(f"This path does not take {request.method[:10]}", remedy=remedy)
    if error.status_code < 500:
        return RequestError("The body can't be understood", remedy=remedy)
    return InternalError()
