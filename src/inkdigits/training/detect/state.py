"""The state of a run of steps: checkpoint and log after every few of them, and taking them up again.

Owns: what is kept. Leaves to others: the file's form (training.checkpoint).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from inkdigits.errors import UsageError
from inkdigits.files import write_text
from inkdigits.training.average import WeightAverage
from inkdigits.training.checkpoint import CHECKPOINT_NAME, load_checkpoint, save_checkpoint
from inkdigits.training.detect.restore import load_bundle_weights

LOG_NAME = "log.csv"
_BATCH = 100


def save_run(
    folder: Path, network: torch.nn.Module, average: WeightAverage, optimizer: torch.optim.Optimizer,
    settings: dict[str, Any], step: int, history: list[dict[str, float]],
) -> None:  # fmt: skip
    """Write the checkpoint and the log of a run, whose settings are plain data."""
    state = {
        "network": network.state_dict(), "average": average.network.state_dict(),
        "optimizer": optimizer.state_dict(), "settings": settings, "step": step, "history": history,
    }  # fmt: skip
    save_checkpoint(folder / CHECKPOINT_NAME, state)
    lines = [",".join(history[0])] + [",".join(f"{v:.6g}" for v in record.values()) for record in history]
    write_text(folder / LOG_NAME, "\n".join(lines) + "\n")


def resume_run(
    folder: Path, network: torch.nn.Module, average: WeightAverage, optimizer: torch.optim.Optimizer,
    settings: dict[str, Any],
) -> tuple[int, list[dict[str, float]]]:  # fmt: skip
    """Take up the run that lies in a folder, if there is one; return its steps and its log.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return 0, []
    state = load_checkpoint(path)
    if state["settings"] != settings:
        raise UsageError(
            f"{folder} holds a run with other settings", remedy="Choose another folder or delete that run."
        )
    network.load_state_dict(state["network"])
    average.network.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), list(state["history"])


def load_start(start: Path, network: torch.nn.Module, examples: torch.Tensor) -> None:
    """Give a network the averaged weights of a run that has ended, or those of a bundle, to learn on from there.

    Args:
        start: Folder of the run, or file of the bundle.
        network: Of the same form; changed.
        examples: (N, C, H, W) float32 inputs, for the norms of a bundle.

    Raises:
        BundleError: If the bundle is none, or its network has another form.
        UsageError: If there is no such run, or its network has another form.
    """
    if start.is_file():
        load_bundle_weights(network, start, examples)
        return
    folder, path = start, start / CHECKPOINT_NAME
    if not path.exists():
        raise UsageError(
            f"{folder} holds no run to start from",
            remedy="Name the folder of a run that has ended, or a bundle.",
        )
    try:
        network.load_state_dict(load_checkpoint(path)["average"])
    except (KeyError, RuntimeError) as error:
        raise UsageError(
            f"The run in {folder} has another network", remedy="Name the folder of a run of the same kind."
        ) from error


@torch.no_grad()
def go_back(
    network: torch.nn.Module, start: Mapping[str, torch.Tensor], *, part: float, examples: torch.Tensor
) -> None:
    """Move a network's weights back toward those that it started with.

    What lies between the two often answers better than either, above all on pictures unlike those of its last run.

    Args:
        network: Changed, and left in evaluation mode.
        start: Its state when it began.
        part: How far to go, in [0, 1]; 0 changes nothing.
        examples: (N, C, H, W) float32 inputs, some hundred: the norms measure them anew.

    References:
        Wortsman et al., "Robust fine-tuning of zero-shot models", 2022.
    """
    if not part:
        return
    learned = network.state_dict()
    network.load_state_dict(
        {
            name: torch.lerp(value, start[name], part) if value.is_floating_point() else value
            for name, value in learned.items()
        }
    )
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    network.train()
    for batch in torch.split(examples, _BATCH):
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
