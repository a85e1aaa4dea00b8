"""Rows of MNIST's test digits, level and turned: made by code, dark on paper with a little noise.

The digits keep their own size and stand a quarter of their height apart, more or less; their row runs up or down by
the turn.
"""

from __future__ import annotations

import cv2
import numpy as np

from _cases import Array, Case
from inkdigits.datasets import load_dataset

TURNS_DEG = (0, 4, 8, 12, 16, 20)
ROWS, SEED = 100, 3  # of each turn; every second one runs downhill
DIGITS = 5
ENLARGED = 3  # digits of 20 pixels
GAP = (0.17, 0.33)  # of their height
INK, PAPER, NOISE = 45, 243, 3.0
MARGIN = 48
PEN = 60  # of 255, from which a pixel belongs to a digit


def make_row_cases() -> list[Case]:
    """Return 100 rows for each turn, each (H, W) uint8; the same digits for every turn."""
    digits = load_dataset("mnist", "test")
    cases = []
    for degrees in TURNS_DEG:
        rng = np.random.default_rng(SEED)
        for index in range(ROWS):
            chosen = rng.integers(len(digits), size=DIGITS)
            ink = _write([digits.images[i] for i in chosen], rng)
            picture = PAPER - ink.astype(np.float64) / 255 * (PAPER - INK)
            noisy = np.clip(picture + rng.normal(0, NOISE, picture.shape), 0, 255).astype(np.uint8)
            truth = "".join(str(digits.labels[i]) for i in chosen)
            turned = _turn(noisy, degrees * (-1) ** index)
            cases.append(Case(f"{index:03d}-{truth}-{degrees}", turned, truth, group=f"{degrees} degrees"))
    return cases


def _write(images: list[Array], rng: np.random.Generator) -> Array:
    height = ENLARGED * 20
    tight = [_enlarge(image) for image in images]
    gaps = [round(height * float(rng.uniform(*GAP))) for _ in tight]
    width = sum(image.shape[1] for image in tight) + sum(gaps)
    page = np.zeros((height + 2 * MARGIN, width + 2 * MARGIN), np.uint8)
    x = MARGIN
    for image, gap in zip(tight, gaps, strict=True):
        y = (page.shape[0] - image.shape[0]) // 2 + round(float(rng.normal(0, 0.03 * height)))
        page[y : y + image.shape[0], x : x + image.shape[1]] = image
        x += image.shape[1] + gap
    return page


def _enlarge(image: Array) -> Array:
    rows, columns = np.flatnonzero(image.max(axis=1) > PEN), np.flatnonzero(image.max(axis=0) > PEN)
    tight = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = ENLARGED * tight.shape[1], ENLARGED * tight.shape[0]
    return np.asarray(cv2.resize(tight, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _turn(picture: Array, degrees: float) -> Array:
    height, width = picture.shape
    cos, sin = np.cos(np.radians(degrees)), abs(np.sin(np.radians(degrees)))
    rows, columns = round(height * cos + width * sin), round(width * cos + height * sin)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    matrix[:, 2] += (columns - width) / 2, (rows - height) / 2
    turned = cv2.warpAffine(picture, matrix, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)
