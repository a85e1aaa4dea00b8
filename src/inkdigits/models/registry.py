"""The register of models: one name for each, and the one way to build a network.

Owns: names, summaries and kinds of all models, and the check of their options. Leaves to others: what a
network computes (one module per concept) and how it is trained (`inkdigits.training`).

Looking a name up imports no heavy library; torch comes in when a network is built.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from inkdigits.errors import MissingExtraError, RecipeError
from inkdigits.features import FeatureName

if TYPE_CHECKING:
    from torch import nn

    from inkdigits.models.classical import Estimator

ModelKind: TypeAlias = Literal["network", "estimator", "ensemble"]
"""How a model is fitted: by gradient steps, by scikit-learn's `fit`, or from several fitted models."""

DEFAULT_MODEL: Final = "cnn"
"""The model that ships."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the register knows about a model.

    Attributes:
        name: The name in recipes and at the command line.
        kind: How it is fitted.
        factory: Where its class stands, "module:Class"; imported when it is built.
        summary: One sentence for lists.
    """

    name: str
    kind: ModelKind
    factory: str
    summary: str

    def load_factory(self) -> Callable[..., Any]:
        """Import and return the class.

        Raises:
            MissingExtraError: If the library behind it is not installed.
        """
        module_name, _, class_name = self.factory.partition(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            library = (error.name or "torch").partition(".")[0]
            if library == "inkdigits":
                raise
            raise MissingExtraError(library, extra="train") from error
        factory: Callable[..., Any] = getattr(module, class_name)
        return factory


_SPECS: Final = (
    ModelSpec(
        "cnn", "network", "inkdigits.models.cnn:CompactCnn", "Compact convolutional network, the default."
    ),
    ModelSpec(
        "cnn-tutorial",
        "network",
        "inkdigits.models.tutorial:CnnTutorial",
        "The convolutional network of the tutorials: 32-64-64 maps, 3x3, two poolings, 64 dense units.",
    ),
    ModelSpec(
        "mlp-tutorial",
        "network",
        "inkdigits.models.tutorial:MlpTutorial",
        "The first network of the tutorials: 128 dense units and dropout.",
    ),
    ModelSpec("mlp", "network", "inkdigits.models.mlp:Mlp", "Dense layers with batch norm and dropout."),
    ModelSpec(
        "cnn-nano",
        "network",
        "inkdigits.models.nano:NanoCnn",
        "Convolutional network under 8,000 parameters, for microcontrollers.",
    ),
    ModelSpec(
        "cnn-fast",
        "network",
        "inkdigits.models.fast:FastCnn",
        "Small convolutional network that is trained in seconds.",
    ),
    ModelSpec("resnet", "network", "inkdigits.models.resnet:ResNet", "Residual network with 20 layers."),
    ModelSpec(
        "logistic", "estimator", "inkdigits.models.classical:Logistic", "Multinomial logistic regression."
    ),
    ModelSpec(
        "svm", "estimator", "inkdigits.models.classical:Svm", "Support vector machines, radial or linear."
    ),
    ModelSpec("forest", "estimator", "inkdigits.models.classical:Forest", "Random forest."),
    ModelSpec("knn", "estimator", "inkdigits.models.classical:Knn", "Votes of the nearest training digits."),
    ModelSpec(
        "ensemble",
        "ensemble",
        "inkdigits.models.ensemble:Ensemble",
        "Mean of the probabilities of several models.",
    ),
)

MODELS: Final[Mapping[str, ModelSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""All models by name."""


def list_models(kind: ModelKind | None = None) -> tuple[str, ...]:
    """Return the names of all models, or of one kind, in the register's order."""
    return tuple(spec.name for spec in _SPECS if kind in (None, spec.kind))


def get_model_spec(name: str) -> ModelSpec:
    """Return what the register knows about a model.

    Raises:
        RecipeError: If there is no such model; names the nearest one.
    """
    if name in MODELS:
        return MODELS[name]
    near = difflib.get_close_matches(name, MODELS, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of: {', '.join(MODELS)}."
    raise RecipeError(f"There is no model {name!r}", remedy=hint)


def make_network(name: str, *, classes: int = 10, **options: object) -> nn.Module:
    """Build a network with fresh weights.

    Args:
        name: One of `list_models("network")`.
        classes: Number of classes, at least 2.
        **options: The network's own options, such as `dropout`.

    Returns:
        A module that maps (N, 1, 28, 28) float32 ink in [0, 1] to (N, classes) logits.

    Raises:
        RecipeError: If the name or an option is unknown, or a value is impossible.
        MissingExtraError: If torch is not installed.
    """
    spec = get_model_spec(name)
    if spec.kind != "network":
        raise RecipeError(
            f"The model {name!r} is no network", remedy=f"Choose one of: {', '.join(list_models('network'))}."
        )
    if classes < 2:
        raise RecipeError(f"A network needs at least 2 classes, not {classes}")
    factory = spec.load_factory()
    _check_options(spec, factory, options)
    network: nn.Module = factory(classes=classes, **options)
    return network


def make_estimator(name: str, *, features: FeatureName = "raw", **options: object) -> Estimator:
    """Return a classical model that has learned nothing yet.

    Args:
        name: One of `list_models("estimator")`.
        features: What it sees of a glyph, "raw" or "hog".
        **options: The model's own options, such as `C`.

    Raises:
        RecipeError: If the name or an option is unknown, or a value is impossible.
        MissingExtraError: If torch is not installed.
    """
    spec = get_model_spec(name)
    if spec.kind != "estimator":
        raise RecipeError(
            f"The model {name!r} is no estimator",
            remedy=f"Choose one of: {', '.join(list_models('estimator'))}.",
        )
    factory = spec.load_factory()
    _check_options(spec, factory, options)
    estimator: Estimator = factory(features=features, **options)
    return estimator


def _check_options(spec: ModelSpec, factory: Callable[..., Any], options: Mapping[str, object]) -> None:
    known = [name for name in inspect.signature(factory).parameters if name not in ("classes", "features")]
    for option in options:
        if option in known:
            continue
        near = difflib.get_close_matches(option, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Its options are: {', '.join(known) or 'none'}."
        raise RecipeError(f"The model {spec.name!r} has no option {option!r}", remedy=hint)
