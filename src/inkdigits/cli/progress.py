"""How far a long command is: a bar on a terminal, plain lines elsewhere.

Owns: showing it. Leaves to others: what is being done.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from inkdigits.cli.console import is_terminal, tell

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_S = 10.0
"""Without a terminal, a line at most so often: a log should not fill with them."""


class ProgressBar:
    """Shows one step after the other; to be used as a context, and called with (step, items done, all items).

    On a terminal a bar that vanishes at the end. Elsewhere a line for each step, and one now and then within it.
    """

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._step = ""
        self._told_s = 0.0

    def __enter__(self) -> ProgressBar:
        if is_terminal():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step is.

        Args:
            step: Such as "Reading images".
            done: Items that are done.
            total: All items; 1 where nobody knows.
        """
        is_new = step != self._step
        self._step = step
        if self._progress is not None:
            self._show_bar(self._progress, step, done, total, is_new=is_new)
        else:
            self._tell_line(step, done, total, is_new=is_new)

    def _show_bar(self, progress: Progress, step: str, done: int, total: int, *, is_new: bool) -> None:
        if is_new or self._task is None:
            if self._task is not None:
                progress.remove_task(self._task)
            # A bar of one item would stand still at 0 %: without a total it pulses.
            self._task = progress.add_task(step, total=total if total > 1 else None)
        progress.update(self._task, completed=done)

    def _tell_line(self, step: str, done: int, total: int, *, is_new: bool) -> None:
        now_s = time.monotonic()
        if is_new:
            tell(f"{step}: {total:,} ..." if total > 1 else f"{step} ...")
        elif now_s - self._told_s >= LINE_EVERY_S and done < total:
            tell(f"{step}: {done:,} of {total:,}")
        else:
            return
        self._told_s = now_s
