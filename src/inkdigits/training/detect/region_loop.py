"""The region classifier's loop: boxes on synthetic views go in, weights and a log come out; stopped runs go on.

Owns: steps, averaging, judging on views that nothing was learned from, temperature. Leaves to others: boxes
(regions), export.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.models.region import RegionClassifier
from inkdigits.training.average import WeightAverage
from inkdigits.training.detect.loop import measure_rate
from inkdigits.training.detect.regions import NONE, Drawer, Regions, sample
from inkdigits.training.detect.state import resume_run, save_run
from inkdigits.training.device import choose_device, choose_dtype

_MOST_GRADIENT: Final = 5.0
_SMOOTHING: Final = 0.02


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """How the region classifier is trained.

    Attributes:
        steps: Number of batches.
        batch_size: Regions in each.
        learning_rate: Highest rate of AdamW.
        weight_decay: Of AdamW.
        ema_decay: Share of the old average that each step keeps.
        log_every: Steps between two lines of the log, validations and checkpoints.
        seed: Of weights, order and jitter.
    """

    steps: int = 8000
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 2e-2
    ema_decay: float = 0.999
    log_every: int = 500
    seed: int = 0


def train_regions(
    network: RegionClassifier,
    settings: RegionSettings,
    *,
    train: Sequence[Drawer],
    validation: tuple[npt.NDArray[np.uint8], Regions],
    folder: Path,
    report: Callable[[dict[str, float]], None],
) -> RegionClassifier:
    """Train a region classifier.

    Args:
        network: Changed.
        settings: How.
        train: What to learn from, one after another, each for the same number of steps.
        validation: Views and boxes to judge by.
        folder: Where checkpoint and log go; a run that was stopped there goes on.
        report: Hears each line of the log.

    Returns:
        The averaged weights, in evaluation mode.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """

    def draw(step: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        return train[step * len(train) // settings.steps].draw(settings.batch_size, rng)

    def compute_loss(logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, label_smoothing=_SMOOTHING)

    def judge(average: torch.nn.Module) -> dict[str, float]:
        return {f"validation_{name}": value for name, value in judge_regions(average, *validation).items()}

    return learn_steps(
        network, settings, draw=draw, compute_loss=compute_loss, judge=judge, folder=folder, report=report
    )


def learn_steps(
    network: RegionClassifier,
    settings: RegionSettings,
    *,
    draw: Callable[[int, np.random.Generator], tuple[Tensor, Tensor]],
    compute_loss: Callable[[Tensor, Tensor], Tensor],
    folder: Path,
    report: Callable[[dict[str, float]], None],
    measure: Callable[[Tensor, Tensor], dict[str, float]] = lambda logits, labels: {},
    judge: Callable[[torch.nn.Module], dict[str, float]] = lambda average: {},
) -> RegionClassifier:
    """Take a network's steps: whatever looks at regions learns so.

    Args:
        network: Changed.
        settings: How.
        draw: Gives the regions and the targets of a step; the same state of chance must give the same.
        compute_loss: From float32 outputs and targets to the loss.
        folder: Where checkpoint and log go; a run that was stopped there goes on.
        report: Hears each line of the log.
        measure: From outputs and targets of a batch to more figures of the log, which are averaged over its steps.
        judge: From the averaged weights so far to more figures of the log.

    Returns:
        The averaged weights.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device()
    dtype = choose_dtype(device, "auto")
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = WeightAverage(network, decay=settings.ema_decay)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    first, history = resume_run(folder, network, average, optimizer, asdict(settings))
    batches: list[dict[str, float]] = []
    start_s = time.perf_counter()
    for step in range(first, settings.steps):
        rng = np.random.default_rng([settings.seed, step])  # nothing to save: a resumed run draws the same
        torch.manual_seed(settings.seed * 1_000_003 + step)  # dropout
        regions, targets = draw(step, rng)
        targets = targets.to(device)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * measure_rate(step, settings.steps)
        network.train()
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            logits = network(regions.to(device).contiguous(memory_format=torch.channels_last))
        loss = compute_loss(logits.float(), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), _MOST_GRADIENT)
        optimizer.step()
        average.update(network, step=step)
        batches.append({"loss": loss.item(), **measure(logits.detach().float(), targets)})
        if (step + 1) % settings.log_every == 0 or step + 1 == settings.steps:
            record = {"step": step + 1.0}
            record |= {name: sum(batch[name] for batch in batches) / len(batches) for name in batches[0]}
            record |= judge(average.network)
            record["seconds"] = time.perf_counter() - start_s
            history.append(record)
            save_run(folder, network, average, optimizer, asdict(settings), step + 1, history)
            report(record)
            batches, start_s = [], time.perf_counter()
    result = average.network.cpu()
    assert isinstance(result, RegionClassifier)
    return result


@torch.inference_mode()
def predict_regions(
    network: torch.nn.Module, views: npt.NDArray[np.uint8], regions: Regions, *, batch_size: int = 256
) -> npt.NDArray[np.float32]:
    """Return the logits of all regions, (N, classes)."""
    network.eval()
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(regions), batch_size):
        rows = slice(start, start + batch_size)
        ink = torch.from_numpy(views[regions.pages[rows]]).unsqueeze(1).float() / 255
        cut = sample(ink, regions.boxes[rows].astype(np.float64), None)
        parts.append(network(cut.to(device)).float().cpu().numpy())
    return np.concatenate(parts)


def judge_regions(
    network: torch.nn.Module, views: npt.NDArray[np.uint8], regions: Regions
) -> dict[str, float]:
    """Return the loss, the share of right labels of digits, and of right words on whether a box holds one."""
    logits = predict_regions(network, views, regions)
    is_digit = regions.labels != NONE
    named = logits[:, :NONE].argmax(1)
    says_digit = logits.argmax(1) != NONE
    loss = F.cross_entropy(torch.from_numpy(logits), torch.from_numpy(regions.labels)).item()
    return {
        "loss": loss,
        "accuracy": float((named == regions.labels)[is_digit].mean()),
        "kept": float(says_digit[is_digit].mean()),
        "refused": float((~says_digit)[~is_digit].mean()),
    }
