"""What the service counts, in the text form that Prometheus reads.

Owns: counters, durations, the text. Leaves to others: when to count.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

# A drawing takes about 10 ms, a photograph 100, a page of a scanner a second.
BUCKETS_S = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one process; all are touched from the event loop only.

    Args:
        version: Of this package.
        model: Name of the model that reads.
    """

    def __init__(self, *, version: str, model: str) -> None:
        self._info = f'inkdigits_info{{version="{_escape(version)}",model="{_escape(model)}"}} 1'
        self._requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self._seconds: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._sums_s: dict[str, float] = defaultdict(float)
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._counters: dict[str, tuple[str, int]] = {}
        self._start_s = time.time()

    def add_gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Add a value that is asked for when metrics are.

        Args:
            name: Such as "inkdigits_readings_taken".
            about: One line.
            read: Returns the value.
        """
        self._gauges[name] = (about, read)

    def count(self, name: str, about: str, *, by: int = 1) -> None:
        """Raise a counter.

        Args:
            name: Such as "inkdigits_digits_total".
            about: One line.
            by: How much.
        """
        self._counters[name] = (about, self._counters.get(name, (about, 0))[1] + by)

    def count_request(self, *, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one request.

        Args:
            method: Such as "POST".
            route: Such as "/v1/read"; paths that don't exist must share one name.
            status: Of the answer.
            duration_s: From its first line to its answer.
        """
        self._requests[method, route, status] += 1
        self._seconds[route][bisect_left(BUCKETS_S, duration_s)] += 1
        self._sums_s[route] += duration_s

    def render(self) -> str:
        """Return everything as text."""
        lines = [*_head("inkdigits_info", "gauge", "What runs."), self._info]
        lines += _head("inkdigits_requests_total", "counter", "Requests by route and status.")
        lines += [
            f'inkdigits_requests_total{{method="{_escape(method)}",route="{route}",status="{status}"}} {count}'
            for (method, route, status), count in sorted(self._requests.items())
        ]
        lines += self._render_seconds()
        for name, (about, value) in sorted(self._counters.items()):
            lines += [*_head(name, "counter", about), f"{name} {value}"]
        for name, (about, read) in sorted(self._gauges.items()):
            lines += [*_head(name, "gauge", about), f"{name} {read():g}"]
        name = "process_cpu_seconds_total"
        lines += [
            *_head(name, "counter", "Processor time of all threads."),
            f"{name} {time.process_time():.3f}",
        ]
        name = "process_start_time_seconds"
        lines += [*_head(name, "gauge", "When the process started."), f"{name} {self._start_s:.3f}"]
        return "\n".join(lines) + "\n"

    def _render_seconds(self) -> list[str]:
        name = "inkdigits_request_seconds"
        lines = _head(name, "histogram", "Duration of requests.")
        for route, counts in sorted(self._seconds.items()):
            total = 0
            for bound, count in zip([*(f"{s:g}" for s in BUCKETS_S), "+Inf"], counts, strict=True):
                total += count
                lines.append(f'{name}_bucket{{route="{route}",le="{bound}"}} {total}')
            lines.append(f'{name}_sum{{route="{route}"}} {self._sums_s[route]:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {total}')
        return lines


def measure_memory() -> float:
    """Return the bytes of memory that this process holds; 0 where the system doesn't tell."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0.0


def _head(name: str, kind: str, about: str) -> list[str]:
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
