"""Which augmentation helps against ground, specks and stray strokes, and what does it cost on clean digits?

    INKDIGITS_DATA=/where/the/data/are python benchmarks/disturb_helps.py --write
    ... --train-size 2000 --seeds 1                       # only tries the script

A small network learns MNIST with the shipped model's changes of place, then with noise, a ground, clutter and
random filters in addition, each alone and all together. 1,000 digits cut from the training part judge, clean and
under the fifteen corruptions of MNIST-C. Such figures chose what `latin` is trained with; test digits are not
opened. None of the changes copies a corruption, but choosing by them is choosing by them: `robustness.py` says so.
"""

from __future__ import annotations

import argparse
import statistics
import textwrap
from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
import torch

from _machine import describe_machine
from _output import to_table, write_results
from inkdigits.cli.console import follow
from inkdigits.evaluation.robustness import CLEAN, CONDITIONS, corrupt_digits, draw_digits
from inkdigits.training.builtin import load_builtin_recipe
from inkdigits.training.data import load_training_data
from inkdigits.training.loop import Trainer, build_network, compute_logits
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import AugmentSection
from inkdigits.types import Gray, LabelledImages

PLACES = AugmentSection(
    rotation_deg=12, scale=0.1, aspect=0.15, shear=0.25, shift_px=1.5, elastic_px=0.7, thickness_px=1,
    blur_px=0.5, contrast=0.2,
)  # fmt: skip
WAYS: Mapping[str, Mapping[str, float]] = {
    "changes of place, blur and contrast": {},
    "and noise": {"noise": 0.15},
    "and a ground": {"ground": 0.6},
    "and clutter": {"clutter": 0.4},
    "and random filters": {"filtering": 0.4},
    "and all four": {"noise": 0.15, "ground": 0.6, "clutter": 0.4, "filtering": 0.4},
}
STEP = "the first, its ground taken off before"
JUDGES, EPOCHS, WIDER_THAN_PENS_PX = 1000, 4, 11
WORDS = """Written by `python benchmarks/disturb_helps.py --write`. Wrong answers in % of `cnn-fast` ({epochs}
epochs on {learned:,} digits, seeds: {seeds}) on {judges:,} digits cut from MNIST's training part,
clean and under the fifteen corruptions. Last row: before the first network sees a picture,
everything wider than {px} px is taken off (a white top-hat); clean digits come through it
unchanged. It mends ground alone, in each runtime anew. What `cnn-fast` loses under "translate" is
its own: it leaves out the border."""


def main() -> None:
    options = parse_options()
    data = replace(load_builtin_recipe("cnn-fast").data, train_size=options.train_size)
    train, validation = load_training_data(data)
    judges = draw_digits(validation, JUDGES)
    corrupted = {name: corrupt_digits(judges, name).images for name in follow(list(CONDITIONS), "Corrupting")}
    errors: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        for way, strengths in follow(list(WAYS.items()), f"Training, seed {seed}"):
            network = learn(replace(PLACES, **strengths), seed, train, validation)
            errors.setdefault(way, []).append(judge(network, corrupted, judges))
            if not strengths:
                flat = {
                    name: np.stack([take_off_ground(i) for i in seen]) for name, seen in corrupted.items()
                }
                errors.setdefault(STEP, []).append(judge(network, flat, judges))
    section = make_section(
        {way: errors[way] for way in (*WAYS, STEP)}, learned=len(train), seeds=options.seeds
    )
    print(section)
    if options.write:
        write_results("disturb-helps", section)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare augmentations by corrupted digits.")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--train-size", type=int, default=30_000, help="0 means all")
    parser.add_argument("--write", action="store_true", help="write the section of docs/results.md")
    return parser.parse_args()


def learn(
    augment: AugmentSection, seed: int, train: LabelledImages, validation: LabelledImages
) -> torch.nn.Module:
    base = load_builtin_recipe("cnn-fast")
    settings = replace(
        base.train, epochs=EPOCHS, learning_rate=0.2, label_smoothing=0.0, ema_decay=0.99, seed=seed
    )
    recipe: Recipe = replace(base, augment=augment, train=settings)
    network = build_network(recipe, classes=10)
    return Trainer(network, recipe, train=train, validation=validation).fit().network


def judge(network: torch.nn.Module, seen: Mapping[str, Gray], judges: LabelledImages) -> dict[str, float]:
    """Return the share of wrong answers under each condition."""
    answers = {name: compute_logits(network, torch.from_numpy(images)) for name, images in seen.items()}
    return {
        name: float((logits.argmax(1).numpy() != judges.labels).mean()) for name, logits in answers.items()
    }


def take_off_ground(image: Gray) -> Gray:
    """Take off what is wider than any pen, and let the ink reach white again."""
    margin = WIDER_THAN_PENS_PX
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    square = np.ones((WIDER_THAN_PENS_PX, WIDER_THAN_PENS_PX), np.uint8)
    ground = cv2.GaussianBlur(cv2.morphologyEx(padded, cv2.MORPH_OPEN, square), (0, 0), 2)
    ground = ground[margin:-margin, margin:-margin].astype(np.float32)
    if not ground.any():
        return image
    ink = (image - ground) * 255 / np.maximum(255 - ground, 51)
    flat: Gray = np.rint(np.clip(ink, 0, 255)).astype(np.uint8)
    return flat


def make_section(errors: Mapping[str, list[dict[str, float]]], *, learned: int, seeds: int) -> str:
    names = [name for name in CONDITIONS if name != CLEAN]
    shown = [CLEAN, "mean", *names]
    rows = [["trained with", *(name.replace("_", " ") for name in shown)]]
    for way, runs in errors.items():
        means = {name: statistics.fmean(run[name] for run in runs) for name in CONDITIONS}
        means["mean"] = statistics.fmean(means[name] for name in names)
        rows.append([way, *(f"{100 * means[name]:.1f}" for name in shown)])
    words = WORDS.format(epochs=EPOCHS, learned=learned, seeds=seeds, judges=JUDGES, px=WIDER_THAN_PENS_PX)
    machine = ", ".join(f"{name} {value}" for name, value in describe_machine().items())
    return "\n".join(
        [
            "## Augmentation against corruption",
            "",
            textwrap.fill(" ".join(words.split()), 116),
            "",
            *to_table(rows),
            "",
            f"Machine: {machine}.",
        ]
    )


if __name__ == "__main__":
    main()
