"""What does it buy to leave the least sure answers to a person? Risk against coverage.

Owns: the curve, its area, and its two questions. Leaves to others: what confidence is, the picture of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]
COVERAGES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5)
"""Shares of answers for which tables tell the risk."""


@dataclass(frozen=True)
class RiskCoverage:
    """Answers taken one confidence after the other, the surest first; equal confidences come together.

    Attributes:
        threshold: (K,) float64, falling: the least confidence that is taken.
        coverage: (K,) float64, rising to 1: share of answers that are taken.
        risk: (K,) float64: share of wrong ones among them.
        area: Mean risk over all coverages (AURC of Geifman and El-Yaniv, 2017), in [0, 1]; less is better.
        best_area: What the area would be if every wrong answer were less sure than every right one.
    """

    threshold: Curve
    coverage: Curve
    risk: Curve
    area: float
    best_area: float

    def find_risk(self, coverage: float) -> float:
        """Return the risk if at least this share of answers is taken.

        Args:
            coverage: In (0, 1].
        """
        return float(self.risk[self._find(coverage)])

    def find_threshold(self, coverage: float) -> float:
        """Return the confidence from which on at least this share of answers is taken.

        Args:
            coverage: In (0, 1].
        """
        return float(self.threshold[self._find(coverage)])

    def find_coverage(self, risk: float) -> float:
        """Return the largest share of answers that can be taken at no more than this risk; 0 if none can.

        Args:
            risk: In [0, 1].
        """
        allowed = np.flatnonzero(self.risk <= risk)
        return float(self.coverage[allowed[-1]]) if len(allowed) else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: the area, and the risk at some coverages."""
        return {
            "area": self.area,
            "best_area": self.best_area,
            "points": [
                {"coverage": c, "risk": self.find_risk(c), "threshold": self.find_threshold(c)}
                for c in COVERAGES
            ],
        }

    def _find(self, coverage: float) -> int:
        # 1e-12: a share such as 0.99 of 100 answers shall not miss its place by rounding.
        return min(int(np.searchsorted(self.coverage, coverage - 1e-12)), len(self.coverage) - 1)


def measure_risk_coverage(
    confidence: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_]
) -> RiskCoverage:
    """Take the surest answers first and follow the share of wrong ones.

    Args:
        confidence: (N,), N at least 1.
        is_right: (N,) bool.

    References:
        Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order].astype(np.float64)
    wrong = np.cumsum(~is_right[order]).astype(np.float64)
    taken = np.arange(1, len(order) + 1, dtype=np.float64)
    # Among equal confidences no order is better than another: a threshold takes all of them or none.
    ends = np.append(np.flatnonzero(np.diff(sorted_confidence)), len(order) - 1)
    coverage, risk = taken[ends] / len(order), wrong[ends] / taken[ends]
    best = np.maximum(0, taken - (len(order) - wrong[-1])) / taken
    return RiskCoverage(
        threshold=sorted_confidence[ends],
        coverage=coverage,
        risk=risk,
        area=float((np.diff(coverage, prepend=0) * risk).sum()),
        best_area=float(best.mean()),
    )
