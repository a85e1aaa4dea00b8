"""Search spaces fit the recipes that they change."""

from __future__ import annotations

import pytest

from inkdigits.errors import RecipeError
from inkdigits.training.recipe import Recipe, recipe_from_toml, recipe_to_toml
from inkdigits.training.search_space import (
    Parameter,
    SearchSpace,
    Value,
    apply_values,
    get_search_space,
    list_tunable,
    make_grid,
)
from inkdigits.training.sections import ModelSection


def get_ends(space: SearchSpace) -> list[dict[str, Value]]:
    lowest, highest = {}, {}
    for parameter in space:
        ends = parameter.choices or (parameter.low, parameter.high)
        kind = int if parameter.kind == "int" else lambda value: value
        lowest[parameter.name], highest[parameter.name] = kind(ends[0]), kind(ends[-1])
    return [lowest, highest]


@pytest.mark.parametrize("model", list_tunable())
def test_every_value_has_a_place_in_the_recipe_and_a_source(model: str) -> None:
    base = Recipe(model=ModelSection(name=model))
    space = get_search_space(model)
    assert all(parameter.source for parameter in space)
    for values in [*get_ends(space), *make_grid(space)]:
        tuned = apply_values(base, values)
        assert recipe_from_toml(recipe_to_toml(tuned)) == tuned


@pytest.mark.parametrize("model", list_tunable())
def test_a_grid_is_small_enough_to_be_gone_through(model: str) -> None:
    grid = make_grid(get_search_space(model))
    assert 1 < len(grid) <= 60
    assert len({tuple(point.items()) for point in grid}) == len(grid)


def test_the_range_of_rates_follows_the_optimizer() -> None:
    (sgd, *_), (adam, *_) = get_search_space("cnn"), get_search_space("cnn", optimizer="adam")
    assert (sgd.name, adam.name) == ("train.learning_rate", "train.learning_rate")
    assert sgd.high > adam.high


def test_options_are_added_to_those_of_the_recipe() -> None:
    base = Recipe(model=ModelSection(options={"widths": [8, 16, 32]}))
    tuned = apply_values(base, {"model.options.dropout": 0.4, "augment.scale": 0.1})
    assert tuned.model.options == {"widths": [8, 16, 32], "dropout": 0.4}
    assert tuned.augment.scale == 0.1
    assert base.model.options == {"widths": [8, 16, 32]}


@pytest.mark.parametrize("name", ["train.lerning_rate", "nothing.at_all", "seed"])
def test_a_name_without_a_place_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match="no place"):
        apply_values(Recipe(), {name: 1})


def test_a_model_without_a_space_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(RecipeError, match="cnn-nano"):
        get_search_space("abacus")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "float", "low": 1.0, "high": 1.0},
        {"kind": "float", "low": 0.0, "high": 1.0, "log": True},
        {"kind": "int", "low": 1, "high": 5, "grid": (6,)},
        {"kind": "choice"},
        {"kind": "choice", "choices": ("a", "b"), "grid": ("c",)},
        {"kind": "float", "low": 0.0, "high": 1.0, "choices": (1,)},
    ],
)
def test_a_range_that_is_none_is_a_mistake_of_ours(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"train\.x"):
        Parameter("train.x", **wrong)  # type: ignore[arg-type]
