"""What scikit-learn has fitted, as the arrays that scorers take.

Owns: unpacking support vector machines and trees. Leaves to others: fitting (`classical`), arithmetic (`scorers`).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt


def spread_coefficients(
    dual: npt.NDArray[np.float64], counts: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Turn libsvm's packed coefficients into one column for each pair.

    Args:
        dual: (C - 1, S); the support vectors stand class by class, and row r of one of class c belongs to its
            pair with class r (r < c) or r + 1.
        counts: (C,) support vectors of each class.

    Returns:
        (S, P) coefficients, 0 where a vector takes no part.
    """
    ends = np.cumsum(counts)
    starts = ends - counts
    pairs = list(combinations(range(len(counts)), 2))
    spread = np.zeros((dual.shape[1], len(pairs)))
    for pair, (first, second) in enumerate(pairs):
        for own, other in ((first, second - 1), (second, first)):
            span = slice(starts[own], ends[own])
            spread[span, pair] = dual[other, span]
    return spread


def flatten_trees(trees: list[Any]) -> dict[str, npt.NDArray[Any]]:
    """Put the nodes of all trees into one list, inner nodes before leaves; see `ForestScorer`.

    Args:
        trees: scikit-learn's `tree_` objects.
    """
    is_leaf = [tree.children_left < 0 for tree in trees]
    # A first inner node that nobody reaches keeps the list from being empty where all trees are bare leaves.
    inner_before = 1 + np.cumsum([0, *(int((~leaf).sum()) for leaf in is_leaf)])
    inner_count = int(inner_before[-1])
    leaf_before = inner_count + np.cumsum([0, *(int(leaf.sum()) for leaf in is_leaf)])
    roots, feature, threshold, children, shares = (
        [],
        [np.zeros(1, int)],
        [np.zeros(1)],
        [np.zeros(2, int)],
        [],
    )
    for tree, leaf, inner_start, leaf_start in zip(
        trees, is_leaf, inner_before[:-1], leaf_before[:-1], strict=True
    ):
        number = np.where(leaf, leaf_start + np.cumsum(leaf) - 1, inner_start + np.cumsum(~leaf) - 1)
        roots.append(number[0])
        feature.append(tree.feature[~leaf])
        threshold.append(tree.threshold[~leaf])
        both = np.stack([tree.children_left[~leaf], tree.children_right[~leaf]], axis=1)
        children.append(number[both].ravel())
        votes = tree.value[leaf][:, 0]
        shares.append(votes / votes.sum(axis=1, keepdims=True))
    return {
        "roots": np.asarray(roots, np.int64),
        "feature": np.concatenate(feature).astype(np.int64),
        "threshold": _round_down(np.concatenate(threshold)),
        "branches": np.concatenate(children).astype(np.int64),
        "shares": np.concatenate(shares).astype(np.float32),
        "depth": np.asarray(max(tree.max_depth for tree in trees)),
    }


def _round_down(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the largest float32 that is not above: `x <= t` then answers as in double precision."""
    nearest = values.astype(np.float32)
    return np.where(nearest > values, np.nextafter(nearest, np.float32(-np.inf)), nearest)
