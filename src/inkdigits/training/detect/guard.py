"""The guard: a small network beside the region classifier that tells pictures of things from writing.

Owns: what it learns from, its loop, and the threshold from which it has a say. Leaves to others: boxes and batches
(regions), the network (models.region), how both are joined (export.guard).

A region classifier that learned things as one more kind of "none" itself got worse on handwriting, and began to
take letters for digits: so it stays as it is, and the guard only adds doubt.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
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
from inkdigits.training.detect.region_loop import RegionSettings
from inkdigits.training.detect.regions import Drawer
from inkdigits.training.detect.state import resume_run, save_run
from inkdigits.training.device import choose_device, choose_dtype

THINGS: Final = 0.4
"""Part of a batch that are boxes on views of things; the others hold digits, marks, letters and pieces."""
KEPT: Final = 0.995
"""So many of the digits on made pages that nothing was learned from are spared by the guard."""
_MOST_GRADIENT: Final = 5.0


def train_guard(
    guard: RegionClassifier,
    settings: RegionSettings,
    *,
    writing: Drawer,
    things: Drawer,
    folder: Path,
    report: Callable[[dict[str, float]], None],
) -> RegionClassifier:
    """Train a guard.

    Args:
        guard: With one class; changed.
        settings: How.
        writing: Boxes on pages.
        things: Boxes on views of things.
        folder: Where checkpoint and log go; a run that was stopped there goes on.
        report: Hears each line of the log.

    Returns:
        The averaged weights, in evaluation mode.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device()
    dtype = choose_dtype(device, "auto")
    guard.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = WeightAverage(guard, decay=settings.ema_decay)
    optimizer = torch.optim.AdamW(
        guard.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    first, history = resume_run(folder, guard, average, optimizer, asdict(settings))
    total, right, count, start_s = 0.0, 0.0, 0, time.perf_counter()
    for step in range(first, settings.steps):
        rng = np.random.default_rng([settings.seed, step])  # nothing to save: a resumed run draws the same
        torch.manual_seed(settings.seed * 1_000_003 + step)
        regions, is_thing = _draw(writing, things, settings.batch_size, rng)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * measure_rate(step, settings.steps)
        guard.train()
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            said = guard(regions.to(device).contiguous(memory_format=torch.channels_last))
        said = said.float().squeeze(1).cpu()
        loss = F.binary_cross_entropy_with_logits(said, is_thing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(guard.parameters(), _MOST_GRADIENT)
        optimizer.step()
        average.update(guard, step=step)
        total, count = total + loss.item(), count + 1
        right += ((said > 0) == (is_thing > 0.5)).float().mean().item()
        if (step + 1) % settings.log_every == 0 or step + 1 == settings.steps:
            record = {"step": step + 1.0, "loss": total / count, "accuracy": right / count}
            record["seconds"] = time.perf_counter() - start_s
            history.append(record)
            save_run(folder, guard, average, optimizer, asdict(settings), step + 1, history)
            report(record)
            total, right, count, start_s = 0.0, 0.0, 0, time.perf_counter()
    result = average.network.cpu().eval()
    assert isinstance(result, RegionClassifier)
    return result


def choose_threshold(of_digits: npt.NDArray[np.float32]) -> float:
    """Return from which logit on the guard has a say: `KEPT` of the digits lie below.

    Args:
        of_digits: (N,) what it says about digits that nothing was learned from, as log-odds.
    """
    return float(np.quantile(of_digits, KEPT))


def _draw(writing: Drawer, things: Drawer, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return (count, 2, 40, 40) regions and (count,) 1 where they show things."""
    of_things = round(THINGS * count)
    pages, _ = writing.draw(count - of_things, rng)
    scenes, _ = things.draw(of_things, rng)
    is_thing = torch.cat([torch.zeros(len(pages)), torch.ones(len(scenes))])
    return torch.cat([pages, scenes]), is_thing
