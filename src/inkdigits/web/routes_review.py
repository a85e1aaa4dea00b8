"""The routes that keep answers and let people judge them: /v1/corrections and /v1/review.

Owns: arguments and answers. Leaves to others: checking (keeping), the database (corrections).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import JSONResponse, Response

from inkdigits.corrections import Counts, State
from inkdigits.web.errors import NoPictureError
from inkdigits.web.examples import ANSWER
from inkdigits.web.keeping import NOWHERE, describe_answer, to_new_answer
from inkdigits.web.routes_read import PROBLEMS
from inkdigits.web.schemas import ProblemOut
from inkdigits.web.schemas_review import (
    AnswerId,
    AnswerIn,
    AnswerOut,
    AnswersOut,
    DeletedOut,
    JudgementIn,
    KeepingOut,
)
from inkdigits.web.service import TheService

router = APIRouter(prefix="/v1", tags=["corrections"])

StateName = Literal["open", "confirmed", "corrected", "judged", "all"]
_STATES: dict[str, tuple[State, ...]] = {
    "judged": ("confirmed", "corrected"),
    "all": ("open", "confirmed", "corrected"),
}
LARGEST_NUMBER = 2**31 - 1
_NONE: dict[int | str, dict[str, Any]] = {
    404: {
        "description": "No such answer, or this service keeps none.",
        "content": {"application/problem+json": {}},
        "model": ProblemOut,
    }
}
_PROBLEMS = {status: PROBLEMS[status] for status in (400, 401, 403, 429, 503)} | _NONE
_WITH_BODY = {status: PROBLEMS[status] for status in (408, 413, 422)} | _PROBLEMS
Name = Annotated[AnswerId, Path(description="Of a kept answer.")]


@router.get("/corrections", responses={200: {"model": KeepingOut}, **_PROBLEMS}, response_class=JSONResponse)
async def describe_keeping(service: TheService) -> Response:
    """Tell whether answers can be kept here, where, and how many there are."""
    counts = Counts() if service.place == NOWHERE else await service.keep(lambda store: store.count())
    return JSONResponse(
        {
            "is_on": service.place != NOWHERE,
            "place": service.place,
            "review_below": service.settings.review_below,
            "counts": _to_json(counts),
        }
    )


@router.post(
    "/corrections",
    responses={
        200: {"description": "It was kept already, and is now as sent.", "model": AnswerOut},
        201: {"description": "It is kept.", "model": AnswerOut},
        415: PROBLEMS[415],
        **_WITH_BODY,
    },
    response_class=JSONResponse,
)
async def keep_answer(
    service: TheService, answer: Annotated[AnswerIn, Body(openapi_examples={"seven": {"value": ANSWER}})]
) -> Response:
    """Keep an answer with what a person says of it, or put it into the review queue.

    Once this answers, it is on the disk.
    """
    about = service.about_model
    limits = service.settings.limits
    kept, is_new = await service.keep(lambda store: store.save(to_new_answer(answer, about, limits=limits)))
    service.metrics.count("inkdigits_answers_kept_total", "Answers that were kept or sent again.")
    return JSONResponse(describe_answer(kept), 201 if is_new else 200)


@router.delete(
    "/corrections", responses={200: {"model": DeletedOut}, **_PROBLEMS}, response_class=JSONResponse
)
async def delete_everything(service: TheService) -> Response:
    """Delete all kept answers, with pictures and corrections, for good."""
    return _deleted(service, await service.keep(lambda store: store.delete_all()))


@router.get(
    "/review",
    responses={200: {"model": AnswersOut}, **_PROBLEMS, 422: PROBLEMS[422]},
    response_class=JSONResponse,
)
async def list_answers(
    service: TheService,
    *,
    state: Annotated[StateName, Query(description="Which answers; judged: confirmed or corrected.")] = "open",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[
        int | None, Query(ge=0, le=LARGEST_NUMBER, description="The `next` of the page before.")
    ] = None,
) -> Response:
    """List kept answers, newest first: the review queue, or those that were judged."""
    states = _STATES.get(state) or (state,)
    page, counts = await service.keep(
        lambda store: (store.list_answers(states, limit=limit, before=before), store.count())  # type: ignore[arg-type]
    )
    items = [describe_answer(answer) for answer in page.items]
    return JSONResponse({"items": items, "next": page.next, "counts": _to_json(counts)})


@router.post("/review/{id}", responses={200: {"model": AnswerOut}, **_WITH_BODY}, response_class=JSONResponse)
async def judge_answer(
    service: TheService,
    id: Name,
    judgement: Annotated[JudgementIn, Body(openapi_examples={"seven": {"value": {"labels": ["7"]}}})],
) -> Response:
    """Say what the digits of a kept answer are; saying what was read confirms it."""
    kept = await service.keep(lambda store: store.decide(id, judgement.labels))
    service.metrics.count("inkdigits_answers_judged_total", "Kept answers that were judged in the review.")
    return JSONResponse(describe_answer(kept))


@router.delete(
    "/review/{id}",
    responses={200: {"model": DeletedOut}, **_PROBLEMS, 422: PROBLEMS[422]},
    response_class=JSONResponse,
)
async def delete_answer(service: TheService, id: Name) -> Response:
    """Delete one kept answer."""
    await service.keep(lambda store: store.delete(id))
    return _deleted(service, 1)


@router.get(
    "/review/{id}/picture",
    responses={
        200: {"description": "The page, PNG.", "content": {"image/png": {}}},
        **_PROBLEMS,
        422: PROBLEMS[422],
    },
    response_class=Response,
)
async def show_picture(service: TheService, id: Name) -> Response:
    """Return the page that a kept answer was read from."""
    picture = await service.keep(lambda store: store.load_picture(id))
    if picture is None:
        raise NoPictureError("This answer was kept without its picture", remedy="Look at its forms instead.")
    return Response(picture, media_type="image/png")


def _deleted(service: TheService, count: int) -> Response:
    service.metrics.count("inkdigits_answers_deleted_total", "Kept answers that were deleted.", by=count)
    return JSONResponse({"deleted": count})


def _to_json(counts: Counts) -> dict[str, int]:
    return {"open": counts.open, "confirmed": counts.confirmed, "corrected": counts.corrected}
