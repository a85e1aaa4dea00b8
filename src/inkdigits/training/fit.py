"""The uniform face of fitting: a recipe becomes a model with `fit`, `predict_proba`, `save`, whatever its kind.

Owns: the choice by kind, and networks and ensembles behind the contract `inkdigits.models.model.Model`. Leaves to
others: gradient steps (`loop`), classical models (`inkdigits.models.classical`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import torch

from inkdigits.datasets import split_train_validation
from inkdigits.errors import RecipeError, UsageError
from inkdigits.models import get_model_spec, make_estimator
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.ensemble import join_networks
from inkdigits.models.model import Model, Plan
from inkdigits.training.builtin import list_recipes, load_builtin_recipe, make_recipe
from inkdigits.training.checkpoint import find_start, load_start
from inkdigits.training.detect.restore import load_bundle_weights
from inkdigits.training.log import Listener
from inkdigits.training.loop import Trainer, TrainingResult, build_network
from inkdigits.training.recipe import Recipe
from inkdigits.training.teaching import open_teachers
from inkdigits.training.temperature import fit_temperature
from inkdigits.types import LabelledImages

_SET_ASIDE: Final = 0.1
"""Share of the training digits that judges a network where no validation digits are given."""
_EXAMPLES: Final = 1000
"""Digits that measure the norms of a network that learns on from a bundle."""
_DEFAULT_MEMBERS: Final = ("cnn", "cnn", "cnn", "cnn", "cnn")


def make_model(
    recipe: Recipe | str,
    *,
    folder: Path | None = None,
    listener: Listener | None = None,
    restart: bool = False,
    start: Path | None = None,
) -> Model:
    """Return a model that has learned nothing yet.

    Args:
        recipe: Says which model and how it learns; or the name of a model, for its built-in recipe. Of a classical
            model's recipe only the section [model] and the training seed matter, of an ensemble's too.
        folder: Where a network's checkpoint and log go; None keeps nothing.
        listener: Hears how a network's training goes on.
        restart: Whether to ignore a checkpoint in the folder.
        start: Folder of a run, or a bundle, whose weights a network begins with; None for weights by chance.

    Raises:
        RecipeError: If a name or an option is unknown, or a value is impossible.
        MissingExtraError: If a library is not installed.
        UsageError: If there is a start, and the model is no network.
    """
    if isinstance(recipe, str):
        recipe = make_recipe(recipe)
    kind = get_model_spec(recipe.model.name).kind
    if start is not None and kind != "network":
        raise UsageError(f"The model {recipe.model.name!r} starts from nothing", remedy="Leave --start out.")
    if kind == "estimator":
        options = {"seed": recipe.train.seed, **recipe.model.options}
        return make_estimator(recipe.model.name, features=recipe.model.features, **options)
    if kind == "ensemble":
        return EnsembleModel(recipe, folder=folder, listener=listener, restart=restart)
    return NetworkModel(recipe, folder=folder, listener=listener, restart=restart, start=start)


class NetworkModel(Model):
    """A network and the recipe by which it learns.

    Args:
        recipe: Names the network and says how.
        folder: Where checkpoint and log go; None keeps nothing.
        listener: Hears how it goes on.
        restart: Whether to ignore a checkpoint in the folder.
        start: Folder of a run, or a bundle, whose weights it begins with; None for weights by chance.

    Raises:
        BundleError: If a teacher can't be opened.
        RecipeError: If the network has no such option, or a value is impossible.
        UsageError: If there is no run to start from.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        folder: Path | None = None,
        listener: Listener | None = None,
        restart: bool = False,
        start: Path | None = None,
    ) -> None:
        # What is wrong or missing is told before any digit is loaded.
        build_network(recipe, classes=2)
        open_teachers(recipe.train.teachers)
        if start is not None:
            find_start(start)
        self._recipe = recipe
        self._folder = folder
        self._listener = listener
        self._restart = restart
        self._start = start
        self.result: TrainingResult | None = None

    @property
    def plan(self) -> Plan:
        """How to build it again."""
        return Plan(self._recipe.model.name, self._recipe.model.options)

    def fit(self, train: LabelledImages, validation: LabelledImages | None = None) -> Self:
        """Train, going on from a checkpoint if there is one; see `Trainer.fit`.

        Args:
            train: Digits to learn from.
            validation: Digits to judge by; if None, one in ten is set aside.

        Raises:
            BundleError: If the bundle to start from has another network.
            UsageError: If the run to start from has another network; else as `Trainer.fit`.
        """
        if validation is None:
            train, validation = split_train_validation(
                train, validation_size=_SET_ASIDE, seed=self._recipe.data.seed
            )
        network = build_network(self._recipe, classes=len(train.label_names))
        if self._start is not None and self._start.is_file():
            examples = torch.from_numpy(train.images[:_EXAMPLES]).unsqueeze(1).float() / 255
            load_bundle_weights(network, self._start, examples)
        elif self._start is not None:
            load_start(self._start, network)
        self.result = Trainer(
            network,
            self._recipe,
            train=train,
            validation=validation,
            folder=self._folder,
            listener=self._listener,
        ).fit(restart=self._restart)
        temperature = fit_temperature(self.result.validation_logits, torch.tensor(validation.labels))
        self._classifier = NetworkClassifier(self.result.network, train.label_names, temperature=temperature)
        return self


class EnsembleModel(Model):
    """Several models, each fitted to the same digits; their probabilities are averaged.

    The option `members` names built-in recipes or models, such as ["cnn", "cnn", "svm-hog"]; member number i
    learns with the ensemble's training seed plus i.

    Args:
        recipe: Names the members.
        folder: Each member gets a folder in it.
        listener: Hears how networks go on.
        restart: Whether to ignore checkpoints.

    Raises:
        RecipeError: If there is no such member or option.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        folder: Path | None = None,
        listener: Listener | None = None,
        restart: bool = False,
    ) -> None:
        self._members: list[Model] = []
        for index, (name, member) in enumerate(list_members(recipe)):
            place = folder / f"member-{index}-{name}" if folder else None
            self._members.append(make_model(member, folder=place, listener=listener, restart=restart))

    @property
    def plan(self) -> Plan:
        """How to build it again."""
        return Plan("ensemble", members=tuple(member.plan for member in self._members))

    def fit(self, train: LabelledImages, validation: LabelledImages | None = None) -> Self:
        """Fit each member, then a temperature for their mean; see `Model.fit`."""
        for member in self._members:
            member.fit(train, validation)
        self._classifier = join_members([member.classifier for member in self._members], validation)
        return self


def list_members(recipe: Recipe) -> list[tuple[str, Recipe]]:
    """Return the names of an ensemble's members and how each learns: on the ensemble's digits, with its own seed.

    Args:
        recipe: Of an ensemble; see `EnsembleModel`.

    Raises:
        RecipeError: If there is no such member or option.
    """
    members = []
    for index, name in enumerate(_check_members(recipe)):
        member = load_builtin_recipe(name) if name in list_recipes() else make_recipe(name)
        if get_model_spec(member.model.name).kind == "ensemble":
            raise RecipeError("An ensemble can't be a member of an ensemble")
        train = replace(member.train, seed=recipe.train.seed + index)
        members.append((name, replace(member, data=recipe.data, train=train)))
    return members


def join_members(
    members: Sequence[NetworkClassifier], validation: LabelledImages | None = None
) -> NetworkClassifier:
    """Return the mean of members that have learned, with a temperature of its own.

    Args:
        members: At least one; all with the same labels in the same order.
        validation: Digits that the temperature is fitted on; without them it is 1.

    Raises:
        UsageError: If there is no member, or labels differ.
    """
    joined = join_networks(members)
    if validation is None:
        return joined
    logits = torch.from_numpy(joined.predict_logits(validation.images))
    temperature = fit_temperature(logits, torch.tensor(validation.labels))
    return NetworkClassifier(joined.network, joined.labels, temperature=temperature)


def _check_members(recipe: Recipe) -> Sequence[str]:
    options = dict(recipe.model.options)
    members = options.pop("members", list(_DEFAULT_MEMBERS))
    if options:
        raise RecipeError(
            f"The model 'ensemble' has no option {next(iter(options))!r}", remedy="Its option is: members."
        )
    if not isinstance(members, list) or not members or not all(isinstance(name, str) for name in members):
        raise RecipeError(
            f"The option 'members' must be a list of recipes, not {members!r}",
            remedy='Write members = ["cnn", "svm-hog"].',
        )
    return members
