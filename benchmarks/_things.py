"""Pictures of things without any number: crops of photographs that come with libraries, and scenes made by code.

The photographs: a palace and a flower that come with scikit-learn, and a portrait that comes with matplotlib; those
that come with scikit-image where it is installed (extra `bench`). Nothing was trained on any of them. The scenes
come from the generator that the networks learned from, with other seeds.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from _cases import Array, Case
from inkdigits.datasets.synth.scenes import draw_scene

SIZES_PX = (28, 32, 48, 64, 96, 128, 200, 256)
PICTURES = 300
LEAST_PART = 0.2
"""Smallest crop, as part of the photograph's shorter side."""
MORE_PHOTOS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "coins.png", "color.png",
    "grass.png", "gravel.png", "horse.png", "hubble_deep_field.jpg", "ihc.png", "microaneurysms.png", "moon.png",
    "motorcycle_left.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""Of scikit-image; its pictures of text, of a clock, a ring-shaped phantom, and a logo like an S are left out."""


def has_more_photos() -> bool:
    """Whether scikit-image is installed."""
    return find_spec("skimage") is not None


def make_photo_cases() -> list[Case]:
    """Return crops of three photographs, each (S, S, 3) or (S, S) uint8."""
    import matplotlib as mpl
    from sklearn.datasets import load_sample_images

    photos = dict(zip(("china", "flower"), load_sample_images().images, strict=True))
    photos["hopper"] = _load(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    return _crop(photos, seed=1)


def make_more_photo_cases() -> list[Case]:
    """Return crops of scikit-image's photographs, as above."""
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    return _crop({name: _load(folder / name) for name in MORE_PHOTOS}, seed=2)


def make_scene_cases() -> list[Case]:
    """Return scenes made by code, (S, S) uint8."""
    return [
        Case(f"scene-{index}", draw_scene(np.random.default_rng([9000, index]), (size, size)), "")
        for index, size in enumerate(SIZES_PX[i % len(SIZES_PX)] for i in range(PICTURES))
    ]


def _load(path: Path) -> Array:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None, path
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _crop(photos: dict[str, Array], *, seed: int) -> list[Case]:
    """Cut squares of all sizes out of photographs in turn; every second one is grey."""
    rng = np.random.default_rng(seed)
    cases = []
    for index in range(PICTURES):
        name = list(photos)[index % len(photos)]
        photo = photos[name]
        height, width = photo.shape[:2]
        side = int(rng.integers(int(LEAST_PART * min(height, width)), min(height, width) + 1))
        y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        size = SIZES_PX[int(rng.integers(len(SIZES_PX)))]
        crop = cv2.resize(photo[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA)
        crop = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) if rng.random() < 0.5 else crop
        cases.append(Case(f"{name}-{index}", np.asarray(crop, np.uint8), "", group=name))
    return cases
