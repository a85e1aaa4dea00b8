"""A second opinion: another network's word about the digits of which the first is not sure.

Owns: when the other is asked, and how both words become one. Leaves to others: the networks (bundle).

`latin` learned many hands, grounds and clutter, `latin-mnist` clean digits of one country: their mistakes differ.
Weight and limit were set on validation digits and samples of other sets: docs/reading.md, "What was tried".
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.bundle import DEFAULT, FOLDER, BundleClassifier, load_classifier
from inkdigits.types import Classifier, Probs

SECOND: Final = "latin-mnist"
UNSURE = 0.98  # below this probability of the first's best label the other is asked
WEIGHT = 0.5  # exponent of its answer
LEAST_PROB = 1e-6  # it may veto no label


class SecondOpinion:
    """Asks another bundle, which is opened when it is needed for the first time."""

    @cached_property
    def classifier(self) -> BundleClassifier:
        """The other bundle."""
        return load_classifier(SECOND)

    def join(self, forms: npt.NDArray[Any], probs: Probs) -> Probs:
        """Return the first's probabilities, joined with the other's where the first is not sure.

        Args:
            forms: (N, 28, 28) as for `BundleClassifier.predict`.
            probs: (N, 10) what the first says about them, rows sum to 1.

        Returns:
            (N, 10) float32, rows sum to 1; rows of which the first is sure are its own.
        """
        unsure = np.flatnonzero(probs.max(axis=1) < UNSURE)
        if not len(unsure):
            return probs
        own = np.maximum(probs[unsure].astype(np.float64), LEAST_PROB)
        other = np.maximum(self.classifier.predict_proba(forms[unsure]).astype(np.float64), LEAST_PROB)
        both = own * other**WEIGHT
        joined = probs.copy()
        joined[unsure] = both / both.sum(axis=1, keepdims=True)
        return joined


def find_second(classifier: Classifier) -> SecondOpinion | None:
    """Return who else is asked beside a classifier: only the one that ships has somebody.

    Args:
        classifier: The first.
    """
    is_ours = isinstance(classifier, BundleClassifier) and classifier.path == FOLDER / f"{DEFAULT}.onnx"
    return SecondOpinion() if is_ours else None
