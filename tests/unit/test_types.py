"""Boxes, digits, numbers and readings: their geometry, their text, their JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from inkdigits.types import SCHEMA_VERSION, Box, Digit, LabelledImages, Mark, Number, Reading, Rejected, Rule


def digit(label: str, *, x: int = 0, confidence: float = 0.9) -> Digit:
    return Digit(label, confidence, Box(x, 5, 10, 20), (("7", 0.08), ("1", 0.02)))


def number(text: str, *, line: int = 0, page: int = 0) -> Number:
    return Number(tuple(digit(label, x=12 * i) for i, label in enumerate(text)), line, page)


def test_edges_of_a_box() -> None:
    box = Box(3, 5, 10, 20)
    assert (box.right, box.bottom) == (13, 25)
    assert box.center == (8.0, 15.0)
    assert box.to_list() == [3, 5, 10, 20]


@pytest.mark.parametrize(
    ("boxes", "union"),
    [
        ([Box(3, 5, 10, 20)], Box(3, 5, 10, 20)),
        ([Box(0, 0, 2, 2), Box(5, 7, 1, 1)], Box(0, 0, 6, 8)),
        ([Box(0, 0, 9, 9), Box(2, 2, 3, 3)], Box(0, 0, 9, 9)),
        ([Box(4, 0, 2, 9), Box(0, 4, 9, 2)], Box(0, 0, 9, 9)),
    ],
)
def test_union_of_boxes(boxes: list[Box], union: Box) -> None:
    assert Box.union(boxes) == union
    assert Box.union(boxes[::-1]) == union


def test_a_number_is_its_digits() -> None:
    whole = number("120")
    assert whole.text == "120"
    assert whole.box == Box(0, 5, 34, 20)
    assert whole.confidence == pytest.approx(0.9**3)


def test_marks_stand_in_their_place() -> None:
    marks = (Mark("-", 0.97, Box(-15, 14, 9, 3)), Mark(".", 0.5, Box(22, 22, 2, 3)))
    whole = Number(number("125").digits, marks=marks)
    assert (whole.text, whole.value, whole.kind) == ("-12.5", -12.5, "number")
    assert [sign.label for sign in whole.signs] == list("-12.5")
    assert whole.box == Box(-15, 5, 49, 20)
    assert whole.confidence == pytest.approx(0.9**3 * 0.97 * 0.5)
    assert whole.to_dict()["marks"][0] == {
        "label": "-", "confidence": 0.97, "box": [-15, 14, 9, 3], "is_sure": True,
    }  # fmt: skip


def test_an_unsure_sign_is_a_place_holder() -> None:
    digits = (digit("1"), Digit("7", 0.4, Box(12, 5, 10, 20), is_sure=False))
    whole = Number(digits)
    assert (whole.text, whole.value, whole.kind) == ("1?", None, "other")
    assert whole.digits[1].label == "7"


def test_review_lists_what_wants_an_eye() -> None:
    digits = (digit("1"), Digit("7", 0.4, Box(12, 5, 10, 20), (("1", 0.35),), is_sure=False))
    unsure = Number(digits, page=1, marks=(Mark(".", 0.3, Box(10, 22, 2, 3), is_sure=False),))
    odd = Number((digit("3"),), violates="It has 1 digit instead of 5")
    items = Reading((number("12"), unsure, odd)).review
    assert [(item.reason, item.guess, item.number, item.page) for item in items] == [
        ("unsure", ".", 1, 1),
        ("unsure", "7", 1, 1),
        ("violates", "3", 2, 0),
    ]
    assert items[1].alternatives == (("1", 0.35),)
    assert items[1].to_dict() == {
        "reason": "unsure", "box": [12, 5, 10, 20], "guess": "7", "confidence": 0.4,
        "alternatives": [{"label": "1", "confidence": 0.35}], "number": 1, "page": 1,
    }  # fmt: skip


def test_rows_in_json_point_to_numbers() -> None:
    one, two = number("1"), number("2", line=1)
    form = Reading((one, two), rows=((one, None), (None, two))).to_dict()
    assert form["rows"] == [[0, None], [None, 1]]


def test_a_rule_is_upright_or_not() -> None:
    assert Rule(Box(0, 0, 2, 90)).is_upright
    assert not Rule(Box(0, 0, 90, 2), slope=0.02).is_upright
    assert Rule(Box(0, 0, 90, 2)).to_dict() == {"box": [0, 0, 90, 2], "reason": "rule", "page": 0}


def test_text_has_one_line_per_line_of_writing() -> None:
    numbers = (
        number("12"),
        number("7"),
        number("3", line=1),
        number("45", page=1),
        number("6", line=2, page=1),
    )
    reading = Reading(numbers)
    assert reading.text == "12 7\n3\n45\n6"
    assert "".join(item.label for item in reading.digits) == "1273456"


def test_an_empty_reading() -> None:
    reading = Reading()
    assert reading.text == ""
    assert reading.digits == ()
    assert reading.to_dict() == {
        "schema": SCHEMA_VERSION, "source": "", "text": "", "pages": [], "numbers": [], "rows": [], "review": [],
        "rejected": [],
    }  # fmt: skip


def test_json_form_in_full() -> None:
    reading = Reading(
        (number("1", line=2, page=1),), (Rejected(Box(1, 2, 3, 4), "speck", 1),), ((30, 40),), "a.png"
    )
    assert reading.to_dict() == {
        "schema": 1,
        "source": "a.png",
        "text": "1",
        "pages": [{"width": 40, "height": 30}],
        "numbers": [
            {
                "text": "1",
                "value": 1,
                "kind": "number",
                "confidence": 0.9,
                "box": [0, 5, 10, 20],
                "line": 2,
                "page": 1,
                "digits": [
                    {
                        "label": "1",
                        "confidence": 0.9,
                        "box": [0, 5, 10, 20],
                        "alternatives": [
                            {"label": "7", "confidence": 0.08},
                            {"label": "1", "confidence": 0.02},
                        ],
                        "is_sure": True,
                    }
                ],
                "marks": [],
                "seen": "",
                "violates": "",
            }
        ],
        "rows": [],
        "review": [],
        "rejected": [{"box": [1, 2, 3, 4], "reason": "speck", "page": 1}],
    }


def test_json_has_plain_types_only() -> None:
    reading = Reading((number("19"),), (Rejected(Box(1, 2, 3, 4), "rule"),), ((30, 40),), "ä.png")
    form = reading.to_dict()
    assert json.loads(json.dumps(form)) == form


def test_confidence_is_rounded_to_six_places() -> None:
    assert digit("1", confidence=1 / 3).to_dict()["confidence"] == 0.333333
    assert number("11").to_dict()["confidence"] == 0.81


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (Box(0, 0, 1, 1), "x"),
        (digit("1"), "label"),
        (number("1"), "line"),
        (Rejected(Box(0, 0, 1, 1), "speck"), "reason"),
        (Reading(), "source"),
    ],
)
def test_results_do_not_change(item: Any, name: str) -> None:  # noqa: ANN401 - any of the result types
    with pytest.raises(FrozenInstanceError):
        setattr(item, name, 1)


def test_equal_readings_are_equal_and_hash_alike() -> None:
    one, two = Reading((number("12"),)), Reading((number("12"),))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Reading((number("13"),))


def test_length_of_labelled_images() -> None:
    data = LabelledImages(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.int64), ("0",))
    assert len(data) == 3
