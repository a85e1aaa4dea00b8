"""The recipes that come with the package: a sensible start for every model, and the textbooks' own settings.

Owns: finding them by name. Leaves to others: their form (`recipe`). Each says in its first lines where its values
come from.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from inkdigits.errors import RecipeError
from inkdigits.features import FEATURES, FeatureName
from inkdigits.models import get_model_spec
from inkdigits.training.recipe import Recipe, load_recipe

_FOLDER: Final = Path(__file__).parent / "recipes"


def list_recipes() -> tuple[str, ...]:
    """Return the names of all built-in recipes."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_builtin_recipe(name: str) -> Recipe:
    """Return a built-in recipe.

    Args:
        name: Such as "svm-hog".

    Raises:
        RecipeError: If there is none of that name; names the nearest one.
    """
    known = list_recipes()
    if name in known:
        return load_recipe(_FOLDER / f"{name}.toml")
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of: {', '.join(known)}."
    raise RecipeError(f"There is no recipe {name!r}", remedy=hint)


def make_recipe(
    model: str, *, features: FeatureName = "raw", options: Mapping[str, Any] | None = None
) -> Recipe:
    """Return the built-in recipe of a model.

    Args:
        model: A name in the register of models.
        features: What a classical model sees of a glyph.
        options: The model's own options, in place of the recipe's.

    Raises:
        RecipeError: If there is no such model, or it doesn't take these features.
    """
    if features not in FEATURES:
        raise RecipeError(
            f"There are no features {features!r}", remedy=f"Choose one of: {', '.join(FEATURES)}."
        )
    is_estimator = get_model_spec(model).kind == "estimator"
    recipe = load_builtin_recipe(f"{model}-{features}" if is_estimator else model)
    section = replace(recipe.model, features=features, options={**recipe.model.options, **(options or {})})
    return replace(recipe, model=section)
