from __future__ import annotations

import pytest

from inkdigits.errors import RecipeError
from inkdigits.models import get_model_spec, list_models
from inkdigits.training.builtin import list_recipes, load_builtin_recipe, make_recipe
from inkdigits.training.fit import make_model


@pytest.mark.parametrize("name", list_recipes())
def test_a_builtin_recipe_is_complete_and_named_after_itself(name: str) -> None:
    recipe = load_builtin_recipe(name)
    assert recipe.bundle.name == name
    assert recipe.bundle.licence
    assert recipe.bundle.description
    make_model(recipe)  # its options are known


def test_the_textbook_s_cut_is_told() -> None:
    recipe = load_builtin_recipe("mlp-tutorial")
    assert recipe.data.pool_test
    assert (recipe.data.validation_size, recipe.train.epochs, recipe.train.optimizer) == (14_000, 5, "adam")
    assert not any(
        load_builtin_recipe(name).data.pool_test for name in list_recipes() if name != "mlp-tutorial"
    )


@pytest.mark.parametrize("name", list_models())
def test_every_model_has_a_recipe(name: str) -> None:
    for features in ("raw", "hog") if get_model_spec(name).kind == "estimator" else ("raw",):
        recipe = make_recipe(name, features=features)
        assert (recipe.model.name, recipe.model.features) == (name, features)


def test_options_are_added_to_the_recipe_s() -> None:
    options = make_recipe("svm", features="hog", options={"C": 9.0}).model.options
    assert options == {"kernel": "rbf", "C": 9.0, "gamma": 2.0}


def test_unknown_names_and_features_are_told() -> None:
    with pytest.raises(RecipeError, match="Did you mean 'svm-hog'"):
        load_builtin_recipe("svm-hogg")
    with pytest.raises(RecipeError, match="Choose one of: cnn, "):
        load_builtin_recipe("zzz")
    with pytest.raises(RecipeError, match="no features 'sift'"):
        make_recipe("svm", features="sift")  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="sees pixels"):
        make_recipe("cnn", features="hog")
