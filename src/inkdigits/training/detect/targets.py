"""What the detector should answer for a view: centres, labels, boxes; and how wrong its answer is.

Owns: targets and loss. Leaves to others: pages, the network, the loop.

References:
    Zhou, Wang, Kraehenbuehl, "Objects as points", arXiv 1904.07850: Gaussian centres and their focal loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.bundles.detector import BOX_UNIT_PX, DIGIT_LABELS
from inkdigits.models.detector import STRIDE

_SPREAD: Final = 0.14
"""Standard deviation of a centre's Gaussian as part of the sign's width or height."""
_LEAST_SPREAD: Final = 0.55
"""In places of the output: the centres of two touching 1s are two places apart."""
_NEAR: Final = 0.5
"""Places whose Gaussian is at least this tell label and box, too."""


@dataclass(frozen=True)
class Targets:
    """What a batch should answer.

    Attributes:
        heat: (N, 2, h, w) float32, 1 at centres of digits (channel 0) and marks (channel 1), falling around them.
        labels: (N, h, w) int64, label of the nearest sign, -1 where none is near.
        weights: (N, h, w) float32, weight of label and box, 0 where none is near.
        boxes: (N, 4, h, w) float32, distances to left, top, right, bottom, px.
    """

    heat: Tensor
    labels: Tensor
    weights: Tensor
    boxes: Tensor


def make_targets(
    boxes: list[npt.NDArray[np.float32]], labels: list[npt.NDArray[np.int64]], *, size_px: tuple[int, int]
) -> Targets:
    """Draw the targets of a batch.

    Args:
        boxes: For each view (M, 4) x, y, width, height.
        labels: For each view (M,), index of the label or -1.
        size_px: (height, width) of the views.
    """
    height, width = size_px[0] // STRIDE, size_px[1] // STRIDE
    count = len(boxes)
    heat = np.zeros((count, 2, height, width), np.float32)
    names = np.full((count, height, width), -1, np.int64)
    weights = np.zeros((count, height, width), np.float32)
    sides = np.ones((count, 4, height, width), np.float32)
    for n in range(count):
        for (x, y, w, h), label in zip(boxes[n], labels[n], strict=True):
            cx, cy = (x + w / 2) / STRIDE, (y + h / 2) / STRIDE
            if label < 0 or not (0 <= cx < width and 0 <= cy < height):
                continue
            sx, sy = (max(_LEAST_SPREAD, _SPREAD * side / STRIDE) for side in (w, h))
            left, right = max(0, int(cx - 3 * sx)), min(width, int(cx + 3 * sx) + 2)
            top, bottom = max(0, int(cy - 3 * sy)), min(height, int(cy + 3 * sy) + 2)
            window = (slice(top, bottom), slice(left, right))
            # the place that holds the centre is the peak, so distances count from its middle
            px, py = int(cx), int(cy)
            dx = (np.arange(left, right) - px)[None, :] / sx
            dy = (np.arange(top, bottom) - py)[:, None] / sy
            bump = np.exp(-(dx**2 + dy**2) / 2).astype(np.float32)
            channel = int(label >= DIGIT_LABELS)
            heat[n, channel][window] = np.maximum(heat[n, channel][window], bump)
            is_nearest = (bump > weights[n][window]) & (bump >= _NEAR)
            names[n][window][is_nearest] = label
            weights[n][window][is_nearest] = bump[is_nearest]
            mx = (np.arange(left, right) + 0.5)[None, :] * STRIDE
            my = (np.arange(top, bottom) + 0.5)[:, None] * STRIDE
            distances = np.broadcast_arrays(mx - x, my - y, x + w - mx, y + h - my)
            for side, distance in enumerate(distances):
                sides[n, side][window][is_nearest] = distance[is_nearest]
    return Targets(*(torch.from_numpy(a) for a in (heat, names, weights, np.maximum(sides, 0.5))))


def compute_loss(outputs: Tensor, targets: Targets) -> tuple[Tensor, dict[str, float]]:
    """Return the loss and its parts.

    Args:
        outputs: (N, 2 + labels + 4, h, w).
        targets: Of the same batch.
    """
    outputs = outputs.float()
    heat, names, sides = outputs[:, :2], outputs[:, 2:-4], outputs[:, -4:]
    centres = _focal(heat, targets.heat)
    chosen = targets.weights > 0
    weights = targets.weights[chosen]
    total = weights.sum().clamp(min=1)
    logits = names.permute(0, 2, 3, 1)[chosen]
    named = (F.cross_entropy(logits, targets.labels[chosen], reduction="none", label_smoothing=0.02)
             * weights).sum() / total  # fmt: skip
    got = sides.permute(0, 2, 3, 1)[chosen]
    wanted = torch.log(targets.boxes.permute(0, 2, 3, 1)[chosen] / BOX_UNIT_PX)
    boxed = (F.smooth_l1_loss(got, wanted, reduction="none", beta=0.1).sum(1) * weights).sum() / total
    loss = centres + named + 0.3 * boxed
    return loss, {"centre": centres.item(), "label": named.item(), "box": boxed.item()}


def _focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Focal loss of centres, per sign; places near a centre are hardly held against it."""
    positive = wanted >= 0.999
    log_p, log_not = F.logsigmoid(logits), F.logsigmoid(-logits)
    p = torch.sigmoid(logits)
    at = -((1 - p) ** 2 * log_p)[positive].sum()
    off = -((1 - wanted) ** 4 * p**2 * log_not)[~positive].sum()
    return (at + off) / positive.sum().clamp(min=1)
