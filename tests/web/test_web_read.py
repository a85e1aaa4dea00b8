"""Every route that reads or tells: what goes in, what comes out, in the documented form."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from inkdigits.images import load_pages
from inkdigits.reader import Reader
from inkdigits.web.schemas import BatchOut, ModelsOut, ProblemOut, ReadingOut

Strokes = list[list[list[float]]]


def make_pdf(*pictures: bytes) -> bytes:
    """A PDF with one picture a page."""
    document = pypdfium2.PdfDocument.new()
    for data in pictures:
        jpeg = io.BytesIO()
        image = Image.open(io.BytesIO(data)).convert("RGB")
        image.save(jpeg, "JPEG", quality=95)
        jpeg.seek(0)
        placed = pypdfium2.PdfImage.new(document)
        placed.load_jpeg(jpeg)
        width, height = image.width / 2, image.height / 2
        placed.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        page = document.new_page(width, height)
        page.insert_obj(placed)
        page.gen_content()
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def test_a_form_and_a_raw_body_are_read_alike(client: TestClient, digit: bytes) -> None:
    form = client.post("/v1/read", files={"file": ("seven.png", digit)})
    raw = client.post("/v1/read", content=digit, headers={"Content-Type": "image/png"})
    assert form.status_code == raw.status_code == 200
    assert form.json()["text"] == "7"
    assert form.json() == {**raw.json(), "source": "seven.png"}
    assert float(form.headers["server-timing"].removeprefix("read;dur=")) > 0


def test_answers_are_those_of_the_reader(client: TestClient, examples: Path) -> None:
    data = (examples / "list.png").read_bytes()
    answer = client.post("/v1/read", content=data).json()
    expected = Reader().read(data).to_dict()
    assert answer["text"] == expected["text"] == "1984\n307\n65\n4128\n790"
    assert [n["box"] for n in answer["numbers"]] == [n["box"] for n in expected["numbers"]]
    ReadingOut.model_validate(answer)


@pytest.mark.parametrize("name", ["amount.jpg", "list.png", "blackboard.png", "digit.png"])
def test_forms_are_those_that_the_classifier_saw(client: TestClient, examples: Path, name: str) -> None:
    data = (examples / name).read_bytes()
    answer = client.post("/v1/read?forms=true", content=data).json()
    ReadingOut.model_validate(answer)
    forms = np.array([np.asarray(Image.open(io.BytesIO(base64.b64decode(form)))) for form in answer["forms"]])
    reading, seen = Reader().read_with_forms(load_pages(data))
    assert answer["text"] == reading.text
    assert len(forms) == len(reading.digits) > 0
    for form, ink in zip(forms, seen, strict=True):
        assert ink is not None
        np.testing.assert_array_equal(form, np.rint(255 * ink).astype(np.uint8))  # 28x28, ink bright


def test_forms_follow_a_field(client: TestClient, examples: Path) -> None:
    data = (examples / "postal-code.png").read_bytes()
    plain = client.post("/v1/read?forms=true", content=data).json()
    decided = client.post("/v1/read?forms=true&field=length%3D5", content=data).json()
    assert len(decided["forms"]) == 5
    assert decided["forms"] == plain["forms"]


def test_a_blank_page_gives_no_numbers(client: TestClient, examples: Path) -> None:
    answer = client.post(
        "/v1/read?forms=true&pages=true", content=(examples / "blank.png").read_bytes()
    ).json()
    assert (answer["text"], answer["numbers"], answer["forms"]) == ("", [], [])
    assert len(answer["pictures"]) == 1


def test_low_confidence_becomes_a_question(client: TestClient, examples: Path) -> None:
    data = (examples / "list.png").read_bytes()
    answer = client.post("/v1/read", params={"min_confidence": 0.999999}, content=data).json()
    assert "?" in answer["text"]
    assert answer["review"]
    ReadingOut.model_validate(answer)


def test_a_field_decides(client: TestClient, examples: Path) -> None:
    data = (examples / "postal-code.png").read_bytes()
    answer = client.post("/v1/read", params={"field": "length=4"}, content=data).json()
    assert answer["numbers"][0]["violates"]
    refused = client.post("/v1/read", params={"field": "colour=blue"}, content=data)
    assert refused.status_code == 422
    assert ProblemOut.model_validate(refused.json()).remedy


def test_an_annotated_picture_comes_back(client: TestClient, digit: bytes) -> None:
    answer = client.post("/v1/read?format=annotated", content=digit)
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).width >= 320
    assert client.post("/v1/read?format=annotated&page=2", content=digit).status_code == 422


def test_all_pages_of_a_document_are_read(client: TestClient, examples: Path, digit: bytes) -> None:
    document = make_pdf(digit, (examples / "amount.jpg").read_bytes())
    answer = client.post("/v1/read?pages=true&forms=true", content=document).json()
    assert [(n["text"], n["page"]) for n in answer["numbers"]] == [("7", 0), ("1250", 1)]
    shown = [load_pages(base64.b64decode(picture))[0].size for picture in answer["pictures"]]
    assert shown == [(page["height"], page["width"]) for page in answer["pages"]]
    assert len(answer["forms"]) == 5
    second = client.post("/v1/read?format=annotated&page=2", content=document)
    assert second.headers["content-type"] == "image/png"


def test_a_batch_goes_on_after_a_bad_file(client: TestClient, examples: Path, digit: bytes) -> None:
    files = [
        ("files", ("a.png", digit)),
        ("files", ("../../etc/passwd", b"root:x:0:0")),
        ("files", ("c.jpg", (examples / "amount.jpg").read_bytes())),
    ]
    answer = client.post("/v1/read/batch", files=files)
    assert answer.status_code == 200
    items = BatchOut.model_validate(answer.json()).items
    assert [item.name for item in items] == ["a.png", "passwd", "c.jpg"]
    assert [item.reading.text if item.reading else None for item in items] == ["7", None, "1250"]
    assert items[1].problem is not None
    assert items[1].problem.status == 415


@pytest.mark.parametrize("text", [*"0123456789", "1984", "2750"])
def test_recorded_strokes_are_read(client: TestClient, recorded: dict[str, Strokes], text: str) -> None:
    answer = client.post("/v1/strokes", json={"strokes": recorded[text], "pen_width": 11, "forms": True})
    assert answer.status_code == 200
    assert answer.json()["text"] == text
    assert len(answer.json()["forms"]) == len(text)
    ReadingOut.model_validate(answer.json())


def test_boxes_of_strokes_stand_around_them(client: TestClient, recorded: dict[str, Strokes]) -> None:
    far = [[[10 * x + 3000, 10 * y - 500, t] for x, y, t in stroke] for stroke in recorded["5"]]
    body = {"strokes": far, "pen_width": 100, "width": 9000, "height": 4000}
    answer = client.post("/v1/strokes", json=body).json()
    assert answer["pages"] == [{"width": 9000, "height": 4000}]
    x, y, width, height = answer["numbers"][0]["box"]
    points = np.array([point[:2] for stroke in far for point in stroke])
    low, high = points.min(axis=0) - 50, points.max(axis=0) + 50
    assert (
        np.abs(np.array([x, y, x + width, y + height]) - [*low, *high]).max() < 60
    )  # 2 px of the drawn picture


def test_models_name_the_active_one(client: TestClient) -> None:
    models = ModelsOut.model_validate(client.get("/v1/models").json()).models
    assert [model.name for model in models if model.is_active] == ["latin"]
    assert all(model.parameters > 0 and model.labels[0] == "0" for model in models)


def test_health_and_metrics(client: TestClient, digit: bytes) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"
    client.post("/v1/read", content=digit)
    client.get("/made-up/path")
    text = client.get("/metrics").text
    assert 'inkdigits_requests_total{method="POST",route="/v1/read",status="200"}' in text
    assert 'route="other",status="404"' in text
    assert "made-up" not in text
    assert "inkdigits_request_seconds_bucket" in text
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rsplit(" ", 1)[1]) >= 0
