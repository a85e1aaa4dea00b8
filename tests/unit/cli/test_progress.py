"""The progress of long commands: plain lines in files, a bar on a terminal."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest

from inkdigits.cli import progress
from inkdigits.cli.progress import LINE_EVERY_S, ProgressBar

if TYPE_CHECKING:
    import rich.console


def test_a_line_for_each_step_and_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    with ProgressBar() as bar:
        bar("Preparing", 0, 1)
        for done in range(1001):
            bar("Reading", done, 1000)
            now_s += LINE_EVERY_S / 320
    assert capsys.readouterr().err.splitlines() == [
        "Preparing ...",
        "Reading: 1,000 ...",
        "Reading: 320 of 1,000",
        "Reading: 640 of 1,000",
        "Reading: 960 of 1,000",
    ]


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import rich.console

    stream = io.StringIO()
    original = rich.console.Console

    def make_console(*, stderr: bool) -> rich.console.Console:
        assert stderr, "results alone go to standard output"
        return original(file=stream, force_terminal=True, width=80)

    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    monkeypatch.setattr(rich.console, "Console", make_console)
    with ProgressBar() as bar:
        bar("Preparing", 0, 1)
        bar("Reading", 50, 100)
        bar("Reading", 100, 100)
    assert "Reading" in stream.getvalue()
    assert "100 %" in stream.getvalue()


def test_the_bar_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    bar = ProgressBar()

    def stop() -> None:
        with bar:
            bar("Reading", 1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert bar._progress is not None
    assert not bar._progress.live.is_started
