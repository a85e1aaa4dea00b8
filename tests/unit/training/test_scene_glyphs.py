"""Glyphs out of pictures of things: all of the class "none", the same from any number of processes."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.bundles.metadata import NO_DIGIT
from inkdigits.training import scenes
from inkdigits.training.scenes import cut_scenes
from inkdigits.training.sources import load_non_digits
from inkdigits.types import LabelledImages


@pytest.fixture
def glyphs(monkeypatch: pytest.MonkeyPatch) -> LabelledImages:
    monkeypatch.setattr(scenes, "_CHUNK", 40)
    monkeypatch.setattr(scenes, "map_processes", lambda work, jobs, workers: [work(job) for job in jobs])
    return cut_scenes(100, seed=1)


def test_they_are_glyphs_in_the_form_that_the_reader_gives(glyphs: LabelledImages) -> None:
    assert glyphs.images.shape == (100, 28, 28)
    assert glyphs.images.dtype == np.uint8
    assert (glyphs.images.reshape(100, -1).max(axis=1) > 200).all()
    margins = glyphs.images.copy()
    margins[:, 2:-2, 2:-2] = 0
    assert margins.mean() < 1  # MNIST's form has a margin
    assert {glyphs.label_names[label] for label in glyphs.labels} == {NO_DIGIT}


def test_chunks_have_seeds_of_their_own(glyphs: LabelledImages) -> None:
    assert np.array_equal(cut_scenes(60, seed=1).images, glyphs.images[:60])
    assert not np.array_equal(glyphs.images[:40], glyphs.images[40:80])


def test_a_recipe_can_name_them(monkeypatch: pytest.MonkeyPatch, glyphs: LabelledImages) -> None:
    monkeypatch.setattr("inkdigits.training.sources.cut_scenes", lambda: glyphs)
    assert load_non_digits("scenes") is glyphs
