"""Views of rings and bars, which networks learn in seconds."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from inkdigits.training.detect.pages import PagePool

MakePool = Callable[..., PagePool]


def draw_pool(count: int = 8, *, seed: int = 0) -> PagePool:
    """Rings (0) and bars (1) on small views."""
    rng = np.random.default_rng(seed)
    views = np.zeros((count, 64, 96), np.uint8)
    boxes, labels, pages = [], [], []
    for n in range(count):
        for x in (10, 40, 70):
            label = int(rng.integers(2))
            if label:
                cv2.rectangle(views[n], (x + 5, 20), (x + 7, 43), 255, -1)
                boxes.append((x + 5, 20, 3, 24))
            else:
                cv2.ellipse(views[n], (x + 7, 32), (7, 11), 0, 0, 360, 255, 2)
                boxes.append((x, 20, 15, 24))
            labels.append(label)
            pages.append(n)
    return PagePool(
        views, np.array(boxes, np.float32), np.array(labels, np.int64), np.array(pages, np.int64),
        ("",) * count, ("strip",) * count,
    )  # fmt: skip


@pytest.fixture
def make_pool() -> MakePool:
    """Return what draws a pool: `make_pool(count, seed=...)`."""
    return draw_pool
