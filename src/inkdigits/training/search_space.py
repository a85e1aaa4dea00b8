"""What is worth trying for each model: parameters, their ranges, and where the ranges come from.

Owns: the search spaces, as data, and putting chosen values into a recipe. Leaves to others: choosing (`tune`).

A parameter is named by its place in the recipe: "train.learning_rate", or "model.options.dropout" for an
option of the model itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from inkdigits.errors import RecipeError
from inkdigits.features import FeatureName
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import OptimizerName

Value: TypeAlias = bool | int | float | str
"""A value that a parameter can take."""
ParameterKind: TypeAlias = Literal["float", "int", "choice"]

_OPTIONS: Final = "model.options."


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dimension of a search.

    Attributes:
        name: Its place in the recipe, "section.key" or "model.options.key".
        kind: A number of either kind, or one of several values.
        low: Smallest value of a number, allowed.
        high: Largest value of a number, allowed.
        log: Whether numbers are drawn evenly along their logarithm.
        choices: All values of a choice.
        grid: Values that a grid search tries; empty where it keeps the recipe's own.
        source: Where the range comes from.
    """

    name: str
    kind: ParameterKind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Value, ...] = ()
    grid: tuple[Value, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        allowed = set(self.choices)
        is_choice = self.kind == "choice"
        if is_choice != bool(self.choices) or (not is_choice and not self.low < self.high):
            raise ValueError(f"{self.name} has no range")
        if self.log and self.low <= 0:
            raise ValueError(f"{self.name} has no logarithm at {self.low}")
        for value in self.grid:
            if value not in allowed if is_choice else not self.low <= float(value) <= self.high:
                raise ValueError(f"{self.name} can't be {value}")


SearchSpace: TypeAlias = tuple[Parameter, ...]

_RATES: Final[Mapping[OptimizerName, Parameter]] = {
    "sgd": Parameter(
        "train.learning_rate", "float", 0.01, 1.0, log=True, grid=(0.03, 0.1, 0.3),
        source="Smith and Topin, 'Super-convergence', 2018: one-cycle bears rates up to 1 with batch norm",
    ),
    "adam": Parameter(
        "train.learning_rate", "float", 1e-4, 1e-2, log=True, grid=(3e-4, 1e-3, 3e-3),
        source="Kingma and Ba, 'Adam', 2015: 1e-3 is the default; a decade to each side",
    ),
    "adamw": Parameter(
        "train.learning_rate", "float", 1e-4, 1e-2, log=True, grid=(3e-4, 1e-3, 3e-3),
        source="Loshchilov and Hutter, 'Decoupled weight decay', 2019, figure 2: optimum near 1e-3",
    ),
}  # fmt: skip
_BATCH: Final = Parameter(
    "train.batch_size", "choice", choices=(32, 64, 128, 256), grid=(64, 128, 256),
    source="Masters and Luschi, 'Revisiting small batch training', 2018: best at 32 or below, speed above it",
)  # fmt: skip
_DECAY: Final = Parameter(
    "train.weight_decay", "float", 1e-5, 1e-2, log=True,
    source="Smith, 'A disciplined approach to hyper-parameters', 2018: 1e-3 to 1e-6, more for small networks",
)  # fmt: skip
_DROPOUT: Final = Parameter(
    "model.options.dropout", "float", 0.0, 0.5, grid=(0.0, 0.25, 0.5),
    source="Srivastava et al., 'Dropout', 2014: half of the hidden units is the most that helps",
)  # fmt: skip
_SMOOTHING: Final = Parameter(
    "train.label_smoothing", "float", 0.0, 0.1,
    source="Szegedy et al., 'Rethinking the Inception architecture', 2016: 0.1, for a thousand classes",
)  # fmt: skip
_ROTATION: Final = Parameter(
    "augment.rotation_deg", "float", 0.0, 20.0, grid=(0.0, 10.0),
    source="Ciresan et al., 'Deep, big, simple neural nets', 2010: 7.5 degrees for 1 and 7, 15 for others",
)  # fmt: skip
_SCALE: Final = Parameter(
    "augment.scale", "float", 0.0, 0.2,
    source="Ciresan et al., 'Deep, big, simple neural nets', 2010: 15 to 20 %",
)  # fmt: skip
_ELASTIC: Final = Parameter(
    "augment.elastic_px", "float", 0.0, 1.5,
    source="Simard et al., 'Best practices for convolutional neural networks', 2003: about 1 px after smoothing",
)  # fmt: skip

_NETWORK: Final = (_BATCH, _DECAY)
_AUGMENTED: Final = (*_NETWORK, _DROPOUT, _SMOOTHING, _ROTATION, _SCALE, _ELASTIC)
_NETWORK_SPACES: Final[Mapping[str, SearchSpace]] = {
    "cnn": _AUGMENTED,
    "resnet": _AUGMENTED,
    "mlp": _AUGMENTED,
    # Eight maps have nothing to spare: dropout only harms a network under 8,000 parameters.
    "cnn-nano": (*_NETWORK, _ROTATION, _SCALE, _ELASTIC),
    "cnn-tutorial": _NETWORK,
    "cnn-fast": (*_NETWORK, _SMOOTHING),
    "mlp-tutorial": (*_NETWORK, _DROPOUT),
}

_C: Final = Parameter(
    "model.options.C", "float", 0.1, 1000.0, log=True, grid=(1.0, 5.0, 25.0),
    source="Hsu et al., 'A practical guide to support vector classification', 2003: 2^-5 to 2^15; above 1000 "
    "hardly any digit is left on the wrong side",
)  # fmt: skip
_GAMMAS: Final[Mapping[FeatureName, Parameter]] = {
    "raw": Parameter(
        "model.options.gamma", "float", 1e-3, 0.2, log=True, grid=(0.01, 0.02, 0.04),
        source="Hsu et al., 2003: by powers of 2; a decade around 0.02, one over the summed variances of pixels",
    ),
    "hog": Parameter(
        "model.options.gamma", "float", 0.1, 20.0, log=True, grid=(1.0, 2.0, 4.0),
        source="Hsu et al., 2003: by powers of 2; a decade around 2, one over the summed variances of HOG",
    ),
}  # fmt: skip
_FOREST: Final = (
    Parameter(
        "model.options.n_estimators", "int", 50, 400, grid=(100, 200),
        source="Oshiro et al., 'How many trees in a random forest?', 2012: little gain above 128",
    ),
    Parameter(
        "model.options.max_depth", "int", 8, 40, grid=(16, 32),
        source="measured: trees grown to the end on 60,000 digits of MNIST are 25 to 35 deep",
    ),
    Parameter(
        "model.options.max_features", "choice", choices=("sqrt", "log2"), grid=("sqrt",),
        source="Breiman, 'Random forests', 2001, section 4: log2; Hastie et al., 2009, section 15.3: root",
    ),
    Parameter(
        "model.options.min_samples_leaf", "int", 1, 5, grid=(1, 3),
        source="Hastie et al., 'The elements of statistical learning', 2009, section 15.3: 1 for classes",
    ),
)  # fmt: skip
_KNN: Final = (
    Parameter(
        "model.options.k", "int", 1, 15, grid=(1, 3, 5),
        source="LeCun et al., 'Gradient-based learning', 1998: 3 to 5 on MNIST",
    ),
    Parameter(
        "model.options.weights", "choice", choices=("uniform", "distance"), grid=("uniform", "distance"),
        source="Dudani, 'The distance-weighted k-nearest-neighbor rule', 1976",
    ),
)  # fmt: skip
_LOGISTIC: Final = (
    Parameter(
        "model.options.C", "float", 1e-3, 1000.0, log=True, grid=(0.01, 0.1, 1.0, 10.0, 100.0),
        source="scikit-learn's LogisticRegressionCV searches 1e-4 to 1e4; its ends are never best on digits",
    ),
)  # fmt: skip
_OTHER_SPACES: Final[Mapping[str, SearchSpace]] = {"forest": _FOREST, "knn": _KNN, "logistic": _LOGISTIC}


def get_search_space(
    model: str, *, optimizer: OptimizerName = "sgd", features: FeatureName = "raw"
) -> SearchSpace:
    """Return what is worth trying for a model.

    Args:
        model: A name in the register of models.
        optimizer: For networks: decides the range of the learning rate.
        features: For classical models: decides the range of a kernel's width.

    Raises:
        RecipeError: If the model has no search space.
    """
    if model in _NETWORK_SPACES:
        return (_RATES[optimizer], *_NETWORK_SPACES[model])
    if model == "svm":
        return (_C, _GAMMAS[features])
    if model in _OTHER_SPACES:
        return _OTHER_SPACES[model]
    raise RecipeError(
        f"The model {model!r} has nothing to tune", remedy=f"Choose one of: {', '.join(list_tunable())}."
    )


def list_tunable() -> tuple[str, ...]:
    """Return the names of all models that have a search space."""
    return (*_NETWORK_SPACES, "svm", *_OTHER_SPACES)


def make_grid(space: Sequence[Parameter]) -> list[dict[str, Value]]:
    """Return all points of a space's grid, the last parameter changing fastest."""
    axes = [parameter for parameter in space if parameter.grid]
    points = itertools.product(*(parameter.grid for parameter in axes))
    return [{axis.name: value for axis, value in zip(axes, point, strict=True)} for point in points]


def apply_values(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """Return the recipe with values put where their names say.

    Raises:
        RecipeError: If there is no such place, or a value is impossible.
    """
    sections: dict[str, dict[str, Any]] = {}
    options = dict(recipe.model.options)
    for name, value in values.items():
        if name.startswith(_OPTIONS):
            options[name.removeprefix(_OPTIONS)] = value
            continue
        section, _, key = name.partition(".")
        if not hasattr(getattr(recipe, section, None), key):
            raise RecipeError(f"The recipe has no place {name!r}")
        sections.setdefault(section, {})[key] = value
    if options != recipe.model.options:
        sections.setdefault("model", {})["options"] = options
    changed = {name: replace(getattr(recipe, name), **keys) for name, keys in sections.items()}
    return replace(recipe, **changed)
