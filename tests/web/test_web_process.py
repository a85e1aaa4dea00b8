"""`inkdigits serve` as a process: what it says, how it ends, what it refuses."""

from __future__ import annotations

import io
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest
from PIL import Image

from inkdigits.cli import main
from inkdigits.web.examples import ANSWER

Serve = Callable[..., Any]


def make_large() -> bytes:
    """A photograph-sized sheet that takes a while to read."""
    page = np.random.default_rng(0).normal(220, 4, (1500, 2000)).clip(0, 255).astype(np.uint8)
    page[600:900, 900:940] = 20
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["inkdigits", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_what_was_accepted_is_finished_before_the_end(serve: Serve) -> None:
    served = serve("--threads", "1", "--log-requests", "--rate", "0", "--time-limit", "100")
    large = make_large()
    with httpx2.Client(base_url=served.url, timeout=120) as http, ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(http.post, "/v1/read", content=large) for _ in range(3)]
        while "inkdigits_readings_taken 3" not in http.get("/metrics").text:
            assert not any(answer.done() for answer in answers)
            time.sleep(0.01)
        assert served.end(timeout_s=120) == -signal.SIGTERM
        assert [answer.result().status_code for answer in answers] == [200, 200, 200]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(served.url)
    log = "".join(served.lines)
    assert "Traceback" not in log
    assert len(log) < 5000  # no pictures


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_refused_upload_hears_why_before_the_connection_closes(serve: Serve, version: str) -> None:
    """What is still coming in is taken, else the system resets the connection and the answer is lost."""
    served = serve("--rate", "0", "--max-mib", "0.05")
    body = bytes(6_000_000)
    for path, length in (("/v1/read", len(body)), ("/v1/none", len(body))):
        parts = urlsplit(served.url)
        assert parts.hostname
        assert parts.port
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as client:
            head = f"POST {path} HTTP/{version}\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            client.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
            for start in range(0, length, 100_000):  # as over a network: the answer is there before the end
                client.sendall(body[start : start + 100_000])
                time.sleep(0.001)
            answer = b"".join(iter(lambda: client.recv(65_536), b""))
        assert b" 413 " in answer.splitlines()[0]
        assert b"The request has over" in answer


def test_interrupting_is_no_error(serve: Serve) -> None:
    served = serve()
    assert httpx2.get(f"{served.url}/readyz").text == "ready\n"
    assert served.end(signal.SIGINT) == 0
    time.sleep(0.1)
    assert served.lines[-1] == "InkDigits has stopped.\n"


def test_several_workers_serve_one_port(serve: Serve, digit: bytes) -> None:
    served = serve("--workers", "2", "--rate", "0")
    for _ in range(4):
        answer = httpx2.post(f"{served.url}/v1/read", content=digit, timeout=60)
        assert answer.json()["text"] == "7"
    assert served.end() == 0


def test_a_taken_port_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(monkeypatch, "serve", "--port", str(taken.getsockname()[1])) == 2
    message = capsys.readouterr().err
    assert "in use" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        (["--host", "0.0.0.0"], 2, "--insecure-no-key"),
        (["--host", "::"], 2, "--api-key"),
        (["--host", "0.0.0.0", "--insecure-no-key"], 2, "--insecure-no-key twice"),
        (["--insecure-no-key", "--api-key", "short"], 2, "16 printable"),
        (["--model", "nope"], 5, "no model 'nope'"),
        (["--host", "no such host", *2 * ["--insecure-no-key"]], 2, "can't be listened on"),
        (["--port", "70000"], 2, "Error"),
    ],
)
def test_bad_set_ups_are_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    fragment: str,
) -> None:
    monkeypatch.delenv("INKDIGITS_API_KEY", raising=False)
    assert run(monkeypatch, "serve", *arguments) == code
    assert fragment in capsys.readouterr().err


def test_a_missing_extra_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inkdigits.cli.serve.find_spec", lambda name: None)
    assert run(monkeypatch, "serve") == 7
    assert "pip install 'inkdigits[web]'" in capsys.readouterr().err


def test_no_other_command_needs_the_extra(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from inkdigits.cli import app; import inkdigits.reader;"
        "heavy = ('fastapi', 'uvicorn', 'pydantic', 'starlette', 'sqlalchemy');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=os.environ
    )
    assert done.stdout == "[]\n"


def test_what_was_acknowledged_survives_a_kill(serve: Serve, place: str) -> None:
    """Kill -9 while corrections are written: after a restart each acknowledged one is there, whole."""
    served = serve("--rate", "0", "--corrections", place)
    acknowledged: dict[str, str] = {}

    def write(writer: int) -> None:
        with httpx2.Client(base_url=served.url, timeout=30) as http:
            for index in range(10_000):
                name, label = f"writer-{writer}-{index}", str((writer + index) % 10)
                try:
                    answer = http.post("/v1/corrections", json={**ANSWER, "id": name, "labels": [label]})
                except httpx2.TransportError:
                    return  # never acknowledged: it may be there or not
                assert answer.status_code == 201
                acknowledged[name] = label

    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write, writer) for writer in range(4)]
        while len(acknowledged) < 40:
            assert not any(writer.done() for writer in writers)
            time.sleep(0.005)
        assert served.end(signal.SIGKILL) == -signal.SIGKILL
        for writer in writers:
            writer.result()
    again = serve("--rate", "0", "--corrections", place)
    found, query = {}, "/v1/review?state=all&limit=100"
    with httpx2.Client(base_url=again.url, timeout=30) as http:
        while True:
            page = http.get(query).json()
            found.update({item["id"]: item["digits"][0]["correction"] for item in page["items"]})
            if page["next"] is None:
                break
            query = f"/v1/review?state=all&limit=100&before={page['next']}"
        assert {name: found.get(name) for name in acknowledged} == acknowledged
        assert len(found) - len(acknowledged) <= 4  # those that were under way
        name, label = next(iter(acknowledged.items()))
        retried = http.post("/v1/corrections", json={**ANSWER, "id": name, "labels": [label]})
        assert retried.status_code == 200


def test_a_database_that_can_not_be_used_is_told_before_anything_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 100)
    for where, code, fragment in (
        (str(tmp_path / "notes.txt"), 9, "not a database"),
        ("mysql://host/digits", 2, "postgresql://"),
        (str(tmp_path), 9, "directory"),
    ):
        assert run(monkeypatch, "serve", "--corrections", where) == code
        message = capsys.readouterr().err
        assert fragment in message
        assert message.count("\n") == 1
