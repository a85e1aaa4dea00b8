"""The routes about the service itself: models, health, metrics.

Owns: /v1/models, /healthz, /readyz, /metrics. Leaves to others: what they tell.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inkdigits.web.metrics import CONTENT_TYPE
from inkdigits.web.schemas import ModelsOut
from inkdigits.web.service import TheService

router = APIRouter(tags=["about"])


@router.get("/v1/models", responses={200: {"model": ModelsOut}}, response_class=JSONResponse)
async def list_models(service: TheService) -> Response:
    """List the models, and which one reads."""
    return JSONResponse({"models": service.models})


@router.get("/healthz", response_class=PlainTextResponse)
async def tell_health() -> Response:
    """Answer as long as the process lives."""
    return PlainTextResponse("ok\n")


@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={503: {"description": "Starting or shutting down."}},
)
async def tell_readiness(service: TheService) -> Response:
    """Answer 200 while readings are taken."""
    return PlainTextResponse("ready\n") if service.is_ready else PlainTextResponse("not ready\n", 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def tell_metrics(service: TheService) -> Response:
    """Tell counters in Prometheus' text form."""
    return Response(service.metrics.render(), media_type=CONTENT_TYPE)
