"""How much faster than Keras, on the same digits, on this machine, in one run?

    pip install 'inkdigits[train,bench]'
    python benchmarks/speed_vs_keras.py
    python benchmarks/speed_vs_keras.py --keras-python OTHER/bin/python   # TensorFlow in another environment

Training: Keras trains the tutorial network as its users write it (5 epochs, batches of 32, `model.fit`); the mean
accuracy that it ends with on the validation digits is the goal. Ours trains by the recipe cnn-fast, one pass with
one rise and fall of the rate; every seed has to reach the goal. Seconds run from arrays in memory to the last step:
building the network counts, on both sides; judging does not, nor do imports, which stand apart below. The 50,000
digits to learn and the 10,000 that judge are cut from MNIST's training part; the test part is looked at once, after
everything, and decides nothing.

Run it on a quiet machine: beside other programs that held the two cores, the seconds of our half grew from 2.4 to
38, and its processor time, which is shown too, from 3.8 to 33 (with one thread: 2.1).

Prediction: the same network, and those that ship, by ONNX Runtime (one thread for one digit, all cores for all of
them) against `model.predict` and `model(...)`, which use all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo  # the first optimizer of a process would import it: that is no part of training

from _machine import describe_machine
from inkdigits import load_classifier
from inkdigits.bundles import list_bundles
from inkdigits.datasets import load_dataset
from inkdigits.export.onnx import BundleFacts, export_classifier
from inkdigits.models import make_network
from inkdigits.training.builtin import load_builtin_recipe
from inkdigits.training.data import load_training_data
from inkdigits.training.log import QuietListener
from inkdigits.training.loop import Trainer, build_network, compute_logits
from inkdigits.training.recipe import Recipe, override_recipe
from inkdigits.types import Classifier, LabelledImages

ROOT = Path(__file__).parent.parent
VALIDATION_SIZE = 10_000
TRAINING_BAR, PREDICTION_BAR = 20, 100
CALLS, RUNS = 1000, 3


@dataclass(frozen=True)
class Run:
    seconds: float
    processor_s: float
    validation_accuracy: float
    test_accuracy: float


class Clock(QuietListener):
    """Remembers when the last step was done: what comes after it is judging."""

    last_s = last_processor_s = 0.0

    def take_step(self, *, epoch: int, step: int, loss: float) -> None:
        self.last_s, self.last_processor_s = time.perf_counter(), time.process_time()


def main() -> None:
    options = parse_options()
    recipe = override_recipe(load_builtin_recipe("cnn-fast"), train_size=options.train_size)
    recipe = replace(recipe, data=replace(recipe.data, validation_size=VALIDATION_SIZE))
    train, validation = load_training_data(recipe.data)
    test = load_dataset("mnist", "test")
    print(json.dumps(describe_machine() | {"torch": version("torch")}))
    print(f"{len(train)} digits to learn, {len(validation)} to judge; {options.seeds} seeds\n", flush=True)
    keras = run_keras(options, train, validation, test)
    print(json.dumps({name: value for name, value in keras.items() if isinstance(value, str)}), flush=True)
    theirs = [Run(**run) for run in keras["runs"]]
    ours = [run_ours(recipe, seed, train, validation, test) for seed in range(options.seeds)]
    print_training(theirs, ours)
    print_prediction(keras, test.images)
    print_imports(keras)
    print("\nTest part, looked at after everything (mean over seeds; it decides nothing):")
    for name, runs in (("Keras", theirs), ("ours", ours)):
        print(f"  {name:6} {statistics.fmean(run.test_accuracy for run in runs):8.2%}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare training and prediction with Keras.")
    parser.add_argument("--keras-python", default=sys.executable, help="interpreter that has TensorFlow")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="of Keras")
    parser.add_argument("--train-size", type=int, default=0, help="0 means all; fewer only try the script")
    return parser.parse_args()


def run_keras(
    options: argparse.Namespace, train: LabelledImages, validation: LabelledImages, test: LabelledImages
) -> dict[str, Any]:
    """Let the other half train and predict, alone on the machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        parts = {"train": train, "validation": validation, "test": test}
        arrays = {name: part.images for name, part in parts.items()}
        labels = {f"{name}_labels": part.labels for name, part in parts.items()}
        np.savez(path, allow_pickle=False, **arrays, **labels)
        half = ROOT / "benchmarks" / "_keras_half.py"
        command = [options.keras_python, half, path, str(options.seeds), str(options.epochs)]
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        sys.exit("The Keras half failed; is TensorFlow in that environment? See --keras-python.")
    result: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return result


def run_ours(
    recipe: Recipe, seed: int, train: LabelledImages, validation: LabelledImages, test: LabelledImages
) -> Run:
    chosen = override_recipe(recipe, seed=seed)
    clock = Clock()
    start_s, start_processor_s = time.perf_counter(), time.process_time()
    network = build_network(chosen, classes=10)
    result = Trainer(network, chosen, train=train, validation=validation, listener=clock).fit()
    seconds, processor_s = clock.last_s - start_s, clock.last_processor_s - start_processor_s
    answers = compute_logits(result.network, torch.from_numpy(test.images)).argmax(1).numpy()
    right = float((answers == test.labels).mean())
    return Run(seconds, processor_s, result.history[-1].validation_accuracy, right)


def print_training(theirs: list[Run], ours: list[Run]) -> None:
    goal = statistics.fmean(run.validation_accuracy for run in theirs)
    reached = sum(run.validation_accuracy >= goal for run in ours)
    print(
        "\nTraining: seconds (median; min to max), seconds of all cores' work (median), "
        "accuracy on the validation digits (mean; min to max)"
    )
    for name, runs in (("Keras", theirs), ("ours", ours)):
        seconds = sorted(run.seconds for run in runs)
        right = sorted(run.validation_accuracy for run in runs)
        work_s = statistics.median(run.processor_s for run in runs)
        print(
            f"  {name:6} {statistics.median(seconds):8.2f} s  ({seconds[0]:.2f} to {seconds[-1]:.2f})   "
            f"{work_s:8.2f} s   {statistics.fmean(right):.2%}  ({right[0]:.2%} to {right[-1]:.2%})"
        )
    ratio = statistics.median(r.seconds for r in theirs) / statistics.median(r.seconds for r in ours)
    work = statistics.median(r.processor_s for r in theirs) / statistics.median(r.processor_s for r in ours)
    print(f"  {reached} of {len(ours)} seeds reach Keras' mean of {goal:.2%}; of processor time 1/{work:.1f}")
    print_bar(ratio if reached == len(ours) else 0.0, TRAINING_BAR)


def print_prediction(keras: dict[str, Any], images: np.ndarray[Any, Any]) -> None:
    print("\nOne digit, median ms; all test digits, s:")
    one_ms, all_s = keras["predict_one_ms"], keras["predict_all_s"]
    print(f"  {'Keras, model.predict':34} {one_ms:9.3f} {all_s:9.3f}")
    print(f"  {'Keras, model(...)':34} {keras['call_one_ms']:9.3f}")
    slowest = 0.0
    for name, one, many in make_classifiers():
        ms = 1000 * measure(lambda c=one: c.predict_proba(images[:1]), calls=CALLS)  # type: ignore[misc]
        seconds = measure(lambda c=many: c.predict_proba(images), calls=RUNS)  # type: ignore[misc]
        print(
            f"  {name:34} {ms:9.3f} {seconds:9.3f}   {one_ms / ms:6.0f} and {all_s / seconds:.1f} times faster"
        )
        slowest = max(slowest, ms)
    print_bar(one_ms / slowest, PREDICTION_BAR)


def make_classifiers() -> list[tuple[str, Classifier, Classifier]]:
    """Return the tutorial's own network, which takes as long with any weights, and those that ship.

    Each with one thread and with as many as there are cores.
    """
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tutorial.onnx"
        export_classifier(make_network("cnn-tutorial"), path, BundleFacts("tutorial", tuple("0123456789")))
        same = load_classifier(path), load_classifier(path, threads=cores)
    shipped = [
        (f"ours, {name}, which ships", load_classifier(name), load_classifier(name, threads=cores))
        for name in list_bundles()
    ]
    return [("ours, the tutorial's network", *same), *shipped]


def print_imports(keras: dict[str, Any]) -> None:
    ours = [time_import("import inkdigits.bundles") for _ in range(RUNS)]
    training = [time_import("import inkdigits.training.loop, torch._dynamo") for _ in range(RUNS)]
    print("\nImport, s:")
    print(f"  {'Keras':34} {keras['import_s']:9.3f}")
    print(f"  {'ours, to predict':34} {statistics.median(ours):9.3f}")
    print(f"  {'ours, to train (torch)':34} {statistics.median(training):9.3f}")


def time_import(statement: str) -> float:
    code = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(answer.stdout)


def print_bar(ratio: float, bar: int) -> None:
    verdict = "met" if ratio >= bar else "MISSED"
    how = f"1/{ratio:.1f}" if ratio else "the accuracy was not reached"
    print(f"  bar: 1/{bar} of Keras' time: {verdict} ({how})")


def measure(call: Callable[[], object], *, calls: int) -> float:
    """Return the median of seconds after a first call."""
    call()
    seconds = []
    for _ in range(calls):
        start_s = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start_s)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
