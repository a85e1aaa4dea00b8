"""The parts of the service on their own: pool, rate, names, drawing, addresses."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time

import numpy as np
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from inkdigits.bundles.runtime import onnxruntime
from inkdigits.images import DEFAULT_LIMITS
from inkdigits.web.app import create_app
from inkdigits.web.errors import BusyError, ClosingError, RateError, TooSlowError
from inkdigits.web.guard import split_host
from inkdigits.web.metrics import Metrics
from inkdigits.web.pool import ReadingPool
from inkdigits.web.rate import RateLimiter, name_client
from inkdigits.web.reading import Options, Readings
from inkdigits.web.settings import Settings
from inkdigits.web.strokes import MOST_PX, draw_strokes
from inkdigits.web.uploads import clean_name


def test_a_closed_pool_has_finished_and_takes_no_more() -> None:
    done = []

    async def work() -> None:
        pool = ReadingPool(threads=1, max_waiting=5)
        tasks = [
            asyncio.create_task(pool.run(lambda i=i: done.append(i), time_limit_s=5))  # type: ignore[misc]
            for i in range(4)
        ]
        await asyncio.sleep(0)
        await asyncio.to_thread(pool.close)
        await asyncio.gather(*tasks)
        with pytest.raises(ClosingError):
            await pool.run(lambda: None, time_limit_s=1)

    asyncio.run(work())
    assert done == [0, 1, 2, 3]


def test_what_waits_too_long_never_starts() -> None:
    gate, started = threading.Event(), []

    async def work() -> None:
        pool = ReadingPool(threads=1, max_waiting=1)
        first = asyncio.create_task(pool.run(lambda: gate.wait(10), time_limit_s=10))
        await asyncio.sleep(0.01)
        with pytest.raises(TooSlowError):
            await pool.run(lambda: started.append(1), time_limit_s=0.05)
        assert pool.taken == 1  # its place is free again
        gate.set()
        assert await first
        await asyncio.to_thread(pool.close)

    asyncio.run(work())
    assert not started


def test_a_reading_opens_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = Readings("latin", limits=DEFAULT_LIMITS)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was opened for one request")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    page = draw_strokes([np.array([[56, 20], [56, 92]], float)], pen_width=8).page
    result = readings.read_pages([page], Options(min_confidence=0.2))
    assert result.reading.text == "1"


def test_no_route_waits_for_a_thread_but_the_pool() -> None:
    """FastAPI takes functions that are not asynchronous to threads: under load each trip costs milliseconds."""
    plain = [
        call
        for route in create_app(Settings()).routes
        if isinstance(route, APIRoute)
        for call in (route.endpoint, *(dependant.call for dependant in route.dependant.dependencies))
        if not inspect.iscoroutinefunction(call)
    ]
    assert plain == []


def test_no_variable_lets_requests_be_told_elsewhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with TestClient(create_app(Settings()), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/healthz").status_code == 200
    assert caplog.text == ""  # without our word, FastAPI tries, and says that it lacks the exporter


def test_the_time_to_retry_grows_with_the_queue() -> None:
    async def work() -> int:
        pool = ReadingPool(threads=1, max_waiting=30)
        await pool.run(lambda: time.sleep(0.5), time_limit_s=5)
        gate = threading.Event()
        tasks = [asyncio.create_task(pool.run(lambda: gate.wait(10), time_limit_s=10)) for _ in range(31)]
        await asyncio.sleep(0.01)
        with pytest.raises(BusyError) as refused:
            await pool.run(lambda: None, time_limit_s=1)
        gate.set()
        await asyncio.gather(*tasks)
        await asyncio.to_thread(pool.close)
        return refused.value.retry_after_s

    assert 2 <= asyncio.run(work()) <= 5


def test_tokens_come_back_with_time() -> None:
    now_s = 0.0
    limiter = RateLimiter(rate_per_s=2, burst=2, clock=lambda: now_s)
    limiter.take("1.2.3.4")
    limiter.take("1.2.3.4")
    with pytest.raises(RateError):
        limiter.take("1.2.3.4")
    limiter.take("1.2.3.5")
    now_s = 0.5
    limiter.take("1.2.3.4")
    with pytest.raises(RateError):
        limiter.take("1.2.3.4")


def test_one_subscriber_is_one_client() -> None:
    assert name_client("2001:db8:1:2:3::4") == name_client("2001:db8:1:2:ffff::1")
    assert name_client("2001:db8:1:2::1") != name_client("2001:db8:1:3::1")
    assert name_client("::ffff:1.2.3.4") == name_client("1.2.3.4")
    assert name_client("unix") == "unix"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.png", "a.png"), ("../../x/y.png", "y.png"), ("C:\\x\\y.png", "y.png"),
     ("a\nb\x1b[1m\u202e.png", "ab[1m.png"), ("x" * 500, "x" * 120), ("/", "")],
)  # fmt: skip
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a.example:80", "a.example"),
        ("[::1]:8000", "::1"),
        ("LOCALHOST", "localhost"),
        ("", ""),
        ("[", ""),
        ("@x", "x"),
    ],
)
def test_hosts_lose_their_port(host: str, name: str) -> None:
    assert split_host(host) == name


def test_drawings_are_bounded_and_hold_their_ink() -> None:
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1, 1e5):
        strokes = [rng.uniform(-1, 1, (20, 4)) * scale, np.array([[0.0, 0.0]])]
        drawing = draw_strokes(strokes, pen_width=0.05 * scale)
        height, width = drawing.page.size
        assert 100 <= max(height, width) <= MOST_PX + 1
        dark = np.argwhere(drawing.page.gray < 128)
        assert len(dark) > 50
        assert dark.min() > 2
        assert (np.array([height, width]) - dark.max(axis=0)).min() > 2


def test_pressure_widens_the_line() -> None:
    def count(pressure: float) -> int:
        line = np.array([[0, 0, 0, pressure], [0, 100, 1, pressure]], float)
        return int((draw_strokes([line], pen_width=10).page.gray < 128).sum())

    plain = int((draw_strokes([np.array([[0, 0], [0, 100]], float)], pen_width=10).page.gray < 128).sum())
    assert count(0.1) < 0.8 * plain < plain < 1.25 * count(0.9)


def test_counters_escape_what_strangers_name() -> None:
    metrics = Metrics(version='1"\n', model="a\\b")
    metrics.count_request(method="GET", route="/x", status=200, duration_s=0.03)
    text = metrics.render()
    assert '1\\"\\n' in text
    assert 'le="0.02"} 0' in text
    assert 'le="0.04"} 1' in text
    assert 'le="+Inf"} 1' in text
