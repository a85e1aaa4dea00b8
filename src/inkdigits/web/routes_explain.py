"""The route that tells why: which ink of one digit speaks for its label.

Owns: arguments and answer of /v1/explain. Leaves to others: the saliency (explaining), checking forms (forms).

Apart from the routes that read, since it is asked for one digit that somebody wonders about, never with a reading.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import JSONResponse, Response

from inkdigits.web.examples import EXPLAIN
from inkdigits.web.forms import decode_form
from inkdigits.web.reading import Readings
from inkdigits.web.routes_read import PROBLEMS
from inkdigits.web.schemas import ExplainIn, ExplainOut
from inkdigits.web.service import TheService

router = APIRouter(prefix="/v1", tags=["explain"])


@router.post(
    "/explain",
    responses={200: {"description": "Which ink speaks for the label.", "model": ExplainOut}, **PROBLEMS},
    response_class=JSONResponse,
)
async def explain(
    service: TheService, asked: Annotated[ExplainIn, Body(openapi_examples={"seven": {"value": EXPLAIN}})]
) -> Response:
    """Tell which ink of one digit speaks for a label and which against it: occlusion saliency."""

    def work(readings: Readings) -> dict[str, Any]:
        return readings.explain(decode_form(asked.form), asked.label)

    answer, duration_ms = await service.run(work)
    return JSONResponse(answer, headers={"Server-Timing": f"explain;dur={duration_ms:.1f}"})
