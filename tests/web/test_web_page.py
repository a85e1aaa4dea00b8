"""The page's files: headers, caching, no way out of the folder, texts that exist, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import inkdigits.web.page
from inkdigits.cli.serve import _check_app
from inkdigits.errors import UsageError
from inkdigits.web.settings import Settings

STATIC = inkdigits.web.page.FOLDER
SCRIPTS = sorted((STATIC / "js").glob("*.js"))


def test_the_page_and_its_parts_are_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    links = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert len(links) > 8
    for link in links | {"/favicon.ico", "/static/js/draw.js", "/static/samples/amount.jpg"}:
        answer = client.get(link)
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] in {
            "text/javascript", "text/css", "image/svg+xml", "font/woff2", "image/jpeg", "application/manifest+json"
        }  # fmt: skip


def test_security_headers_stand_on_everything(client: TestClient) -> None:
    for answer in (
        client.get("/"),
        client.get("/static/js/main.js"),
        client.get("/nothing"),
        client.get("/metrics"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "*" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
    assert client.get("/v1/models").headers["cache-control"] == "no-store"


def test_files_are_compressed_and_cached_until_they_change(client: TestClient) -> None:
    first = client.get("/static/js/main.js", headers={"Accept-Encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    plain = client.get("/static/js/main.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == first.text
    again = client.get("/static/js/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "/etc/passwd",
        "....//app.py",
        "js/../../app.py",
        "js",
        "",
        "%00",
    ],
)
def test_there_is_no_way_out_of_the_folder(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_every_text_exists_and_is_used() -> None:
    source = (STATIC / "js/texts.js").read_text(encoding="utf-8")
    body = source[source.index("export const texts") : source.index("export function t(")]
    keys = set(re.findall(r'^  "?([a-zA-Z. -]+?)"?:', body, re.MULTILINE))
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS if path.name != "texts.js")
    used = set(re.findall(r'data-(?:text|label)="([^"]+)"', page))
    used |= {key for key in keys if re.search(rf'["\']{re.escape(key)}["\']', code)}
    assert used <= keys
    # Made as `answer.${tone}` and the like.
    rooms = (
        r"reason|sample|answer|answer\.idle|upload|judge|judge\.verdict|keep\.place|review\.empty|review\.sub"
        r"|why\.place"
    )
    made = re.compile(rf"({rooms})\.[\w. -]+")
    assert {key for key in keys - used if not made.fullmatch(key)} == set()
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', code))
    assert asked <= keys


def test_no_english_stands_in_the_page_itself() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    body = re.sub(
        r"<noscript>.*?</noscript>|<svg.*?</svg>", "", page[page.index("<body>") :], flags=re.DOTALL
    )
    words = {word for text in re.findall(r">([^<]+)<", body) if (word := text.strip())}
    assert words == {"InkDigits", "CSV", "JSON"}


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.*")), ids=lambda path: path.name)
def test_nothing_comes_from_another_host(path: Path) -> None:
    if path.suffix not in (".html", ".js", ".css", ".svg", ".webmanifest"):
        return
    text = path.read_text(encoding="utf-8")
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", text)) - {
        "http://www.w3.org/2000/svg"
    }
    assert not addresses
    assert not re.search(r"\bstyle=|\bon\w+=\"|javascript:|\beval\(|innerHTML|insertAdjacentHTML", text)


def test_the_app_of_the_device_is_offered_where_it_was_built(
    make_client: Callable[[Settings], TestClient], tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    for name in (
        "index.html",
        "sw.js",
        "manifest.webmanifest",
        "run.wasm",
        "models/detector.onnx",
        "secret.key",
    ):
        (tmp_path / name).write_text(name)
    client = make_client(Settings(device_app=str(tmp_path), api_key="k" * 20))
    page = client.get("/device/")
    assert page.text == "index.html"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "'unsafe-inline'" not in policy
    assert "wasm" not in client.get("/").headers["content-security-policy"]
    assert client.get("/device/run.wasm").headers["content-type"] == "application/wasm"
    assert client.get("/device/models/detector.onnx").status_code == 200
    for missing in ("secret.key", "../pyproject.toml", "%2e%2e/x", "nothing"):
        assert client.get(f"/device/{missing}").status_code in (401, 404)


def test_without_the_app_there_is_nothing_to_offer(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/device/").status_code == 404
    with pytest.raises(UsageError, match="make browser"):
        _check_app(tmp_path)
