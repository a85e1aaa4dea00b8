"""The Keras half of speed_vs_keras.py; needs NumPy and Keras only, so that it can live in another environment.

    python benchmarks/_keras_half.py DIGITS.npz SEEDS EPOCHS

Prints one line of JSON. The network and the call are those of the tutorials: three convolutions with 32, 64 and
64 maps, two poolings, 64 dense units, Adam, batches of 32, `model.fit`.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

KerasModel: TypeAlias = Any
Images: TypeAlias = np.ndarray[Any, Any]

BATCH = 32
CALLS = 50
RUNS = 3


def main() -> None:
    digits_path, seeds, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the other half computes on the processor, too
    start_s = time.perf_counter()
    keras = import_module("keras")
    keras.ops.zeros(1)  # the backend comes in with the first use
    import_s = time.perf_counter() - start_s
    with np.load(digits_path) as archive:
        digits = {name: archive[name] for name in archive.files}
    for part in ("train", "validation", "test"):
        digits[part] = digits[part][..., None].astype("float32") / 255
    runs: list[dict[str, float]] = []
    model: KerasModel = None
    for seed in range(seeds):
        run, model = train(keras, digits, seed=seed, epochs=epochs)
        print(f"Keras, seed {seed}: {run}", file=sys.stderr, flush=True)
        runs.append(run)
    print(
        json.dumps({"import_s": import_s, "runs": runs, **predict(model, digits["test"]), **versions(keras)})
    )


def train(
    keras: ModuleType, digits: dict[str, Images], *, seed: int, epochs: int
) -> tuple[dict[str, float], KerasModel]:
    keras.utils.set_random_seed(seed)
    start_s, start_processor_s = time.perf_counter(), time.process_time()
    model = make_model(keras)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(digits["train"], digits["train_labels"], epochs=epochs, batch_size=BATCH, verbose=0)
    seconds, processor_s = time.perf_counter() - start_s, time.process_time() - start_processor_s
    judged = {
        f"{part}_accuracy": float(model.evaluate(digits[part], digits[f"{part}_labels"], verbose=0)[1])
        for part in ("validation", "test")
    }
    return {"seconds": seconds, "processor_s": processor_s, **judged}, model


def make_model(keras: ModuleType) -> KerasModel:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def predict(model: KerasModel, images: Images) -> dict[str, float]:
    one = images[:1]
    return {
        "predict_one_ms": 1000 * measure(lambda: model.predict(one, verbose=0), calls=CALLS),
        "call_one_ms": 1000 * measure(lambda: np.asarray(model(one)), calls=CALLS),
        "predict_all_s": measure(lambda: model.predict(images, verbose=0), calls=RUNS),
    }


def measure(call: Callable[[], object], *, calls: int) -> float:
    """Return the median of seconds; the first call, which builds the graph, doesn't count."""
    call()
    seconds = []
    for _ in range(calls):
        start_s = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start_s)
    return statistics.median(seconds)


def versions(keras: ModuleType) -> dict[str, str]:
    backend = keras.backend.backend()
    return {"keras": keras.__version__, backend: import_module(backend).__version__}


if __name__ == "__main__":
    main()
