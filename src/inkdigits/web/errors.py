"""What can go wrong with a request, beyond what can go wrong with a picture.

Owns: errors that only a service knows, each with its HTTP status. Leaves to others: their form (problems).
"""

from __future__ import annotations

from inkdigits.errors import InkdigitsError


class RequestError(InkdigitsError):
    """A request that can't be understood."""

    exit_code = 2
    http_status = 400


class KeyRequiredError(RequestError):
    """A request without the API key, or with another."""

    http_status = 401


class ForbiddenError(RequestError):
    """A request from a page of another origin, or for a host that this service doesn't serve."""

    http_status = 403


class UnknownRouteError(RequestError):
    """There is nothing under this path."""

    http_status = 404


class NotKeptError(RequestError):
    """This service keeps no answers."""

    http_status = 404


class NoPictureError(RequestError):
    """An answer that was kept without its picture."""

    http_status = 404


class MethodError(RequestError):
    """A path that exists, asked in another way."""

    http_status = 405


class SlowUploadError(RequestError):
    """A body that did not arrive in time."""

    http_status = 408


class RequestTooLargeError(RequestError):
    """A body over the limit of bytes."""

    http_status = 413


class OptionsError(RequestError):
    """Options or strokes of the wrong form."""

    http_status = 422


class TryLaterError(InkdigitsError):
    """The service can't do it now, but soon.

    Args:
        message: What is wrong, one sentence without a final full stop.
        remedy: What the client can do about it.
        retry_after_s: When to try again, whole seconds.
    """

    http_status = 429

    def __init__(self, message: str, *, remedy: str, retry_after_s: int) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class BusyError(TryLaterError):
    """Too many requests wait already."""


class RateError(TryLaterError):
    """One client asks too often."""


class TooSlowError(InkdigitsError):
    """A picture that could not be read within the time limit."""

    http_status = 503


class ClosingError(InkdigitsError):
    """The service is shutting down."""

    http_status = 503
