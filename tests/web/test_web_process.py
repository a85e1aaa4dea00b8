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

import httpx2
import numpy as np
import pytest
from PIL import Image

from inkdigits.cli import main

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
        (["--insecure-no-key", "--api-key", "short"], 2, "16 printable"),
        (["--model", "nope"], 5, "no model 'nope'"),
        (["--host", "no such host", "--insecure-no-key"], 2, "can't be listened on"),
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
        "print([name for name in ('fastapi', 'uvicorn', 'pydantic', 'starlette') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=os.environ
    )
    assert done.stdout == "[]\n"
