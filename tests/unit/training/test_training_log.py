from __future__ import annotations

import io
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from inkdigits.errors import UsageError
from inkdigits.training.log import (
    EpochRecord,
    ListenerGroup,
    LiveProgress,
    PlainProgress,
    ResumedTime,
    TensorBoardLog,
    format_duration,
    make_progress,
    save_log,
)

FIRST = EpochRecord(1, 0.5, 0.85, 0.25, 0.925, 0.01, 65.0)
SECOND = EpochRecord(2, 0.25, 0.9, 0.125, 0.95, 0.001, 60.0)


def test_plain_lines_tell_losses_and_time_left() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.begin([], epochs=3, steps_per_epoch=10)
    progress.take_step(epoch=1, step=1, loss=0.5)
    progress.take_epoch(FIRST)
    progress.end()
    assert stream.getvalue() == (
        "epoch 1/3: loss 0.5000, accuracy 85.00%, validation loss 0.2500, validation accuracy 92.50%, "
        "65.0 s, 2 min 10 s left\n"
    )


def test_plain_lines_say_where_a_run_resumes() -> None:
    stream = io.StringIO()
    PlainProgress(stream).begin([FIRST, SECOND], epochs=3, steps_per_epoch=10)
    assert stream.getvalue() == "Resuming after epoch 2 of 3.\n"


def test_the_live_table_shows_epochs_and_time_left() -> None:
    stream = io.StringIO()
    progress = LiveProgress(Console(file=stream, force_terminal=True, width=100))
    progress.begin([FIRST], epochs=3, steps_per_epoch=10)
    progress.take_step(epoch=2, step=10, loss=0.3)
    progress.take_epoch(SECOND)
    progress.take_step(epoch=3, step=10, loss=0.2)
    progress.end()
    shown = stream.getvalue()
    assert "92.50%" in shown
    assert "95.00%" in shown
    assert "left" in shown


def test_terminals_get_the_table_and_pipes_get_lines() -> None:
    assert isinstance(make_progress(Console(file=io.StringIO(), force_terminal=True)), LiveProgress)
    assert isinstance(make_progress(Console(file=io.StringIO())), PlainProgress)


def test_a_group_tells_everyone() -> None:
    streams = io.StringIO(), io.StringIO()
    group = ListenerGroup(*map(PlainProgress, streams))
    group.begin([], epochs=1, steps_per_epoch=1)
    group.take_step(epoch=1, step=1, loss=1.0)
    group.take_epoch(FIRST)
    group.end()
    assert streams[0].getvalue() == streams[1].getvalue() != ""


def test_the_log_is_a_plain_csv(tmp_path: Path) -> None:
    save_log(tmp_path / "log.csv", [FIRST])
    assert (tmp_path / "log.csv").read_text() == (
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds\n"
        "1,0.5,0.85,0.25,0.925,0.01,65.0\n"
    )


def test_absent_tensorboard_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match="pip install tensorboard"):
        TensorBoardLog(tmp_path)


def test_tensorboard_gets_every_number_at_its_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer is a stand-in: tensorboard is no dependency."""
    heard: list[object] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None:
            heard.append(folder)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            heard.append((name, value, step))

        def close(self) -> None:
            heard.append("closed")

    module = ModuleType("torch.utils.tensorboard")
    monkeypatch.setattr(module, "SummaryWriter", SummaryWriter, raising=False)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    log = TensorBoardLog(tmp_path)
    for record in (FIRST, SECOND):
        log.take_epoch(record)
    log.end()
    assert heard[0] == str(tmp_path)
    assert heard[-1] == "closed"
    assert ("validation_accuracy", 0.925, 1) in heard
    assert ("train_loss", 0.25, 2) in heard
    assert len(heard) == 2 + 2 * 6  # six numbers of an epoch, its own number being the step


def test_time_of_epochs_taken_up_from_checkpoints_is_summed() -> None:
    resumed = ResumedTime()
    resumed.begin([], epochs=3, steps_per_epoch=10)
    resumed.begin([FIRST, SECOND], epochs=3, steps_per_epoch=10)
    resumed.take_epoch(SECOND)
    assert resumed.seconds == 125.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3900, "1 h 5 min")]
)
def test_durations_are_for_people(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words
