"""How fast is the service, what does it do when asked ten times too often, and does its memory stay flat?

    python benchmarks/service_load.py                  # 20 requests a second, then overload; about a minute
    python benchmarks/service_load.py --minutes 10     # and mixed load for so long

Starts `inkdigits serve` as a process of its own and asks it over loopback; both share this machine's cores, so that
the client, plain sockets, is part of what is measured. The picture is a drawing of 280x280 pixels, PNG, sent as the
body of /v1/read. Requests are sent at fixed times whether or not earlier ones are answered, so that waiting counts
(no coordinated omission).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import cv2
import numpy as np
import uvloop

from _machine import describe_machine
from inkdigits.web.examples import STROKES

ROOT = Path(__file__).parent.parent
SECONDS, RATE_PER_S = 20, 20
OVERLOAD = 10
PATIENCE_S = 30
LENGTH = re.compile(rb"content-length: (\d+)")
# Of this client: what waits for a place waits here, and counts. Without a bound a slow machine opens thousands at
# once, and the queue of those that the system has not handed over yet overflows.
MOST_CONNECTIONS = 1000
BOUND_P50_MS, BOUND_P99_MS = 12, 60  # issue 6


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: path, body and its type."""

    path: str
    body: bytes
    kind: str = "image/png"
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: its status, or what broke, and the milliseconds since the request was due."""

    status: int | str
    ms: float


class Connection(asyncio.Protocol):
    """One connection, one question at a time; leaner than streams, since this client takes the same cores."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._seen = b""
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a request; the future brings status and body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._seen += data
        end = self._seen.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._seen[:end].lower()
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(self._seen) < end + 4 + length:
            return
        body, self._seen = self._seen[end + 4 :], b""
        if b"connection: close" in head:
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    def close(self) -> None:
        """Give up; the place is free again in both processes."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()


class Connections:
    """Kept open and used again, as programs do."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[Connection] = []
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._encode = cache(self._encode_request)

    async def ask(self, ask: Ask) -> tuple[int | str, bytes]:
        """Ask once; in place of the status what broke, also if nothing came for `PATIENCE_S`."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._places:
                return await self._ask(self._encode(ask))
        except OSError as error:  # a timeout is one, too
            return type(error).__name__, b""

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        while self._free:  # one that was idle for long may be closed by now
            connection = self._free.pop()
            if connection.is_open:
                with suppress(ConnectionError):
                    return await self._exchange(connection, request)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self._host, self._port)
        return await self._exchange(connection, request)

    async def _exchange(self, connection: Connection, request: bytes) -> tuple[int, bytes]:
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        if connection.is_open:
            self._free.append(connection)
        return answer

    def _encode_request(self, ask: Ask) -> bytes:
        head = (
            f"{ask.method} {ask.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: {ask.kind}\r\nContent-Length: {len(ask.body)}\r\n\r\n"
        )
        return head.encode() + ask.body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.0, help="of mixed load")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each other load")
    parser.add_argument("--threads", type=int, default=2, help="of the service")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", "0", "--rate", "0"]
    process = subprocess.Popen(
        [*command, "--threads", str(arguments.threads)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None, "the service did not start"
        # A pipe that nobody empties would stop the service once its warnings fill it.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        uvloop.run(measure(found[0], seconds=arguments.seconds, minutes=arguments.minutes))
    finally:
        process.terminate()
        process.wait(30)
    print(json.dumps(describe_machine()))


async def measure(url: str, *, seconds: float, minutes: float) -> None:
    connections = Connections(url)
    drawing = [Ask("/v1/read", draw())]
    await send(connections, drawing, rate_per_s=10, seconds=2)  # warm
    print(f"{'load':38} {'sent':>6} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}  answers")
    before_s = await read_metric(connections, "process_cpu_seconds_total")
    steady = await send(connections, drawing, rate_per_s=RATE_PER_S, seconds=seconds)
    spent_s = await read_metric(connections, "process_cpu_seconds_total") - before_s
    show(f"drawing, {RATE_PER_S} a second", steady)
    print(f"  processor time of the service for each: {1000 * spent_s / len(steady):.1f} ms")
    p50, p99 = percentiles(steady)
    print(f"  at most {BOUND_P50_MS} and {BOUND_P99_MS} ms: {p50 <= BOUND_P50_MS and p99 <= BOUND_P99_MS}")
    capacity = await saturate(connections, drawing[0], seconds=min(5.0, seconds))
    print(f"{'as many as it can, a second':38} {capacity:6.0f}")
    before_mb = await read_memory_mb(connections)
    before_s = await read_metric(connections, "process_cpu_seconds_total")
    over = await send(connections, drawing, rate_per_s=OVERLOAD * capacity, seconds=min(10.0, seconds))
    show(f"{OVERLOAD} times that: accepted", [told for told in over if told.status == 200])
    show(f"{OVERLOAD} times that: refused", [told for told in over if told.status != 200])
    spent_s = await read_metric(connections, "process_cpu_seconds_total") - before_s
    print(f"  processor time of the service: {spent_s:.1f} s")
    after_mb = await read_memory_mb(connections)
    print(f"memory before and after overload: {before_mb:.0f}, {after_mb:.0f} MB")
    if minutes:
        await soak(connections, minutes=minutes, rate_per_s=capacity / 4)


async def soak(connections: Connections, *, minutes: float, rate_per_s: float) -> None:
    """Mixed load in pieces of a tenth, with the memory after each."""
    examples = [(ROOT / "examples" / name).read_bytes() for name in ("digit.png", "amount.jpg", "list.png")]
    strokes = json.dumps(STROKES).encode()
    asks = [
        Ask("/v1/read", draw()),
        Ask("/v1/strokes", strokes, "application/json"),
        *(Ask("/v1/read?forms=true", data) for data in examples),
        Ask("/v1/strokes", strokes, "application/json"),
        Ask("/v1/read?format=annotated", examples[0]),
        Ask("/v1/read", b"no picture"),
        Ask("/v1/read", examples[2][:20_000]),
        Ask("/v1/strokes", b"{", "application/json"),
    ]
    memory_mb, everything = [], []
    for _ in range(10):
        everything += await send(connections, asks, rate_per_s=rate_per_s / 3, seconds=6 * minutes)
        memory_mb.append(await read_memory_mb(connections))
    show(f"mixed, {minutes:g} minutes", everything)
    print("memory after each tenth, MB:", " ".join(f"{value:.0f}" for value in memory_mb))


async def send(
    connections: Connections, asks: Sequence[Ask], *, rate_per_s: float, seconds: float
) -> list[Told]:
    """Send requests at fixed times, and wait for all answers."""
    start_s, tasks = time.perf_counter(), []
    for index, ask in zip(range(max(1, round(rate_per_s * seconds))), cycle(asks), strict=False):
        due_s = start_s + index / rate_per_s
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        tasks.append(asyncio.create_task(_time(connections, ask, due_s)))
    return await asyncio.gather(*tasks)


async def _time(connections: Connections, ask: Ask, due_s: float) -> Told:
    status, _ = await connections.ask(ask)
    return Told(status, 1000 * (time.perf_counter() - due_s))


async def saturate(connections: Connections, ask: Ask, *, seconds: float) -> float:
    """Return how many requests a second are answered while eight clients ask without a pause."""
    end_s, count = time.perf_counter() + seconds, 0

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end_s:
            status, _ = await connections.ask(ask)
            count += status == 200

    await asyncio.gather(*(work() for _ in range(8)))
    return count / seconds


async def read_memory_mb(connections: Connections) -> float:
    return await read_metric(connections, "process_resident_memory_bytes") / 1e6


async def read_metric(connections: Connections, name: str) -> float:
    _, body = await connections.ask(Ask("/metrics", b"", method="GET"))
    found = re.search(rf"^{name} (\S+)", body.decode(), re.MULTILINE)
    return float(found[1]) if found else float("nan")


def draw() -> bytes:
    """A seven of 280x280 pixels, PNG."""
    page = np.full((280, 280), 255, np.uint8)
    for stroke in STROKES["strokes"]:
        points = np.array([point[:2] for point in stroke], np.int32)
        cv2.polylines(page, [points[:, None]], False, 0, 14, cv2.LINE_AA)
    encode: Callable[..., tuple[bool, np.ndarray]] = cv2.imencode
    return encode(".png", page)[1].tobytes()


def percentiles(told: Sequence[Told]) -> tuple[float, float]:
    p50, p99 = np.percentile([each.ms for each in told], [50, 99]) if told else (np.nan, np.nan)
    return float(p50), float(p99)


def show(title: str, told: Sequence[Told]) -> None:
    p50, p99 = percentiles(told)
    most = max((each.ms for each in told), default=float("nan"))
    answers = ", ".join(
        f"{n} x {status}" for status, n in sorted(Counter(str(t.status) for t in told).items())
    )
    print(f"{title:38} {len(told):6} {p50:8.1f} {p99:8.1f} {most:8.1f}  {answers}", flush=True)


if __name__ == "__main__":
    main()
