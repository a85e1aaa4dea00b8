"""What a run tells while it goes on: the CSV log, TensorBoard, a live table or plain lines.

Owns: `EpochRecord` and everything that listens to a run. Leaves to others: pictures of it (`evaluation`).
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from inkdigits.errors import UsageError
from inkdigits.files import write_text

LOG_NAME: Final = "log.csv"


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What an epoch came to; these are also the columns of the log.

    Attributes:
        epoch: Number of the epoch, from 1.
        train_loss: Mean loss over the augmented training digits, with smoothing if any.
        train_accuracy: Share of augmented training digits that were right while learning.
        validation_loss: Mean negative log-likelihood on the validation digits.
        validation_accuracy: Share of validation digits that were right.
        learning_rate: Rate of the last step.
        seconds: Time for the epoch, validation included.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


class Listener(Protocol):
    """Whoever wants to know how a run goes on."""

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """Hear that a run starts, after the epochs in `history`."""

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        """Hear that a step is done; `epoch` and `step` count from 1."""

    def take_epoch(self, record: EpochRecord) -> None:
        """Hear that an epoch is done and saved."""

    def end(self) -> None:
        """Hear that the run is over, for whatever reason."""


class QuietListener:
    """Listens and says nothing; base of the others."""

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """See `Listener.begin`."""

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        """See `Listener.take_step`."""

    def take_epoch(self, record: EpochRecord) -> None:
        """See `Listener.take_epoch`."""

    def end(self) -> None:
        """See `Listener.end`."""


class ResumedTime(QuietListener):
    """Sums the time of the epochs that a run, or several in turn, took up from checkpoints.

    Attributes:
        seconds: So far.
    """

    seconds = 0.0

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """See `Listener.begin`."""
        self.seconds += sum(record.seconds for record in history)


class ListenerGroup:
    """Tells several listeners the same.

    Args:
        listeners: In the order in which they are told.
    """

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """See `Listener.begin`."""
        for listener in self._listeners:
            listener.begin(history, epochs=epochs, steps_per_epoch=steps_per_epoch)

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        """See `Listener.take_step`."""
        for listener in self._listeners:
            listener.take_step(epoch=epoch, step=step, loss=loss)

    def take_epoch(self, record: EpochRecord) -> None:
        """See `Listener.take_epoch`."""
        for listener in self._listeners:
            listener.take_epoch(record)

    def end(self) -> None:
        """See `Listener.end`."""
        for listener in self._listeners:
            listener.end()


class PlainProgress(QuietListener):
    """One line of text for each epoch: for files, pipes and screen readers.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._epochs = 0

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """See `Listener.begin`."""
        self._epochs = epochs
        if history:
            self._print(f"Resuming after epoch {history[-1].epoch} of {epochs}.")

    def take_epoch(self, record: EpochRecord) -> None:
        """See `Listener.take_epoch`."""
        left_s = (self._epochs - record.epoch) * record.seconds
        self._print(
            f"epoch {record.epoch}/{self._epochs}: loss {record.train_loss:.4f}, "
            f"accuracy {record.train_accuracy:.2%}, validation loss {record.validation_loss:.4f}, "
            f"validation accuracy {record.validation_accuracy:.2%}, "
            f"{record.seconds:.1f} s, {format_duration(left_s)} left"
        )

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LiveProgress(QuietListener):
    """A table on the terminal that grows with each epoch, with the time left below it.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=4)
        self._records: list[EpochRecord] = []
        self._epochs = 0
        self._steps = 1

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        """See `Listener.begin`."""
        self._records, self._epochs, self._steps = list(history), epochs, steps_per_epoch
        self._live.start()
        self._live.update(self._render(""))

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        """See `Listener.take_step`."""
        if step % 10 and step != self._steps:  # building a table takes longer than a tenth of a nano step
            return
        line = f"epoch {epoch}/{self._epochs}, {step / self._steps:.0%}, loss {loss:.4f}"
        if self._records:
            left = self._epochs - epoch + 1 - step / self._steps
            line += f", {format_duration(left * self._records[-1].seconds)} left"
        self._live.update(self._render(line))

    def take_epoch(self, record: EpochRecord) -> None:
        """See `Listener.take_epoch`."""
        self._records.append(record)
        self._live.update(self._render(""))

    def end(self) -> None:
        """See `Listener.end`."""
        self._live.stop()

    def _render(self, caption: str) -> Table:
        table = Table(caption=caption or None)
        for heading in ("epoch", "loss", "accuracy", "validation loss", "validation accuracy", "time"):
            table.add_column(heading, justify="right")
        for record in self._records[-20:]:  # a longer table would scroll away under the cursor
            table.add_row(
                str(record.epoch),
                f"{record.train_loss:.4f}",
                f"{record.train_accuracy:.2%}",
                f"{record.validation_loss:.4f}",
                f"{record.validation_accuracy:.2%}",
                format_duration(record.seconds),
            )
        return table


class TensorBoardLog(QuietListener):
    """Scalars for TensorBoard.

    Args:
        folder: Where the event files go.

    Raises:
        UsageError: If tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError(
                "tensorboard is not installed", remedy="Install it with: pip install tensorboard."
            ) from error
        self._writer = SummaryWriter(str(folder))

    def take_epoch(self, record: EpochRecord) -> None:
        """See `Listener.take_epoch`."""
        for name, value in asdict(record).items():
            if name != "epoch":
                self._writer.add_scalar(name, value, record.epoch)

    def end(self) -> None:
        """See `Listener.end`."""
        self._writer.close()


def make_progress(console: Console | None = None) -> Listener:
    """Return a live table on a terminal, plain lines elsewhere."""
    console = console or Console(stderr=True)
    return LiveProgress(console) if console.is_terminal else PlainProgress()


def save_log(path: Path, history: Sequence[EpochRecord]) -> None:
    """Write the CSV log of all epochs so far.

    Raises:
        OutputError: If the file can't be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in fields(EpochRecord)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in history)
    write_text(path, text.getvalue())


def format_duration(seconds: float) -> str:
    """Return a duration for people, such as "48 s", "3 min 20 s" or "1 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
