"""Targets stand where signs stand, and the loss is least for the right answer."""

from __future__ import annotations

import numpy as np
import torch

from inkdigits.bundles.detector import BOX_UNIT_PX
from inkdigits.models.detector import STRIDE
from inkdigits.training.detect.targets import Targets, compute_loss, make_targets


def make(*signs: tuple[float, float, float, float, int]) -> Targets:
    boxes = np.array([sign[:4] for sign in signs], np.float32).reshape(-1, 4)
    return make_targets([boxes], [np.array([sign[4] for sign in signs], np.int64)], size_px=(64, 96))


def perfect(targets: Targets) -> torch.Tensor:
    """Outputs that say exactly what the targets want."""
    heat = torch.where(targets.heat >= 0.999, 9.0, -9.0)
    names = torch.zeros(targets.labels.shape[0], 14, *targets.labels.shape[1:])
    names.scatter_(1, targets.labels.clamp(min=0).unsqueeze(1), 8.0)
    return torch.cat([heat, names, torch.log(targets.boxes / BOX_UNIT_PX)], 1)


def test_the_peak_is_the_place_that_holds_the_centre() -> None:
    targets = make((20, 10, 14, 26, 7))
    rows, columns = np.nonzero(targets.heat[0, 0].numpy() >= 0.999)
    assert (rows.tolist(), columns.tolist()) == ([23 // STRIDE], [27 // STRIDE])
    assert targets.labels[0, rows[0], columns[0]] == 7
    left, top, right, bottom = targets.boxes[0, :, rows[0], columns[0]].tolist()
    assert (left + right, top + bottom) == (14, 26)


def test_marks_have_their_own_channel_and_other_ink_has_none() -> None:
    targets = make((20, 30, 3, 3, 10), (60, 20, 10, 20, -1))
    assert targets.heat[0, 0].max() == 0
    assert (targets.heat[0, 1] >= 0.999).sum() == 1


def test_touching_signs_keep_two_peaks() -> None:
    targets = make((20, 10, 8, 26, 1), (28, 10, 8, 26, 1))
    assert (targets.heat[0, 0] >= 0.999).sum() == 2


def test_signs_with_their_centre_outside_are_no_targets() -> None:
    assert make((-30, 10, 20, 26, 3), (200, 10, 20, 26, 3)).heat.max() == 0


def test_the_right_answer_costs_little_and_any_wrong_part_more() -> None:
    targets = make((20, 10, 14, 26, 7), (50, 12, 12, 24, 3))
    right = perfect(targets)
    least, _ = compute_loss(right, targets)
    for change in (slice(0, 1), slice(2, 16), slice(16, 20)):
        wrong = right.clone()
        wrong[:, change] = -wrong[:, change] + 1
        assert compute_loss(wrong, targets)[0] > least + 0.05


def test_a_batch_without_signs_has_a_loss() -> None:
    targets = make_targets([np.zeros((0, 4), np.float32)], [np.zeros(0, np.int64)], size_px=(64, 96))
    loss, _ = compute_loss(torch.zeros(1, 20, 16, 24), targets)
    assert torch.isfinite(loss)
