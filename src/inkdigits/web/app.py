"""Puts the service together: routes, page, guard, errors, start and end.

Owns: `create_app`. Leaves to others: each part.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from inkdigits import __version__
from inkdigits.web import live, routes_about, routes_explain, routes_read, routes_review
from inkdigits.web.guard import Guard
from inkdigits.web.openapi import complete
from inkdigits.web.page import APP_TYPES, load_files, make_app_router, make_router
from inkdigits.web.problems import add_handlers
from inkdigits.web.service import Service
from inkdigits.web.settings import Settings

ABOUT = """Reads handwritten numbers from pictures and pen strokes.

Pictures are read in memory. Nothing is stored but what is sent to `/v1/corrections` with `consent`, and that only
if the service was started with a place for it. If the service has a key, send it as `Authorization: Bearer KEY`.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the app of one process.

    Args:
        settings: How it is set up; without them, those that `inkdigits serve` left in the environment.
    """
    service = Service.make(settings or Settings.from_environment())

    @asynccontextmanager
    async def live_and_end(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(service.start)
        yield
        await run_in_threadpool(service.stop)

    app = FastAPI(
        title="InkDigits",
        version=__version__,
        description=ABOUT,
        lifespan=live_and_end,
        docs_url=None,  # both load their scripts from another host
        redoc_url=None,
        # An environment variable could switch on the sending of requests' bodies to another host.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.service = service
    add_handlers(app)
    app.include_router(routes_read.router)
    app.include_router(routes_explain.router)
    app.include_router(routes_review.router)
    app.include_router(routes_about.router)
    app.include_router(live.router)
    app.include_router(make_router(load_files()))
    if service.settings.device_app:
        folder = Path(service.settings.device_app)
        app.include_router(make_app_router(load_files(folder, types=APP_TYPES)))
    document = app.openapi_schema = complete(
        app.openapi()
    )  # after the last route: each makes FastAPI forget it
    paths = frozenset(document["paths"]) | {"/", "/favicon.ico", "/openapi.json"}
    app.add_middleware(
        Guard, settings=service.settings, metrics=service.metrics, pool=service.pool, routes=paths
    )
    if service.settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.settings.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type"],
            expose_headers=["Retry-After", "Server-Timing"],
        )
    return app
