"""What stands before every route: host, origin, key, rate, the size of bodies, security headers, counting.

Owns: who may ask at all, and how much may come in. Leaves to others: what is asked (routes).

Plain ASGI, since Starlette's `BaseHTTPMiddleware` copies bodies through queues.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import re
import time
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkdigits.errors import InkdigitsError
from inkdigits.web.errors import (
    BusyError,
    ForbiddenError,
    KeyRequiredError,
    RequestTooLargeError,
    SlowUploadError,
)
from inkdigits.web.metrics import Metrics
from inkdigits.web.pool import ReadingPool
from inkdigits.web.problems import InternalError, to_response
from inkdigits.web.rate import RateLimiter
from inkdigits.web.settings import Settings

LIVE_PROTOCOL = "inkdigits.v1"
KEY_PROTOCOL = (
    "inkdigits.key."  # browsers can't set headers on WebSockets; the key travels as a protocol's name
)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
        "img-src 'self' blob: data:", "media-src 'self' blob:", "connect-src 'self'", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
# The app that reads on the device itself compiles WebAssembly and has a service worker.
APP_POLICY = (
    CONTENT_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    + "; worker-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/favicon.ico"})  # and those below: no key, no rate
STATIC, DEVICE = "/static/", "/device/"
PICTURE_ROUTES = frozenset({"/v1/read", "/v1/read/batch"})
# Of a refused body that is still taken, so that the client hears why: more than one request may hold by default.
DRAINED_BYTES, DRAINED_S = 64 * 2**20, 5.0
KEEPING_ROUTE = "/v1/corrections"
METHODS = ("GET", "POST", "DELETE", "HEAD", "OPTIONS")
READING_ROUTES = PICTURE_ROUTES | {"/v1/strokes", "/v1/explain"}
log = logging.getLogger("inkdigits.web")


class Guard:
    """Middleware around the whole app.

    Args:
        app: What is guarded.
        settings: Limits, hosts, key.
        metrics: Where requests are counted.
        pool: Asked before anything else is done for a request that reads.
        routes: Paths that exist; others are counted together.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        metrics: Metrics,
        pool: ReadingPool,
        routes: frozenset[str],
    ) -> None:
        self._app, self._settings, self._metrics, self._routes = app, settings, metrics, routes
        self._pool = pool
        self._is_local = settings.is_local  # parses the address: not once a request
        # "/v1/review/{id}" counts as one route, whatever the id.
        self._forms = [
            (name, re.compile(re.sub(r"\{\w+\}", "[^/]+", name))) for name in routes if "{" in name
        ]
        self._rate = RateLimiter(rate_per_s=settings.rate_per_s, burst=settings.burst)
        self._bytes_in_flight = 0
        metrics.add_gauge(
            "inkdigits_upload_bytes", "Bytes of bodies being received or read.", lambda: self._bytes_in_flight
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, and pass it on or answer it."""
        if scope["type"] == "http":
            await self._handle_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._handle_socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _handle_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        start_s, status, has_begun = time.perf_counter(), 500, False

        async def send_guarded(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith(DEVICE):
                    headers["Content-Security-Policy"] = APP_POLICY
                headers.setdefault("Cache-Control", "no-store")
                if not self._settings.origins:
                    headers["Cross-Origin-Resource-Policy"] = "same-origin"
            if message["type"] == "http.response.body" and not message.get("more_body") and body.would_reset:
                await send({**message, "more_body": True})
                await body.drain()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        body = _Body(self, scope, receive)
        try:
            self._check(scope)
            if scope["path"] in READING_ROUTES:
                self._pool.check()  # a full queue must cost next to nothing
            body.check_length()
            await self._app(scope, body.receive, send_guarded)
        except InkdigitsError as error:
            await to_response(error)(scope, receive, send_guarded)
        except Exception:
            log.exception("a request to %s failed", self._name_route(scope["path"]))
            if has_begun:
                raise
            await to_response(InternalError())(scope, receive, send_guarded)
        finally:
            self._bytes_in_flight -= body.held
            self._metrics.count_request(
                method=scope["method"] if scope["method"] in METHODS else "other",
                route=self._name_route(scope["path"]),
                status=status,
                duration_s=time.perf_counter() - start_s,
            )

    async def _handle_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope)
        except InkdigitsError as error:
            await receive()  # websocket.connect
            if "websocket.http.response" in scope.get("extensions", {}):
                await _refuse_socket(error, scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        self._check_origin(headers)
        path: str = scope["path"]
        if path in OPEN_PATHS or path.startswith((STATIC, DEVICE)) or scope.get("method") == "OPTIONS":
            return
        self._rate.take((scope.get("client") or ("",))[0])
        if self._settings.api_key:
            self._check_key(headers)

    def _check_host(self, headers: Headers) -> None:
        allowed = self._settings.allowed_hosts
        if not allowed and not self._is_local:
            return
        name = split_host(headers.get("host", ""))
        if name not in (*allowed, *LOCAL_NAMES, self._settings.host.strip("[]")):
            raise ForbiddenError(
                "This service does not answer under that host name",
                remedy="Use its address as it was printed at the start, or start it with --allow-host NAME.",
            )

    def _check_origin(self, headers: Headers) -> None:
        """Refuse calls from pages of other origins: CORS alone would only hide the answer from them."""
        origin = headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return
        if _find_netloc(origin) != headers.get("host", "").lower():
            raise ForbiddenError(
                "Pages of other origins may not call this service",
                remedy="Start it with --allow-origin ORIGIN if this one may.",
            )

    def _check_key(self, headers: Headers) -> None:
        given = find_key(headers)
        if given is None or not hmac.compare_digest(given.encode(), self._settings.api_key.encode()):
            raise KeyRequiredError(
                "This service needs its API key" if given is None else "That is not the API key",
                remedy="Send it in the header Authorization: Bearer KEY.",
            )

    def _name_route(self, path: str) -> str:
        if path.startswith((STATIC, DEVICE)):
            return STATIC if path.startswith(STATIC) else DEVICE
        if path in self._routes:
            return path
        return next((name for name, form in self._forms if form.fullmatch(path)), "other")

    def _hold(self, count: int) -> None:
        if self._bytes_in_flight + count > self._settings.max_bytes_in_flight:
            raise BusyError(
                "Too many uploads at the same time", remedy="Try again in a moment.", retry_after_s=1
            )
        self._bytes_in_flight += count


class _Body:
    """The body of one request: counted while it arrives, bounded in bytes and time."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive) -> None:
        self._guard, self._receive = guard, receive
        settings = guard._settings
        self._headers = Headers(scope=scope)
        self._length = self._headers.get("content-length", "0")
        takes_pictures = scope["path"] in PICTURE_ROUTES
        self._most = settings.max_body_bytes if takes_pictures else settings.max_json_bytes
        if scope["path"] == KEEPING_ROUTE:
            self._most = settings.max_answer_bytes
        self._deadline_s = time.monotonic() + settings.upload_limit_s
        self._is_complete = self._is_gone = False
        closes = "close" in self._headers.get("connection", "").lower()
        self._closes = closes or scope.get("http_version") == "1.0"
        self.held = 0

    @property
    def would_reset(self) -> bool:
        """True if ending the answer now would close a connection on which the client still sends.

        The system then resets the connection, and the client may lose the answer that says why: proxies that speak
        HTTP/1.0, or programs that send `Connection: close`, would see a broken connection instead of 429 or 413.
        """
        has_body = self._length != "0" or "transfer-encoding" in self._headers
        return self._closes and has_body and not self._is_complete and not self._is_gone

    async def drain(self) -> None:
        """Receive and forget the rest of the body, for a while."""
        left = DRAINED_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINED_S):
                while left > 0 and not self._is_complete:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        return
                    left -= len(message.get("body", b""))
                    self._is_complete = not message.get("more_body", False)

    def check_length(self) -> None:
        """Raise if the header already names too much."""
        if self._length.isdecimal() and int(self._length[:20]) > self._most:
            self._refuse()

    async def receive(self) -> Message:
        """Receive the next part."""
        if self._is_complete:
            return await self._receive()  # waits for the client to hang up, as long as it likes
        try:
            async with asyncio.timeout(self._deadline_s - time.monotonic()):
                message = await self._receive()
        except TimeoutError as error:
            message_text = f"The upload took longer than {self._guard._settings.upload_limit_s:g} seconds"
            raise SlowUploadError(message_text, remedy="Send a smaller file.") from error
        self._is_gone = message["type"] == "http.disconnect"
        if message["type"] == "http.request":
            count = len(message.get("body", b""))
            if self.held + count > self._most:
                self._refuse()
            self._guard._hold(count)
            self.held += count
            self._is_complete = not message.get("more_body", False)
        return message

    def _refuse(self) -> None:
        raise RequestTooLargeError(
            f"The request has over {self._most / 2**20:.4g} MiB, the limit",
            remedy="Send fewer or smaller files.",
        )


async def _refuse_socket(error: InkdigitsError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a WebSocket's handshake with a problem."""

    async def send_refusal(message: Message) -> None:
        await send({**message, "type": message["type"].replace("http.", "websocket.http.")})

    await to_response(error)({**scope, "type": "http"}, receive, send_refusal)


def split_host(host: str) -> str:
    """Return the name in a Host header, without port and brackets, in lower case.

    Args:
        host: Such as "localhost:8000" or "[::1]:8000".
    """
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _find_netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def find_key(headers: Headers) -> str | None:
    """Find the key that a client sent: as a bearer token, in X-API-Key, or as a WebSocket's protocol.

    Args:
        headers: Of the request.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if key := headers.get("x-api-key"):
        return key
    for protocol in headers.get("sec-websocket-protocol", "").split(","):
        name = protocol.strip()
        if name.startswith(KEY_PROTOCOL):
            text = name.removeprefix(KEY_PROTOCOL)
            try:
                return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            except ValueError:
                return ""
    return None
