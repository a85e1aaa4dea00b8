"""Answers that people want to keep: through HTTP into SQLite and PostgreSQL alike, and never without consent."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from inkdigits.corrections.records import CorrectionsError
from inkdigits.web.examples import ANSWER, ANSWER_ID, FORM, READING
from inkdigits.web.schemas import ProblemOut
from inkdigits.web.schemas_review import AnswerOut, AnswersOut, DeletedOut, KeepingOut
from inkdigits.web.settings import Settings

MakeClient = Callable[[Settings], TestClient]
KEY = "0123456789abcdef-key"


def make(name: str, **entry: object) -> dict[str, Any]:
    """The example under another id."""
    return {**ANSWER, "id": name, **entry}


def encode(picture: Image.Image, kind: str = "PNG", **options: Any) -> str:  # noqa: ANN401
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return base64.b64encode(stream.getvalue()).decode()


def expect(answer: Any, status: int, fragment: str = "") -> None:  # noqa: ANN401
    assert answer.status_code == status, answer.text
    problem = ProblemOut.model_validate(answer.json())
    assert problem.remedy
    assert fragment in problem.detail


def test_without_a_place_nothing_is_kept(client: TestClient) -> None:
    told = KeepingOut.model_validate(client.get("/v1/corrections").json())
    assert (told.is_on, told.place) == (False, "")
    for answer in (
        client.post("/v1/corrections", json=ANSWER),
        client.get("/v1/review"),
        client.post(f"/v1/review/{ANSWER_ID}", json={"labels": ["7"]}),
        client.delete(f"/v1/review/{ANSWER_ID}"),
        client.delete("/v1/corrections"),
        client.get(f"/v1/review/{ANSWER_ID}/picture"),
    ):
        expect(answer, 404, "keeps no answers")


def test_an_answer_is_kept_judged_and_found_after_a_restart(make_client: MakeClient, place: str) -> None:
    settings = Settings(rate_per_s=0, corrections=place, review_below=0.8)
    first = make_client(settings)
    told = KeepingOut.model_validate(first.get("/v1/corrections").json())
    assert (told.is_on, told.review_below) == (True, 0.8)
    assert told.place == ("database" if place.startswith("postgresql") else "file")
    queued = first.post("/v1/corrections", json=make("unsure-answer", labels=None))
    assert queued.status_code == 201
    assert AnswerOut.model_validate(queued.json()).state == "open"
    judged = first.post("/v1/corrections", json=make("another-answer", labels=["none"]))
    assert AnswerOut.model_validate(judged.json()).digits[0].correction == "none"
    assert first.post("/v1/corrections", json=make("another-answer", labels=["none"])).status_code == 200
    second = make_client(settings)
    queue = AnswersOut.model_validate(second.get("/v1/review").json())
    assert [(item.id, item.digits[0].form is not None) for item in queue.items] == [("unsure-answer", True)]
    assert queue.items[0].model == "latin"
    assert len(queue.items[0].model_hash) == 64
    decided = second.post("/v1/review/unsure-answer", json={"labels": ["1"]})
    assert AnswerOut.model_validate(decided.json()).state == "corrected"
    corrected = AnswersOut.model_validate(second.get("/v1/review?state=corrected").json())
    assert [item.id for item in corrected.items] == ["another-answer", "unsure-answer"]
    assert corrected.counts.open == 0
    picture = second.get("/v1/review/unsure-answer/picture")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).size == (28, 28)
    assert second.delete("/v1/review/unsure-answer").json() == {"deleted": 1}
    expect(second.get("/v1/review/unsure-answer/picture"), 404)
    expect(second.post("/v1/review/unsure-answer", json={"labels": ["1"]}), 404)
    assert DeletedOut.model_validate(second.delete("/v1/corrections").json()).deleted == 1
    assert second.get("/v1/review?state=all").json()["items"] == []
    text = second.get("/metrics").text
    assert 'inkdigits_requests_total{method="DELETE",route="/v1/review/{id}",status="200"} 1' in text
    assert "inkdigits_answers_deleted_total 2" in text


def test_the_list_is_paged(make_client: MakeClient, place: str) -> None:
    client = make_client(Settings(rate_per_s=0, corrections=place))
    for index in range(5):
        assert client.post("/v1/corrections", json=make(f"answer-{index}", labels=None)).status_code == 201
    found, query = [], "/v1/review?limit=2"
    while True:
        page = AnswersOut.model_validate(client.get(query).json())
        found += [item.id for item in page.items]
        if page.next is None:
            break
        query = f"/v1/review?limit=2&before={page.next}"
    assert found == [f"answer-{index}" for index in (4, 3, 2, 1, 0)]


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    from inkdigits.web.app import create_app

    path = tmp_path_factory.mktemp("corrections") / "corrections.db"
    settings = Settings(rate_per_s=0, corrections=str(path), max_answer_bytes=2**20)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"consent": False}, 422),
        ({"consent": None}, 422),
        ({"id": "short"}, 422),
        ({"id": "../../etc/passwd"}, 422),
        ({"id": "a" * 65}, 422),
        ({"labels": []}, 422),
        ({"labels": ["7", "7"]}, 422),
        ({"labels": ["77"]}, 422),
        ({"labels": [7]}, 422),
        ({"picture": "no base64!"}, 422),
        ({"picture": base64.b64encode(b"MZ\x90 a program").decode()}, 415),
        ({"picture": base64.b64encode(base64.b64decode(FORM)[:100]).decode()}, 422),
        ({"reading": {**READING, "forms": [FORM, FORM]}}, 422),
        ({"reading": {**READING, "forms": [encode(Image.new("L", (27, 28)))]}}, 422),
        ({"reading": {**READING, "forms": [encode(Image.new("L", (280, 280)))]}}, 413),
        ({"reading": {**READING, "numbers": []}}, 422),
        ({"reading": {**READING, "more": 1}}, 422),
        ({"more": 1}, 422),
        ({"picture": "A" * 2**20}, 413),
    ],
)
def test_what_is_not_an_answer_is_refused(
    keeping: TestClient, change: dict[str, object], status: int
) -> None:
    expect(keeping.post("/v1/corrections", json={**ANSWER, **change}), status)
    assert keeping.get("/v1/review?state=all").json()["items"] == []


def test_numbers_that_are_none_are_refused(keeping: TestClient) -> None:
    import json

    body = json.dumps(ANSWER).replace('"value": 7', '"value": NaN')
    answer = keeping.post("/v1/corrections", content=body, headers={"Content-Type": "application/json"})
    expect(answer, 422)


def test_pictures_are_kept_small_and_without_their_metadata(make_client: MakeClient, place: str) -> None:
    client = make_client(Settings(rate_per_s=0, corrections=place))
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)).resize(
        (2000, 1500)
    )
    exif = Image.Exif()
    exif[0x9286] = "where I live"
    exif[0x0112] = 6  # to be turned
    answer = make("a-photograph", picture=encode(photo, "JPEG", exif=exif, quality=60))
    assert client.post("/v1/corrections", json=answer).status_code == 201
    kept = client.get("/v1/review/a-photograph/picture").content
    assert b"where I live" not in kept
    assert kept.startswith(b"\x89PNG")
    assert Image.open(io.BytesIO(kept)).size == (1200, 1600)
    without = make("without-picture", picture=None)
    assert client.post("/v1/corrections", json=without).json()["has_picture"] is False
    expect(client.get("/v1/review/without-picture/picture"), 404, "without its picture")


def test_the_guard_stands_before_it(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(Settings(rate_per_s=0, api_key=KEY, corrections=str(tmp_path / "c.db")))
    for method, path in (
        ("GET", "/v1/corrections"), ("POST", "/v1/corrections"), ("DELETE", "/v1/corrections"),
        ("GET", "/v1/review"), ("GET", f"/v1/review/{ANSWER_ID}/picture"), ("DELETE", f"/v1/review/{ANSWER_ID}"),
    ):  # fmt: skip
        expect(client.request(method, path), 401)
        answer = client.request(method, path, headers={"X-API-Key": KEY, "Origin": "https://evil.example"})
        expect(answer, 403)
    assert client.get("/v1/review", headers={"X-API-Key": KEY}).status_code == 200


def test_a_failing_database_tells_clients_no_details(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(Settings(rate_per_s=0, corrections=str(tmp_path / "c.db")))
    store = client.app.state.service.corrections  # type: ignore[attr-defined]

    def fail() -> None:
        raise CorrectionsError("connection to server at 10.0.0.7 failed")

    store.count = fail
    answer = client.get("/v1/corrections")
    expect(answer, 503)
    assert "10.0.0.7" not in answer.text


def test_the_example_of_the_documentation_is_true(keeping: TestClient) -> None:
    document = keeping.get("/openapi.json").json()
    body = document["paths"]["/v1/corrections"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["seven"]["value"] == ANSWER
    answer = keeping.post("/v1/corrections", json=ANSWER)
    assert AnswerOut.model_validate(answer.json()).state == "confirmed"
    assert keeping.delete("/v1/corrections").json() == {"deleted": 1}
