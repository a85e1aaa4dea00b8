"""Glyphs that a reader cuts out of pictures of things: no digits, whatever they look like.

Owns: how many of which sizes. Leaves to others: the pictures (datasets.synth.scenes), what is cut out of them
(finding), the 28x28 form (ink).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.datasets.synth.scenes import draw_scene
from inkdigits.errors import EmptyInkError
from inkdigits.finding import Components
from inkdigits.images import load_pages
from inkdigits.ink import SIZE_PX, normalize_glyph
from inkdigits.training.workers import map_processes
from inkdigits.types import LabelledImages

SCENES: Final = "scenes"
GLYPHS: Final = 24_000
SEED: Final = 80
SIDES_PX: Final = (20, 260)
"""Shortest and longest side of a picture; half of them are smaller than the geometric mean, 72."""
MOST_OF_ONE: Final = 3
"""Glyphs of one picture: large ones hold hundreds that are alike."""
_CHUNK: Final = 1000


def cut_scenes(count: int = GLYPHS, *, seed: int = SEED, workers: int | None = None) -> LabelledImages:
    """Cut glyphs out of pictures of things, in several processes.

    Args:
        count: How many, rounded up to whole chunks.
        seed: The same seed gives the same glyphs.
        workers: Processes; None takes one for each processor. Their number changes nothing.

    Returns:
        (count, 28, 28) uint8, normalised as the reader does it, all of the class "none".
    """
    seeds = [(seed, index) for index in range(-(-count // _CHUNK))]
    images = np.concatenate(map_processes(_cut_chunk, seeds, workers=workers))[:count]
    names = (*"0123456789", NO_DIGIT)
    return LabelledImages(images, np.full(count, len(names) - 1, np.int64), names, name=SCENES)


def _cut_chunk(seed: tuple[int, int]) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    rng = np.random.default_rng(seed)
    images = np.zeros((_CHUNK, SIZE_PX, SIZE_PX), np.uint8)
    done = 0
    while done < _CHUNK:
        side = float(np.exp(rng.uniform(*np.log(SIDES_PX))))
        size = (round(side), round(side * float(np.exp(rng.normal(0, 0.15)))))
        glyphs = Components(load_pages(draw_scene(rng, size))[0], 0).glyphs
        for index in rng.permutation(len(glyphs))[:MOST_OF_ONE]:
            try:
                form = normalize_glyph(glyphs[index].ink)
            except EmptyInkError:
                continue
            if done < _CHUNK:
                images[done] = np.rint(form * 255)
                done += 1
    return images
