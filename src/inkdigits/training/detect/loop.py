"""The detector's loop: synthetic pages go in, weights and a log come out; stopped runs go on where they were.

Owns: steps, jitter of views, averaging, judging on pages that nothing was learned from. Leaves to others: pages,
targets, export.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from inkdigits.models.detector import DigitDetector
from inkdigits.training.average import WeightAverage
from inkdigits.training.detect.bend import draw_bends
from inkdigits.training.detect.pages import PagePool
from inkdigits.training.detect.state import resume_run, save_run
from inkdigits.training.detect.targets import compute_loss, make_targets
from inkdigits.training.device import choose_device, choose_dtype

_WARMUP: Final = 0.1
_MOST_GRADIENT: Final = 5.0
_ELASTIC_PX: Final = 1.2
"""Most of the bending of views, in pixels."""
_PARTS: Final = ("centre", "label", "box")


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How the detector is trained.

    Attributes:
        steps: Number of batches.
        batch_size: Views in each.
        learning_rate: Highest rate of AdamW.
        weight_decay: Of AdamW.
        ema_decay: Share of the old average that each step keeps.
        log_every: Steps between two lines of the log, validations and checkpoints.
        seed: Of weights, order and jitter.
    """

    steps: int = 3000
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.998
    log_every: int = 250
    seed: int = 0


def train_detector(
    network: DigitDetector,
    settings: DetectorSettings,
    *,
    train: Sequence[PagePool],
    validation: PagePool,
    folder: Path,
    report: Callable[[dict[str, float]], None],
) -> DigitDetector:
    """Train a detector.

    Args:
        network: Changed.
        settings: How.
        train: Pools of views to learn from, one after another, each for the same number of steps.
        validation: Views to judge by.
        folder: Where checkpoint and log go; a run that was stopped there goes on.
        report: Hears each line of the log.

    Returns:
        The averaged weights, in evaluation mode.

    Raises:
        UsageError: If the folder holds a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device()
    dtype = choose_dtype(device, "auto")
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = WeightAverage(network, decay=settings.ema_decay)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    first, history = resume_run(folder, network, average, optimizer, asdict(settings))
    sums, count, start_s = dict.fromkeys(_PARTS, 0.0), 0, time.perf_counter()
    for step in range(first, settings.steps):
        rng = np.random.default_rng([settings.seed, step])  # nothing to save: a resumed run draws the same
        pool = train[step * len(train) // settings.steps]
        chosen = rng.integers(0, len(pool), settings.batch_size)
        views, boxes, labels = draw_batch(pool, chosen, rng)
        targets = make_targets(boxes, labels, size_px=(views.shape[2], views.shape[3]))
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * measure_rate(step, settings.steps)
        network.train()
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            outputs = network(views.to(device).contiguous(memory_format=torch.channels_last))
        loss, parts = compute_loss(outputs.cpu(), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), _MOST_GRADIENT)
        optimizer.step()
        average.update(network, step=step)
        sums = {name: sums[name] + parts[name] for name in _PARTS}
        count += 1
        if (step + 1) % settings.log_every == 0 or step + 1 == settings.steps:
            record = {"step": step + 1.0} | {name: sums[name] / count for name in _PARTS}
            record |= {
                f"validation_{name}": value for name, value in judge(average.network, validation).items()
            }
            record["seconds"] = time.perf_counter() - start_s
            history.append(record)
            save_run(folder, network, average, optimizer, asdict(settings), step + 1, history)
            report(record)
            sums, count, start_s = dict.fromkeys(_PARTS, 0.0), 0, time.perf_counter()
    result = average.network.cpu()
    assert isinstance(result, DigitDetector)
    return result


@torch.inference_mode()
def judge(network: torch.nn.Module, pool: PagePool, *, batch_size: int = 25) -> dict[str, float]:
    """Return the parts of the loss, and the share of right labels where signs stand, on views."""
    network.eval()
    device = next(network.parameters()).device
    sums, right, signs, batches = dict.fromkeys(_PARTS, 0.0), 0, 0, 0
    for start in range(0, len(pool), batch_size):
        chosen = np.arange(start, min(len(pool), start + batch_size))
        views = torch.from_numpy(pool.views[chosen]).unsqueeze(1).float() / 255
        rows = [pool.signs_of(int(i)) for i in chosen]
        targets = make_targets([pool.boxes[r] for r in rows], [pool.labels[r] for r in rows],
                               size_px=(views.shape[2], views.shape[3]))  # fmt: skip
        outputs = network(views.to(device)).cpu()
        _, parts = compute_loss(outputs, targets)
        sums = {name: sums[name] + parts[name] for name in _PARTS}
        peak = targets.weights >= 0.999
        named = outputs[:, 2:-4].argmax(1)
        right += int((named == targets.labels)[peak].sum())
        signs += int(peak.sum())
        batches += 1
    return {name: total / batches for name, total in sums.items()} | {"accuracy": right / max(1, signs)}


def measure_rate(step: int, steps: int) -> float:
    """Return the part of the highest learning rate at a step: a short rise, then a cosine."""
    warmup = _WARMUP * steps
    if step < warmup:
        return 0.04 + 0.96 * step / warmup
    return 0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1.0, steps - warmup)))


def draw_batch(
    pool: PagePool, chosen: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[Tensor, list[npt.NDArray[np.float32]], list[npt.NDArray[np.int64]]]:
    """Cut a batch out of the pool, each time a little different: stretch, shift, bends, strength, blur, noise."""
    height, width = pool.views.shape[1:]
    views = torch.from_numpy(pool.views[chosen]).unsqueeze(1).float() / 255  # (N, 1, H, W)
    count = len(chosen)
    stretch = np.exp(rng.uniform(-0.16, 0.16, (count, 1)) + rng.uniform(-0.08, 0.08, (count, 2)))  # x, y
    shear = rng.uniform(-0.12, 0.12, count)
    shift = rng.uniform(-10, 10, (count, 2))
    # output pixel p shows input pixel A p + b, both counted from the middle
    matrix = np.zeros((count, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 1, 1] = 1 / stretch[:, 0], 1 / stretch[:, 1]
    matrix[:, 0, 1] = shear * height / width  # affine_grid works in units of half sides
    matrix[:, 0, 2], matrix[:, 1, 2] = 2 * shift[:, 0] / width, 2 * shift[:, 1] / height
    grid = F.affine_grid(torch.from_numpy(matrix), [count, 1, height, width], align_corners=False)
    grid = grid + draw_bends(count, (height, width), most_px=_ELASTIC_PX, rng=rng)
    views = F.grid_sample(views, grid, align_corners=False)
    strength = torch.from_numpy(rng.uniform(0.75, 1.2, (count, 1, 1, 1)).astype(np.float32))
    power = torch.from_numpy(np.exp(rng.normal(0, 0.25, (count, 1, 1, 1))).astype(np.float32))
    views = (views.clamp(0, 1) ** power) * strength
    if rng.random() < 0.3:
        views = F.avg_pool2d(F.pad(views, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    noise = rng.normal(0, 1, views.shape).astype(np.float32) * rng.uniform(0, 0.06, (count, 1, 1, 1))
    views = (views + torch.from_numpy(noise.astype(np.float32))).clamp(0, 1)
    boxes, labels = [], []
    for n, index in enumerate(chosen):
        rows = pool.signs_of(int(index))
        boxes.append(_move(pool.boxes[rows], matrix[n], height, width, float(shear[n])))
        labels.append(pool.labels[rows])
    return views, boxes, labels


def _move(
    boxes: npt.NDArray[np.float32], matrix: npt.NDArray[np.float32], height: int, width: int, shear: float
) -> npt.NDArray[np.float32]:
    """Bring boxes to where `affine_grid` with this matrix shows them; sheared ones keep their width."""
    cx, cy = boxes[:, 0] + boxes[:, 2] / 2 - width / 2, boxes[:, 1] + boxes[:, 3] / 2 - height / 2
    # input = A output + b: solve for the output
    new_y = (cy - matrix[1, 2] * height / 2) / matrix[1, 1]
    new_x = (cx - matrix[0, 2] * width / 2 - shear * new_y) / matrix[0, 0]
    w, h = boxes[:, 2] / matrix[0, 0], boxes[:, 3] / matrix[1, 1]
    w = w + 0.5 * abs(shear) * h / matrix[0, 0]
    moved = np.stack([new_x + width / 2 - w / 2, new_y + height / 2 - h / 2, w, h], axis=1)
    return moved.astype(np.float32)
