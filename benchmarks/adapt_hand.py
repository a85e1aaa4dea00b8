"""Does a model learn one person's hand, and what does it forget?

    python benchmarks/adapt_hand.py                       # three invented writers, about a minute each
    python benchmarks/adapt_hand.py --model latin --own 50

Each writer has a slant, a pen and habits of their own (`datasets.pens`), among them a 1 whose flag reaches the
baseline and a crossed 7. The model sees `--own` of the writer's digits through `inkdigits train --continue`, as
corrections; 500 others of the same hand judge. MNIST's test part is only looked at: nothing here chooses by it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from _machine import describe_machine
from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.datasets import load_dataset
from inkdigits.datasets.own import save_own
from inkdigits.datasets.pens import PENS, render_sign
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_writer
from inkdigits.ink import normalize_glyph
from inkdigits.types import LabelledImages

FLAGGED_1, CROSSED_7 = 6, 1  # in `datasets.allographs`
JUDGING = 500
HEIGHT_PX = 60
DIGITS = tuple("0123456789")


def write(count: int, *, writer: int, part: int) -> LabelledImages:
    """Digits of one invented writer, as many of each class; parts share the hand, not the digits."""
    style = make_writer(np.random.default_rng([writer, 0]))
    habits = list(style.habits)
    habits[1], habits[7] = FLAGGED_1, CROSSED_7
    style = replace(style, habits=tuple(habits), fidelity=1.0)
    pen = list(PENS.values())[writer % len(PENS)]
    rng = np.random.default_rng([writer, part])
    labels = np.arange(count, dtype=np.int64) % 10
    images = []
    for label in labels:
        strokes = make_strokes(str(label), rng=rng, style=style)
        ink = render_sign(strokes, height_px=HEIGHT_PX, rng=rng, style=style, pen=pen)
        images.append(np.rint(normalize_glyph(ink / ink.max()) * 255).astype(np.uint8))
    return LabelledImages(np.stack(images), labels, DIGITS, name=f"writer {writer}")


def judge(model: BundleClassifier, data: LabelledImages) -> float:
    """Accuracy in per cent."""
    return 100 * float((model.predict_proba(data.images).argmax(1) == data.labels).mean())


def adapt(model: str, own: LabelledImages, folder: Path) -> tuple[int, str, float]:
    """Run the command; return exit code, what it said, and seconds."""
    save_own(own, folder / "cache" / "corrections" / "corrections.npz")
    command = [sys.executable, "-m", "inkdigits", "train", "--continue", model, "--data", "corrections"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--output", str(folder / "out")],
        env={**os.environ, "INKDIGITS_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr.strip(), time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="latin-mnist")
    parser.add_argument("--own", type=int, default=100, help="digits that are learned from")
    parser.add_argument("--writers", type=int, default=3)
    arguments = parser.parse_args()
    mnist, before = load_dataset("mnist", "test"), load_classifier(arguments.model)
    print(f"{arguments.model}, {arguments.own} digits of each writer; accuracy in per cent, before -> after")
    print(f"{'writer':>6} {'own hand':>16} {'MNIST validation':>18} {'MNIST test':>16} {'seconds':>8}")
    for writer in range(arguments.writers):
        own, judging = (
            write(count, writer=writer, part=part) for part, count in ((1, arguments.own), (2, JUDGING))
        )
        with tempfile.TemporaryDirectory() as name:
            code, said, seconds = adapt(arguments.model, own, Path(name))
            if code:
                print(f"{writer:>6} {judge(before, judging):6.1f} refused ({code}): {said.splitlines()[-1]}")
                continue
            after = BundleClassifier(next(Path(name, "out").glob("*.onnx")))
            metrics = after.metadata.everything["metrics"]
            guard = [100 * metrics[f"mnist_validation_accuracy{end}"] for end in ("_before", "")]
            print(
                f"{writer:>6} {judge(before, judging):6.1f} -> {judge(after, judging):6.1f}"
                f" {guard[0]:7.2f} -> {guard[1]:7.2f} {judge(before, mnist):6.2f} -> {judge(after, mnist):6.2f}"
                f" {seconds:8.0f}",
                flush=True,
            )
    print(json.dumps(describe_machine()))


if __name__ == "__main__":
    main()
