"""Maps of glyphs against scikit-learn's."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from sklearn.decomposition import PCA

from inkdigits.evaluation.embedding import embed_glyphs, find_components
from inkdigits.types import Ink, LabelledImages


@pytest.fixture(scope="module")
def forms(small_digits: LabelledImages) -> Ink:
    made: Ink = small_digits.images.astype(np.float32) / np.float32(255)
    return made


def test_components_equal_those_of_scikit_learn(forms: Ink) -> None:
    axes, mean, shares = find_components(forms, count=5)
    expected = PCA(5, svd_solver="full").fit(forms.reshape(len(forms), -1))
    np.testing.assert_allclose(shares, expected.explained_variance_ratio_, rtol=1e-3)
    np.testing.assert_allclose(mean, expected.mean_, atol=1e-5)
    cosines = np.abs((axes * expected.components_).sum(axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-3)
    largest = np.abs(axes).argmax(axis=1)
    assert (axes[np.arange(5), largest] > 0).all()


def test_maps_keep_classes_together(forms: Ink, small_digits: LabelledImages) -> None:
    made = embed_glyphs(forms, most=150)
    assert made.pca.shape == (150, 2)
    assert made.tsne is not None
    assert (np.diff(made.indices) > 0).all()
    assert 0.1 < made.explained < 0.6
    labels = small_digits.labels[made.indices]
    distance = np.linalg.norm(made.tsne[:, None] - made.tsne[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (labels[distance.argmin(axis=1)] == labels).mean() > 0.85


def test_equal_seeds_make_equal_maps(forms: Ink) -> None:
    first, second = (embed_glyphs(forms, most=40, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.indices, second.indices)
    np.testing.assert_array_equal(first.tsne, second.tsne)


def test_few_glyphs_or_no_library_leave_principal_components(
    forms: Ink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embed_glyphs(forms[:5]).tsne is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    made = embed_glyphs(forms, most=40)
    assert made.tsne is None
    assert made.pca.shape == (40, 2)
