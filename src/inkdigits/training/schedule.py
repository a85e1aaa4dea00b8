"""Learning rates as a pure function of the step: nothing to save, so a resumed run can't drift."""

from __future__ import annotations

import math
from typing import Final

from inkdigits.training.sections import TrainSection

_START_SHARE: Final = 0.04
"""Where "onecycle" begins, as a share of the highest rate; 1/25, as in Smith's "Super-convergence", 2018."""
_END_SHARE: Final = 1e-3
"""Where "onecycle" and "cosine" end, as a share of the highest rate."""


def compute_learning_rate(step: int, *, steps: int, settings: TrainSection) -> float:
    """Return the learning rate of one step.

    Args:
        step: Number of the step, from 0.
        steps: Number of all steps, at least 1.
        settings: Gives the schedule and its highest rate.
    """
    highest = settings.learning_rate
    if settings.schedule == "constant":
        return highest
    warmup = settings.warmup * steps if settings.schedule == "onecycle" else 0.0
    if step < warmup:
        return highest * (_START_SHARE + (1 - _START_SHARE) * step / warmup)
    done = (step - warmup) / max(1.0, steps - 1 - warmup)
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return highest * (_END_SHARE + (1 - _END_SHARE) * fall)
