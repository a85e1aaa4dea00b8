"""McNemar's test against SciPy and by hand; right and wrong there and back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest  # type: ignore[import-untyped]

from inkdigits.errors import DataCorruptError, UsageError
from inkdigits.evaluation.significance import (
    Items,
    compare_items,
    find_p_value,
    format_p_value,
    load_items,
)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (0, 1), (1, 0), (5, 5), (3, 9), (0, 6), (18, 20), (400, 300), (7, 3000)]
)
def test_p_values_equal_those_of_scipy(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert find_p_value(first, second) == pytest.approx(expected, rel=1e-9)


def test_six_to_nothing_is_the_least_that_is_real() -> None:
    assert find_p_value(5, 0) == 2 / 2**5 > 0.05
    assert find_p_value(6, 0) == 2 / 2**6 < 0.05


def make_items(model: str, right: str, *, digest: str = "d") -> Items:
    return Items(model, digest, np.array([sign == "1" for sign in right]))


def test_counts() -> None:
    made = compare_items(make_items("a", "110010"), make_items("b", "101011"))
    assert (made.both, made.only_this, made.only_other, made.neither) == (2, 1, 2, 1)
    assert made.p_value == 1
    assert not made.is_real


def test_a_sentence_for_a_real_difference() -> None:
    made = compare_items(make_items("new", "1" * 20), make_items("old", "1" * 10 + "0" * 10))
    assert made.sentence == (
        "new gets 20 of 20 right, old 10. They disagree on 10: 10 only new gets right, 0 only old. "
        "Two equally good models would hardly differ so much: on images such as these, new is really better than "
        "old (McNemar's exact test, p = 0.002)."
    )
    turned = compare_items(make_items("old", "1" * 10 + "0" * 10), make_items("new", "1" * 20))
    assert "new is really better than old" in turned.sentence


def test_a_sentence_for_chance_and_one_for_no_difference() -> None:
    made = compare_items(make_items("a", "1101"), make_items("b", "1011"))
    assert "this shows no real difference (McNemar's exact test, p = 1)" in made.sentence
    same = compare_items(make_items("a", "1101"), make_items("a", "1101"))
    assert same.sentence.startswith("a gets 3 of 4 right, the other a 3. Both are right and wrong")
    assert same.to_dict()["is_real"] is False


@pytest.mark.parametrize(("right", "digest"), [("110", "other"), ("11", "d")])
def test_other_images_are_not_compared(right: str, digest: str) -> None:
    with pytest.raises(UsageError, match="different images"):
        compare_items(make_items("a", "110"), make_items("b", right, digest=digest))


@pytest.mark.parametrize("count", [1, 7, 8, 9, 10_000])
def test_right_and_wrong_survive_a_report(count: int, tmp_path: Path) -> None:
    is_right = np.random.default_rng(count).random(count) < 0.5
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"model": "m", "items": Items("m", "abc", is_right).to_dict()}))
    items = load_items(path)
    assert (items.model, items.digest) == ("m", "abc")
    np.testing.assert_array_equal(items.is_right, is_right)
    assert path.stat().st_size < 100 + count / 5


@pytest.mark.parametrize(
    "raw",
    [
        "", "[]", "{}", '{"model": "m", "items": null}',
        '{"model": "m", "items": {"count": 9, "digest": "d", "right": "gA=="}}',
        '{"model": "m", "items": {"count": 1, "digest": "d", "right": "?"}}',
    ],
)  # fmt: skip
def test_what_is_no_report(raw: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(raw)
    with pytest.raises(DataCorruptError, match="holds no right and wrong answers"):
        load_items(path)


def test_a_report_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataCorruptError, match="--report"):
        load_items(tmp_path / "none.json")


@pytest.mark.parametrize(("p_value", "text"), [(1.0, "1"), (0.0321, "0.032"), (0.00001, "below 0.0001")])
def test_p_values_for_people(p_value: float, text: str) -> None:
    made: Any = format_p_value(p_value)
    assert made == text
