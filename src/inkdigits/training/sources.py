"""Where training digits come from, each set brought into the form that the reader gives the network.

Owns: what is done to a set before it is learned from, and the digits that the pen simulator writes. Leaves to
others: files (`inkdigits.datasets`), the 28x28 form (`inkdigits.ink`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.datasets import load_dataset
from inkdigits.datasets.pens import PENS, render_sign
from inkdigits.datasets.permitted import (
    CHARACTERS,
    FOREIGN_DIGITS,
    load_foreign_digits,
    load_permitted_characters,
    load_permitted_nist,
    load_permitted_symbols,
)
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_free_writer
from inkdigits.ink import SIZE_PX, normalize_glyph, normalize_images
from inkdigits.training.fakes import PEN_FAKES, write_fakes
from inkdigits.training.scenes import SCENES, cut_scenes
from inkdigits.types import LabelledImages

PEN_SIMULATOR = "pen-simulator"
SYNTH_CROPS = "synth-crops"
CLASSES = (*"0123456789", NO_DIGIT)
PEN_DIGITS = 40_000
PEN_SEED = 20
DIGITS_A_WRITER = 10
HEIGHT_PX = (40, 90)  # pixels of one digit height; the range of digits on photographs of single digits


def load_source(name: str) -> LabelledImages:
    """Load what a set gives to learn from, 28x28, in the form that the reader gives the network.

    Args:
        name: A data set of digits, "pen-simulator", or "synth-crops" (synthetic pages, cut as the reader does).

    Returns:
        (N, 28, 28) uint8 images with labels; sets that are in MNIST's form already come unchanged.

    Raises:
        DataError: If the set is unknown, absent or damaged.
    """
    special = _SPECIAL.get(name)
    data = special() if special else load_dataset(name, "train")
    return bring_into_form(data)


def bring_into_form(data: LabelledImages) -> LabelledImages:
    """Return the digits as 28x28 pictures in MNIST's form, as `Model.fit` takes them.

    Args:
        data: (N, H, W) uint8, ink bright; pictures that are 28x28 already come unchanged.
    """
    if data.images.shape[1:] == (SIZE_PX, SIZE_PX):
        return data
    forms = normalize_images(data.images)
    return replace(data, images=np.rint(forms * 255).astype(np.uint8))


def write_pen_digits(count: int = PEN_DIGITS, *, seed: int = PEN_SEED) -> LabelledImages:
    """Let the pen simulator write digits, ten by each writer, with every kind of pen.

    Args:
        count: How many.
        seed: The same seed gives the same digits.

    Returns:
        (count, 28, 28) uint8, normalised as the reader does it.
    """
    rng = np.random.default_rng(seed)
    pens = list(PENS.values())
    images = np.zeros((count, SIZE_PX, SIZE_PX), np.uint8)
    labels = np.arange(count, dtype=np.int64) % 10
    for index, label in enumerate(labels):
        if index % DIGITS_A_WRITER == 0:
            style, pen = make_free_writer(rng), pens[int(rng.integers(len(pens)))]
        strokes = make_strokes(str(label), rng=rng, style=style)
        ink = render_sign(strokes, height_px=int(rng.integers(*HEIGHT_PX)), rng=rng, style=style, pen=pen)
        images[index] = np.rint(normalize_glyph(ink / ink.max()) * 255)
    return LabelledImages(images, labels, tuple("0123456789"), name=PEN_SIMULATOR)


def _load_optdigits() -> LabelledImages:
    """The 32x32 bitmaps; the 8x8 counts are made of the same digits."""
    return load_dataset("optdigits", "train32x32")


def load_non_digits(name: str) -> LabelledImages:
    """Load glyphs that are no digits, 28x28, all of the class "none".

    Args:
        name: A data set whose licence permits training, "pen-fakes" (letters and more by simulated pens) or
            "scenes" (what is cut out of pictures of things, made by code).

    Returns:
        (N, 28, 28) uint8 images; every label is 10.

    Raises:
        DataError: If the set is unknown, absent or damaged.
    """
    if name == PEN_FAKES:
        return write_fakes()
    if name == SCENES:
        return cut_scenes()
    if name == "hasy-symbols":
        data = load_permitted_symbols()
    elif name == CHARACTERS:
        data = load_permitted_characters()
    elif name in FOREIGN_DIGITS:
        data = load_foreign_digits(name)
    else:
        data = load_dataset(name, "train")
    images = np.rint(normalize_images(data.images) * 255).astype(np.uint8)
    labels = np.full(len(images), len(CLASSES) - 1, np.int64)
    return LabelledImages(images, labels, CLASSES, name=f"non-digits of {name}")


def _cut_crops() -> LabelledImages:
    from inkdigits.training.crops import make_many_crops  # drags in fonts and textures

    return make_many_crops()


_SPECIAL: Mapping[str, Callable[[], LabelledImages]] = {
    PEN_SIMULATOR: write_pen_digits,
    SYNTH_CROPS: _cut_crops,
    "nist-raw": load_permitted_nist,
    "optdigits": _load_optdigits,
}
