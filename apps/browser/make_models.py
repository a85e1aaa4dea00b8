"""Makes what the browser app reads with: two ONNX models, and test vectors that the Python reader answered.

    python apps/browser/make_models.py

`public/models/page.onnx` finds digits on a picture, `public/models/glyph.onnx` tells which digit one is; both hold
their own normalisation. `tests/vectors.json` holds pictures with the text that `inkdigits.Reader` reads from them.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx

from inkdigits import Reader, load_classifier
from inkdigits.bundles.bundle import FOLDER
from inkdigits.datasets.pens import PENS, render_ink
from inkdigits.datasets.strokes import make_strokes, make_writer
from inkdigits.export.page_graph import halve_weights, write_page_model
from inkdigits.export.recogniser import Form, Source
from inkdigits.export.to_onnx import write_onnx
from inkdigits.types import Gray

APP = Path(__file__).parent
EXAMPLES = APP.parent.parent / "examples"
DRAWN = ("7", "3", "0", "1", "2", "4", "5", "6", "8", "9", "42", "1984", "360", "5071")
PAGES = ("digit.png", "postal-code.png", "blank.png")
MOST_PX = 480


def main() -> None:
    models = APP / "public" / "models"
    models.mkdir(parents=True, exist_ok=True)
    write_page_model(FOLDER / "detectors" / "detector.onnx", models / "page.onnx")
    write_glyph_model(models / "glyph.onnx")
    vectors = make_vectors()
    (APP / "tests" / "vectors.json").write_text(json.dumps(vectors), encoding="utf-8")
    for path in sorted(models.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    print(f"{len(vectors)} vectors: {', '.join(repr(vector['text']) for vector in vectors)}")


def write_glyph_model(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        write_onnx(Source.open(load_classifier("latin").path), Form.picture, full)
        model = onnx.load(str(full))
    halve_weights(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def make_vectors() -> list[dict[str, Any]]:
    """Return pictures as base64 of their grey values, with what the Python reader says."""
    reader = Reader()
    pictures = {f"drawn {text}": draw(text, seed=seed) for seed, text in enumerate(DRAWN)}
    for name in PAGES:
        gray = cv2.imread(str(EXAMPLES / name), cv2.IMREAD_GRAYSCALE)
        scale = min(1.0, MOST_PX / max(gray.shape))
        pictures[name] = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(
            np.uint8
        )
    return [
        {
            "name": name,
            "height": gray.shape[0],
            "width": gray.shape[1],
            "gray": base64.b64encode(gray.tobytes()).decode(),
            "text": reader.read(gray).text,
        }
        for name, gray in pictures.items()
    ]


def draw(text: str, *, seed: int) -> Gray:
    """Write a number as the app's canvas shows it: dark ink on white, 480x320."""
    rng = np.random.default_rng(seed)
    style = make_writer(rng)
    height = 190 if len(text) == 1 else 110
    strokes = [stroke.moved(scale=height, x=50, y=60) for stroke in make_strokes(text, rng=rng, style=style)]
    ink = render_ink(strokes, (320, 480), rng=rng, pen=PENS["felt"], width_px=9)
    return np.rint(255 * (1 - ink)).astype(np.uint8)


if __name__ == "__main__":
    main()
