"""The recipe: everything that decides how a model comes out, as one checked and frozen value.

Owns: the sections and keys of recipe files, their ranges, and both directions between TOML and dataclass.
Leaves to others: what the values do (`augment`, `loop`) and whether a data set exists (`datasets`).
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from inkdigits.errors import RecipeError
from inkdigits.models import get_model_spec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
from inkdigits.training.sections import AugmentSection, BundleSection, DataSection, ModelSection, TrainSection


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole recipe; each attribute is a section of the file.

    Raises:
        RecipeError: If a value is impossible.
    """

    model: ModelSection = field(default_factory=ModelSection)
    data: DataSection = field(default_factory=DataSection)
    augment: AugmentSection = field(default_factory=AugmentSection)
    train: TrainSection = field(default_factory=TrainSection)
    bundle: BundleSection = field(default_factory=BundleSection)

    def __post_init__(self) -> None:
        for section in fields(self):
            _check_values(section.name, getattr(self, section.name))
        if get_model_spec(self.model.name).kind != "estimator" and self.model.features != "raw":
            raise RecipeError(
                f"The model {self.model.name!r} sees pixels, not {self.model.features!r}",
                remedy="Leave the features out, or choose svm, forest, knn or logistic.",
            )
        if not self.data.sets:
            raise RecipeError("The recipe names no data set", remedy='Write sets = ["mnist"] under [data].')
        if self.train.nesterov and self.train.optimizer == "sgd" and self.train.momentum == 0:
            raise RecipeError(
                "Nesterov's method needs momentum", remedy="Set momentum above 0 or nesterov = false."
            )
        name = self.bundle.name
        if not name or name != Path(name).name or name.startswith("."):
            raise RecipeError(
                f"The bundle name {name!r} is no file name", remedy='Use a short name such as "latin".'
            )


_Section = TypeVar("_Section")

_TYPE_WORDS: Final = {
    str(bool): "true or false",
    str(int): "a whole number",
    str(float): "a number",
    str(tuple[str, ...]): "a list of names",
    str(Mapping[str, Any]): "a table",
}


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        RecipeError: If the file is missing, is no TOML, or holds an unknown key or an impossible value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(
            f"Can't read the recipe {path}: {error.strerror}", remedy="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"The recipe {path} is no UTF-8 text", remedy="Save it as UTF-8.") from error
    return recipe_from_toml(text)


def override_recipe(
    recipe: Recipe,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    sets: Sequence[str] | None = None,
    train_size: int | None = None,
) -> Recipe:
    """Return a recipe with some values replaced; None and an empty list keep the recipe's.

    `seed` is the training seed: the split stays, so that runs with several seeds can be compared.

    Raises:
        RecipeError: If a value is impossible.
    """
    train: dict[str, Any] = {"epochs": epochs, "seed": seed}
    data: dict[str, Any] = {"sets": tuple(sets) if sets else None, "train_size": train_size}
    return replace(
        recipe,
        train=replace(recipe.train, **{key: value for key, value in train.items() if value is not None}),
        data=replace(recipe.data, **{key: value for key, value in data.items() if value is not None}),
    )


def set_values(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Return a recipe with values replaced as the command line names them.

    Args:
        recipe: The recipe.
        assignments: Such as "C=10" for an option of the model, or "train.epochs=3" for any other key; values are
            written as in TOML, texts may go without quotes.

    Raises:
        RecipeError: If there is no such key, or a value is impossible.
    """
    tables = tomllib.loads(recipe_to_toml(recipe))
    for assignment in assignments:
        place, equals, text = assignment.partition("=")
        if not equals or not place.strip():
            raise RecipeError(f"{assignment!r} sets nothing", remedy="Write KEY=VALUE, such as C=10.")
        section, dot, key = place.strip().rpartition(".")
        if dot and section != "model.options":
            tables.setdefault(section, {})[key] = _parse_value(text)
        else:
            tables["model"]["options"][key] = _parse_value(text)
    return _parse_recipe(tables)


def recipe_from_toml(text: str) -> Recipe:
    """Return the recipe that a TOML text describes; keys that are absent take their defaults.

    Raises:
        RecipeError: If the text is no TOML, or holds an unknown key or an impossible value.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipe is no valid TOML: {error}", remedy="Correct that line.") from error
    return _parse_recipe(tables)


def recipe_to_toml(recipe: Recipe) -> str:
    """Return a TOML text from which `recipe_from_toml` builds an equal recipe."""
    lines: list[str] = []
    for section in fields(recipe):
        values = getattr(recipe, section.name)
        lines.append(f"[{section.name}]")
        pairs = [(key.name, getattr(values, key.name)) for key in fields(values)]
        # An empty list says nothing: a recipe's text, and with it its hash, outlives keys that are added later.
        lines += [f"{name} = {_format_value(value)}" for name, value in pairs if value != ()]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _parse_recipe(tables: Mapping[str, object]) -> Recipe:
    sections = get_type_hints(Recipe)
    _refuse_unknown(tables, sections, where="the recipe")
    return Recipe(**{name: _parse_section(sections[name], name, table) for name, table in tables.items()})


def _parse_value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _parse_section(section: type[_Section], name: str, table: object) -> _Section:
    if not isinstance(table, dict):
        raise RecipeError(f"{name!r} is a section", remedy=f"Write [{name}] and its keys below.")
    types = get_type_hints(section)
    _refuse_unknown(table, types, where=f"[{name}]")
    return section(**{key: _convert(value, types[key], f"{name}.{key}") for key, value in table.items()})


def _refuse_unknown(keys: Iterable[str], known: Iterable[str], *, where: str) -> None:
    names = list(known)
    for key in keys:
        if key not in names:
            raise RecipeError(f"There is no {key!r} in {where}", remedy=_suggest(key, names))


def _suggest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Choose one of: {', '.join(known)}."


def _convert(value: object, expected: object, where: str) -> object:
    """Return a TOML value as the type of its field; only int -> float and list -> tuple are converted."""
    if expected is float and type(value) is int:
        return float(value)
    if expected == tuple[str, ...] and isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return tuple(value)
    elif expected == Mapping[str, Any]:
        if isinstance(value, dict):
            return value
    elif type(value) is (str if get_origin(expected) is Literal else expected):
        return value
    raise RecipeError(f"{where} must be {_TYPE_WORDS.get(str(expected), 'a text')}, not {value!r}")


def _check_values(section_name: str, section: DataclassInstance) -> None:
    """Refuse words outside their `Literal` and numbers outside their `Range`."""
    for key, annotation in get_type_hints(type(section), include_extras=True).items():
        value, where = getattr(section, key), f"{section_name}.{key}"
        if get_origin(annotation) is Literal and value not in get_args(annotation):
            remedy = _suggest(str(value), get_args(annotation))
            raise RecipeError(f"{where} can't be {value!r}", remedy=remedy)
        for limits in getattr(annotation, "__metadata__", ()):
            if not limits.low <= value <= limits.high:
                raise RecipeError(f"{where} is {value}", remedy=f"It must be {limits}.")


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = [f"{_format_key(key)} = {_format_value(item)}" for key, item in value.items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_format_value(item) for item in value) + "]"
    # A JSON string is a TOML basic string, except for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _format_key(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else _format_value(key)
