"""Does 90 % sure mean right nine times in ten? Confidence beside accuracy, bin by bin.

Owns: the reliability curve. Leaves to others: its one number (`metrics`), its picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.evaluation.metrics import BINS


@dataclass(frozen=True)
class Reliability:
    """Answers sorted into bins of equal width by their confidence.

    Attributes:
        edges: (B + 1,) float64, from 0 to 1.
        count: (B,) int64 answers in each bin.
        confidence: (B,) float64 mean confidence of a bin; NaN where it is empty.
        accuracy: (B,) float64 share of right answers of a bin; NaN where it is empty.
    """

    edges: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of confidence and accuracy, in [0, 1]."""
        gaps = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        return float((gaps * self.count).sum() / max(1, self.count.sum()))

    @property
    def is_overconfident(self) -> bool:
        """True if confidence is higher than accuracy on the whole."""
        return bool(np.nansum((self.confidence - self.accuracy) * self.count) > 0)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the bins that hold an answer, as plain JSON types."""
        return [
            {
                "from": float(self.edges[i]),
                "to": float(self.edges[i + 1]),
                "count": int(self.count[i]),
                "confidence": float(self.confidence[i]),
                "accuracy": float(self.accuracy[i]),
            }
            for i in np.flatnonzero(self.count)
        ]


def measure_reliability(
    confidence: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_], *, bins: int = BINS
) -> Reliability:
    """Sort answers into bins by their confidence.

    Args:
        confidence: (N,) in [0, 1].
        is_right: (N,) bool.
        bins: Number of bins.

    References:
        Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins).astype(np.int64)
    least = np.where(count > 0, count, np.nan)
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        count=count,
        confidence=np.bincount(index, weights=confidence.astype(np.float64), minlength=bins) / least,
        accuracy=np.bincount(index, weights=is_right.astype(np.float64), minlength=bins) / least,
    )
