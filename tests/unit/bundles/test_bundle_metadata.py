"""Metadata of a bundle: what is kept, and what is refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkdigits.bundles import BundleMetadata
from inkdigits.errors import BundleError

GOOD: dict[str, Any] = {
    "schema": 1,
    "name": "latin",
    "labels": list("0123456789"),
    "input_size": [28, 28],
    "temperature": 1.25,
    "rejection_threshold": 0.5,
    "parameters": 1234,
    "licence": "Apache-2.0",
    "data": ["mnist"],
}


def parse(**changes: Any) -> BundleMetadata:  # noqa: ANN401 - any JSON value
    return BundleMetadata.from_json(json.dumps(GOOD | changes))


def test_everything_is_kept() -> None:
    metadata = parse()
    assert metadata.name == "latin"
    assert metadata.labels == tuple("0123456789")
    assert metadata.input_size == (28, 28)
    assert (metadata.temperature, metadata.rejection_threshold, metadata.parameters) == (1.25, 0.5, 1234)
    assert metadata.everything == GOOD


def test_keys_of_the_future_are_kept() -> None:
    assert parse(colour="blue").everything["colour"] == "blue"


@pytest.mark.parametrize("key", ["schema", "parameters", "licence", "data"])
def test_some_keys_may_be_absent(key: str) -> None:
    raw = {name: value for name, value in GOOD.items() if name != key}
    metadata = BundleMetadata.from_json(json.dumps(raw))
    assert metadata.parameters == (0 if key == "parameters" else 1234)


@pytest.mark.parametrize("key", ["name", "labels", "input_size", "temperature", "rejection_threshold"])
def test_a_missing_key_is_named(key: str) -> None:
    raw = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(BundleError, match=key):
        BundleMetadata.from_json(json.dumps(raw))


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": "warm"},
        {"temperature": None},
        {"rejection_threshold": 1.5},
        {"rejection_threshold": -0.1},
        {"rejection_threshold": float("nan")},
        {"labels": []},
        {"labels": ["0"]},
        {"labels": ["0", "0"]},
        {"labels": ["0", "1", "0"]},
        {"labels": 10},
        {"input_size": [28]},
        {"input_size": [28, 28, 1]},
        {"input_size": [0, 28]},
        {"input_size": [28, -28]},
        {"input_size": "big"},
        {"input_size": 28},
        {"input_size": [float("inf"), 28]},
        {"parameters": "many"},
        {"schema": "one"},
        {"schema": None},
    ],
    ids=str,
)
def test_impossible_values(changes: dict[str, Any]) -> None:
    with pytest.raises(BundleError) as caught:
        parse(**changes)
    assert caught.value.exit_code == 5
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"latin"', "{}"])
def test_text_that_is_no_metadata(text: str) -> None:
    with pytest.raises(BundleError, match="metadata can't be read"):
        BundleMetadata.from_json(text)


def test_a_newer_format_asks_for_an_upgrade() -> None:
    with pytest.raises(BundleError, match=r"format 2.* up to 1") as caught:
        parse(schema=2)
    assert "pip install --upgrade" in caught.value.remedy
