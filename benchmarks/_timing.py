"""How long one digit, a strip and a page take: medians of warm, repeated calls."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from _cases import Array
from _rules import Score
from inkdigits import Reader
from inkdigits.datasets import load_dataset
from inkdigits.ink import normalize_images

REPEATS = 50
SLOW_REPEATS = 15
WARM_UPS = 3


def time_reader(reader: Reader) -> dict[str, Score]:
    """Return the median of milliseconds for each kind of picture; `count` is the number of repeats."""
    digit = load_dataset("mnist", "test").images[7]
    form = normalize_images(digit[None])
    strip, page = (
        make_page((100, 300), rows=1, columns=5, seed=0),
        make_page((700, 1000), rows=10, columns=15, seed=0),
    )
    return {
        "28x28, the Reader": _measure(lambda: reader.read(digit), repeats=REPEATS),
        "28x28, the classifier alone": _measure(
            lambda: reader.classifier.predict_proba(form), repeats=REPEATS
        ),
        f"300x100, 5 digits ({_count(reader, strip)} read)": _measure(
            lambda: reader.read(strip), repeats=REPEATS
        ),
        f"1000x700, 150 digits ({_count(reader, page)} read)": _measure(
            lambda: reader.read(page), repeats=SLOW_REPEATS
        ),
    }


def make_page(size: tuple[int, int], *, rows: int, columns: int, seed: int) -> Array:
    """Paste MNIST test digits on grey paper with a little grain.

    Args:
        size: (height, width), pixels.
        rows: Lines of writing.
        columns: Digits in a line.
        seed: Which digits, and the grain.
    """
    rng = np.random.default_rng(seed)
    digits = load_dataset("mnist", "test").images
    page = rng.normal(225, 3, size)
    height, width = size[0] / rows, size[1] / columns
    zoom = max(1, int(min(height, width) / 28))
    for index in range(rows * columns):
        glyph = np.kron(digits[rng.integers(len(digits))], np.ones((zoom, zoom)))
        top = int((index // columns + 0.5) * height - glyph.shape[0] / 2)
        left = int((index % columns + 0.5) * width - glyph.shape[1] / 2)
        page[top : top + glyph.shape[0], left : left + glyph.shape[1]] -= 0.75 * glyph
    return np.clip(page, 0, 255).astype(np.uint8)


def _measure(call: Callable[[], object], *, repeats: int) -> Score:
    for _ in range(WARM_UPS):
        call()
    times = []
    for _ in range(repeats):
        start_s = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start_s))
    return Score(repeats, statistics.median(times))


def _count(reader: Reader, picture: Array) -> int:
    return len(reader.read(picture).digits)
