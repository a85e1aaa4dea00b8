"""Adapting a trained network to one person's hand without forgetting everybody else's.

Owns: the short training on a person's digits beside a replay of what was learned before, and the judgement whether
too much was forgotten. Leaves to others: where weights and digits come from, writing the bundle.

References:
    Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", 1995 (replay); Li and Hoiem, "Learning without
    forgetting", 2017 (the old network as teacher); Wortsman et al., "Robust fine-tuning of zero-shot models", 2022
    (weights between the old and the new network).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inkdigits.errors import InkdigitsError, UsageError
from inkdigits.training.augment import augment
from inkdigits.training.loop import compute_logits
from inkdigits.training.sections import AugmentSection
from inkdigits.types import LabelledImages

MOST_LOST: Final = 0.001
"""Accuracy on digits of everybody that may be lost: 0.1 points."""
STEPS_BETWEEN: Final = (1.0, 0.7, 0.4, 0.2)
"""Shares of the new weights that are tried, until not too much is forgotten."""
MOST_NORM: Final = 1.0
"""Largest norm of the gradient: without statistics of the batch, norms no longer hold activations back."""
_LEAST_HELD_OUT: Final = 50
"""From so many own digits on, one in five judges only; of fewer each one is needed to learn from."""
_HELD_OUT: Final = 5


class ForgettingError(InkdigitsError):
    """A network that lost too much while it learned."""

    exit_code = 10
    http_status = 422


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """How strongly it is adapted.

    Attributes:
        steps: Gradient steps.
        batch_size: Digits in one step.
        own_share: Share of the person's digits in it, in (0, 1).
        learning_rate: Of the first step; it falls to 0 along a cosine.
        teaching: Weight of the old network's answers on replayed digits.
        seed: Decides order and augmentation.
    """

    steps: int = 200
    batch_size: int = 128
    own_share: float = 0.25
    learning_rate: float = 5e-4
    teaching: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it.

    Attributes:
        network: The adapted network, in evaluation mode.
        share: Share of the new weights in it, in (0, 1]; below 1 where all of them forgot too much.
        own_before, own_after: Accuracy on the person's digits.
        own_count: How many digits these figures stand on.
        is_held_out: True if these were kept apart; False if they were learned from.
        guard_before, guard_after: Accuracy on the digits of everybody.
    """

    network: nn.Module
    share: float
    own_before: float
    own_after: float
    own_count: int
    is_held_out: bool
    guard_before: float
    guard_after: float


def adapt(
    network: nn.Module,
    *,
    own: LabelledImages,
    replay: LabelledImages,
    guard: LabelledImages,
    augmentation: AugmentSection,
    settings: AdaptSettings | None = None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Adapted:
    """Train a copy of a network on a person's digits, and refuse it if it forgets.

    Args:
        network: Maps (N, 1, 28, 28) to (N, C); it is not changed. The statistics of its batch norms stay.
        own: The person's digits; labels are indices of the C logits, as everywhere here.
        replay: Digits that it learned from before.
        guard: Digits that judge what is forgotten; none of them in `replay`.
        augmentation: How digits are changed while it learns.
        settings: How strongly; defaults if None.
        on_step: Called with (steps done, all steps).

    Raises:
        UsageError: If there are no digits of one kind.
        ForgettingError: If it loses more than `MOST_LOST` on the guard, whatever the share of the new weights.
    """
    settings = settings or AdaptSettings()
    for part, what in (
        (own, "corrected digits"),
        (replay, "digits to replay"),
        (guard, "digits to judge by"),
    ):
        if len(part) == 0:
            raise UsageError(f"There are no {what}", remedy="Add some, then try again.")
    learned, judged = _split_own(own, seed=settings.seed)
    old, new = copy.deepcopy(network).eval(), copy.deepcopy(network)
    _learn(new, old, learned, replay, augmentation=augmentation, settings=settings, on_step=on_step)
    own_before, guard_before = _judge(old, judged), _judge(old, guard)
    told = []
    for share in STEPS_BETWEEN:
        between = _mix(old, new, share)
        guard_after = _judge(between, guard)
        told.append(guard_after)
        if guard_before - guard_after <= MOST_LOST + 1e-9:
            return Adapted(
                network=between,
                share=share,
                own_before=own_before,
                own_after=_judge(between, judged),
                own_count=len(judged),
                is_held_out=judged is not learned,
                guard_before=guard_before,
                guard_after=guard_after,
            )
    raise ForgettingError(
        f"Adapted to these digits, the model would fall from {guard_before:.2%} to {max(told):.2%} on digits of "
        f"everybody, more than {100 * MOST_LOST:g} points; nothing was written",
        remedy="Look for wrong labels among the corrections, or collect more of them.",
    )


def _split_own(own: LabelledImages, *, seed: int) -> tuple[LabelledImages, LabelledImages]:
    """Return what is learned from and what judges; the same digits where there are few."""
    if len(own) < _LEAST_HELD_OUT:
        return own, own
    order = np.random.default_rng(seed).permutation(len(own))
    return _take(own, order[len(own) // _HELD_OUT :]), _take(own, order[: len(own) // _HELD_OUT])


def _take(data: LabelledImages, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> LabelledImages:
    return LabelledImages(data.images[places], data.labels[places], data.label_names, name=data.name)


def _learn(
    network: nn.Module,
    teacher: nn.Module,
    own: LabelledImages,
    replay: LabelledImages,
    *,
    augmentation: AugmentSection,
    settings: AdaptSettings,
    on_step: Callable[[int, int], None],
) -> None:
    generator = torch.Generator().manual_seed(settings.seed)
    own_count = max(1, round(settings.own_share * settings.batch_size))
    replay_count = max(1, settings.batch_size - own_count)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    with torch.random.fork_rng(devices=[]):  # dropout draws from the global state: leave it as it was
        torch.manual_seed(settings.seed)
        network.train()
        for layer in network.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()  # their statistics are what the old network was built on
        for step in range(settings.steps):
            own_images, own_labels = _draw(own, own_count, generator)
            old_images, old_labels = _draw(replay, replay_count, generator)
            images = augment(torch.cat([own_images, old_images]), augmentation, generator=generator)
            images = images.contiguous(memory_format=torch.channels_last)  # a quarter faster on processors
            logits = network(images)
            with torch.no_grad():
                taught = teacher(images[own_count:])
            loss = F.cross_entropy(logits, torch.cat([own_labels, old_labels]))
            loss = loss + settings.teaching * _compare(logits[own_count:], taught)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), MOST_NORM)
            optimizer.step()
            schedule.step()
            on_step(step + 1, settings.steps)
    network.eval()


def _draw(data: LabelledImages, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw digits, every class alike often: (count, 1, 28, 28) float32 ink in [0, 1], (count,) labels."""
    counts = np.bincount(data.labels)
    weights = torch.from_numpy(1.0 / counts[data.labels])
    places = torch.multinomial(weights, count, replacement=True, generator=generator).numpy()
    images = torch.from_numpy(data.images[places]).unsqueeze(1).float().div_(255)
    return images, torch.from_numpy(data.labels[places])


def _compare(logits: Tensor, taught: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence from what the teacher says, mean over digits."""
    return F.kl_div(logits.log_softmax(1), taught.softmax(1), reduction="batchmean")


def _mix(old: nn.Module, new: nn.Module, share: float) -> nn.Module:
    """Return a network whose weights lie between two others that began as the same."""
    mixed = copy.deepcopy(old)
    weights = new.state_dict()
    with torch.no_grad():
        for name, value in mixed.state_dict().items():
            if value.is_floating_point():
                value.lerp_(weights[name], share)
    return mixed.eval()


def _judge(network: nn.Module, data: LabelledImages) -> float:
    """Return the accuracy."""
    logits = compute_logits(network, torch.from_numpy(np.ascontiguousarray(data.images)))
    return float((logits.argmax(1).numpy() == data.labels).mean())
