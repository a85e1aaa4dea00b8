"""A detector's recipe: TOML in, frozen values out, and the run that it describes.

Owns: the recipe's keys and the order of a run. Leaves to others: each step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor

from inkdigits.errors import RecipeError, UsageError
from inkdigits.models.detector import DigitDetector
from inkdigits.training.detect.loop import DetectorSettings, judge, train_detector
from inkdigits.training.detect.pages import LABELS, PagePool, load_or_make_pool
from inkdigits.training.detect.state import go_back, load_start

Table: TypeAlias = dict[str, Any]
PRECISIONS: Final = ("float32", "int8")
EXAMPLES: Final = 200
"""Views that measure the norms of a network that learns on from a bundle."""


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides what a detector becomes.

    Attributes:
        pages: Number of synthetic views in each pool.
        pools: Number of pools to learn from, one after another.
        scenes: Number of views of things without writing beside each pool.
        validation_pages: Number of other views that only judge.
        seed: Of the first pool; validation uses the next one, further pools those behind it.
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
    keep_start: float = 0.0
    train: DetectorSettings = field(default_factory=DetectorSettings)
    name: str = "detector"
    licence: str = ""
    description: str = ""
    precision: str = "float32"
    text: str = ""


def load_detector_recipe(path: Path) -> DetectorRecipe:
    """Read a detector's recipe.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds an unknown key or an impossible value.
    """
    tables, train, bundle, text = read_tables(path, DetectorSettings)
    return DetectorRecipe(**tables, train=DetectorSettings(**train), **bundle, text=text)


def read_tables(
    path: Path, settings: type[Any], *, lists: Collection[str] = ()
) -> tuple[Table, Table, Table, str]:
    """Read a recipe of a network that learns from pages, and check its keys.

    Args:
        path: Of the TOML file.
        settings: Dataclass with the keys of `[train]`.
        lists: Keys of its own that are lists; whoever takes them checks them.

    Returns:
        Its own keys, those of `[train]` and of `[bundle]`, and the recipe as it was written.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds an unknown key or an impossible value.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"The recipe {path} can't be read ({error})", remedy="Check the path.") from error
    train, bundle = tables.pop("train", {}), tables.pop("bundle", {})
    refuse_unknown(tables, {"pages", "pools", "scenes", "validation_pages", "seed", "keep_start", *lists})
    refuse_unknown(train, {f.name for f in fields(settings)})
    check_bundle(bundle)
    check_numbers({**{k: v for k, v in tables.items() if k not in lists}, **train})
    if tables.get("keep_start", 0) > 1:
        raise RecipeError(f"The key 'keep_start' must be at most 1, not {tables['keep_start']}")
    return tables, train, bundle, text


def list_pools(seed: int, pools: int) -> list[int]:
    """Return the seeds of pools to learn from; the one behind the first is that of the pages that judge."""
    return [seed, *(seed + 1 + index for index in range(1, pools))]


def run_detector_recipe(
    recipe: DetectorRecipe,
    folder: Path,
    *,
    report: Callable[[dict[str, float]], None],
    workers: int = 2,
    start: Path | None = None,
) -> tuple[DigitDetector, dict[str, float]]:
    """Make pages and train; what is there already is taken up.

    Args:
        recipe: Says how.
        folder: Where pages, checkpoint and log go.
        report: Hears each line of the log.
        workers: Processes that draw pages.
        start: Folder of a run, or a bundle, whose weights are the first ones of this; None for weights by chance.

    Returns:
        The network, and what the validation views say about it.

    Raises:
        UsageError: If the recipe goes back to a start, and there is none.
    """
    check_start(recipe.keep_start, start)
    train = [
        load_or_make_pool(
            folder / "pages", seed=seed, count=recipe.pages, scenes=recipe.scenes, workers=workers
        )
        for seed in list_pools(recipe.seed, recipe.pools)
    ]
    validation = load_or_make_pool(
        folder / "pages", seed=recipe.seed + 1, count=recipe.validation_pages, workers=workers
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.train.seed)
        network = DigitDetector(labels=len(LABELS))
        if start is not None:
            load_start(start, network, _take_examples(train[0]))
    first = {name: value.clone() for name, value in network.state_dict().items()}
    trained = train_detector(
        network, recipe.train, train=train, validation=validation, folder=folder, report=report
    )
    go_back(trained, first, part=recipe.keep_start, examples=_take_examples(train[0]))
    return trained, judge(trained, validation)


def check_start(keep_start: float, start: Path | None) -> None:
    """Raise UsageError if a run shall go back toward its start, but starts from weights by chance."""
    if keep_start and start is None:
        raise UsageError(
            "The recipe's 'keep_start' goes back toward what is learned on from, but there is nothing",
            remedy="Name a run or a bundle with --start, or leave the key out.",
        )


def _take_examples(pool: PagePool) -> Tensor:
    """Return some views as the network sees them, (N, 1, H, W)."""
    return torch.from_numpy(pool.views[:EXAMPLES]).unsqueeze(1).float() / 255


def check_bundle(table: Mapping[str, Any]) -> None:
    """Raise RecipeError if the table of the bundle has an unknown key or precision."""
    refuse_unknown(table, {"name", "licence", "description", "precision"})
    if table.get("precision", "float32") not in PRECISIONS:
        raise RecipeError(
            f"There is no precision {table['precision']!r}", remedy=f"Use one of: {', '.join(PRECISIONS)}."
        )


def check_numbers(table: Mapping[str, Any]) -> None:
    """Raise RecipeError if a value is no number or negative."""
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise RecipeError(f"The key {key!r} must be a number and not negative, not {value!r}")


def refuse_unknown(table: Mapping[str, Any], known: set[str]) -> None:
    """Raise RecipeError if a table has a key that is not known."""
    for key in table:
        if key not in known:
            raise RecipeError(
                f"This recipe has no key {key!r}", remedy=f"It has: {', '.join(sorted(known))}."
            )
