"""`inkdigits serve`: the page and the service.

Owns: the arguments of serving, the line that tells the address. Leaves to others: the service (web).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.console import tell
from inkdigits.errors import MissingExtraError, UsageError

NEEDED = ("fastapi", "uvicorn", "websockets", "python_multipart")
BODY_PICTURES = 3  # largest pictures that one request may hold


Host = Annotated[
    str, typer.Option("--host", help="Address to listen on; any but this machine's own needs a key.")
]
Port = Annotated[
    int, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
]
Model = Annotated[str, typer.Option("--model", help="Name of a shipped model, or a bundle file.")]
ApiKey = Annotated[
    str,
    typer.Option(
        "--api-key",
        envvar="INKDIGITS_API_KEY",
        help="Clients must send it; better given in the environment, where no list of processes shows it.",
        show_default=False,
        show_envvar=True,
    ),
]
InsecureNoKey = Annotated[
    int,
    typer.Option(
        "--insecure-no-key",
        count=True,
        help="Let anyone on the network use the service; must be said twice.",
        show_default=False,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option("--allow-host", help="A name under which the service is reached, as behind a proxy."),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option("--allow-origin", help="An origin whose pages may call the service, as https://a.example."),
]
TrustProxy = Annotated[
    str, typer.Option("--trust-proxy", help="Addresses of proxies whose X-Forwarded-For is believed.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes.")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=64,
        help="Readings at the same time; by default one a core, at most 4.",
        show_default=False,
    ),
]
Waiting = Annotated[
    int,
    typer.Option("--waiting", min=0, help="Readings that may wait before clients are told to come back."),
]
Rate = Annotated[float, typer.Option("--rate", min=0, help="Requests a second and client; 0 sets no bound.")]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", min=0.1, help="Longest time for one answer, seconds.")
]
MaxMib = Annotated[float, typer.Option("--max-mib", min=0.01, help="Largest picture, MiB.")]
Corrections = Annotated[
    str,
    typer.Option(
        "--corrections",
        metavar="PATH_OR_URL",
        envvar="INKDIGITS_CORRECTIONS",
        help="Keep answers that people confirm or correct: an SQLite file, or postgresql://...; "
        "nothing is stored without it, nor without the consent of the person at the page.",
        show_default=False,
        show_envvar=True,
    ),
]
DeviceApp = Annotated[
    Path | None,
    typer.Option(
        "--device-app",
        metavar="FOLDER",
        help="Offer the app that reads on the device itself at /device/: what 'make browser' builds, "
        "apps/browser/dist.",
        show_default=False,
    ),
]
ReviewBelow = Annotated[
    float,
    typer.Option("--review-below", min=0, max=1, help="Less sure answers are offered for review."),
]
LogRequests = Annotated[
    bool, typer.Option("--log-requests", help="Write one line a request: client, path, status.")
]
OpenBrowser = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    model: Model = "latin",
    api_key: ApiKey = "",
    insecure_no_key: InsecureNoKey = 0,
    allow_host: AllowHost = None,
    allow_origin: AllowOrigin = None,
    trust_proxy: TrustProxy = "",
    workers: Workers = 1,
    threads: Threads = None,
    waiting: Waiting = 16,
    rate: Rate = 60.0,
    time_limit: TimeLimit = 20.0,
    max_mib: MaxMib = 16.0,
    corrections: Corrections = "",
    device_app: DeviceApp = None,
    review_below: ReviewBelow = 0.9,
    log_requests: LogRequests = False,
    open_browser: OpenBrowser = False,
) -> None:
    """Open a page that reads while you write, and a service for programs.

    Examples:

      inkdigits serve

      inkdigits serve --port 9000 --open

      inkdigits serve --corrections corrections.db

      INKDIGITS_API_KEY=... inkdigits serve --host 0.0.0.0
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtraError(missing[0], extra="web")
    from inkdigits.bundles import load_classifier
    from inkdigits.web.server import listen
    from inkdigits.web.server import serve as serve_web
    from inkdigits.web.settings import WEB_LIMITS, Settings, check_exposure

    settings = Settings(
        model=model,
        host=host,
        port=port,
        api_key=api_key,
        allowed_hosts=tuple(name.lower() for name in allow_host or ()),
        origins=tuple(origin.rstrip("/") for origin in allow_origin or ()),
        threads=threads or Settings().threads,
        max_waiting=waiting,
        time_limit_s=time_limit,
        limits=replace(WEB_LIMITS, max_bytes=round(max_mib * 2**20)),
        max_body_bytes=round(BODY_PICTURES * max_mib * 2**20),
        rate_per_s=rate,
        corrections=corrections,
        device_app="" if device_app is None else str(_check_app(device_app)),
        review_below=review_below,
    )
    settings = check_exposure(settings, times_insecure=insecure_no_key)
    load_classifier(model)  # a wrong name is told here, not by a worker
    if corrections:
        _check_corrections(corrections)
    listener = listen(settings)

    def greet() -> None:
        tell(f"InkDigits is at {listener.url} (Ctrl+C stops it)")
        if open_browser:
            import webbrowser

            webbrowser.open(listener.url)

    with suppress(KeyboardInterrupt):
        serve_web(
            settings,
            listener,
            workers=workers,
            trusted_proxies=trust_proxy,
            logs_requests=log_requests,
            on_start=greet,
        )
    tell("InkDigits has stopped.")


def _check_app(folder: Path) -> Path:
    """Return the folder of the app as every process finds it, if the app lies there."""
    if not (folder / "index.html").is_file():
        raise UsageError(
            f"there is no app in {folder}", remedy="Build it with 'make browser'; it needs Node 20."
        )
    return folder.resolve()


def _check_corrections(place: str) -> None:
    """Open the database once, so that what is wrong with it is told here and not by a worker."""
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        raise MissingExtraError("sqlalchemy", extra="corrections")
    from inkdigits.corrections.store import CorrectionStore

    CorrectionStore(place).close()
