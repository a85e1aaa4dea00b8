"""What a search tells while it goes on: a bar on a terminal, plain lines elsewhere.

Owns: `TrialRecord` and everything that listens to a search. Leaves to others: pictures of it (`evaluation`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TextIO, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from inkdigits.training.log import format_duration
from inkdigits.training.search_space import Value

TrialState: TypeAlias = Literal["finished", "pruned", "failed"]


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What a trial came to.

    Attributes:
        number: Its number in the study, from 0.
        state: "finished"; "pruned" if it was stopped for being bad; "failed" if it broke off.
        accuracy: The last one that is known; None if none is.
        values: What was tried, by place in the recipe.
        steps: Epochs or folds that were judged.
        seconds: Time from begin to end.
    """

    number: int
    state: TrialState
    accuracy: float | None
    values: Mapping[str, Value]
    steps: int
    seconds: float


class TuneListener(Protocol):
    """Whoever wants to know how a search goes on."""

    def begin(self, done: Sequence[TrialRecord], *, goal: int) -> None:
        """Hear that a search starts, after the trials in `done`."""

    def begin_trial(self, number: int, values: Mapping[str, Value]) -> None:
        """Hear what is tried next."""

    def take_step(self, number: int, *, step: int, accuracy: float) -> None:
        """Hear that an epoch or fold is judged; `step` counts from 1."""

    def take_trial(self, trial: TrialRecord, done: Sequence[TrialRecord]) -> None:
        """Hear that a trial is over and kept; `done` includes it."""

    def end(self) -> None:
        """Hear that the search is over, for whatever reason."""


class QuietTuneListener:
    """Listens and says nothing; base of the others."""

    def begin(self, done: Sequence[TrialRecord], *, goal: int) -> None:
        """See `TuneListener.begin`."""

    def begin_trial(self, number: int, values: Mapping[str, Value]) -> None:
        """See `TuneListener.begin_trial`."""

    def take_step(self, number: int, *, step: int, accuracy: float) -> None:
        """See `TuneListener.take_step`."""

    def take_trial(self, trial: TrialRecord, done: Sequence[TrialRecord]) -> None:
        """See `TuneListener.take_trial`."""

    def end(self) -> None:
        """See `TuneListener.end`."""


class PlainTuneProgress(QuietTuneListener):
    """One line of text for each trial: for files, pipes and screen readers.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._goal = 0

    def begin(self, done: Sequence[TrialRecord], *, goal: int) -> None:
        """See `TuneListener.begin`."""
        self._goal = goal
        if done:
            self._print(f"Resuming after {_count(done)} of {goal} trials; {describe_best(done)}.")

    def take_trial(self, trial: TrialRecord, done: Sequence[TrialRecord]) -> None:
        """See `TuneListener.take_trial`."""
        accuracy = "no accuracy" if trial.accuracy is None else f"accuracy {trial.accuracy:.2%}"
        self._print(
            f"trial {_count(done)}/{self._goal}: {accuracy}, {trial.state} after {trial.steps} steps, "
            f"{format_duration(trial.seconds)}; {describe_best(done)}; {describe_values(trial.values)}"
        )

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LiveTuneProgress(QuietTuneListener):
    """A bar on the terminal, with the best accuracy so far and the step under way.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("Tuning"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._best = ""
        self._task = self._progress.add_task("", total=None)

    def begin(self, done: Sequence[TrialRecord], *, goal: int) -> None:
        """See `TuneListener.begin`."""
        self._best = describe_best(done)
        self._progress.update(self._task, total=goal, completed=_count(done), description=self._best)
        self._progress.start()

    def take_step(self, number: int, *, step: int, accuracy: float) -> None:
        """See `TuneListener.take_step`."""
        line = f"{self._best}; trial {number}, step {step}: {accuracy:.2%}"
        self._progress.update(self._task, description=line)

    def take_trial(self, trial: TrialRecord, done: Sequence[TrialRecord]) -> None:
        """See `TuneListener.take_trial`."""
        self._best = describe_best(done)
        self._progress.update(self._task, completed=_count(done), description=self._best)

    def end(self) -> None:
        """See `TuneListener.end`."""
        self._progress.stop()


def make_tune_progress(console: Console | None = None) -> TuneListener:
    """Return a bar on a terminal, plain lines elsewhere."""
    console = console or Console(stderr=True)
    return LiveTuneProgress(console) if console.is_terminal else PlainTuneProgress()


def describe_values(values: Mapping[str, Value]) -> str:
    """Return values for people, such as "learning_rate 0.1, batch_size 64"."""
    texts = {name.rpartition(".")[2]: value for name, value in values.items()}
    return ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in texts.items())


def describe_best(trials: Sequence[TrialRecord]) -> str:
    """Return the best accuracy so far, for people."""
    accuracies = [t.accuracy for t in trials if t.state == "finished" and t.accuracy is not None]
    return f"best {max(accuracies):.2%}" if accuracies else "no trial finished yet"


def _count(trials: Sequence[TrialRecord]) -> int:
    return sum(trial.state != "failed" for trial in trials)
