"""The examples of /openapi.json are answers of this service.

After a change of models or of the answers' form: INKDIGITS_WRITE_EXAMPLES=1 pytest tests/web/test_web_openapi.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

import inkdigits.web.examples as examples_module
from inkdigits.web.app import create_app
from inkdigits.web.examples import ANSWER, ANSWER_ID, ANSWERS, EXPLAIN, STROKES
from inkdigits.web.schemas import BatchOut, ExplainOut, ModelsOut, ProblemOut, ReadingOut
from inkdigits.web.schemas_review import AnswerOut, AnswersOut, DeletedOut, KeepingOut
from inkdigits.web.settings import Settings

MakeClient = Callable[[Settings], TestClient]
WRITE = "INKDIGITS_WRITE_EXAMPLES"
SLACK = 0.02  # confidences differ in the last digits from processor to processor
CHANGING = {"created_at", "updated_at", "version", "model_hash"}  # say when and with what, not how
KEY = "0123456789abcdef-key"


def collect(make_client: MakeClient, place: str, digit: bytes) -> dict[str, dict[str, Any]]:
    """Ask everything once, and return the answers."""
    http = make_client(Settings(rate_per_s=0, corrections=place))
    picture, note = ("digit.png", digit), ("notes.txt", b"no picture")
    asked = {
        "post /v1/read": http.post("/v1/read", files={"file": picture}),
        "post /v1/read/batch": http.post("/v1/read/batch", files=[("files", picture), ("files", note)]),
        "post /v1/strokes": http.post("/v1/strokes", json=STROKES),
        "post /v1/explain": http.post("/v1/explain", json=EXPLAIN),
        "get /v1/models": http.get("/v1/models"),
        "get /healthz": http.get("/healthz"),
        "get /readyz": http.get("/readyz"),
    }
    kept = http.post("/v1/corrections", json={**ANSWER, "labels": None})
    asked |= {
        "get /v1/review": http.get("/v1/review"),
        "post /v1/review/{id}": http.post(f"/v1/review/{ANSWER_ID}", json={"labels": ["7"]}),
        "get /v1/corrections": http.get("/v1/corrections"),
        "post /v1/corrections": http.post("/v1/corrections", json=ANSWER),
        "delete /v1/review/{id}": http.delete(f"/v1/review/{ANSWER_ID}"),
        "delete /v1/corrections": http.delete("/v1/corrections"),
    }
    answers = {}
    for route, answer in asked.items():
        assert answer.status_code == 200, (route, answer.text)
        is_json = answer.headers["content-type"] == "application/json"
        answers[route] = {"200": answer.json() if is_json else answer.text}
    assert kept.status_code == 201
    answers["post /v1/corrections"]["201"] = kept.json()
    answers["problems"] = collect_problems(make_client, http, digit)
    return answers


def collect_problems(make_client: MakeClient, http: TestClient, digit: bytes) -> dict[str, Any]:
    """Ask wrongly in every way that can be had at once; 408 takes half a minute."""
    locked = make_client(Settings(api_key=KEY))
    hurried = make_client(Settings(rate_per_s=0.1, burst=1, time_limit_s=0.0001))
    problems = {
        "400": http.post("/v1/read", content=b""),
        "401": locked.post("/v1/read", content=digit),
        "403": http.get("/v1/models", headers={"Origin": "https://example.org"}),
        "404": http.get("/v1/review/nothing-here/picture"),
        "413": http.post("/v1/strokes", content=b" " * (2**20 + 1)),
        "415": http.post("/v1/read", content=b"no picture"),
        "422": http.post("/v1/read?min_confidence=2", content=digit),
        "503": hurried.post("/v1/read", content=digit),
        "429": hurried.post("/v1/read", content=digit),
    }
    for status, answer in problems.items():
        assert answer.status_code == int(status), answer.text
    return {status: answer.json() for status, answer in problems.items()}


def differ(shown: Any, told: Any, place: str = "") -> list[str]:  # noqa: ANN401
    """Return where two answers differ."""
    if isinstance(shown, dict) and isinstance(told, dict) and shown.keys() == told.keys():
        return [
            line for key in shown if key not in CHANGING
            for line in differ(shown[key], told[key], f"{place}/{key}")
        ]  # fmt: skip
    if isinstance(shown, list) and isinstance(told, list) and len(shown) == len(told):
        if place.endswith("/alternatives"):  # of equal probability nearly; their order is chance

            def by_label(item: dict[str, Any]) -> str:
                return str(item["label"])

            shown, told = sorted(shown, key=by_label), sorted(told, key=by_label)
        return [
            line
            for i, pair in enumerate(zip(shown, told, strict=True))
            for line in differ(*pair, f"{place}/{i}")
        ]
    if isinstance(shown, float) or isinstance(told, float):
        slack = SLACK if "saliency" not in place else 0.2  # nats
        return [] if shown == pytest.approx(told, abs=slack) else [f"{place}: {shown} is now {told}"]
    return [] if shown == told else [f"{place}: {shown} is now {told}"]


def test_the_examples_are_answers_of_this_service(
    make_client: MakeClient, tmp_path: Path, digit: bytes
) -> None:
    told = collect(make_client, str(tmp_path / "corrections.db"), digit)
    if os.environ.get(WRITE):
        path = Path(examples_module.__file__).with_name("examples.json")
        path.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
        pytest.skip(f"{path} is written")
    assert differ(ANSWERS, told) == [], f"set {WRITE} to write them anew"
    models: dict[str, type[BaseModel]] = {
        "post /v1/read": ReadingOut, "post /v1/read/batch": BatchOut, "post /v1/strokes": ReadingOut,
        "post /v1/explain": ExplainOut, "get /v1/models": ModelsOut, "get /v1/review": AnswersOut,
        "post /v1/review/{id}": AnswerOut, "get /v1/corrections": KeepingOut, "post /v1/corrections": AnswerOut,
        "delete /v1/corrections": DeletedOut,
    }  # fmt: skip
    for route, model in models.items():
        model.model_validate(ANSWERS[route]["200"])


def test_differences_are_seen() -> None:
    assert differ({"a": [1, {"b": 0.5}]}, {"a": [1, {"b": 0.51}]}) == []
    assert differ({"a": [1, {"b": 0.5}]}, {"a": [1, {"b": 0.6}]}) == ["/a/1/b: 0.5 is now 0.6"]
    assert differ({"a": 1}, {"b": 1}) != []
    assert differ([1], [1, 2]) != []
    assert differ({"version": "1"}, {"version": "2"}) == []


def test_every_route_shows_what_it_answers() -> None:
    document = create_app(Settings()).openapi()
    shown = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                place = f"{method} {path} {status}"
                if int(status) >= 400 and path != "/readyz":
                    assert set(content) == {"application/problem+json"}, place
                    assert content["application/problem+json"]["schema"]["$ref"].endswith("/ProblemOut"), (
                        place
                    )
                if status == "408" or path == "/metrics" or (path.endswith("/picture") and status == "200"):
                    continue
                if content:
                    assert any("example" in kind for kind in content.values()), place
                    shown += 1
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    schema = document["components"]["schemas"][body["schema"]["$ref"].split("/")[-1]]
                    assert "examples" in body or "examples" in schema, f"{method} {path}"
    assert shown > 60
    problem = document["paths"]["/v1/read"]["post"]["responses"]["415"]["content"]["application/problem+json"]
    assert ProblemOut.model_validate(problem["example"]).remedy
