"""Which ink makes a digit what it is? Occlusion: cover a spot with paper and see what the classifier says then.

Owns: the map of one glyph, for any classifier, with NumPy alone. Leaves to others: pictures of it (plot).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inkdigits.errors import ImageFormatError, UsageError
from inkdigits.types import Classifier, Ink

SPOT_PX: Final = 5
"""Side of what is covered: wider than MNIST's pens (2 to 4 px), so that a stroke is cut; a quarter of a digit."""
STEP_PX: Final = 2
"""From one spot to the next; each pixel is covered by 4 to 9 of them."""
_LEAST_INK: Final = 0.5
"""Ink below a spot, summed over its pixels, that is worth a question."""
_TINY: Final = 1e-30

Saliency = npt.NDArray[np.float32]


def occlusion_saliency(
    classifier: Classifier,
    form: npt.NDArray[Any],
    label: str,
    *,
    spot_px: int = SPOT_PX,
    step_px: int = STEP_PX,
) -> Saliency:
    """Tell how much each place of a glyph speaks for a label.

    Spots of ink are covered with paper one by one, all in one call of the classifier. What a pixel gets is the mean
    change of the label's log-odds against all other labels over the spots that covered it.

    Args:
        classifier: Any classifier.
        form: (28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.
        label: One of the classifier's labels.
        spot_px: Side of a spot, at least 1.
        step_px: From one spot to the next, 1 to `spot_px`.

    Returns:
        (28, 28) float32 in nats: above 0 where ink speaks for the label, below 0 where it speaks against it, 0 on
        paper.

    Raises:
        ImageFormatError: If the form's shape or dtype is another.
        UsageError: If the classifier has no such label, or the spots leave gaps.

    References:
        Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.
    """
    ink = _to_ink(form)
    if label not in classifier.labels:
        raise UsageError(
            f"The model has no label {label!r}", remedy=f"Its labels are: {', '.join(classifier.labels)}."
        )
    if not 1 <= step_px <= spot_px:
        raise UsageError(
            f"Spots of {spot_px} px can't be {step_px} px apart",
            remedy="Take a step from 1 to the spot's side.",
        )
    corners = _find_spots(ink, spot_px=spot_px, step_px=step_px)
    if not corners:
        return np.zeros(ink.shape, np.float32)
    covered = np.repeat(ink[None], len(corners) + 1, axis=0)  # the last one stays as it is
    masks = np.zeros((len(corners), *ink.shape), bool)
    for image, mask, (top, left) in zip(covered, masks, corners, strict=False):
        spot = slice(max(0, top), top + spot_px), slice(max(0, left), left + spot_px)
        image[spot], mask[spot] = 0, True
    odds = _log_odds(classifier.predict_proba(covered), classifier.labels.index(label))
    drops = odds[-1] - odds[:-1]
    total = np.tensordot(drops, masks.astype(np.float64), axes=1)
    mean = total / np.maximum(masks.sum(axis=0), 1)
    return np.where(ink > 0, mean, 0).astype(np.float32)


def _to_ink(form: npt.NDArray[Any]) -> Ink:
    if form.ndim != 2 or not (form.dtype == np.uint8 or np.issubdtype(form.dtype, np.floating)):
        raise ImageFormatError(
            f"A glyph is (28, 28) uint8 or float32, not {form.shape} {form.dtype}",
            remedy="Bring it into that form with inkdigits.ink.",
        )
    scale = 255 if form.dtype == np.uint8 else 1
    return np.asarray(form, np.float32) / np.float32(scale)


def _find_spots(ink: Ink, *, spot_px: int, step_px: int) -> list[tuple[int, int]]:
    """Return the top left corners, (y, x), of spots with ink; they reach over the border."""
    height, width = ink.shape
    rows = range(1 - spot_px + (spot_px - 1) % step_px, height, step_px)
    columns = range(1 - spot_px + (spot_px - 1) % step_px, width, step_px)
    return [
        (top, left)
        for top in rows
        for left in columns
        if ink[max(0, top) : top + spot_px, max(0, left) : left + spot_px].sum() >= _LEAST_INK
    ]


def _log_odds(probs: npt.NDArray[np.float32], index: int) -> npt.NDArray[np.float64]:
    """Return the log-odds of a column; the others are summed, because 1 - p of a sure answer rounds to nothing."""
    own = probs[:, index].astype(np.float64)
    others = np.delete(probs.astype(np.float64), index, axis=1).sum(axis=1)
    odds: npt.NDArray[np.float64] = np.log(np.maximum(own, _TINY)) - np.log(np.maximum(others, _TINY))
    return odds
