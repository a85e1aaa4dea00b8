from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets import subset
from inkdigits.errors import RecipeError
from inkdigits.models.classical import Svm
from inkdigits.training.builtin import make_recipe
from inkdigits.training.fit import EnsembleModel, NetworkModel, make_model
from inkdigits.training.recipe import Recipe, set_values
from inkdigits.training.sections import ModelSection
from inkdigits.types import LabelledImages


def make_ensemble_recipe(members: Any = ("svm-hog", "knn-raw"), **options: object) -> Recipe:  # noqa: ANN401
    members = list(members) if isinstance(members, tuple) else members
    return Recipe(model=ModelSection("ensemble", {"members": members, **options}))


def test_the_kind_decides() -> None:
    assert isinstance(make_model("svm"), Svm)
    assert isinstance(make_model("mlp"), NetworkModel)
    assert isinstance(make_model("ensemble"), EnsembleModel)


def test_the_recipe_s_features_options_and_seed_arrive() -> None:
    recipe = set_values(make_recipe("svm", features="hog"), ["C=7", "train.seed=4"])
    model = make_model(recipe)
    assert isinstance(model, Svm)
    assert (model.features, model.C, model.gamma, model.seed) == ("hog", 7, 2.0, 4)


def test_mistakes_are_told_before_any_digit_is_loaded() -> None:
    with pytest.raises(RecipeError, match="dropout"):
        make_model(Recipe(model=ModelSection("cnn", {"droput": 0.5})))
    with pytest.raises(RecipeError, match="Did you mean 'forest'"):
        make_model("forrest")


@pytest.mark.parametrize("members", [[], "cnn", [3], None])
def test_members_must_be_names(members: object) -> None:
    with pytest.raises(RecipeError, match="members"):
        make_model(make_ensemble_recipe(members))


def test_unknown_members_and_options() -> None:
    with pytest.raises(RecipeError, match="Did you mean 'cnn'"):
        make_model(make_ensemble_recipe(("cnnn",)))
    with pytest.raises(RecipeError, match="no option 'size'"):
        make_model(make_ensemble_recipe(size=3))
    with pytest.raises(RecipeError, match="can't be a member"):
        make_model(make_ensemble_recipe(("ensemble",)))


def test_an_ensemble_is_the_mean_of_its_members(small_digits: LabelledImages) -> None:
    train = subset(small_digits, np.arange(400))
    together = make_model(make_ensemble_recipe(("svm-hog", "knn"))).fit(train)
    apart = [make_model(make_recipe(*case)).fit(train) for case in (("svm",), ("knn",))]
    apart[0] = make_model(make_recipe("svm", features="hog")).fit(train)
    images = small_digits.images[400:500]
    expected = np.mean([model.predict_proba(images) for model in apart], axis=0)
    np.testing.assert_allclose(together.predict_proba(images), expected, atol=1e-6)
    assert [member.name for member in together.plan.members] == ["svm", "knn"]


def test_members_learn_with_other_seeds(tmp_path: Path) -> None:
    recipe = make_ensemble_recipe(("forest", "forest", "mlp"))
    model = make_model(replace(recipe, train=replace(recipe.train, seed=5)), folder=tmp_path)
    assert [member.options.get("seed") for member in model.plan.members[:2]] == [5, 6]


def test_without_validation_digits_a_tenth_is_set_aside(small_digits: LabelledImages) -> None:
    recipe = set_values(make_recipe("mlp-tutorial"), ["train.epochs=1"])
    model = make_model(recipe)
    assert isinstance(model, NetworkModel)
    model.fit(subset(small_digits, np.arange(500)))
    assert model.result is not None
    assert len(model.result.validation_logits) == 50
