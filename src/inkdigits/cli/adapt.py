"""`inkdigits train --continue`: a model that is there learns one person's hand.

Owns: which digits take part and what is printed. Leaves to others: weights (export), learning (training).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.cli.console import tell
from inkdigits.cli.progress import ProgressBar
from inkdigits.datasets import load_dataset, split_train_validation, subset
from inkdigits.errors import BundleError, DataNotFoundError, UsageError

if TYPE_CHECKING:
    from inkdigits.training.adapt import Adapted
    from inkdigits.training.recipe import Recipe
    from inkdigits.types import LabelledImages

OWN: Final = "corrections"
GUARD: Final = "mnist"
GUARD_SIZE: Final = 10_000
"""Digits of MNIST's training part that judge what is forgotten; 0.1 points are 10 of them."""
GUARD_SEED: Final = 0
MOST_REPLAYED: Final = 20_000
"""Of each set: 200 steps draw 19,200 digits of all of them together."""
SIMULATED: Final = {"pen-simulator": 4000, "pen-fakes": 2000}
"""Made anew in seconds; the recipe's own numbers take minutes."""
TOO_SLOW: Final = ("synth-crops",)
"""Made pages take minutes; what they taught stays by the old network's answers to the other digits."""


def continue_training(
    name: str, *, data: Sequence[str] | None, output: Path | None, seed: int, threads: int | None
) -> Path:
    """Adapt a model, and write it only if it has not forgotten.

    Args:
        name: Name of a model that ships, or path of a bundle.
        data: Sets of own digits; by default the corrections.
        output: Folder for the bundle.
        seed: Decides order and augmentation.
        threads: Processor threads; torch chooses if None.

    Returns:
        The new bundle.

    Raises:
        BundleError: If the model is no network, or its weights can't be restored.
        DataNotFoundError: If there are no own digits, or nothing to replay.
        ForgettingError: If it would lose too much; nothing is written.
    """
    from inkdigits.export.network import restore_network
    from inkdigits.training.adapt import AdaptSettings, adapt
    from inkdigits.training.device import set_threads

    set_threads(threads)
    bundle = load_classifier(name)
    recipe, names = _read_recipe(bundle), _read_names(bundle)
    network = restore_network(bundle.path, classes=len(names))
    own = _load_own(data or [OWN], names)
    replay, guard = _load_replay(recipe, names, own=data or [OWN])
    tell(
        f"{bundle.metadata.name}: {len(own)} own digits beside {len(replay)} of {replay.name}; "
        f"{len(guard)} of {GUARD} judge."
    )
    with ProgressBar() as bar:
        adapted = adapt(
            network,
            own=own,
            replay=replay,
            guard=guard,
            augmentation=recipe.augment,
            settings=AdaptSettings(seed=seed),
            on_step=lambda done, total: bar("Adapting", done, total),
        )
    return _export(bundle, recipe, names, adapted, own=data or [OWN], output=output)


def _read_recipe(bundle: BundleClassifier) -> Recipe:
    from inkdigits.models import get_model_spec
    from inkdigits.training.recipe import recipe_from_toml

    text = str(bundle.metadata.everything.get("recipe", ""))
    if not text:
        raise BundleError(
            f"The model {bundle.metadata.name!r} does not tell its recipe",
            remedy="Only bundles that inkdigits train wrote can be continued.",
        )
    recipe = recipe_from_toml(text)
    if get_model_spec(recipe.model.name).kind != "network":
        raise BundleError(
            f"The model {bundle.metadata.name!r} is no network but {recipe.model.name!r}",
            remedy="Train it anew with: inkdigits train --model NAME --data mnist --data corrections.",
        )
    return recipe


def _read_names(bundle: BundleClassifier) -> tuple[str, ...]:
    """Return the names of all logits, "none" among them."""
    return bundle.metadata.labels


def _load_own(sets: Sequence[str], names: tuple[str, ...]) -> LabelledImages:
    from inkdigits.training.data import join_datasets
    from inkdigits.training.sources import load_source

    return _fit_labels(join_datasets([load_source(name) for name in sets]), names)


def _fit_labels(data: LabelledImages, names: tuple[str, ...]) -> LabelledImages:
    """Bring labels to the order of the network's logits; what it has no name for stays out."""
    import numpy as np

    unknown = [name for name in data.label_names if name not in names and name != NO_DIGIT]
    if unknown:
        raise UsageError(
            f"{data.name} has the class {unknown[0]!r}, which this model does not know",
            remedy="Choose digits of the model's own classes.",
        )
    places = np.array([names.index(name) if name in names else -1 for name in data.label_names], np.int64)
    known = subset(replace(data, extra={}), np.flatnonzero(places[data.labels] >= 0))
    return replace(known, labels=places[known.labels], label_names=names)


def _load_replay(
    recipe: Recipe, names: tuple[str, ...], *, own: Sequence[str]
) -> tuple[LabelledImages, LabelledImages]:
    """Return digits that the model learned from and are on this machine, and MNIST digits that judge."""
    from inkdigits.training.data import draw_subset, join_datasets

    try:
        mnist = load_dataset(GUARD, "train")
    except DataNotFoundError as error:
        raise DataNotFoundError(
            "Without MNIST's training part nobody could tell what the model forgets",
            remedy=error.remedy,
        ) from error
    rest, guard = split_train_validation(
        mnist, validation_size=min(GUARD_SIZE, len(mnist) // 4), seed=GUARD_SEED
    )
    parts, missing = [rest], []
    for name in (*recipe.data.sets, *recipe.data.non_digits):
        if name == GUARD or name in own or name in TOO_SLOW:
            continue
        if name in recipe.data.non_digits and NO_DIGIT not in names:
            continue
        try:
            parts.append(_load_part(name, is_digits=name in recipe.data.sets))
        except DataNotFoundError:
            missing.append(name)
    if missing:
        tell(f"Not on this machine, and left out of the replay: {', '.join(missing)}.")
    drawn = [draw_subset(part, size=min(len(part), MOST_REPLAYED), seed=GUARD_SEED) for part in parts]
    return _fit_labels(join_datasets(drawn), names), _fit_labels(guard, names)


def _load_part(name: str, *, is_digits: bool) -> LabelledImages:
    from inkdigits.training.fakes import write_fakes
    from inkdigits.training.sources import load_non_digits, load_source, write_pen_digits

    if name == "pen-simulator":
        return write_pen_digits(SIMULATED[name])
    if name == "pen-fakes":
        return write_fakes(SIMULATED[name])
    return load_source(name) if is_digits else load_non_digits(name)


def _export(
    bundle: BundleClassifier,
    recipe: Recipe,
    names: tuple[str, ...],
    adapted: Adapted,
    *,
    own: Sequence[str],
    output: Path | None,
) -> Path:
    from inkdigits.export.onnx import collect_facts, export_classifier
    from inkdigits.training.loop import count_parameters
    from inkdigits.training.recipe import recipe_to_toml

    before = bundle.metadata
    name = before.name if before.name.endswith("-adapted") else f"{before.name}-adapted"
    data = before.everything.get("data", [])
    facts = collect_facts(
        name=name,
        labels=names,
        temperature=before.temperature,  # the guard was learned from: a new one would be too sure of itself
        recipe=recipe_to_toml(recipe),
        data=tuple(dict.fromkeys([*data, *own])),
        licence=str(before.everything.get("licence", "")),
        description=f"{before.name}, adapted to one person's hand.",
        metrics={
            "own_digits": adapted.own_count,
            "own_accuracy_before": adapted.own_before,
            "own_accuracy": adapted.own_after,
            "mnist_validation_accuracy_before": adapted.guard_before,
            "mnist_validation_accuracy": adapted.guard_after,
            "share_of_new_weights": adapted.share,
        },
        parameters=count_parameters(adapted.network),
    )
    path = (output or Path("runs") / name) / f"{name}.onnx"
    export_classifier(adapted.network, path, facts)
    what = "set apart" if adapted.is_held_out else "that it learned from"
    tell(
        f"Own digits ({adapted.own_count}, {what}): {adapted.own_before:.1%} before, {adapted.own_after:.1%} now. "
        f"MNIST validation: {adapted.guard_before:.2%} before, {adapted.guard_after:.2%} now."
    )
    tell(f"Serve it with: inkdigits serve --model {path}")
    return path
