"""A map of glyphs: those that look alike lie close together.

Owns: the coordinates. Leaves to others: the picture of the map.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.types import Ink

MOST_POINTS = 2000
"""Points of a map: t-SNE takes about 8 s for so many by one thread, and more would hide each other."""
COMPONENTS = 50
"""Principal components that t-SNE gets, as van der Maaten and Hinton advise (JMLR 9, 2008, section 4.2)."""
PERPLEXITY = 30.0
"""Middle of the range, 5 to 50, that they found to matter little."""
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Embedding:
    """Places of some glyphs on two maps.

    Attributes:
        indices: (K,) int64 positions of the glyphs in their set, rising.
        pca: (K, 2) float64, the first two principal components.
        explained: Share of the variance that these two hold, in [0, 1].
        tsne: (K, 2) float64; None where scikit-learn is not installed or there are too few glyphs.
    """

    indices: npt.NDArray[np.int64]
    pca: Points
    explained: float
    tsne: Points | None


def embed_glyphs(forms: Ink, *, most: int = MOST_POINTS, seed: int = 0) -> Embedding:
    """Lay glyphs out on maps.

    Args:
        forms: (N, 28, 28) float32 in [0, 1], N at least 2; all of them fix the principal components.
        most: Most glyphs on the map; a random choice where there are more.
        seed: Equal seeds give equal maps.
    """
    rng = np.random.default_rng(seed)
    indices = np.sort(rng.permutation(len(forms))[:most]).astype(np.int64)
    axes, mean, shares = find_components(forms, count=min(COMPONENTS, forms[0].size))
    chosen = (forms[indices].reshape(len(indices), -1) - mean) @ axes.T  # (K, 784) -> (K, 50)
    return Embedding(
        indices=indices,
        pca=chosen[:, :2],
        explained=float(shares[:2].sum()),
        tsne=_embed_tsne(chosen, seed=seed),
    )


def find_components(forms: Ink, *, count: int) -> tuple[Points, Points, Points]:
    """Return the principal components of glyphs, by the eigenvectors of their covariance.

    Args:
        forms: (N, H, W) float32.
        count: How many components.

    Returns:
        Axes (count, H*W), the largest first, each with its largest entry positive; mean (H*W,); share of the
        variance on each axis (count,).
    """
    rows = forms.reshape(len(forms), -1)
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean.astype(np.float32)
    variances, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = vectors[:, ::-1][:, :count].T
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(count), largest])
    shares = variances[::-1][:count] / max(variances.sum(), 1e-12)
    return axes * signs[:, None], mean, shares


def _embed_tsne(points: Points, *, seed: int) -> Points | None:
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    if perplexity < 2 or importlib.util.find_spec("sklearn") is None:
        return None
    from sklearn.manifold import TSNE

    made: Points = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(
        points.astype(np.float32)
    )
    return made.astype(np.float64)
