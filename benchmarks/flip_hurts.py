"""Does mirroring digits help or hurt?

    python benchmarks/flip_hurts.py
    python benchmarks/flip_hurts.py --train-size 2000 --seeds 1   # only tries the script

The compact network learns MNIST for two passes, with nothing but mirroring as augmentation: none, half of the
digits left to right, half top to bottom, and both; three seeds each. 5,000 digits cut from the training part judge.
Test digits are not opened.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import Counter
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from _machine import describe_machine
from inkdigits.training.data import load_training_data
from inkdigits.training.loop import Trainer, build_network
from inkdigits.training.recipe import Recipe
from inkdigits.training.sections import AugmentSection, DataSection, TrainSection
from inkdigits.types import LabelledImages

BASE = Recipe(data=DataSection(sets=("mnist",), validation_size=5000), train=TrainSection(epochs=2))
WAYS = {
    "none": AugmentSection(),
    "left to right": AugmentSection(flip_horizontal=0.5),
    "top to bottom": AugmentSection(flip_vertical=0.5),
    "both": AugmentSection(flip_horizontal=0.5, flip_vertical=0.5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare training with and without mirrored digits.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train-size", type=int, default=0, help="0 means all")
    options = parser.parse_args()
    train, validation = load_training_data(replace(BASE.data, train_size=options.train_size))
    print(json.dumps(describe_machine() | {"torch": version("torch")}))
    print(f"{len(train)} digits to learn, {len(validation)} to judge, {options.seeds} seeds\n")
    print(
        f"{'mirrored':15} {'accuracy':>9} {'spread':>7} {'errors':>7}   most frequent (true as answer)",
        flush=True,
    )
    for way, augment in WAYS.items():
        recipe = replace(BASE, augment=augment)
        answers = [learn(recipe, seed, train, validation) for seed in range(options.seeds)]
        print_way(way, answers, validation)


def learn(
    recipe: Recipe, seed: int, train: LabelledImages, validation: LabelledImages
) -> npt.NDArray[np.int64]:
    """Return the answers for the validation digits, (N,)."""
    chosen = replace(recipe, train=replace(recipe.train, seed=seed))
    network = build_network(chosen, classes=10)
    result = Trainer(network, chosen, train=train, validation=validation).fit()
    answers: npt.NDArray[np.int64] = result.validation_logits.argmax(1).numpy()
    return answers


def print_way(way: str, answers: list[npt.NDArray[np.int64]], validation: LabelledImages) -> None:
    shares = [float((answer == validation.labels).mean()) for answer in answers]
    spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
    mistakes: Counter[tuple[int, int]] = Counter()
    for answer in answers:
        wrong = answer != validation.labels
        mistakes.update(zip(validation.labels[wrong].tolist(), answer[wrong].tolist(), strict=True))
    errors = sum(mistakes.values()) / len(answers)
    worst = ", ".join(
        f"{true} as {got}: {n / len(answers):.1f}" for (true, got), n in mistakes.most_common(4)
    )
    print(f"{way:15} {statistics.fmean(shares):9.2%} {spread:7.2%} {errors:7.1f}   {worst}", flush=True)


if __name__ == "__main__":
    main()
