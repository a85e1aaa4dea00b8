"""A service in this process for all tests that only ask it, and ways to make others."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

pytest.importorskip("fastapi", reason="the extra web is not installed")

from fastapi.testclient import TestClient

from inkdigits.web.app import create_app
from inkdigits.web.settings import Settings

BASE_URL = "http://127.0.0.1:8000"
Strokes = list[list[list[float]]]


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A client of a service without a key and without a bound on the rate."""
    with TestClient(create_app(Settings(rate_per_s=0)), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def make_client() -> Iterator[Callable[[Settings], TestClient]]:
    """Start a service of other settings; it ends with the test."""
    with ExitStack() as stack:

        def make(settings: Settings) -> TestClient:
            return stack.enter_context(TestClient(create_app(settings), base_url=BASE_URL))

        yield make


@pytest.fixture(scope="session")
def recorded() -> dict[str, Strokes]:
    """Text -> the strokes that write it; see strokes.json."""
    strokes: dict[str, Strokes] = json.loads((Path(__file__).parent / "strokes.json").read_text())["strokes"]
    return strokes


@pytest.fixture
def digit(examples: Path) -> bytes:
    """A picture of a 7."""
    return (examples / "digit.png").read_bytes()


@dataclass(frozen=True)
class Served:
    """`inkdigits serve` as a process of its own.

    Attributes:
        process: The process.
        url: Where it listens.
        lines: What it has written so far.
        collector: Reads what it writes until it ends.
    """

    process: subprocess.Popen[str]
    url: str
    lines: list[str]
    collector: threading.Thread

    def end(self, number: int = signal.SIGTERM, *, timeout_s: float = 60) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout_s)
        self.collector.join(timeout_s)  # what it wrote at last may still be on its way
        return code


Serve = Callable[..., Served]


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Start the installed command on a free port; what still runs is ended after the tests."""
    started: list[Served] = []

    def start(*options: str, key: str = "") -> Served:
        process = subprocess.Popen(
            [sys.executable, "-m", "inkdigits", "serve", "--port", "0", *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "INKDIGITS_API_KEY": key},
        )
        lines: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"InkDigits is at (http://\S+)", line):
                break
        else:
            pytest.fail(f"it did not start: {''.join(lines)}")
        collector = threading.Thread(target=_collect, args=(process.stderr, lines), daemon=True)
        collector.start()
        served = Served(process, found[1], lines, collector)
        started.append(served)
        return served

    yield start
    for served in started:
        if served.process.poll() is None:
            served.end()
        if served.process.stderr:
            served.process.stderr.close()


def _collect(stream: IO[str], lines: list[str]) -> None:
    with suppress(ValueError):  # closed
        for line in stream:
            lines.append(line)
