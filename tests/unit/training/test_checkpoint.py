from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from inkdigits.errors import OutputError, UsageError
from inkdigits.training.checkpoint import load_checkpoint, save_checkpoint


class Bomb:
    """Leaves a trace if it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.trace),)


def test_there_and_back(tmp_path: Path) -> None:
    plain = {"history": [{"epoch": 1, "loss": 0.5}], "text": "x", "none": None}
    save_checkpoint(tmp_path / "new" / "checkpoint.pt", {"weights": {"a": torch.arange(3.0)}, **plain})
    loaded = load_checkpoint(tmp_path / "new" / "checkpoint.pt")
    assert torch.equal(loaded.pop("weights")["a"], torch.arange(3.0))
    assert loaded == {"format": 1, **plain}


def test_code_in_a_checkpoint_does_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    torch.save({"format": 1, "bomb": Bomb(trace)}, tmp_path / "checkpoint.pt")
    with pytest.raises(UsageError, match="can't be read"):
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert not trace.exists()


@pytest.mark.parametrize("kept", [0, 1, 10, 300])
def test_a_truncated_file_is_told(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"weights": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UsageError, match="--restart"):
        load_checkpoint(path)


def test_an_unknown_form_is_told(tmp_path: Path) -> None:
    torch.save({"format": 99}, tmp_path / "newer.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("newer.pt", "list.pt"):
        with pytest.raises(UsageError, match="unknown form"):
            load_checkpoint(tmp_path / name)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"epoch": 1})

    def fail(state: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise RuntimeError("[enforce fail] PytorchStreamWriter failed writing file")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OutputError):
        save_checkpoint(path, {"epoch": 2})
    assert load_checkpoint(path)["epoch"] == 1
    assert list(tmp_path.iterdir()) == [path]
