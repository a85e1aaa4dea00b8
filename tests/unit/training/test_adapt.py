"""A network learns one person's hand, keeps what it knew, and is refused where it doesn't."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from inkdigits.datasets import split_train_validation, subset
from inkdigits.errors import UsageError
from inkdigits.models import make_network
from inkdigits.training.adapt import AdaptSettings, ForgettingError, adapt
from inkdigits.training.loop import Trainer
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import AugmentSection, DataSection, ModelSection, TrainSection
from inkdigits.types import LabelledImages

QUICK = AdaptSettings(steps=80, batch_size=64, learning_rate=5e-3)
Parts = tuple[nn.Module, LabelledImages, LabelledImages]


@pytest.fixture(scope="module")
def trained(small_digits: LabelledImages) -> Parts:
    """A small network that knows ordinary digits, those that it knows, and others that judge."""
    known, guard = split_train_validation(small_digits, validation_size=400, seed=0)
    recipe = Recipe(
        model=ModelSection("cnn-nano"),
        data=DataSection(("small",)),
        train=TrainSection(epochs=4, batch_size=32, learning_rate=0.05),
    )
    torch.manual_seed(0)
    result = Trainer(make_network("cnn-nano"), recipe, train=known, validation=guard).fit()
    # Of 400 digits one is a quarter of a point: clear ones judge, so that no luck is needed.
    margin = np.diff(np.sort(result.validation_logits.numpy(), axis=1)[:, -2:])[:, 0]
    clear = np.flatnonzero(result.validation_logits.argmax(1).numpy() == guard.labels)
    clear = clear[np.argsort(-margin[clear])][:200]
    return result.network, known, subset(guard, clear)


def write_own(small_digits: LabelledImages, count: int) -> LabelledImages:
    """A hand in which a 7 looks like everybody's 2, turned upside down."""
    twos = np.flatnonzero(small_digits.labels == 2)[:count]
    images = np.ascontiguousarray(small_digits.images[twos][:, ::-1])
    return LabelledImages(images, np.full(len(twos), 7), small_digits.label_names, name="own")


def test_a_hand_is_learned_and_nothing_forgotten(trained: Parts, small_digits: LabelledImages) -> None:
    network, known, guard = trained
    before = {name: value.clone() for name, value in network.state_dict().items()}
    steps: list[int] = []
    adapted = adapt(
        network,
        own=write_own(small_digits, 40),
        replay=known,
        guard=guard,
        augmentation=AugmentSection(shift_px=1),
        settings=QUICK,
        on_step=lambda done, total: steps.append(done),
    )
    assert adapted.own_before < 0.5
    assert adapted.own_after > 0.9
    assert adapted.guard_before - adapted.guard_after <= 0.001
    assert (adapted.own_count, adapted.is_held_out) == (40, False)
    assert steps == list(range(1, 81))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    norms = [name for name in before if "running_" in name]
    assert norms
    assert all(torch.equal(adapted.network.state_dict()[name], before[name]) for name in norms)


def test_of_many_digits_some_only_judge(trained: Parts, small_digits: LabelledImages) -> None:
    network, known, guard = trained
    own = write_own(small_digits, 100)
    adapted = adapt(
        network, own=own, replay=known, guard=guard, augmentation=AugmentSection(), settings=QUICK
    )
    assert (adapted.own_count, adapted.is_held_out) == (20, True)
    assert adapted.own_after > 0.6


def test_equal_seeds_adapt_alike(trained: Parts, small_digits: LabelledImages) -> None:
    network, known, guard = trained
    own, augmentation = write_own(small_digits, 20), AugmentSection(rotation_deg=5)
    settings = AdaptSettings(steps=3, batch_size=16, learning_rate=1e-4)
    first, second = (
        adapt(network, own=own, replay=known, guard=guard, augmentation=augmentation, settings=settings)
        for _ in range(2)
    )
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name])


def test_forgetting_is_refused(trained: Parts, small_digits: LabelledImages) -> None:
    network, known, guard = trained
    labels = (small_digits.labels + 1) % 10  # whoever corrects so has not understood the page
    wrong = LabelledImages(small_digits.images, labels, small_digits.label_names, name="own")
    settings = AdaptSettings(steps=60, batch_size=64, learning_rate=0.2, own_share=0.9, teaching=0)
    with pytest.raises(ForgettingError, match=r"more than 0\.1 points"):
        adapt(
            network,
            own=subset(wrong, np.arange(0, 1797, 2)),
            replay=known,
            guard=guard,
            augmentation=AugmentSection(),
            settings=settings,
        )


def test_digits_of_each_kind_are_needed(trained: Parts) -> None:
    network, known, guard = trained
    empty = subset(known, np.arange(0))
    for own, replay, judging in ((empty, known, guard), (known, empty, guard), (known, guard, empty)):
        with pytest.raises(UsageError, match="There are no"):
            adapt(network, own=own, replay=replay, guard=judging, augmentation=AugmentSection())
