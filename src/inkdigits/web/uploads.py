"""What a client sent: files of a form or the body itself, kept in memory, never opened by a name.

Owns: how bodies are understood. Leaves to others: their size (guard), what is in them (images).
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from inkdigits.web.errors import RequestError, RequestTooLargeError
from inkdigits.web.settings import Settings

MAX_FIELDS = 20  # of a form that are no files; none is used
MAX_FIELD_BYTES = 4096
MAX_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """One file.

    Attributes:
        data: Its bytes.
        name: What the client calls it: shown and returned, never opened.
    """

    data: bytes
    name: str = ""


async def receive_uploads(request: Request, settings: Settings, *, max_files: int) -> list[Upload]:
    """Receive the files of a request.

    Args:
        request: A form (multipart/form-data) with files under any names, or a body that is the file.
        settings: Limits.
        max_files: How many are accepted.

    Returns:
        At least one.

    Raises:
        RequestError: If there is none, or the form is damaged.
        RequestTooLargeError: If there are too many.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        uploads = await _receive_form(request, settings, max_files=max_files)
    else:
        data = await request.body()
        uploads = [Upload(data)] if data else []
    if not uploads:
        raise RequestError(
            "There is no picture in the request",
            remedy="Send a form with a file, or the picture itself as the body.",
        )
    return uploads


async def _receive_form(request: Request, settings: Settings, *, max_files: int) -> list[Upload]:
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=settings.max_files + 1,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    parser.spool_max_size = settings.max_body_bytes + 1  # nothing that a client sends touches the disk
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise _too_many(max_files) from error
        raise RequestError("The form is damaged", remedy="Send it as multipart/form-data.") from error
    try:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if len(files) > max_files:
            raise _too_many(max_files)
        return [Upload(await file.read(), clean_name(file.filename or "")) for file in files]
    finally:
        await form.close()


def _too_many(max_files: int) -> RequestTooLargeError:
    if max_files == 1:
        return RequestTooLargeError("This path takes one file", remedy="Send several to /v1/read/batch.")
    return RequestTooLargeError(
        f"The request has over {max_files} files, the limit", remedy="Send them in several requests."
    )


def clean_name(name: str) -> str:
    """Return a file's name as it may be shown: no folders, no control characters, not too long.

    Args:
        name: As the client gave it.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable())[:MAX_NAME_CHARS]
