"""How well are digits told from what is no digit? Receiver operating characteristic and precision against recall.

Owns: the curves and their areas. Leaves to others: the score that they judge, their pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]
KEPT = (0.9, 0.95, 0.99, 0.999)
"""Shares of digits for which tables tell how many non-digits are rejected."""


@dataclass(frozen=True)
class Rejection:
    """Digits and non-digits, accepted from some score on; one point for each score that occurs.

    Attributes:
        digits: Number of digits.
        others: Number of non-digits.
        threshold: (K,) float64, falling: the least score that is accepted.
        kept: (K,) float64: share of digits that are accepted (true positive rate, recall).
        passed: (K,) float64: share of non-digits that are accepted (false positive rate).
        precision: (K,) float64: share of digits among what is accepted.
        roc_area: Probability that a digit has a higher score than a non-digit, ties count half.
        average_precision: Mean precision over the steps of recall.
    """

    digits: int
    others: int
    threshold: Curve
    kept: Curve
    passed: Curve
    precision: Curve
    roc_area: float
    average_precision: float

    def find_rejected(self, kept: float) -> float:
        """Return the share of non-digits that are rejected where at least this share of digits is accepted.

        Args:
            kept: In (0, 1].
        """
        index = min(int(np.searchsorted(self.kept, kept - 1e-12)), len(self.kept) - 1)
        return float(1 - self.passed[index])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: counts, areas, and the share rejected at some shares kept."""
        return {
            "digits": self.digits,
            "non_digits": self.others,
            "roc_area": self.roc_area,
            "average_precision": self.average_precision,
            "points": [{"digits_kept": k, "non_digits_rejected": self.find_rejected(k)} for k in KEPT],
        }


def measure_rejection(digits: npt.NDArray[np.floating], others: npt.NDArray[np.floating]) -> Rejection:
    """Judge a score that should be high for digits and low for everything else.

    Args:
        digits: (N,) scores of digits, N at least 1.
        others: (M,) scores of non-digits, M at least 1.
    """
    scores = np.concatenate([digits, others]).astype(np.float64)
    is_digit = np.arange(len(scores)) < len(digits)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    kept = np.cumsum(is_digit[order])[ends] / len(digits)
    passed = np.cumsum(~is_digit[order])[ends] / len(others)
    accepted = ends + 1
    precision = kept * len(digits) / accepted
    return Rejection(
        digits=len(digits),
        others=len(others),
        threshold=scores[order][ends],
        kept=kept,
        passed=passed,
        precision=precision,
        # Trapezoids; np.trapezoid needs NumPy 2.
        roc_area=float((np.diff(passed, prepend=0) * (kept + np.append(0, kept[:-1])) / 2).sum()),
        average_precision=float((np.diff(kept, prepend=0) * precision).sum()),
    )
