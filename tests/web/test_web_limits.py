"""Who may ask, how much, how often: every bound answers with its own status, one sentence and a remedy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from inkdigits.errors import UsageError
from inkdigits.web.reading import Options, Readings, Result
from inkdigits.web.schemas import ProblemOut
from inkdigits.web.settings import WEB_LIMITS, Settings, check_exposure
from inkdigits.web.uploads import Upload

MakeClient = Callable[[Settings], TestClient]
KEY = "0123456789abcdef-key"


def expect(answer: httpx2.Response, status: int, fragment: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = ProblemOut.model_validate(answer.json())
    assert problem.status == status
    assert problem.detail.endswith(".")
    assert problem.remedy.endswith(".")
    assert fragment in problem.detail


def test_bytes_files_and_pixels_are_bounded(make_client: MakeClient, digit: bytes) -> None:
    limits = replace(WEB_LIMITS, max_bytes=60_000, max_pixels=200_000)
    client = make_client(
        Settings(rate_per_s=0, limits=limits, max_body_bytes=200_000, max_json_bytes=1000, max_files=3)
    )
    assert client.post("/v1/read", content=digit).status_code == 200
    expect(client.post("/v1/read", content=bytes(70_000)), 413, "MiB")
    expect(client.post("/v1/read", content=bytes(210_000)), 413, "request")
    expect(client.post("/v1/read", content=iter([bytes(150_000)] * 2)), 413, "request")  # without its length
    expect(client.post("/v1/strokes", json={"strokes": [[[1, 2]] * 500]}), 413)
    expect(client.post("/v1/models", content=bytes(2000)), 413)
    two = [("file", ("a", digit))] * 2
    expect(client.post("/v1/read", files=two), 413, "one file")
    expect(client.post("/v1/read/batch", files=[("files", ("a", b"x"))] * 4), 413, "3 files")
    expect(client.post("/v1/read/batch", files=[("files", ("a", b"x"))] * 40), 413, "3 files")


def test_large_pixels_are_refused_by_the_header(client: TestClient) -> None:
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    size = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    start_s = time.perf_counter()
    expect(client.post("/v1/read", content=bomb), 413, "pixels")
    assert time.perf_counter() - start_s < 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/strokes", b"{"),
        ("/v1/strokes", b"[" * 100_000),
        ("/v1/strokes", b'{"strokes": []}'),
        ("/v1/strokes", b'{"strokes": [[[1, 2], [1]]]}'),
        ("/v1/strokes", b'{"strokes": [[[1, 2], [1, 2, 3]]]}'),
        ("/v1/strokes", b'{"strokes": [[[NaN, 2]]]}'),
        ("/v1/strokes", b'{"strokes": [[[1e300, 2]]]}'),
        ("/v1/strokes", b'{"strokes": [[[1, 2]]], "pen_width": 0}'),
        ("/v1/strokes", b'{"strokes": [[[1, 2]]], "field": "colour=blue"}'),
        ("/v1/strokes", b'{"strokes": [[[1, 2]]], "more": 1}'),
    ],
)
def test_wrong_json_is_refused(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    expect(answer, answer.status_code)


def test_too_many_points_are_refused(client: TestClient) -> None:
    stroke = [[1, 2]] * 19_000
    expect(client.post("/v1/strokes", json={"strokes": [stroke, stroke]}), 422, "points")


def test_wrong_options_and_paths_are_refused(client: TestClient, digit: bytes) -> None:
    expect(client.post("/v1/read?min_confidence=2", content=digit), 422, "min_confidence")
    expect(client.post("/v1/read?format=exe", content=digit), 422)
    expect(client.post("/v1/read"), 400, "no picture")
    expect(client.post("/v1/read", files={"file": ("a.png", b"")}), 422, "empty")
    expect(client.post("/v1/read", content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)
    expect(client.get("/v1/read"), 405)
    expect(client.get("/v2/read"), 404)


def test_a_key_is_asked_for(make_client: MakeClient, digit: bytes) -> None:
    client = make_client(Settings(rate_per_s=0, api_key=KEY))
    expect(client.post("/v1/read", content=digit), 401, "needs its API key")
    expect(client.post("/v1/read", content=digit, headers={"X-API-Key": "wrong"}), 401, "not the API key")
    expect(client.get("/metrics"), 401)
    expect(client.get("/openapi.json"), 401)
    assert (
        client.post("/v1/read", headers={"Authorization": "Basic x"}).headers["www-authenticate"] == "Bearer"
    )
    for headers in ({"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}):
        assert client.post("/v1/read", content=digit, headers=headers).status_code == 200
    for path in ("/", "/healthz", "/readyz", "/static/js/main.js"):
        assert client.get(path).status_code == 200


def test_without_a_key_only_this_machine_is_served() -> None:
    for host in ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"):
        check_exposure(Settings(host=host), times_insecure=0)
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org", "localhost.example.org"):
        for times in (0, 1):
            with pytest.raises(UsageError, match="anyone on the network"):
                check_exposure(Settings(host=host), times_insecure=times)
        check_exposure(Settings(host=host, api_key=KEY), times_insecure=0)
        check_exposure(Settings(host=host), times_insecure=2)
    with pytest.raises(UsageError, match="16"):
        check_exposure(Settings(api_key="short"), times_insecure=2)
    with pytest.raises(UsageError, match="anyone"):
        check_exposure(Settings(host="0.0.0.0", api_key="  "), times_insecure=0)


def test_settings_reach_worker_processes_and_keys_stay_out_of_their_text() -> None:
    settings = Settings(api_key=KEY, allowed_hosts=("a.example",), limits=replace(WEB_LIMITS, max_bytes=5))
    assert Settings.from_json(settings.to_json()) == settings
    assert KEY not in repr(settings)


def test_other_host_names_and_origins_are_refused(make_client: MakeClient, digit: bytes) -> None:
    client = make_client(
        Settings(rate_per_s=0, allowed_hosts=("digits.example",), origins=("https://a.example",))
    )
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[", "evil.example:8000"):
        expect(client.post("/v1/read", content=digit, headers={"Host": host}), 403, "host name")
    for host in ("localhost:1", "LOCALHOST", "[::1]:8000", "digits.example"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9", "http://["):
        expect(client.post("/v1/read", content=digit, headers={"Origin": origin}), 403, "origins")
    own = client.post("/v1/read", content=digit, headers={"Origin": "http://127.0.0.1:8000"})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers
    other = client.post("/v1/read", content=digit, headers={"Origin": "https://a.example"})
    assert other.headers["access-control-allow-origin"] == "https://a.example"


def test_cors_is_closed_by_default(client: TestClient) -> None:
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/v1/read", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_one_client_may_not_ask_too_often(make_client: MakeClient) -> None:
    client = make_client(Settings(rate_per_s=1, burst=3))
    statuses = [client.get("/v1/models").status_code for _ in range(6)]
    assert statuses == [200] * 3 + [429] * 3
    refused = client.get("/v1/models")
    expect(refused, 429, "times a second")
    assert int(refused.headers["retry-after"]) >= 1
    assert client.get("/healthz").status_code == 200


class Slow(Readings):
    """Readings that wait for a signal."""

    def __init__(self, real: Readings) -> None:
        self.__dict__.update(real.__dict__)
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)

    def read(self, upload: Upload, options: Options) -> Result:
        self.begun.release()
        assert self.gate.wait(20)
        return super().read(upload, options)


def slow_down(client: TestClient) -> Slow:
    service = client.app.state.service  # type: ignore[attr-defined]
    service.readings = Slow(service.readings)
    slow: Slow = service.readings
    return slow


def test_a_full_queue_says_so_at_once_and_serves_what_it_took(make_client: MakeClient, digit: bytes) -> None:
    client = make_client(Settings(rate_per_s=0, threads=1, max_waiting=1))
    slow = slow_down(client)
    with ThreadPoolExecutor(8) as threads:
        taken = [threads.submit(client.post, "/v1/read", content=digit) for _ in range(2)]
        assert slow.begun.acquire(timeout=10)
        while client.app.state.service.pool.taken < 2:  # type: ignore[attr-defined]
            time.sleep(0.005)
        refused = client.post("/v1/read", content=digit)
        expect(refused, 429, "running or waiting")
        assert int(refused.headers["retry-after"]) >= 1
        slow.gate.set()
        assert [answer.result().status_code for answer in taken] == [200, 200]
    assert client.post("/v1/read", content=digit).status_code == 200


def test_slow_readings_are_given_up_and_keep_their_place(make_client: MakeClient, digit: bytes) -> None:
    client = make_client(Settings(rate_per_s=0, threads=1, max_waiting=0, time_limit_s=0.1))
    slow = slow_down(client)
    expect(client.post("/v1/read", content=digit), 503, "0.1 seconds")
    expect(client.post("/v1/read", content=digit), 429)  # the thread is still at it
    slow.gate.set()
    pool = client.app.state.service.pool  # type: ignore[attr-defined]
    while pool.taken:
        time.sleep(0.005)
    client.app.state.service.settings = Settings(rate_per_s=0)  # type: ignore[attr-defined]
    assert client.post("/v1/read", content=digit).status_code == 200


def test_uploads_together_are_bounded(make_client: MakeClient, digit: bytes) -> None:
    client = make_client(
        Settings(rate_per_s=0, threads=1, max_waiting=5, max_bytes_in_flight=len(digit) + 1000)
    )
    slow = slow_down(client)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(client.post, "/v1/read", content=digit)
        assert slow.begun.acquire(timeout=10)
        expect(client.post("/v1/read", content=digit), 429, "uploads")
        slow.gate.set()
        assert first.result().status_code == 200
    assert client.post("/v1/read", content=digit).status_code == 200


def test_failures_inside_are_one_sentence(make_client: MakeClient, digit: bytes, tmp_path: Path) -> None:
    client = make_client(Settings(rate_per_s=0))
    service = client.app.state.service  # type: ignore[attr-defined]
    service.readings = object()
    answer = client.post("/v1/read", content=digit)
    expect(answer, 500, "went wrong")
    assert "object" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
