"""Checkpoints: the whole state of a run after an epoch, as plain data.

Owns: the file's form and its safe reading. Leaves to others: what the state means (`loop`) and atomic writing
(`inkdigits.files`). Only tensors, numbers, texts, lists and dicts are stored, and only these are read: a
checkpoint from a stranger can't run code.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final

import torch

from inkdigits.errors import OutputError, UsageError
from inkdigits.files import replacing

CHECKPOINT_NAME: Final = "checkpoint.pt"
_FORMAT: Final = 1
"""Raised when the keys of the state change their meaning."""


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state; whoever stops the process sees the old file or the new one, never half of one.

    Raises:
        OutputError: If the file can't be written.
    """
    with replacing(path) as part:
        try:
            torch.save({"format": _FORMAT, **state}, part)
        except RuntimeError as error:  # how torch reports a full disk
            raise OutputError(f"{path} can't be written", remedy="Free space and try again.") from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a state onto the processor.

    Raises:
        UsageError: If the file is damaged, holds anything but plain data, or has another form.
    """
    remedy = "Delete it, or train anew with --restart."
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise UsageError(f"The checkpoint {path} can't be read", remedy=remedy) from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise UsageError(f"The checkpoint {path} has an unknown form", remedy=remedy)
    return state


def find_start(start: Path) -> Path:
    """Return the file with the weights to begin with: a bundle, or the checkpoint of a run.

    Args:
        start: A bundle, or the folder of a run.

    Raises:
        UsageError: If there is neither.
    """
    path = start if start.is_file() else start / CHECKPOINT_NAME
    if not path.exists():
        raise UsageError(
            f"{start} holds no run to start from",
            remedy="Name the folder of a run that has ended, or a bundle.",
        )
    return path


def load_start(start: Path, network: torch.nn.Module) -> None:
    """Give a network the weights that a run came to, averaged where it averaged them, to learn on from there.

    Args:
        start: Folder of the run.
        network: Of the same form; changed.

    Raises:
        UsageError: If there is no such run, or its network has another form.
    """
    state = load_checkpoint(find_start(start))
    try:
        network.load_state_dict(state.get("average") or state["network"])
    except (KeyError, RuntimeError) as error:
        raise UsageError(
            f"The run in {start} has another network", remedy="Name the folder of a run of the same kind."
        ) from error
