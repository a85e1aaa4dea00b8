"""A guard's recipe: TOML in, frozen values out, and the run that it describes.

Owns: the recipe's keys and the order of a run. Leaves to others: each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.models.region import RegionClassifier
from inkdigits.training.detect.guard import choose_threshold, train_guard
from inkdigits.training.detect.recipe import read_tables
from inkdigits.training.detect.region_loop import RegionSettings, predict_regions
from inkdigits.training.detect.regions import NONE, Drawer, load_views

_PROBES: Final = 2048
"""Regions that tell the ranges of 8 bits, and prove what the bundle answers."""
_WEIGHTS_SEED: Final = 0
"""Decides the guard's first weights; the recipe's seed decides what it is shown."""
_OF_THINGS: Final = 0.25
"""So many more, as part of these, show things."""


@dataclass(frozen=True, slots=True)
class GuardRecipe:
    """Everything that decides what a guard becomes.

    Attributes:
        pages: Number of synthetic views with writing.
        scenes: Number of views of things.
        validation_pages: Number of other views with writing, which decide from where on the guard has a say.
        seed: Of the views, numbered as in a detector's recipe.
        blocks, widths: The guard's residual blocks and channels, as a region classifier's.
        train: How it is trained.
        name, licence, description: Of the bundle that holds both.
        precision: Of its weights and activations, "float32" or "int8".
        text: The recipe as it was written.
    """

    pages: int = 24_000
    scenes: int = 12_000
    validation_pages: int = 500
    seed: int = 240
    blocks: Sequence[int] = (1, 1)
    widths: Sequence[int] = (24, 48, 96)
    train: RegionSettings = field(default_factory=RegionSettings)
    name: str = "regions"
    licence: str = ""
    description: str = ""
    precision: str = "float32"
    text: str = ""


@dataclass(frozen=True)
class TrainedGuard:
    """What a run gave.

    Attributes:
        network: The guard.
        least: From which of its log-odds on it has a say.
        metrics: Of other views: part of the digits that are spared, of the things that are not.
        probes: (N, 2, 40, 40) float32, some regions.
    """

    network: RegionClassifier
    least: float
    metrics: dict[str, float]
    probes: npt.NDArray[np.float32]


def load_guard_recipe(path: Path) -> GuardRecipe:
    """Read a guard's recipe.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds an unknown key or an impossible value.
    """
    tables, train, bundle, text = read_tables(path, RegionSettings, lists=("blocks", "widths"))
    return GuardRecipe(**tables, train=RegionSettings(**train), **bundle, text=text)


def run_guard_recipe(
    recipe: GuardRecipe,
    folder: Path,
    *,
    pages: Path,
    detector: Path,
    report: Callable[[dict[str, float]], None],
    workers: int = 2,
) -> TrainedGuard:
    """Make views, collect boxes and train; what is there is taken up.

    Args:
        recipe: Says how.
        folder: Where boxes, checkpoint and log go.
        pages: Where views are kept.
        detector: Bundle of the detector whose boxes are learned from.
        report: Hears each line of the log.
        workers: Processes that draw views and collect boxes.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """
    load = partial(load_views, pages, folder / "regions", detector=detector, workers=workers)
    writing = Drawer(*load(seed=recipe.seed, count=recipe.pages))
    things = Drawer(*load(seed=recipe.seed, count=0, scenes=recipe.scenes))
    views, regions = load(seed=recipe.seed + 1, count=recipe.validation_pages)
    other_views, others = load(seed=recipe.seed + 1, count=0, scenes=recipe.validation_pages)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_WEIGHTS_SEED)
        guard = RegionClassifier(classes=1, depths=recipe.blocks, widths=recipe.widths)
        guard = train_guard(guard, recipe.train, writing=writing, things=things, folder=folder, report=report)
    of_digits = predict_regions(guard, views, regions)[regions.labels != NONE, 0]
    least = choose_threshold(of_digits)
    metrics = {
        "spared": float((of_digits <= least).mean()),
        "doubted": float((predict_regions(guard, other_views, others) > least).mean()),
    }
    rng = np.random.default_rng(recipe.train.seed)
    shown = torch.cat([writing.draw(_PROBES, rng)[0], things.draw(round(_PROBES * _OF_THINGS), rng)[0]])
    return TrainedGuard(guard, least, metrics, shown[torch.from_numpy(rng.permutation(len(shown)))].numpy())
