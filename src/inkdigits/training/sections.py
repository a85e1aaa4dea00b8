"""The sections of a recipe: which keys there are, and between which limits their values lie.

Owns: the frozen values and their ranges. Leaves to others: TOML and its errors (`recipe`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeAlias,
)

from inkdigits.features import FeatureName
from inkdigits.models import DEFAULT_MODEL

if TYPE_CHECKING:
    pass

OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw"]
ScheduleName: TypeAlias = Literal["onecycle", "cosine", "constant"]
TargetForm: TypeAlias = Literal["index", "one-hot"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Range:
    """The limits of a number, both allowed; stands in the annotations of the sections."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"


Share: TypeAlias = Annotated[float, Range(0, 1)]
Count: TypeAlias = Annotated[int, Range(0)]
PositiveCount: TypeAlias = Annotated[int, Range(1)]
Seed: TypeAlias = Annotated[int, Range(0, 2**31 - 1)]


@dataclass(frozen=True, slots=True)
class ModelSection:
    """Which model is trained.

    Attributes:
        name: A name in the register of models.
        options: The model's own options, such as `dropout`; checked when it is built.
        features: What a classical model sees of a glyph, "raw" or "hog"; networks see the pixels.
    """

    name: str = DEFAULT_MODEL
    options: Mapping[str, Any] = field(default_factory=dict)
    features: FeatureName = "raw"


@dataclass(frozen=True, slots=True)
class DataSection:
    """What it is trained on.

    Attributes:
        sets: Names of data sets; their training parts are joined.
        non_digits: Names of sets whose glyphs are no digits, whatever they are; they make the class "none".
        validation_size: Digits that are cut from the training part and only judge.
        seed: Decides which digits these are.
        train_size: How many digits to train on, drawn with `seed`; 0 means all.
        pool_test: Whether the sets' test parts are thrown in before the cut, as some textbooks do; what comes
            out must never be judged on those test parts.
    """

    sets: tuple[str, ...] = ("mnist",)
    non_digits: tuple[str, ...] = ()
    validation_size: PositiveCount = 5000
    seed: Seed = 0
    train_size: Count = 0
    pool_test: bool = False


@dataclass(frozen=True, slots=True)
class AugmentSection:
    """How far digits are changed in training; 0 turns a change off.

    Attributes:
        rotation_deg: Largest turn to either side.
        scale: Largest relative change of size, such as 0.1 for 10 %.
        aspect: Largest relative change of width against height.
        widening: Largest relative gain of width, up to a square: what is left of digits in crops that
            somebody stretched.
        shear: Largest slant, as the shift of x for one unit of y.
        shift_px: Largest shift along each axis.
        elastic_px: Standard deviation of the elastic displacement.
        elastic_smooth_px: Distance over which the displacement changes; larger is smoother.
        thickness_px: Largest growth of a stroke on each side; strokes become thinner by half as much.
        blur_px: Largest standard deviation of a Gaussian blur.
        noise: Largest standard deviation of added noise.
        contrast: Largest relative loss of darkness, and the range of gamma around 1.
        erasing: Share of digits that lose a small rectangle.
        filtering: Share of digits that pass a small filter of random weights.
        clutter: Share of digits that get specks, parts of lines or the end of a neighbour.
        ground: Lightest grey of a ground under the ink, which half of the digits get.
        mixup: Parameter alpha of mixup's beta distribution.
        flip_horizontal: Share of digits that are mirrored left to right.
        flip_vertical: Share of digits that are mirrored top to bottom.
    """

    rotation_deg: Annotated[float, Range(0, 180)] = 0.0
    scale: Annotated[float, Range(0, 0.9)] = 0.0
    aspect: Annotated[float, Range(0, 0.9)] = 0.0
    widening: Annotated[float, Range(0, 2)] = 0.0
    shear: Annotated[float, Range(0, 2)] = 0.0
    shift_px: Annotated[float, Range(0, 28)] = 0.0
    elastic_px: Annotated[float, Range(0, 10)] = 0.0
    elastic_smooth_px: Annotated[float, Range(2, 28)] = 5.0
    thickness_px: Annotated[float, Range(0, 3)] = 0.0
    blur_px: Annotated[float, Range(0, 5)] = 0.0
    noise: Share = 0.0
    contrast: Annotated[float, Range(0, 0.95)] = 0.0
    erasing: Share = 0.0
    filtering: Share = 0.0
    clutter: Share = 0.0
    ground: Share = 0.0
    mixup: Annotated[float, Range(0, 10)] = 0.0
    flip_horizontal: Share = 0.0
    flip_vertical: Share = 0.0


@dataclass(frozen=True, slots=True)
class TrainSection:
    """How the weights are found.

    Attributes:
        epochs: Most passes over the training data.
        batch_size: Digits in one step; at least 2, since batch norm compares them.
        optimizer: "sgd", "adam" or "adamw".
        learning_rate: The highest rate of the schedule.
        schedule: "onecycle" (up, then down), "cosine" (down) or "constant".
        warmup: Share of the steps in which "onecycle" goes up.
        weight_decay: Strength of the decay; spares batch norm and biases.
        momentum: Momentum of "sgd"; the other optimizers don't use it.
        nesterov: Whether "sgd" looks ahead.
        label_smoothing: Share of the target that is spread over all classes.
        targets: Whether the loss takes class numbers ("index") or vectors ("one-hot"); same result.
        ema_decay: Decay of the averaged weights, per step; 0 keeps no average.
        early_stopping_patience: Epochs without a lower validation loss before it ends; 0 never ends early.
        clip_norm: Largest norm of the gradient; 0 does not clip.
        precision: "auto" takes bfloat16 where the machine multiplies it in hardware.
        seed: Decides weights, order, dropout and augmentation.
        teachers: Names of models that ship, or paths of bundles: seven tenths of the target are their mean answer.
    """

    epochs: PositiveCount = 10
    batch_size: Annotated[int, Range(2)] = 128
    optimizer: OptimizerName = "sgd"
    learning_rate: Annotated[float, Range(1e-8, 100)] = 0.1
    schedule: ScheduleName = "onecycle"
    warmup: Annotated[float, Range(0, 0.99)] = 0.25
    weight_decay: Share = 5e-4
    momentum: Annotated[float, Range(0, 0.9999)] = 0.9
    nesterov: bool = True
    label_smoothing: Annotated[float, Range(0, 0.99)] = 0.0
    targets: TargetForm = "index"
    ema_decay: Annotated[float, Range(0, 0.999999)] = 0.0
    early_stopping_patience: Count = 0
    clip_norm: Annotated[float, Range(0)] = 0.0
    precision: Precision = "auto"
    seed: Seed = 0
    teachers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleSection:
    """What is written into the bundle beside the weights.

    Attributes:
        name: Name of the bundle and of its file, without ".onnx".
        licence: SPDX identifier of the weights' licence, or words.
        description: One sentence for people.
    """

    name: str = "model"
    licence: str = ""
    description: str = ""
