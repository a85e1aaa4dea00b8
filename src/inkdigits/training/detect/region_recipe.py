"""A region classifier's recipe: TOML in, frozen values out, and the run that it describes.

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

from inkdigits.models.region import RegionClassifier, grow
from inkdigits.training.detect.recipe import check_start, list_pools, read_tables
from inkdigits.training.detect.region_loop import (
    RegionSettings,
    judge_regions,
    predict_regions,
    train_regions,
)
from inkdigits.training.detect.regions import Drawer, load_views
from inkdigits.training.detect.state import go_back, load_start
from inkdigits.training.temperature import fit_temperature

_PROBES: Final = 2048
"""Regions that tell the ranges of 8 bits, and measure the norms of a network that learns on from a bundle."""


@dataclass(frozen=True, slots=True)
class RegionRecipe:
    """Everything that decides what a region classifier becomes.

    Attributes:
        pages: Number of synthetic views in each pool.
        pools: Number of pools to learn from, one after another.
        scenes: Number of views of things without writing beside each pool.
        validation_pages: Number of other views that only judge.
        seed: Of the first pool, numbered as in a detector's recipe.
        blocks: Residual blocks at strides 4 and 8.
        widths: Channels at strides 2, 4 and 8.
        start_blocks, start_widths: Those of what is learned on from; fewer may be grown to `blocks` and `widths`.
        keep_start: In the end, go back so far toward the weights that were learned on from, in [0, 1].
        train: How it is trained.
        name, licence, description: Of the bundle.
        precision: Of its weights and activations, "float32" or "int8".
        text: The recipe as it was written.
    """

    pages: int = 16_000
    pools: int = 1
    scenes: int = 0
    validation_pages: int = 500
    seed: int = 100
    blocks: Sequence[int] = (2, 1)
    widths: Sequence[int] = (32, 64, 128)
    start_blocks: Sequence[int] = (2, 1)
    start_widths: Sequence[int] = (32, 64, 128)
    keep_start: float = 0.0
    train: RegionSettings = field(default_factory=RegionSettings)
    name: str = "regions"
    licence: str = ""
    description: str = ""
    precision: str = "float32"
    text: str = ""


def load_region_recipe(path: Path) -> RegionRecipe:
    """Read a region classifier's recipe.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds an unknown key or an impossible value.
    """
    tables, train, bundle, text = read_tables(
        path, RegionSettings, lists=("blocks", "widths", "start_blocks", "start_widths")
    )
    return RegionRecipe(**tables, train=RegionSettings(**train), **bundle, text=text)


@dataclass(frozen=True)
class TrainedRegions:
    """What a run gave: the network, its temperature, what the validation views say about it, and some regions."""

    network: RegionClassifier
    temperature: float
    metrics: dict[str, float]
    probes: npt.NDArray[np.float32]


def run_region_recipe(
    recipe: RegionRecipe,
    folder: Path,
    *,
    pages: Path,
    detector: Path,
    report: Callable[[dict[str, float]], None],
    workers: int = 2,
    start: Path | None = None,
) -> TrainedRegions:
    """Make pages, collect boxes and train; what is there already is taken up.

    Args:
        recipe: Says how.
        folder: Where boxes, checkpoint and log go.
        pages: Where pages are kept.
        detector: Bundle of the detector whose boxes are learned from.
        report: Hears each line of the log.
        workers: Processes that draw pages and collect boxes.
        start: Folder of a run, or a bundle, whose weights are the first ones of this; None for weights by chance.

    Raises:
        UsageError: If the recipe goes back to a start, and there is none.
    """
    check_start(recipe.keep_start, start)

    load = partial(load_views, pages, folder / "regions", detector=detector, workers=workers)
    drawers = [
        Drawer(*load(seed=seed, count=recipe.pages, scenes=recipe.scenes))
        for seed in list_pools(recipe.seed, recipe.pools)
    ]
    judged_by = load(seed=recipe.seed + 1, count=recipe.validation_pages)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.train.seed)
        network = RegionClassifier(depths=recipe.blocks, widths=recipe.widths)
        if start is not None:
            examples, _ = drawers[0].draw(_PROBES, np.random.default_rng(recipe.train.seed))
            first = RegionClassifier(depths=recipe.start_blocks, widths=recipe.start_widths)
            load_start(start, first, examples)
            grow(first, network)
        begun = {name: value.clone() for name, value in network.state_dict().items()}
        trained = train_regions(
            network, recipe.train, train=drawers, validation=judged_by, folder=folder, report=report
        )
        examples, _ = drawers[0].draw(_PROBES, np.random.default_rng(recipe.train.seed))
        go_back(trained, begun, part=recipe.keep_start, examples=examples)
    logits = torch.from_numpy(predict_regions(trained, *judged_by))
    temperature = fit_temperature(logits, torch.from_numpy(judged_by[1].labels))
    probes, _ = drawers[-1].draw(_PROBES, np.random.default_rng(recipe.train.seed))
    return TrainedRegions(trained, temperature, judge_regions(trained, *judged_by), probes.numpy())
