"""Listens, serves, stops: uvicorn set up for this service.

Owns: the socket, worker processes, the orderly end. Leaves to others: the app, the command's arguments.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from uvicorn.supervisors import Multiprocess

from inkdigits.errors import UsageError
from inkdigits.web.settings import SETTINGS_VARIABLE, Settings

FACTORY = "inkdigits.web.app:create_app"
GRACE_S = 5.0  # beyond the longest request, until the end no longer waits
# Further connections get 503 at once. Each holds a file descriptor; most systems give 1024 unless asked for more.
MOST_CONNECTIONS = 4000
SPARE_FILES = 100  # for models, sockets between processes, libraries
MESSAGE_BYTES = 4 * 2**20  # of a live message: a camera frame has 50 KB


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens, and the address that people type.

    Attributes:
        socket: The socket.
        url: Such as "http://127.0.0.1:8000".
    """

    socket: socket.socket
    url: str


def listen(settings: Settings) -> Listener:
    """Open the socket, before anything heavy is loaded.

    Args:
        settings: Host and port.

    Raises:
        UsageError: If the address can't be listened on.
    """
    host = settings.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0]
        opened = socket.create_server(found[4][:2], family=found[0], backlog=2048)
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(
            f"{host} port {settings.port} can't be listened on: {reason}",
            remedy="Choose another with --host and --port.",
        ) from error
    port = opened.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return Listener(opened, f"http://{shown}:{port}")


def serve(
    settings: Settings,
    listener: Listener,
    *,
    workers: int = 1,
    trusted_proxies: str = "",
    logs_requests: bool = False,
    on_start: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal ends it; what was accepted is finished.

    Args:
        settings: How the service is set up.
        listener: Where it listens.
        workers: Processes, each with its own models, queue and counters.
        trusted_proxies: Addresses whose X-Forwarded-For is believed, separated by commas.
        logs_requests: True to write one line a request: client, path, status.
        on_start: Called once requests are answered.
    """
    os.environ[SETTINGS_VARIABLE] = settings.to_json()  # inherited by workers; only this user can read it
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES,
        log_level="info" if logs_requests else "warning",
        access_log=logs_requests,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies or None,
        limit_concurrency=allow_connections(MOST_CONNECTIONS),
        timeout_graceful_shutdown=round(settings.time_limit_s + GRACE_S),
    )
    if workers == 1:
        _Server(config, on_start).run(sockets=[listener.socket])
        return
    on_start()
    Multiprocess(config, sockets=[listener.socket]).run()


def allow_connections(wanted: int) -> int:
    """Raise this process's limit of open files as far as that is needed and allowed.

    Args:
        wanted: Connections at the same time.

    Returns:
        How many connections there may be.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + SPARE_FILES:
        most = wanted + SPARE_FILES if hard == resource.RLIM_INFINITY else min(wanted + SPARE_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
        return max(1, max(soft, most) - SPARE_FILES)
    return wanted


class _Server(uvicorn.Server):
    """A server that tells when it has started."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        self._on_start()
