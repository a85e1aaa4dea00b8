"""The guard: a small network beside the region classifier that tells pictures of things from writing.

Owns: what it learns from, and the threshold from which it has a say. Leaves to others: its steps (region_loop),
boxes and batches (regions), the network (models.region), how both are joined (export.guard).

A region classifier that learned things as one more kind of "none" itself got worse on handwriting, and began to
take letters for digits: so it stays as it is, and the guard only adds doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.models.region import RegionClassifier
from inkdigits.training.detect.region_loop import RegionSettings, learn_steps
from inkdigits.training.detect.regions import Drawer

THINGS: Final = 0.4
"""Part of a batch that are boxes on views of things; the others hold digits, marks, letters and pieces."""
KEPT: Final = 0.995
"""So many of the digits on made pages that nothing was learned from are spared by the guard."""


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

    def draw(step: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        return _draw(writing, things, settings.batch_size, rng)

    def compute_loss(said: Tensor, is_thing: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(said.squeeze(1), is_thing)

    def measure(said: Tensor, is_thing: Tensor) -> dict[str, float]:
        return {"accuracy": ((said.squeeze(1) > 0) == (is_thing > 0.5)).float().mean().item()}

    return learn_steps(
        guard, settings, draw=draw, compute_loss=compute_loss, measure=measure, folder=folder, report=report
    ).eval()


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
