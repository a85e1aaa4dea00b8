"""The classical models: scikit-learn finds the numbers, a scorer (`scorers`) keeps and uses them.

Owns: options, their checks, and fitting. Leaves to others: features, what was fitted as arrays (`fitted`),
arithmetic after fitting.

What is fitted becomes a network on ink like any other, so that predicting, saving, exporting and joining to an
ensemble take one path for all models. skl2onnx writes graphs on features, not on ink; its trees answer five times
faster and take 2.7 times the space (100 trees on 4,000 digits: 0.04 against 0.21 ms a digit, 10.9 against 4.0 MB).
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.features import FEATURES, FeatureName, Features, compute_features
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.fitted import flatten_trees, spread_coefficients
from inkdigits.models.hog import FeatureLayer
from inkdigits.models.model import Model, Plan
from inkdigits.models.scorers import ForestScorer, LinearScorer, NeighbourScorer, PairScorer, Scorer
from inkdigits.models.temperature import fit_temperature
from inkdigits.types import LabelledImages

Targets: TypeAlias = npt.NDArray[np.int64]
Learned: TypeAlias = dict[str, npt.NDArray[Any]]
"""Arrays by name, as a scorer takes them."""

_GAMMA: Final[Mapping[FeatureName, float]] = {"raw": 0.02, "hog": 2.0}
"""About one over the features' summed variances, where the radial kernel is neither flat nor a lookup: the best of
0.6, 1 and 1.5 times that on 6,000 digits to learn and 8,000 to judge."""
_SHARPNESS: Final = 8.0
"""Steepness of a pair's probability before the temperature. 4,000 digits to learn, 10,000 to judge: 98.76 % on HOG
and 95.32 on pixels with 3, 98.86 and 95.70 with 8; counting votes (no probabilities) 98.94 and 95.64."""


@dataclass(kw_only=True)
class Estimator(Model):
    """Base of the classical models.

    Attributes:
        features: What the model sees of a glyph, "raw" or "hog".
        seed: Decides whatever is drawn while learning.
    """

    features: FeatureName = "raw"
    seed: int = 0

    name: ClassVar[str]
    scorer: ClassVar[type[Scorer]]

    def __post_init__(self) -> None:
        _check_choice("features", self.features, FEATURES)
        _check_count("seed", self.seed, least=0)

    @property
    def plan(self) -> Plan:
        """How to build it again."""
        options = asdict(self)
        del options["features"]
        return Plan(self.name, options, self.features)

    def fit(self, train: LabelledImages, validation: LabelledImages | None = None) -> Self:
        """Learn; without `validation` the temperature stays 1.

        Args:
            train: Digits to learn from; each class must have some.
            validation: Digits to fit the temperature on.

        Raises:
            UsageError: If a class has no digit.
            MissingExtraError: If scikit-learn is not installed.
        """
        counts = np.bincount(train.labels, minlength=len(train.label_names))
        if not counts.all():
            missing = train.label_names[int(counts.argmin())]
            raise UsageError(
                f"There is no {missing!r} among the {len(train)} digits to learn from",
                remedy="Give more digits.",
            )
        network = self.build(self._learn(compute_features(train.images, self.features), train.labels))
        self._classifier = NetworkClassifier(network, train.label_names)
        if validation is not None:
            logits = torch.from_numpy(self._classifier.predict_logits(validation.images))
            temperature = fit_temperature(logits, torch.tensor(validation.labels))
            self._classifier = NetworkClassifier(network, train.label_names, temperature=temperature)
        return self

    def build(self, arrays: Mapping[str, npt.NDArray[Any]]) -> nn.Module:
        """Return the fitted model as a network: (N, 1, 28, 28) ink -> (N, C) logits.

        Args:
            arrays: What `_learn` returned, or the state of such a network.
        """
        return _OnFeatures(
            self.features, self.scorer({n.removeprefix("scorer."): a for n, a in arrays.items()})
        )

    @abstractmethod
    def _learn(self, features: Features, labels: Targets) -> Learned:
        """Fit scikit-learn's model and return its numbers: features (N, F), labels (N,) in [0, C)."""


@dataclass(kw_only=True)
class Logistic(Estimator):
    """Multinomial logistic regression.

    Attributes:
        C: Inverse strength of the penalty on large weights.
        max_iter: Most steps of the solver; stopping early costs little and is no error.
    """

    name = "logistic"
    scorer = LinearScorer

    C: float = 1.0
    max_iter: int = 200

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_positive("C", self.C)
        _check_count("max_iter", self.max_iter)

    def _learn(self, features: Features, labels: Targets) -> Learned:
        linear_model = _import_scikit("linear_model")
        too_short = _import_scikit("exceptions").ConvergenceWarning
        model = linear_model.LogisticRegression(C=self.C, max_iter=self.max_iter, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", too_short)
            model.fit(features, labels)
        weight, bias = model.coef_.T, model.intercept_
        if weight.shape[1] == 1:  # two classes: only the second one's logit against 0
            weight, bias = np.hstack([0 * weight, weight]), np.hstack([0 * bias, bias])
        return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}


@dataclass(kw_only=True)
class Svm(Estimator):
    """Support vector machines, one for each pair of classes.

    Platt's scaling would fit each machine five times more; here one temperature, fitted on the validation
    digits, makes probabilities (see `PairScorer`).

    Attributes:
        kernel: "rbf" or "linear".
        C: Price of a digit on the wrong side of the margin.
        gamma: Narrowness of the radial kernel; 0 takes the features' own: 0.02 for raw, 2 for hog.
        cache_mb: Memory for the kernel's rows while learning.
        virtual_shift_px: If not 0, learn twice: the second time from the support vectors, and from them moved by so
            many pixels to each of the four sides. Only pixels can be moved. A few thousand digits near the border
            decide; moving those teaches that place means nothing, for five times their number instead of all.

    References:
        DeCoste, Schoelkopf, "Training invariant support vector machines", 2002.
    """

    name = "svm"
    scorer = PairScorer

    kernel: Literal["rbf", "linear"] = "rbf"
    C: float = 5.0
    gamma: float = 0.0
    cache_mb: int = 500
    virtual_shift_px: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choice("kernel", self.kernel, ("rbf", "linear"))
        _check_count("virtual_shift_px", self.virtual_shift_px, least=0)
        if self.virtual_shift_px and self.features != "raw":
            raise RecipeError(
                "virtual_shift_px moves pixels, and there are none in the features 'hog'",
                remedy='Take features = "raw", or leave virtual_shift_px out.',
            )
        _check_positive("C", self.C)
        _check_count("cache_mb", self.cache_mb)
        if self.gamma != 0:
            _check_positive("gamma", self.gamma)

    def _learn(self, features: Features, labels: Targets) -> Learned:
        gamma = self.gamma or _GAMMA[self.features]
        model = _import_scikit("svm").SVC(
            kernel=self.kernel, C=self.C, gamma=gamma, cache_size=self.cache_mb, random_state=self.seed
        )
        model.fit(features, labels)
        if self.virtual_shift_px:
            near = model.support_
            moved = _move(features[near], by_px=self.virtual_shift_px)
            model.fit(moved, np.tile(labels[near], len(moved) // len(near)))
        coefficients = spread_coefficients(model.dual_coef_, model.n_support_)
        # With two classes scikit-learn turns the sign: positive is the second one.
        sign = -1 if len(model.n_support_) == 2 else 1
        learned: Learned = {"bias": sign * model.intercept_, "sharpness": np.asarray(_SHARPNESS)}
        if self.kernel == "linear":
            learned["weight"] = sign * model.support_vectors_.T @ coefficients
        else:
            learned |= {
                "support": model.support_vectors_.T,
                "coefficients": sign * coefficients,
                "gamma": np.asarray(gamma),
            }
        return {name: array.astype(np.float32) for name, array in learned.items()}


def _move(pixels: Features, *, by_px: int) -> Features:
    """Return pictures as they are and moved left, right, up and down, (5 N, 784); paper comes in."""
    side = round(pixels.shape[1] ** 0.5)
    paper = np.pad(pixels.reshape(-1, side, side), ((0, 0), (by_px, by_px), (by_px, by_px)))
    places = [(by_px, by_px), (by_px, 0), (by_px, 2 * by_px), (0, by_px), (2 * by_px, by_px)]
    moved = [paper[:, y : y + side, x : x + side] for y, x in places]
    return np.concatenate(moved).reshape(-1, side**2)


@dataclass(kw_only=True)
class Forest(Estimator):
    """A random forest.

    Attributes:
        n_estimators: Number of trees.
        max_depth: Largest number of questions on the way to an answer; 0 sets no limit.
        max_features: Features that are tried for each question: "sqrt", "log2", or their number.
        min_samples_leaf: Fewest training digits behind an answer.
    """

    name = "forest"
    scorer = ForestScorer

    n_estimators: int = 200
    max_depth: int = 0
    max_features: str | int = "sqrt"
    min_samples_leaf: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("n_estimators", self.n_estimators)
        _check_count("max_depth", self.max_depth, least=0)
        _check_count("min_samples_leaf", self.min_samples_leaf)
        if isinstance(self.max_features, str):
            _check_choice("max_features", self.max_features, ("sqrt", "log2"))
        else:
            _check_count("max_features", self.max_features)

    def _learn(self, features: Features, labels: Targets) -> Learned:
        if not isinstance(self.max_features, str) and self.max_features > features.shape[1]:
            raise RecipeError(f"The option 'max_features' is {self.max_features} of {features.shape[1]}")
        model = (
            _import_scikit("ensemble")
            .RandomForestClassifier(
                self.n_estimators,
                max_depth=self.max_depth or None,
                max_features=self.max_features,
                min_samples_leaf=self.min_samples_leaf,
                random_state=self.seed,
                n_jobs=-1,
            )
            .fit(features, labels)
        )
        return flatten_trees([tree.tree_ for tree in model.estimators_])


@dataclass(kw_only=True)
class Knn(Estimator):
    """The nearest training digits vote; scikit-learn is not needed for that.

    Attributes:
        k: Number of neighbours.
        weights: "uniform", or "distance": a vote counts one over its distance.
    """

    name = "knn"
    scorer = NeighbourScorer

    k: int = 3
    weights: Literal["uniform", "distance"] = "distance"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("k", self.k)
        _check_choice("weights", self.weights, ("uniform", "distance"))

    def _learn(self, features: Features, labels: Targets) -> Learned:
        if self.k > len(labels):
            raise RecipeError(f"The option 'k' is {self.k}, and there are {len(labels)} digits to learn from")
        return {
            "digits": np.ascontiguousarray(features.T),
            "classes": np.eye(int(labels.max()) + 1, dtype=np.float32)[labels],
            "neighbours": np.asarray(self.k),
            "by_distance": np.asarray(int(self.weights == "distance")),
        }


class _OnFeatures(nn.Module):
    """A scorer behind its features; only the scorer has a state."""

    def __init__(self, features: FeatureName, scorer: Scorer) -> None:
        super().__init__()
        self.features = FeatureLayer(features)
        self.scorer = scorer

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> (N, C)."""
        logits: torch.Tensor = self.scorer(self.features(ink))
        return logits


def _import_scikit(part: str) -> Any:  # noqa: ANN401 - a module
    try:
        return import_module(f"sklearn.{part}")
    except ModuleNotFoundError as error:
        raise MissingExtraError("scikit-learn", extra="train") from error


def _check_choice(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RecipeError(
            f"The option {name!r} can't be {value!r}", remedy=f"Choose one of: {', '.join(known)}."
        )


def _check_count(name: str, value: object, *, least: int = 1) -> None:
    if type(value) is not int or value < least:
        raise RecipeError(f"The option {name!r} must be a whole number from {least}, not {value!r}")


def _check_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise RecipeError(f"The option {name!r} must be a number above 0, not {value!r}")
