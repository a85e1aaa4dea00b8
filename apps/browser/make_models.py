"""Makes what the browser app reads with: the reader's own networks, its constants, and pictures that it answered.

    python apps/browser/make_models.py

`public/models/` gets the three bundles that `inkdigits.Reader` opens, byte for byte. `src/constants.json` gets the
constants of the modules that the app repeats in TypeScript, so that the two can't drift apart; a constant that is
gone is an error of the compiler. `tests/vectors.json` holds pictures with the digits that the reader finds on them,
`tests/steps.json` what the networks are shown of one of them: the app must find the same to the last bits.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import shutil
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from inkdigits import Reader, Reading, load_classifier
from inkdigits.bundles.bundle import FOLDER
from inkdigits.bundles.detector import load_detector
from inkdigits.bundles.region import load_regions
from inkdigits.datasets.pens import PENS, render_ink
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_writer
from inkdigits.files import write_text
from inkdigits.ink import extract_ink, make_view
from inkdigits.ink.assemble import assemble
from inkdigits.ink.places import Candidate, Shape
from inkdigits.ink.region import cut_regions
from inkdigits.reader import DEFAULT_MODEL
from inkdigits.types import Box, Digit, Gray

APP = Path(__file__).parent
EXAMPLES = APP.parent.parent / "examples"
NETWORKS = {
    "classifier": FOLDER / f"{DEFAULT_MODEL}.onnx",
    "detector": FOLDER / "detectors" / "detector.onnx",
    "regions": FOLDER / "detectors" / "regions.onnx",
}
MODULES = (
    "bundles.detector", "deciding", "finding", "ink.binarize", "ink.contrast", "ink.cut", "ink.glyphs",
    "ink.grouping", "ink.marks", "ink.normalize", "ink.places", "ink.region", "ink.rules", "ink.scale",
    "ink.slashes", "ink.tables", "ink.tight", "ink.view", "ink.words", "letters", "levelling", "looking", "reader",
    "reconsidering", "unseen",
)  # fmt: skip
DRAWN = ("7", "3", "0", "1", "2", "4", "5", "6", "8", "9", "42", "1984", "360", "5071")
MARKED = ("12.50", "3,75", "-42", "20-50", "7/4/1999", "27/12/2016")
SMALL = ("7", "2", "8", "5")
LINES = 300
LONG = 5  # longer numbers are written smaller
SHAPES: tuple[Shape, ...] = ("speck", "speck", "piece", "dash")
PAGES = ("digit.png", "postal-code.png", "blank.png", "list.png")
MOST_PX = 1000


def main() -> None:
    """Write all four."""
    models = APP / "public" / "models"
    shutil.rmtree(models, ignore_errors=True)
    models.mkdir(parents=True)
    for name, path in NETWORKS.items():
        shutil.copyfile(path, models / f"{name}.onnx")
    write_text(APP / "src" / "constants.json", json.dumps(collect_constants(), indent=1) + "\n")
    vectors = make_vectors()
    write_text(APP / "tests" / "vectors.json", json.dumps(vectors))
    write_text(APP / "tests" / "steps.json", json.dumps(make_steps()))
    for path in sorted(models.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    print(f"{len(vectors)} vectors: {', '.join(repr(vector['text']) for vector in vectors)}")


def collect_constants() -> dict[str, Any]:
    """Return module -> name -> value, and what the bundles say about their answers."""
    classifier = load_classifier(DEFAULT_MODEL)
    return {
        **{name: dict(find_constants(import_module(f"inkdigits.{name}"))) for name in MODULES},
        "labels": list(classifier.labels),
        "marks": list(load_detector().marks),
        "temperatures": {
            "classifier": classifier.metadata.temperature,
            "regions": load_regions().metadata.temperature,
        },
    }


def find_constants(module: ModuleType) -> Iterable[tuple[str, Any]]:
    """Yield numbers, and what is made of numbers, under names in capitals."""
    for name, value in vars(module).items():
        if name.isupper() and not name.startswith("_"):
            plain = to_plain(value)
            if plain is not None:
                yield name, plain


def to_plain(value: object) -> Any:  # noqa: ANN401
    """Return a value as JSON has it; None for what holds no numbers."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple) and all(isinstance(item, int | float) for item in value):
        return list(value)
    if isinstance(value, dict) and all(isinstance(item, int | float) for item in value.values()):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.asdict(value)
        return fields if all(isinstance(item, int | float) for item in fields.values()) else None
    return None


def make_vectors() -> list[dict[str, Any]]:
    """Return pictures as base64 of their grey values, with what the Python reader says."""
    reader = Reader()
    pictures = {f"drawn {text}": draw(text, seed=seed) for seed, text in enumerate(DRAWN)}
    pictures |= {f"drawn {text}": draw(text, seed=seed) for seed, text in enumerate(MARKED)}
    pictures["turned 5071"] = turn_picture(pictures["drawn 5071"], degrees=14)
    pictures["light on dark"] = (255 - pictures["drawn 42"]).astype(np.uint8)
    for text in SMALL:
        height, width = pictures[f"drawn {text}"].shape
        size = width * 48 // height, 48
        pictures[f"small {text}"] = cv2.resize(
            pictures[f"drawn {text}"], size, interpolation=cv2.INTER_AREA
        ).astype(np.uint8)
    for name in PAGES:
        gray = cv2.imread(str(EXAMPLES / name), cv2.IMREAD_GRAYSCALE)
        scale = min(1.0, MOST_PX / max(gray.shape))
        pictures[name] = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(
            np.uint8
        )
    return [make_vector(name, gray, reader.read(gray)) for name, gray in pictures.items()]


def turn_picture(gray: Gray, *, degrees: float) -> Gray:
    """Return a picture whose writing runs uphill."""
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    return cv2.warpAffine(gray, matrix, (width, height), borderValue=(255,)).astype(np.uint8)


def make_steps() -> dict[str, Any]:
    """Return what the networks are shown of a small photograph of a 5: ink, view, regions; floats as base64."""
    gray = cv2.resize(255 - draw("5", seed=11), (97, 65), interpolation=cv2.INTER_AREA).astype(np.uint8)
    gray = np.clip(gray + np.random.default_rng(0).integers(-6, 7, gray.shape), 0, 255).astype(np.uint8)
    page = extract_ink(gray)
    view = make_view(page, scale=0.37)
    boxes = [(20.3, 11.7, 13.1, 22.9), (-3.2, 30.4, 31.6, 9.5)]
    arrays = {"ink": page.ink, "view": view, "regions": cut_regions(view, boxes)}
    return {
        "height": gray.shape[0],
        "width": gray.shape[1],
        "gray": base64.b64encode(gray.tobytes()).decode(),
        "scale": 0.37,
        "boxes": boxes,
        "lines": [make_line(np.random.default_rng(seed)) for seed in range(LINES)],
        **{name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()},
    }


def make_line(rng: np.random.Generator) -> dict[str, Any]:
    """Return made digits with ink between them that may be marks, and what they are put together to."""
    digits: list[Digit] = []
    candidates: list[Candidate] = []
    x = 50
    for _ in range(int(rng.integers(1, 11))):
        width, height = int(rng.integers(8, 44)), int(rng.choice([30, 50, 54, 60, 70]))
        box = Box(x, 150 - height + int(rng.integers(-6, 7)), width, height)
        label = str(rng.choice(list("0112345678")))
        digits.append(Digit(label, float(rng.uniform(0.5, 1)), box))
        if label in "17" and rng.random() < 0.7:
            slant, thickness = float(rng.uniform(8, 45)), float(rng.uniform(0.03, 0.2))
            candidates.append(Candidate(box, "stroke", slant_deg=slant, thickness=thickness))
        x += width + int(rng.integers(0, 60))
        if rng.random() < 0.1:  # a colon
            side = int(rng.integers(4, 9))
            candidates += [Candidate(Box(x + 4, y, side, side), "speck") for y in (120, 142)]
            x += 16
        if rng.random() < 0.4:
            size = int(rng.integers(2, 36)), int(rng.integers(2, 60))
            place = Box(x - int(rng.integers(0, 50)), 150 - int(rng.integers(0, 60)), *size)
            shape, is_sign = SHAPES[int(rng.integers(len(SHAPES)))], rng.random() < 0.1
            candidates.append(
                Candidate(
                    place, "sign" if is_sign else shape, fill=float(rng.uniform(0.2, 1)),
                    label=str(rng.choice(list(".,-/"))) if is_sign else "",
                    probability=float(rng.uniform(0.5, 1)),
                )
            )  # fmt: skip
    made = assemble(digits, candidates=candidates, pen_px=5.0)
    return {
        "digits": [{"label": d.label, "confidence": d.confidence, "box": d.box.to_list()} for d in digits],
        "candidates": [
            {
                "box": item.box.to_list(), "shape": item.shape, "slant": item.slant_deg,
                "thickness": item.thickness, "fill": item.fill, "label": item.label,
                "probability": item.probability,
            }
            for item in candidates
        ],
        "text": Reading(made.numbers).text,
    }  # fmt: skip


def make_vector(name: str, gray: Gray, reading: Reading) -> dict[str, Any]:
    """Return one picture with its answer."""
    return {
        "name": name,
        "height": gray.shape[0],
        "width": gray.shape[1],
        "gray": base64.b64encode(gray.tobytes()).decode(),
        "text": reading.text,
        "digits": [
            {"label": d.label, "confidence": d.confidence, "box": d.box.to_list()} for d in reading.digits
        ],
    }


def draw(text: str, *, seed: int) -> Gray:
    """Write a number as the app's canvas shows it: dark ink on white, 480x320."""
    rng = np.random.default_rng(seed)
    style = make_writer(rng)
    height = 190 if len(text) == 1 else 110 if len(text) <= LONG else 50
    strokes = [stroke.moved(scale=height, x=50, y=60) for stroke in make_strokes(text, rng=rng, style=style)]
    ink = render_ink(strokes, (320, 480), rng=rng, pen=PENS["felt"], width_px=9)
    return np.rint(255 * (1 - ink)).astype(np.uint8)


if __name__ == "__main__":
    main()
