"""/v1/explain: which ink of one form speaks for a label, on demand and within limits."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from inkdigits.bundles import load_classifier
from inkdigits.explaining import occlusion_saliency
from inkdigits.web.examples import EXPLAIN, FORM
from inkdigits.web.schemas import ExplainOut, ProblemOut


def encode(width: int, height: int, value: int = 0, kind: str = "PNG") -> str:
    stream = io.BytesIO()
    Image.new("L", (width, height), value).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def test_the_answer_is_that_of_the_library(client: TestClient) -> None:
    answer = client.post("/v1/explain", json=EXPLAIN)
    assert answer.status_code == 200
    assert float(answer.headers["server-timing"].removeprefix("explain;dur=")) > 0
    told = ExplainOut.model_validate(answer.json())
    form = np.asarray(Image.open(io.BytesIO(base64.b64decode(FORM))))
    expected = occlusion_saliency(load_classifier("latin"), form, "7")
    np.testing.assert_allclose(np.array(told.saliency), expected, atol=1e-3)
    assert np.array(told.saliency).max() > 0.1
    assert not np.array(told.saliency)[form == 0].any()
    assert max(told.classifier_probs, key=lambda label: told.classifier_probs[label]) == told.label == "7"
    assert sum(told.classifier_probs.values()) == pytest.approx(1, abs=1e-4)


def test_any_label_of_the_model_can_be_asked_for(client: TestClient) -> None:
    for_seven, for_one = (
        np.array(client.post("/v1/explain", json={"form": FORM, "label": label}).json()["saliency"])
        for label in "71"
    )
    assert not np.array_equal(for_seven, for_one)


def test_paper_says_nothing(client: TestClient) -> None:
    answer = client.post("/v1/explain", json={"form": encode(28, 28), "label": "3"})
    assert not np.array(answer.json()["saliency"]).any()


@pytest.mark.parametrize(
    ("form", "label", "status", "words"),
    [
        (FORM, "x", 422, "no label"),
        (FORM, "none", 422, "no label"),
        (FORM, "", 422, "label"),
        (FORM, "7" * 17, 422, "label"),
        ("", "7", 422, "form"),
        ("?", "7", 422, "base64"),
        ("AAAA", "7", 415, ""),
        ("A" * 14_004, "7", 422, "form"),
        (encode(27, 28), "7", 422, "28x28"),
        (encode(280, 280), "7", 413, "pixels"),
        (FORM[:200], "7", 422, ""),
    ],
)
def test_what_is_no_form_or_label_is_refused(
    client: TestClient, form: str, label: str, status: int, words: str
) -> None:
    answer = client.post("/v1/explain", json={"form": form, "label": label})
    assert answer.status_code == status, answer.text
    problem = ProblemOut.model_validate(answer.json())
    assert words in problem.detail
    assert problem.remedy


def test_a_reading_never_brings_it(client: TestClient, digit: bytes) -> None:
    assert "saliency" not in client.post("/v1/read?forms=true&pages=true", content=digit).text


def test_the_documentation_shows_it(client: TestClient) -> None:
    body = client.get("/openapi.json").json()["paths"]["/v1/explain"]["post"]["requestBody"]["content"]
    assert body["application/json"]["examples"]["seven"]["value"] == EXPLAIN
