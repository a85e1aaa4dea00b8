"""The loop: a network, a recipe and digits go in; trained weights and a history come out.

Owns: steps, validation, early stopping, interruption and resumption. Leaves to others: the recipe's form,
augmentation, what is shown (`log`), what is exported (`inkdigits.export`).

A run that is stopped and resumed ends with the same weights, bit by bit, as one that went through: after each
epoch the weights, the averages, the optimizer's state and both random states are saved together.

`torch.compile` is left out, since it doesn't help these networks on processors: a step of `cnn` (128 digits,
bfloat16, one core of an AMD EPYC with AVX512-BF16, torch 2.13) took 69 ms of processor time compiled and 49 ms as
it is (best of 15, in turns), and compiling took two minutes. On a graphics card it has not been tried.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from inkdigits.errors import RecipeError, UsageError
from inkdigits.files import write_text
from inkdigits.models import make_network
from inkdigits.training.augment import augment, mixup
from inkdigits.training.average import WeightAverage
from inkdigits.training.checkpoint import CHECKPOINT_NAME, load_checkpoint, save_checkpoint
from inkdigits.training.device import choose_device, choose_dtype
from inkdigits.training.log import LOG_NAME, EpochRecord, Listener, QuietListener, save_log
from inkdigits.training.recipe import Recipe, recipe_from_toml, recipe_to_toml
from inkdigits.training.schedule import compute_learning_rate
from inkdigits.training.sections import TrainSection
from inkdigits.training.teaching import Teachers
from inkdigits.types import LabelledImages

NOTE_NAME: Final = "interrupted.txt"
RECIPE_NAME: Final = "recipe.toml"
_VALIDATION_BATCH: Final = 1000
"""Digits at once where nothing is learned; more of them gain no speed and take memory."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run came to.

    Attributes:
        network: The chosen weights, in evaluation mode, on the processor.
        history: One record for each epoch.
        best_epoch: The epoch whose weights these are.
        validation_logits: (N, C) of `network` for the validation digits.
    """

    network: nn.Module
    history: tuple[EpochRecord, ...]
    best_epoch: int
    validation_logits: Tensor


class Trainer:
    """Trains one network by one recipe.

    Args:
        network: Maps (N, 1, 28, 28) to (N, C); it is moved and changed.
        recipe: Says how.
        train: Digits to learn from.
        validation: Digits to judge by, none of them in `train`.
        folder: Where checkpoint and log go; None keeps nothing.
        listener: Hears how it goes on.
        device: Where to compute; None chooses.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        *,
        train: LabelledImages,
        validation: LabelledImages,
        folder: Path | None = None,
        listener: Listener | None = None,
        device: torch.device | None = None,
    ) -> None:
        if len(train) < 2 or len(validation) < 1:
            raise UsageError(
                f"{len(train)} digits to train on and {len(validation)} to judge by are too few",
                remedy="Choose another data set, or other sizes in the recipe.",
            )
        self._recipe = recipe
        self._folder = folder
        self._listener = listener or QuietListener()
        self._device = device or choose_device()
        self._dtype = choose_dtype(self._device, recipe.train.precision)
        self._network = network.to(self._device)
        # Twice as fast as channels first on processors: the convolutions read whole pixels.
        self._network = self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._images, self._labels = _to_tensors(train, self._device)
        self._validation_images, self._validation_labels = _to_tensors(validation, self._device)
        self._classes = len(train.label_names)
        names = recipe.train.teachers
        self._teachers = Teachers(names, train.label_names) if names else None
        self._batch_size = min(recipe.train.batch_size, len(train))
        self._steps_per_epoch = len(train) // self._batch_size
        self._optimizer = make_optimizer(network, recipe.train)
        self._average: WeightAverage | None = None
        if recipe.train.ema_decay:
            self._average = WeightAverage(self._network, decay=recipe.train.ema_decay)
        self._generator = torch.Generator(self._device).manual_seed(recipe.train.seed)
        self._history: list[EpochRecord] = []
        self._best: dict[str, Any] = {}
        # Which digits, in which order: a checkpoint of other data must not be taken up.
        self._fingerprint = _compute_fingerprint(train, validation)

    def fit(self, *, restart: bool = False) -> TrainingResult:
        """Train until the recipe's end, taking up a checkpoint in the folder if there is one.

        Args:
            restart: Whether to ignore a checkpoint and start anew.

        Raises:
            UsageError: If the checkpoint is damaged or belongs to another recipe or other data.
            RecipeError: If the loss stops being a number.
            KeyboardInterrupt: As it came; by then a note lies beside the checkpoint.
        """
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):  # dropout draws from the global state: leave it as it was
            torch.manual_seed(self._recipe.train.seed)
            if not restart:
                self._resume()
            epochs = self._recipe.train.epochs
            self._listener.begin(self._history, epochs=epochs, steps_per_epoch=self._steps_per_epoch)
            try:
                while len(self._history) < epochs and not self._is_stalled():
                    self._run_epoch(len(self._history) + 1)
            except KeyboardInterrupt:
                self._leave_note()
                raise
            finally:
                self._listener.end()
        return self._conclude()

    def _run_epoch(self, epoch: int) -> None:
        started = time.perf_counter()
        train_loss, train_accuracy = self._learn(epoch)
        judged = self._judged_network()
        logits = compute_logits(judged, self._validation_images)
        record = EpochRecord(
            epoch=epoch,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=F.cross_entropy(logits, self._validation_labels).item(),
            validation_accuracy=(logits.argmax(1) == self._validation_labels).float().mean().item(),
            learning_rate=float(self._optimizer.param_groups[0]["lr"]),
            seconds=time.perf_counter() - started,
        )
        self._history.append(record)
        is_early_stopping = self._recipe.train.early_stopping_patience > 0
        if is_early_stopping and (not self._best or record.validation_loss < self._best["loss"]):
            weights = {name: value.clone() for name, value in judged.state_dict().items()}
            self._best = {"epoch": epoch, "loss": record.validation_loss, "weights": weights}
        self._save()
        self._listener.take_epoch(record)

    def _learn(self, epoch: int) -> tuple[float, float]:
        """Take an epoch's steps; return mean loss and accuracy on the augmented digits."""
        self._network.train()
        order = torch.randperm(len(self._labels), generator=self._generator, device=self._device)
        loss_sum = torch.zeros((), device=self._device)
        correct = torch.zeros((), device=self._device)
        for step in range(self._steps_per_epoch):
            # What does not fill a batch sits out: other digits in each epoch, and batch norm needs company.
            chosen = order[step * self._batch_size : (step + 1) * self._batch_size]
            labels = self._labels[chosen]
            logits, loss = self._take_step(chosen, labels, (epoch - 1) * self._steps_per_epoch + step)
            loss_sum += loss
            correct += (logits.argmax(1) == labels).sum()
            self._listener.take_step(epoch=epoch, step=step + 1, loss=loss.item())
        mean_loss = (loss_sum / self._steps_per_epoch).item()
        if not np.isfinite(mean_loss):
            raise RecipeError(
                f"The loss stopped being a number in epoch {epoch}",
                remedy="Lower train.learning_rate or set train.clip_norm.",
            )
        return mean_loss, (correct / (self._steps_per_epoch * self._batch_size)).item()

    def _take_step(self, chosen: Tensor, labels: Tensor, step: int) -> tuple[Tensor, Tensor]:
        settings = self._recipe.train
        rate = compute_learning_rate(step, steps=self._steps_per_epoch * settings.epochs, settings=settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        images, targets = self._make_batch(chosen, labels)
        use_bfloat16 = self._dtype == torch.bfloat16
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=use_bfloat16):
            logits = self._network(images)
        logits = logits.float()
        loss = F.cross_entropy(logits, targets, label_smoothing=settings.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.clip_norm:
            nn.utils.clip_grad_norm_(self._network.parameters(), settings.clip_norm)
        self._optimizer.step()
        if self._average is not None:
            self._average.update(self._network, step=step)
        return logits.detach(), loss.detach()

    def _make_batch(self, chosen: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return augmented images (B, 1, H, W) and targets, (B,) indices or (B, C) vectors."""
        settings = self._recipe.augment
        images = augment(_to_ink(self._images[chosen]), settings, generator=self._generator)
        targets = labels
        if settings.mixup or self._recipe.train.targets == "one-hot" or self._teachers is not None:
            targets = F.one_hot(labels, self._classes).float()
            images, targets = mixup(images, targets, alpha=settings.mixup, generator=self._generator)
            targets = targets if self._teachers is None else self._teachers.mix(targets, images)
        return images.contiguous(memory_format=torch.channels_last), targets

    def _judged_network(self) -> nn.Module:
        return self._network if self._average is None else self._average.network

    def _is_stalled(self) -> bool:
        patience = self._recipe.train.early_stopping_patience
        return bool(patience and self._best and len(self._history) - self._best["epoch"] >= patience)

    def _conclude(self) -> TrainingResult:
        network = self._judged_network()
        if self._best:
            network.load_state_dict(self._best["weights"])
        if self._folder is not None:
            (self._folder / NOTE_NAME).unlink(missing_ok=True)
        network = network.to("cpu").eval()
        network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        return TrainingResult(
            network=network,
            history=tuple(self._history),
            best_epoch=self._best.get("epoch", len(self._history)),
            validation_logits=compute_logits(network, self._validation_images.cpu()),
        )

    def _save(self) -> None:
        if self._folder is None:
            return
        state = {
            "recipe": recipe_to_toml(self._recipe),
            "data": self._fingerprint,
            "network": self._network.state_dict(),
            "average": self._average.network.state_dict() if self._average else {},
            "optimizer": self._optimizer.state_dict(),
            "best": self._best,
            "history": [asdict(record) for record in self._history],
            "generator": self._generator.get_state(),
            "global_rng": _get_global_state(self._device),
        }
        save_checkpoint(self._folder / CHECKPOINT_NAME, state)
        save_log(self._folder / LOG_NAME, self._history)
        write_text(self._folder / RECIPE_NAME, recipe_to_toml(self._recipe))

    def _resume(self) -> None:
        if self._folder is None or not (self._folder / CHECKPOINT_NAME).exists():
            return
        path = self._folder / CHECKPOINT_NAME
        state = load_checkpoint(path)
        for is_mine, what in (
            (_is_recipe(state.get("recipe"), self._recipe), "another recipe"),
            (state.get("data") == self._fingerprint, "other data"),
        ):
            if not is_mine:
                raise UsageError(
                    f"The checkpoint {path} belongs to {what}",
                    remedy="Start anew with --restart, or choose another --output.",
                )
        try:
            self._restore(state)
        except (KeyError, TypeError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"The checkpoint {path} does not fit this network", remedy="Start anew with --restart."
            ) from error

    def _restore(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        if self._average is not None:
            self._average.network.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._best = state["best"]
        self._history = [EpochRecord(**record) for record in state["history"]]
        self._generator.set_state(state["generator"])
        _set_global_state(self._device, state["global_rng"])

    def _leave_note(self) -> None:
        if self._folder is None or not self._folder.is_dir():
            return
        done, epochs = len(self._history), self._recipe.train.epochs
        note = f"Stopped by hand: {done} of {epochs} epochs are kept. The same command goes on from there.\n"
        write_text(self._folder / NOTE_NAME, note)


def build_network(recipe: Recipe, *, classes: int) -> nn.Module:
    """Return the recipe's network; the recipe's seed alone decides its fresh weights.

    Raises:
        RecipeError: If the model has no such option, or a value is impossible.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.train.seed)
        return make_network(recipe.model.name, classes=classes, **recipe.model.options)


def make_optimizer(network: nn.Module, settings: TrainSection) -> Optimizer:
    """Return the recipe's optimizer; biases and the scales of batch norm are spared weight decay."""
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    spared = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    if settings.optimizer == "adam":
        return Adam(groups, lr=settings.learning_rate)
    if settings.optimizer == "adamw":
        return AdamW(groups, lr=settings.learning_rate)
    return SGD(groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov)


@torch.no_grad()
def compute_logits(network: nn.Module, images: Tensor) -> Tensor:
    """Return logits in evaluation mode: (N, H, W) uint8 -> (N, C) float32."""
    network.eval()
    starts = range(0, len(images), _VALIDATION_BATCH)
    parts = [network(_to_ink(images[start : start + _VALIDATION_BATCH])) for start in starts]
    return torch.cat(parts).float()


def count_parameters(network: nn.Module) -> int:
    """Return the number of trained weights."""
    return sum(weight.numel() for weight in network.parameters())


def _to_tensors(data: LabelledImages, device: torch.device) -> tuple[Tensor, Tensor]:
    images = torch.from_numpy(np.ascontiguousarray(data.images)).to(device)
    return images, torch.from_numpy(np.ascontiguousarray(data.labels)).to(device)


def _to_ink(images: Tensor) -> Tensor:
    """Return ink in [0, 1]: (N, H, W) uint8 -> (N, 1, H, W) float32."""
    return images.unsqueeze(1).float().div_(255)


def _compute_fingerprint(*parts: LabelledImages) -> str:
    checksum = 0
    for part in parts:
        for values in (part.images, part.labels):
            checksum = zlib.crc32(np.ascontiguousarray(values).data, checksum)
    sizes = "+".join(str(len(part)) for part in parts)
    return f"{sizes} digits, CRC {checksum:08x}"


def _is_recipe(text: object, recipe: Recipe) -> bool:
    """Return True if the text stands for the recipe; keys it does not know of have their defaults."""
    try:
        return recipe_from_toml(str(text)) == recipe
    except RecipeError:
        return False


def _get_global_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_global_state(device: torch.device, state: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
