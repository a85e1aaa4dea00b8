"""Collects what can be said about a reading's digits.

Owns: the explanation as data. Leaves to others: saliency, nearest digits, the picture (plot).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from inkdigits.bundles import BundleClassifier
from inkdigits.bundles.layers import BundleLayers, LayerOutput
from inkdigits.errors import BundleError, EmptyInkError, MissingExtraError, UsageError
from inkdigits.explaining.nearest import FeatureMaker, Neighbour, TrainingDigits
from inkdigits.explaining.saliency import Saliency, occlusion_saliency
from inkdigits.features import compute_features
from inkdigits.images import Page, Source, load_pages
from inkdigits.reader import Reader
from inkdigits.types import Classifier, Digit, Ink, Number, Reading

MOST_DIGITS: Final = 4
"""Digits that are explained unless one is asked for: more don't fit on one picture."""
NEIGHBOURS: Final = 7
"""In each row of the picture."""
PENULTIMATE, HOG = "the last layer's input", "histograms of oriented gradients"
Told: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how many items of it are done, and how many there are."""


@dataclass(frozen=True)
class DigitExplanation:
    """What can be said about one digit.

    Attributes:
        number: Place among the reading's digits, from 1.
        page: Index of the page that it stands on.
        digit: What was read, where, and how sure.
        form: (28, 28) float32 in [0, 1], what the classifier saw.
        classifier_probs: Label -> probability that the classifier alone gives to the form, and "none" where it has
            that class; together 1. The reading may also hold what the detector says.
        saliency: (28, 28) float32 in nats; see `occlusion_saliency`.
        layers: What each layer answers; () where the model can't be looked into.
        nearest: The training digits most like it; () without data.
        nearest_other: Those among them whose label is the best alternative.
    """

    number: int
    page: int
    digit: Digit
    form: Ink
    classifier_probs: dict[str, float]
    saliency: Saliency
    layers: tuple[LayerOutput, ...] = ()
    nearest: tuple[Neighbour, ...] = ()
    nearest_other: tuple[Neighbour, ...] = ()

    @property
    def probabilities(self) -> dict[str, float]:
        """Label -> probability as it was read, in the order of the labels, "none" last; together 1."""
        known = {self.digit.label: self.digit.confidence, **dict(self.digit.alternatives)}
        ordered = {label: known[label] for label in sorted(known)}
        return {**ordered, "none": max(0.0, 1 - sum(known.values()))}

    def to_dict(self, *, layers: bool = False) -> dict[str, Any]:
        """Return plain JSON types.

        Args:
            layers: Also give the layers' values, which are many.

        Returns:
            number, page, digit as `Digit.to_dict`; probabilities and classifier_probs, label -> value; form,
            28 x 28 integers 0 to 255; saliency, 28 x 28 numbers; nearest and nearest_other, lists of label,
            similarity, index, form; layers, a list of name, shape and, if asked for, values.
        """
        return {
            "number": self.number,
            "page": self.page,
            "digit": self.digit.to_dict(),
            "probabilities": {label: round(p, 6) for label, p in self.probabilities.items()},
            "classifier_probs": {label: round(p, 6) for label, p in self.classifier_probs.items()},
            "form": np.rint(self.form * 255).astype(int).tolist(),
            "saliency": [[round(float(v), 4) for v in row] for row in self.saliency],
            "nearest": [neighbour.to_dict() for neighbour in self.nearest],
            "nearest_other": [neighbour.to_dict() for neighbour in self.nearest_other],
            "layers": [_describe_layer(layer, has_values=layers) for layer in self.layers],
        }


@dataclass(frozen=True)
class Explanation:
    """What can be said about a picture.

    Attributes:
        reading: What was read.
        pages: The pages.
        digits: The digits that are explained, in reading order; at least one.
        features: What neighbours were found by.
        data: Where they come from, such as "mnist/train"; "" without.
        notes: What is missing ("layers", "data") -> why, and how to get it.
    """

    reading: Reading
    pages: tuple[Page, ...]
    digits: tuple[DigitExplanation, ...]
    features: str = ""
    data: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, *, layers: bool = False) -> dict[str, Any]:
        """Return plain JSON types: source, text, features, data, notes, digits as `DigitExplanation.to_dict`.

        Args:
            layers: Also give the layers' values.
        """
        return {
            "source": self.reading.source,
            "text": self.reading.text,
            "features": self.features,
            "data": self.data,
            "notes": dict(self.notes),
            "digits": [digit.to_dict(layers=layers) for digit in self.digits],
        }


def explain(
    reader: Reader,
    source: Source,
    *,
    number: int | None = None,
    training: TrainingDigits | None = None,
    missing: str = "No digits to compare with were given.",
    on_progress: Told | None = None,
) -> Explanation:
    """Read a picture and tell why.

    Args:
        reader: Any reader; its classifier's layers are shown if it is a bundle and onnx is installed.
        source: As for `Reader.read`.
        number: Explain this digit, from 1 in reading order; None for the first `MOST_DIGITS`.
        training: Digits to compare with.
        missing: Without them, why there are none.
        on_progress: Is told how far it is.

    Returns:
        At least one digit.

    Raises:
        ImageError: If the source is no usable picture, or no digit is found on it.
        UsageError: If there is no digit of that number.
    """
    pages = load_pages(source, limits=reader.limits)
    reading, forms = reader.read_with_forms(pages)
    places = [(owner, digit) for owner in reading.numbers for digit in owner.digits]
    chosen = _choose(forms, number, source=reading.source)
    network, reason = _open_layers(reader.classifier)
    notes = {**({"layers": reason} if reason else {}), **({} if training else {"data": missing})}
    has_features = network is not None and network.has_features
    compute: FeatureMaker = (
        network.compute_features if network and has_features else partial(compute_features, name="hog")
    )
    made = []
    for done, index in enumerate(chosen):
        if on_progress:
            on_progress("Explaining", done, len(chosen))
        made.append(
            _explain_digit(
                index + 1, places[index], forms[index], reader.classifier, network, compute, training
            )
        )
    return Explanation(
        reading=reading,
        pages=tuple(pages),
        digits=tuple(made),
        features=(PENULTIMATE if has_features else HOG) if training else "",
        data=training.name if training else "",
        notes=notes,
    )


def explain_form(classifier: Classifier, form: Ink, label: str) -> tuple[dict[str, float], Saliency]:
    """Tell what a classifier says about one form, and which ink matters: what a page needs while a pen moves.

    Args:
        classifier: Any classifier.
        form: (28, 28) float32 in [0, 1], ink = 1.
        label: One of its labels.

    Returns:
        Label -> probability with "none" where the classifier has it, together 1; saliency as
        `occlusion_saliency`.

    Raises:
        UsageError: If the classifier has no such label.
    """
    return ask(classifier, form), occlusion_saliency(classifier, form, label)


def ask(classifier: Classifier, form: Ink) -> dict[str, float]:
    """Return label -> probability, and "none" where the classifier has that class; together 1.

    Args:
        classifier: Any classifier.
        form: (28, 28) float32 in [0, 1], ink = 1.
    """
    if isinstance(classifier, BundleClassifier) and classifier.knows_none:
        probs, none = classifier.predict(form[None])
        shares = probs[0] * (1 - none[0])
        return {
            **{k: float(p) for k, p in zip(classifier.labels, shares, strict=True)},
            "none": float(none[0]),
        }
    probs = classifier.predict_proba(form[None])
    return {label: float(p) for label, p in zip(classifier.labels, probs[0], strict=True)}


def _explain_digit(
    number: int,
    place: tuple[Number, Digit],
    form: Ink | None,
    classifier: Classifier,
    network: BundleLayers | None,
    compute: FeatureMaker,
    training: TrainingDigits | None,
) -> DigitExplanation:
    owner, digit = place
    assert form is not None  # _choose leaves the others out
    probs, saliency = explain_form(classifier, form, digit.label)
    ranked = training.rank(form, compute) if training else ()
    second = digit.alternatives[0][0] if digit.alternatives else ""
    return DigitExplanation(
        number=number,
        page=owner.page,
        digit=digit,
        form=form,
        classifier_probs=probs,
        saliency=saliency,
        layers=tuple(network.compute_layers(form)) if network else (),
        nearest=ranked[:NEIGHBOURS],
        nearest_other=tuple(neighbour for neighbour in ranked if neighbour.label == second)[:NEIGHBOURS],
    )


def _choose(forms: Sequence[Ink | None], number: int | None, *, source: str) -> list[int]:
    """Return the indices of the digits to explain."""
    name = source or "the picture"
    with_ink = [index for index, form in enumerate(forms) if form is not None]
    if not with_ink:
        raise EmptyInkError(
            f"No digit is found on {name}",
            remedy="See what was refused with: inkdigits read PICTURE --annotate out/.",
        )
    if number is None:
        return with_ink[:MOST_DIGITS]
    if not 1 <= number <= len(forms):
        raise UsageError(
            f"There is no digit {number} on {name}",
            remedy=f"Take one from 1 to {len(forms)}, in reading order.",
        )
    if forms[number - 1] is None:
        raise EmptyInkError(
            f"Digit {number} of {name} was seen by the detector alone, without ink of its own",
            remedy="Take another digit.",
        )
    return [number - 1]


def _open_layers(classifier: Classifier) -> tuple[BundleLayers | None, str]:
    """Open the layers of a bundle, or say why not."""
    if not isinstance(classifier, BundleClassifier):
        return None, "Layers are shown for bundles (.onnx) alone."
    try:
        return BundleLayers(classifier), ""
    except (MissingExtraError, BundleError) as error:
        return None, str(error)


def _describe_layer(layer: LayerOutput, *, has_values: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": layer.name, "shape": list(layer.values.shape)}
    return {**facts, "values": np.round(layer.values.astype(float), 4).tolist()} if has_values else facts
