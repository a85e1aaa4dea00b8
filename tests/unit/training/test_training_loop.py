from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inkdigits.errors import OutputError, RecipeError, UsageError
from inkdigits.training.log import EpochRecord, QuietListener
from inkdigits.training.loop import (
    NOTE_NAME,
    RECIPE_NAME,
    Trainer,
    TrainingResult,
    build_network,
    compute_logits,
    make_optimizer,
)
from inkdigits.training.recipe import Recipe, load_recipe
from inkdigits.training.sections import AugmentSection, ModelSection, TrainSection
from inkdigits.types import LabelledImages

CLASSES = 4
NANO = Recipe(
    model=ModelSection("cnn-nano", {"dropout": 0.1}),
    augment=AugmentSection(shift_px=1, elastic_px=0.5, noise=0.1),
    train=TrainSection(epochs=3, batch_size=32, learning_rate=0.05, ema_decay=0.9, precision="float32"),
)


def make_blobs(count: int, *, seed: int) -> LabelledImages:
    """A soft blob in one of four corners; noise on top."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    rows, columns = np.mgrid[:28, :28]
    centers = np.array([(8, 8), (8, 20), (20, 8), (20, 20)])[labels] + generator.normal(0, 1.5, (count, 2))
    distance = (rows - centers[:, 0, None, None]) ** 2 + (columns - centers[:, 1, None, None]) ** 2
    images = 200 * np.exp(-distance / 18) + generator.uniform(0, 50, (count, 28, 28))
    return LabelledImages(
        images.astype(np.uint8), labels.astype(np.int64), ("a", "b", "c", "d"), name="blobs"
    )


TRAIN, VALIDATION = make_blobs(200, seed=0), make_blobs(60, seed=1)


class StopAfter(QuietListener):
    """Plays Ctrl-C at one step."""

    def __init__(self, *, epoch: int, step: int) -> None:
        self._moment = (epoch, step)

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        if (epoch, step) == self._moment:
            raise KeyboardInterrupt


class Recorder(QuietListener):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self, history: Sequence[EpochRecord], *, epochs: int, steps_per_epoch: int) -> None:
        self.heard.append(f"begin {len(history)} {epochs} {steps_per_epoch}")

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        self.heard.append(f"step {epoch} {step}")

    def take_epoch(self, record: EpochRecord) -> None:
        self.heard.append(f"epoch {record.epoch}")

    def end(self) -> None:
        self.heard.append("end")


def make_trainer(
    recipe: Recipe, folder: Path | None = None, *, listener: QuietListener | None = None
) -> Trainer:
    return Trainer(
        build_network(recipe, classes=CLASSES),
        recipe,
        train=TRAIN,
        validation=VALIDATION,
        folder=folder,
        listener=listener,
        device=torch.device("cpu"),
    )


def without_time(result: TrainingResult) -> list[EpochRecord]:
    return [replace(record, seconds=0) for record in result.history]


def assert_same(first: TrainingResult, second: TrainingResult) -> None:
    assert without_time(first) == without_time(second)
    assert first.best_epoch == second.best_epoch
    weights = zip(first.network.state_dict().values(), second.network.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)
    assert torch.equal(first.validation_logits, second.validation_logits)


def test_it_learns() -> None:
    result = make_trainer(NANO).fit()
    assert result.history[-1].validation_accuracy > 0.95
    assert result.history[-1].validation_loss < result.history[0].validation_loss
    assert result.validation_logits.shape == (60, CLASSES)
    assert not result.network.training
    images = torch.from_numpy(VALIDATION.images)
    assert torch.equal(compute_logits(result.network, images), result.validation_logits)


@pytest.mark.parametrize(
    "train",
    [
        TrainSection(optimizer="adam", schedule="constant", learning_rate=0.01, targets="one-hot"),
        TrainSection(optimizer="adamw", schedule="cosine", learning_rate=0.01, label_smoothing=0.1),
        TrainSection(optimizer="sgd", nesterov=False, momentum=0, clip_norm=1.0, precision="bfloat16"),
    ],
    ids=lambda section: section.optimizer,
)
def test_every_way_of_training_learns(train: TrainSection) -> None:
    recipe = replace(NANO, train=replace(train, epochs=3, batch_size=16))
    assert make_trainer(recipe).fit().history[-1].validation_accuracy > 0.9


def test_mixup_learns_too() -> None:
    recipe = replace(NANO, augment=AugmentSection(mixup=0.4), train=replace(NANO.train, batch_size=16))
    assert make_trainer(recipe).fit().history[-1].validation_accuracy > 0.9


def test_index_and_one_hot_targets_are_the_same_loss() -> None:
    runs = [
        make_trainer(replace(NANO, train=replace(NANO.train, epochs=1, targets=form))).fit()
        for form in ("index", "one-hot")
    ]
    assert runs[0].history[0].train_loss == pytest.approx(runs[1].history[0].train_loss, rel=1e-4)


def test_the_same_seed_gives_the_same_model_and_another_does_not() -> None:
    first, second = make_trainer(NANO).fit(), make_trainer(NANO).fit()
    assert_same(first, second)
    other = make_trainer(replace(NANO, train=replace(NANO.train, seed=1))).fit()
    assert not torch.equal(first.validation_logits, other.validation_logits)


def test_training_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    make_trainer(replace(NANO, train=replace(NANO.train, epochs=1))).fit()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("epoch", "step"), [(1, 2), (2, 1), (3, 6)])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, epoch: int, step: int) -> None:
    whole = make_trainer(NANO, tmp_path / "whole").fit()
    folder = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        make_trainer(NANO, folder, listener=StopAfter(epoch=epoch, step=step)).fit()
    if epoch > 1:
        assert f"{epoch - 1} of 3 epochs" in (folder / NOTE_NAME).read_text()
    recorder = Recorder()
    torch.rand(7)  # whatever else the process did in between must not matter
    resumed = make_trainer(NANO, folder, listener=recorder).fit()
    assert_same(resumed, whole)
    assert recorder.heard[0] == f"begin {epoch - 1} 3 6"
    assert not (folder / NOTE_NAME).exists()
    assert [row["epoch"] for row in read_log(folder)] == ["1", "2", "3"]


def test_early_stopping_is_resumed_exactly_too(tmp_path: Path) -> None:
    recipe = replace(NANO, train=replace(NANO.train, epochs=4, early_stopping_patience=2, ema_decay=0.0))
    whole = make_trainer(recipe).fit()
    with pytest.raises(KeyboardInterrupt):
        make_trainer(recipe, tmp_path, listener=StopAfter(epoch=3, step=1)).fit()
    assert_same(make_trainer(recipe, tmp_path).fit(), whole)


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = make_trainer(NANO, tmp_path).fit()
    recorder = Recorder()
    again = make_trainer(NANO, tmp_path, listener=recorder).fit()
    assert recorder.heard == ["begin 3 3 6", "end"]
    assert_same(first, again)


def test_restart_ignores_the_checkpoint(tmp_path: Path) -> None:
    make_trainer(NANO, tmp_path).fit()
    recorder = Recorder()
    other = replace(NANO, train=replace(NANO.train, epochs=1))
    make_trainer(other, tmp_path, listener=recorder).fit(restart=True)
    assert recorder.heard[0] == "begin 0 1 6"
    assert load_recipe(tmp_path / RECIPE_NAME) == other


def test_listeners_hear_every_step_and_the_end() -> None:
    recorder = Recorder()
    make_trainer(replace(NANO, train=replace(NANO.train, epochs=1)), listener=recorder).fit()
    assert recorder.heard == ["begin 0 1 6", *(f"step 1 {step}" for step in range(1, 7)), "epoch 1", "end"]


def test_a_checkpoint_of_another_recipe_or_other_data_is_refused(tmp_path: Path) -> None:
    make_trainer(replace(NANO, train=replace(NANO.train, epochs=1)), tmp_path).fit()
    with pytest.raises(UsageError, match="another recipe"):
        make_trainer(NANO, tmp_path).fit()
    one_epoch = replace(NANO, train=replace(NANO.train, epochs=1))
    network = build_network(one_epoch, classes=CLASSES)
    other = make_blobs(200, seed=9)
    trainer = Trainer(network, one_epoch, train=other, validation=VALIDATION, folder=tmp_path)
    with pytest.raises(UsageError, match="other data"):
        trainer.fit()


class Fixed(nn.Module):
    """Gives the same answer to all; learning class 0 takes it away from class 1."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, ink: Tensor) -> Tensor:
        return self.bias.expand(len(ink), CLASSES)


def make_constant(count: int, label: int) -> LabelledImages:
    images = np.zeros((count, 28, 28), np.uint8)
    return LabelledImages(images, np.full(count, label, np.int64), ("a", "b", "c", "d"))


def test_early_stopping_restores_the_best_weights() -> None:
    settings = TrainSection(
        epochs=50, batch_size=8, schedule="constant", early_stopping_patience=3, nesterov=False, momentum=0
    )
    trainer = Trainer(
        Fixed(), Recipe(train=settings), train=make_constant(8, 0), validation=make_constant(4, 1)
    )
    result = trainer.fit()
    # Each step serves class 0 and harms class 1, so the first epoch stays the best.
    losses = [record.validation_loss for record in result.history]
    assert losses == sorted(losses)
    assert len(losses) == 4
    assert result.best_epoch == 1
    loss = nn.functional.cross_entropy(result.validation_logits, torch.ones(4, dtype=torch.int64))
    assert loss.item() == pytest.approx(losses[0])


def test_without_patience_the_last_weights_are_kept() -> None:
    settings = TrainSection(epochs=3, batch_size=8, schedule="constant")
    trainer = Trainer(
        Fixed(), Recipe(train=settings), train=make_constant(8, 0), validation=make_constant(4, 1)
    )
    assert trainer.fit().best_epoch == 3


def test_a_diverging_run_says_what_to_do() -> None:
    recipe = replace(NANO, train=replace(NANO.train, learning_rate=100.0, optimizer="sgd", clip_norm=0))
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 500), nn.Linear(500, 500), nn.Linear(500, CLASSES))
    trainer = Trainer(network, recipe, train=TRAIN, validation=VALIDATION)
    with pytest.raises(RecipeError, match="learning_rate"):
        trainer.fit()


def test_too_few_digits_are_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        Trainer(Fixed(), Recipe(), train=make_constant(1, 0), validation=make_constant(4, 1))
    with pytest.raises(UsageError, match="too few"):
        Trainer(Fixed(), Recipe(), train=make_constant(8, 0), validation=make_constant(0, 1))


def test_a_small_set_makes_one_smaller_batch() -> None:
    recipe = replace(NANO, train=replace(NANO.train, epochs=1, batch_size=512))
    recorder = Recorder()
    make_trainer(recipe, listener=recorder).fit()
    assert recorder.heard[0] == "begin 0 1 1"


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError):
        make_trainer(NANO, tmp_path / "taken").fit()


def test_weight_decay_spares_norms_and_biases() -> None:
    network = build_network(NANO, classes=CLASSES)
    decayed, spared = make_optimizer(network, TrainSection(weight_decay=0.1)).param_groups
    assert decayed["weight_decay"] == 0.1
    assert spared["weight_decay"] == 0
    assert all(weight.ndim > 1 for weight in decayed["params"])
    counted = sum(weight.numel() for weight in itertools.chain(decayed["params"], spared["params"]))
    assert counted == sum(weight.numel() for weight in network.parameters())


def test_the_log_holds_one_row_for_each_epoch(tmp_path: Path) -> None:
    result = make_trainer(NANO, tmp_path).fit()
    rows = read_log(tmp_path)
    assert [float(row["validation_loss"]) for row in rows] == [
        record.validation_loss for record in result.history
    ]


def read_log(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))
