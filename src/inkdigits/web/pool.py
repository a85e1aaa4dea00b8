"""Readings off the event loop: a few threads, a bounded queue, a time limit, and an orderly end.

Owns: who may wait and for how long. Leaves to others: what is done in the threads.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from inkdigits.web.errors import BusyError, ClosingError, TooSlowError

T = TypeVar("T")
SMOOTHING = 0.1  # share of the newest reading in the mean duration: about the last ten count
FIRST_GUESS_S = 0.05  # what a reading takes before any was measured


class ReadingPool:
    """Runs calls in threads; refuses at once what it could not begin soon.

    Args:
        threads: Calls at the same time.
        max_waiting: Calls that may wait.
        what: What they are, for messages.
    """

    def __init__(self, *, threads: int, max_waiting: int, what: str = "readings") -> None:
        self._what = what
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=what)
        self._threads, self._most = threads, threads + max_waiting
        self._lock = Lock()
        self._taken = 0
        self._mean_s = FIRST_GUESS_S
        self._is_closed = False

    @property
    def taken(self) -> int:
        """Calls that run or wait."""
        return self._taken

    @property
    def capacity(self) -> int:
        """Calls that may run or wait."""
        return self._most

    @property
    def is_closed(self) -> bool:
        """True once `close` was called."""
        return self._is_closed

    def check(self) -> None:
        """Raise what `run` would raise now; asked before a body is received.

        Raises:
            BusyError: If the queue is full.
            ClosingError: If the pool is closed.
        """
        if self._is_closed:
            raise ClosingError("This service is shutting down", remedy="Ask again in a moment.")
        if self._taken >= self._most:
            wait_s = max(1, math.ceil(self._taken * self._mean_s / self._threads))
            raise BusyError(
                f"{self._taken} {self._what} are running or waiting, as many as this service takes",
                remedy="Try again after the time in Retry-After.",
                retry_after_s=wait_s,
            )

    async def run(self, call: Callable[[], T], *, time_limit_s: float) -> T:
        """Run a call in a thread.

        A call that is still waiting when its time is over never starts; one that runs can't be stopped, and keeps
        its place until it ends, so that slow pictures can't pile up.

        Args:
            call: What to do.
            time_limit_s: Longest time in the queue and the thread together.

        Returns:
            What the call returns.

        Raises:
            BusyError: If the queue is full.
            ClosingError: If the pool is closed.
            TooSlowError: If the time is over.
        """
        with self._lock:
            self.check()
            self._taken += 1
        future = self._executor.submit(self._measure, call)
        future.add_done_callback(self._release)
        try:
            async with asyncio.timeout(time_limit_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise TooSlowError(
                f"It could not be read within {time_limit_s:g} seconds",
                remedy="Send a smaller picture or fewer at a time, or try again when the service is less busy.",
            ) from error

    def close(self) -> None:
        """Take no more calls, and wait for those that were taken."""
        self._is_closed = True
        self._executor.shutdown(wait=True)

    def _measure(self, call: Callable[[], T]) -> T:
        start_s = time.perf_counter()
        try:
            return call()
        finally:
            self._mean_s += SMOOTHING * (time.perf_counter() - start_s - self._mean_s)

    def _release(self, _: Future[T]) -> None:
        with self._lock:
            self._taken -= 1
