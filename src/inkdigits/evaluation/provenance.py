"""What a model is made of, and whether it has already seen the images that it is judged on.

Owns: reading a bundle's metadata for reports. Leaves to others: the metadata's form (bundles).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from inkdigits.bundles import BundleClassifier
from inkdigits.types import Classifier

JUDGING = ("test", "validation")
"""Beginnings of the names of splits from which recipes don't learn."""


def has_learned(classifier: Classifier, name: str, split: str) -> bool | None:
    """Return True if a model was trained on a part of a set, None if nobody has noted that.

    Args:
        classifier: Any classifier; only bundles tell.
        name: Name of the set, such as "mnist".
        split: Its part, such as "test".
    """
    if not isinstance(classifier, BundleClassifier):
        return None
    if has_learned_as_none(classifier, name):
        return True  # of other scripts, test parts are learned from, too: nobody judges by them
    facts = classifier.metadata.everything
    data = _read_recipe(facts).get("data", {})
    if name not in facts.get("data", []):
        return False
    return not split.startswith(JUDGING) or bool(data.get("pool_test"))


def has_learned_as_none(classifier: Classifier, name: str) -> bool:
    """Return True if a bundle says that it has learned a set as examples of what is no digit.

    Args:
        classifier: Any classifier.
        name: Name of the set.
    """
    if not isinstance(classifier, BundleClassifier):
        return False
    data = _read_recipe(classifier.metadata.everything).get("data", {})
    return name in data.get("non_digits", [])


def describe_model(classifier: Classifier) -> dict[str, Any]:
    """Return what is known of a model, plain JSON types.

    Args:
        classifier: Any classifier.
    """
    if not isinstance(classifier, BundleClassifier):
        return {"type": type(classifier).__name__, "labels": list(classifier.labels)}
    metadata, facts = classifier.metadata, classifier.metadata.everything
    return {
        "name": metadata.name,
        "labels": list(classifier.labels),
        "knows_non_digits": classifier.knows_none,
        "parameters": metadata.parameters,
        "file_bytes": classifier.path.stat().st_size,
        "temperature": metadata.temperature,
        "trained_on": list(facts.get("data", [])),
        "created": str(facts.get("created", "")),
        "commit": str(facts.get("commit", "")),
        "licence": str(facts.get("licence", "")),
    }


def _read_recipe(facts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return tomllib.loads(str(facts.get("recipe", "")))
    except tomllib.TOMLDecodeError:
        return {}
