from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from inkdigits.errors import RecipeError
from inkdigits.training.recipe import (
    Recipe,
    load_recipe,
    override_recipe,
    recipe_from_toml,
    recipe_to_toml,
    set_values,
)
from inkdigits.training.sections import AugmentSection, BundleSection, DataSection, ModelSection, TrainSection

RECIPES = Path(__file__).parents[3] / "recipes"

UNUSUAL = Recipe(
    model=ModelSection("svm", {"hidden": [16, 8], "dropout": 0.5, "odd key": {"deep": True}}, "hog"),
    data=DataSection(("mnist", "optdigits"), validation_size=7, seed=3, train_size=11, pool_test=True),
    augment=AugmentSection(rotation_deg=12.5, mixup=0.2, flip_vertical=1e-7),
    train=TrainSection(optimizer="adamw", schedule="cosine", learning_rate=1e-3, targets="one-hot"),
    bundle=BundleSection(name="a-b", licence="CC-BY-4.0", description='says "hé"\n\\ \x7f \t'),
)


@pytest.mark.parametrize("recipe", [Recipe(), UNUSUAL], ids=["defaults", "unusual"])
def test_toml_there_and_back(recipe: Recipe) -> None:
    assert recipe_from_toml(recipe_to_toml(recipe)) == recipe


def test_absent_keys_take_their_defaults() -> None:
    assert recipe_from_toml("") == Recipe()
    assert recipe_from_toml("[train]\nepochs = 3\n").train == TrainSection(epochs=3)


def test_whole_numbers_serve_as_numbers() -> None:
    angle = recipe_from_toml("[augment]\nrotation_deg = 12\n").augment.rotation_deg
    assert angle == 12.0
    assert isinstance(angle, float)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[trian]\n", ["'trian'", "'train'"]),
        ("[train]\nepoch = 3\n", ["'epoch'", "[train]", "'epochs'"]),
        ("[augment]\nzzz = 3\n", ["'zzz'", "rotation_deg"]),
        ("[train]\nepochs = 0\n", ["train.epochs is 0", "at least 1"]),
        ("[train]\nmomentum = 1.0\n", ["train.momentum", "between 0 and 0.9999"]),
        ("[train]\nlearning_rate = nan\n", ["train.learning_rate"]),
        ("[augment]\nerasing = -0.1\n", ["augment.erasing", "between 0 and 1"]),
        ("[train]\nepochs = 1.5\n", ["train.epochs must be a whole number"]),
        ("[train]\nepochs = true\n", ["train.epochs must be a whole number"]),
        ("[train]\nlearning_rate = '0.1'\n", ["train.learning_rate must be a number"]),
        ("[train]\nnesterov = 1\n", ["train.nesterov must be true or false"]),
        ("[train]\noptimizer = 'sdg'\n", ["train.optimizer", "'sgd'"]),
        ("[train]\nschedule = 3\n", ["train.schedule must be a text"]),
        ("[train]\nmomentum = 0\n", ["Nesterov", "nesterov = false"]),
        ("[model]\nname = 'cnnn'\n", ["'cnnn'", "'cnn'"]),
        ("[model]\noptions = 3\n", ["model.options must be a table"]),
        ("[data]\nsets = 'mnist'\n", ["data.sets must be a list of names"]),
        ("[data]\nsets = [1]\n", ["data.sets must be a list of names"]),
        ("[data]\nsets = []\n", ["no data set"]),
        ("[bundle]\nname = '../latin'\n", ["no file name"]),
        ("train = 3\n", ["'train' is a section"]),
        ("[train\n", ["no valid TOML"]),
    ],
)
def test_mistakes_are_told_with_a_remedy(text: str, words: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_from_toml(text)
    for word in words:
        assert word in str(caught.value)


def test_a_recipe_built_in_code_is_checked_too() -> None:
    with pytest.raises(RecipeError, match="batch_size"):
        Recipe(train=TrainSection(batch_size=0))


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nothing\.toml"):
        load_recipe(tmp_path / "nothing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(tmp_path / "binary.toml")


def test_overrides_change_only_what_is_given() -> None:
    recipe = override_recipe(Recipe(), epochs=3, seed=7, sets=["a", "b"], train_size=0)
    assert (recipe.train.epochs, recipe.train.seed, recipe.data.sets) == (3, 7, ("a", "b"))
    assert recipe.data.seed == Recipe().data.seed
    assert override_recipe(recipe, sets=[]) == recipe
    with pytest.raises(RecipeError, match="epochs"):
        override_recipe(recipe, epochs=0)


def test_values_are_set_by_place() -> None:
    settings = [
        "dropout=0.5",
        "train.epochs = 3",
        "bundle.name=mine",
        'data.sets=["usps"]',
        "model.options.k=1",
    ]
    recipe = set_values(Recipe(), settings)
    assert recipe.model.options == {"dropout": 0.5, "k": 1}
    assert (recipe.train.epochs, recipe.bundle.name, recipe.data.sets) == (3, "mine", ("usps",))
    assert set_values(recipe, []) == recipe


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("dropout", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("train.epoch=3", "'epochs'"),
        ("trian.epochs=3", "'train'"),
        ("train.epochs=many", "whole number"),
        ("train.epochs=0", "at least 1"),
        ("model.features=hog", "sees pixels"),
        ("model.features=hogs", "'hog'"),
    ],
)
def test_impossible_settings_are_told(setting: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        set_values(Recipe(), [setting])


def test_every_key_is_documented() -> None:
    for section in (ModelSection, DataSection, AugmentSection, TrainSection, BundleSection):
        for key in dataclasses.fields(section):
            assert f"        {key.name}: " in (section.__doc__ or ""), f"{section.__name__}.{key.name}"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("latin*.toml")), ids=lambda path: path.stem)
def test_recipes_that_ship_are_valid(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.bundle.licence
    assert recipe.bundle.description
