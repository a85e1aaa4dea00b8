"""Numbers with marks from boxes alone: what becomes a mark, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkdigits.ink.assemble import Assembled, assemble
from inkdigits.ink.places import Candidate, Shape
from inkdigits.types import Box, Digit, Rule

HEIGHT, WIDTH, PITCH = 50, 28, 40


def write(text: str, *, x: int = 100, y: int = 100, confidence: float = 0.99) -> list[Digit]:
    """Digits of 50 px, 40 px apart; a blank leaves 60 px more, any mark nothing."""
    digits = []
    for sign in text:
        if sign.isdigit():
            digits.append(Digit(sign, confidence, Box(x, y, WIDTH, HEIGHT), (("7", 0.01),)))
        x += PITCH + 20 * (sign == " ")
    return digits


def speck(x: int, y: int, width: int = 6, height: int = 6, *, fill: float = 0.9) -> Candidate:
    return Candidate(Box(x, y, width, height), "speck", fill=fill)


def dash(x: int, y: int = 123, width: int = 24) -> Candidate:
    return Candidate(Box(x, y, width, 5), "dash")


def put(digits: list[Digit], *candidates: Candidate) -> Assembled:
    return assemble(digits, candidates=candidates, pen_px=5)


def text_of(made: Assembled) -> str:
    return " ".join(number.text for number in made.numbers)


def test_nothing() -> None:
    assert assemble([]) == Assembled((), ())
    assert put([], speck(10, 10)) == Assembled((), ())


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (speck(191, 145), "12.50"),  # on the baseline
        (speck(190, 130), "12.50"),  # raised, free in its gap
        (speck(190, 118), "12.50"),  # at half the height of the digits
        (speck(191, 146, 6, 2), "12.50"),  # flat
        (speck(170, 146, 6, 2), "12 50"),  # flat, where a digit ends: a piece of it
        (speck(165, 146, 6, 2), "12 50"),  # the same, within its box
        (speck(191, 141, 6, 14), "12,50"),  # with a tail
        (speck(191, 140, 10, 9), "12.50"),
        (dash(188), "12-50"),
        (Candidate(Box(188, 140, 6, 12), "sign", label=",", probability=0.8), "12,50"),
        (Candidate(Box(188, 95, 20, 60), "sign", label="/", probability=0.9), "12/50"),
        (speck(191, 105), "12 50"),  # too high
        (speck(191, 145, 1, 1), "12 50"),  # dirt: smaller than the pen
        (speck(191, 145, fill=0.2), "12 50"),  # too pale
        (speck(187, 145, 28, 28), "12 50"),  # too large
        (speck(191, 180), "12 50"),  # below
        (speck(91, 145), "12 50"),  # nothing on its left
        (speck(295, 145), "12 50"),  # nothing on its right
        (dash(188, 101), "12 50"),  # the loose bar of a 5
        (dash(296), "12 50"),  # the closing dash of an amount
        (Candidate(Box(296, 140, 6, 12), "sign", label=".", probability=0.8), "12 50"),
    ],
)
def test_marks_between_digits(item: Candidate, text: str) -> None:
    digits = write("12", x=100) + write("50", x=220)  # 52 px between the middle ones
    made = put(digits, item)
    assert text_of(made) == text
    assert bool(made.used) == (text != "12 50")


def test_a_minus_stands_before_a_number() -> None:
    made = put(write("12  50"), dash(70), dash(244))
    assert text_of(made) == "-12 -50"
    assert [number.value for number in made.numbers] == [-12, -50]


def test_a_date_by_hyphens() -> None:
    made = put(write("2024 11 20"), dash(264), dash(404))
    (number,) = made.numbers
    assert (number.text, number.kind) == ("2024-11-20", "date")


def test_dust_has_no_points() -> None:
    dust = [speck(150 + 7 * i, 145 - 5 * i) for i in range(7)]
    assert text_of(put(write("12 50"), *dust)) in ("12 50", "1250")


def test_one_mark_for_a_gap() -> None:
    made = put(write("12 50"), speck(188, 145, 7, 7), speck(200, 146, 4, 4))
    assert text_of(made) == "12.50"
    assert made.used[0].box.width == 7


@pytest.mark.parametrize("form", [Box(191, 140, 10, 18), Box(191, 136, 12, 14)])
def test_a_small_low_glyph_is_no_digit(form: Box) -> None:
    made = put([*write("12"), Digit("1", 0.99, form), *write("50", x=220)])
    assert text_of(made) == "12,50"


@pytest.mark.parametrize(("confidence", "text"), [(0.99, "12050"), (0.6, "12-50")])
def test_a_flat_zero_is_no_dash_if_it_surely_is_one(confidence: float, text: str) -> None:
    made = put([*write("12"), Digit("0", confidence, Box(188, 114, 24, 12)), *write("50", x=220)])
    assert text_of(made) == text


@pytest.mark.parametrize(("height", "text"), [(12, "12-50"), (19, "12-50"), (29, "12250")])
def test_a_low_wide_two_is_no_dash(height: int, text: str) -> None:
    digits = [*write("12"), Digit("2", 0.99, Box(172, 125 - height // 2, 50, height)), *write("50", x=238)]
    assert text_of(put(digits)) == text


def test_what_stands_lines_below_is_no_mark_of_a_line() -> None:
    thin = Digit("1", 0.99, Box(190, 300, 4, 26))  # as high as a comma, between the columns of the first line
    digits = [*write("12"), *write("50", x=220), *write("09", y=290), thin, *write("78", x=220, y=290)]
    made = put(digits)
    assert [number.text for number in made.numbers] == ["12 50", "09178"] or text_of(made) == "12 50 09178"
    assert [mark for number in made.numbers for mark in number.marks] == []


def piece(x: int, y: int, width: int, height: int, *, fill: float = 0.8) -> Candidate:
    return Candidate(Box(x, y, width, height), "piece", fill=fill)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (piece(190, 138, 10, 24), "12,50"),  # a comma that was looked at as a digit
        (piece(190, 138, 12, 13), "12.50"),  # a point of a thick pen
        (piece(186, 122, 28, 8), "12-50"),
        (piece(190, 100, 20, 50), "12 50"),  # a letter
        (piece(186, 110, 28, 26), "12 50"),
    ],
)
def test_glyphs_that_are_no_digits_may_be_marks(item: Candidate, text: str) -> None:
    assert text_of(put([*write("12"), *write("50", x=220)], item)) == text


def test_an_upright_speck_at_half_height_is_no_point() -> None:
    digits = [*write("12"), *write("50", x=220)]
    assert text_of(put(digits, speck(191, 118, 4, 13))) == "12 50"
    assert text_of(put(digits, speck(191, 118, 8, 13))) == "12.50"


def test_the_foot_of_a_digit_that_was_cut_off_with_a_line_is_no_point() -> None:
    digits, foot, free = [*write("12"), *write("50", x=200)], speck(202, 145), speck(182, 145)
    line = Rule(Box(20, 152, 400, 3))

    def read(item: Candidate, *rules: Rule) -> str:
        return text_of(assemble(digits, candidates=[item], rules=rules, pen_px=5))

    assert read(foot) == "12.50"  # without a line, it may stand below the arm of a 7
    assert read(foot, line) == "1250"
    assert read(free, line) == "12.50"
    assert read(foot, Rule(Box(20, 180, 400, 3))) == "12.50"  # the next line
    assert read(foot, Rule(Box(20, 152, 150, 3))) == "12.50"  # one that ends before


@pytest.mark.parametrize(
    ("upper", "text"),
    [
        (speck(191, 118), "12:50"),
        (speck(193, 112, 8, 8), "12:50"),
        (speck(206, 118), "12.50"),  # beside, not above
        (speck(191, 139), "12.50"),  # one blot
        (speck(191, 110, 15, 15), "12.50"),  # dirt
    ],
)
def test_two_points_above_each_other_are_a_colon(upper: Candidate, text: str) -> None:
    made = put([*write("12"), *write("50", x=220)], upper, speck(191, 145))
    assert text_of(made) == text
    (number,) = made.numbers
    assert (number.kind, number.value) == (("other", None) if ":" in text else ("number", 12.5))
    assert len(made.used) == (2 if ":" in text else 1)


def test_dust_makes_no_colon() -> None:
    dust = [speck(170 + 9 * i, 160 - 2 * i) for i in range(5)]
    made = put([*write("12"), *write("50", x=220)], speck(191, 118), speck(191, 145), *dust)
    assert text_of(made) in ("12 50", "1250")
    assert not made.used


def test_a_leaning_one_in_a_long_number_is_no_slash() -> None:
    assert slashed(height=52, slant_deg=40.0, confidence=0.99, around=("316", "2")) == "31612"
    assert slashed(height=58, slant_deg=40.0, confidence=0.99, around=("316", "2")) == "316/2"
    assert slashed(height=52, slant_deg=40.0, confidence=0.6, around=("316", "2")) == "316/2"


def test_a_stroke_that_was_refused_as_a_digit_is_a_slash_where_it_rises_above_digits() -> None:
    digits = [*write("12"), *write("50", x=220)]
    for height, text in ((60, "12/50"), (50, "12 50")):
        stroke = Candidate(Box(182, 125 - height // 2, 28, height), "stroke", slant_deg=25.0)
        assert text_of(put(digits, stroke)) == text


def test_a_slash_that_the_detector_sees_is_no_one() -> None:
    digits = [*write("12"), Digit("1", 0.9, Box(180, 100, 28, 50)), *write("50", x=220)]
    sign = Candidate(Box(178, 98, 30, 54), "sign", label="/", probability=0.6)
    stroke = Candidate(digits[2].box, "stroke", slant_deg=15.0)
    assert text_of(put(digits, sign, stroke)) == "12/50"
    assert text_of(put(digits, stroke)) == "12150"


def slashed(*, height: int, slant_deg: float, confidence: float, around: tuple[str, str] = ("3", "4")) -> str:
    box = Box(100 + PITCH * len(around[0]), 100 - (height - HEIGHT) // 2, WIDTH, height)
    digits = [*write(around[0]), Digit("1", confidence, box), *write(around[1], x=box.x + PITCH)]
    return text_of(put(digits, Candidate(box, "stroke", slant_deg=slant_deg)))


@pytest.mark.parametrize(
    ("height", "slant_deg", "confidence", "text"),
    [
        (60, 25.0, 0.99, "314"),  # surely a 1
        (60, 25.0, 0.6, "3/4"),
        (70, 25.0, 0.99, "3/4"),  # much higher than its neighbours
        (52, 40.0, 0.99, "3/4"),  # no 1 lies so flat
        (52, 25.0, 0.6, "314"),
        (40, 25.0, 0.6, "314"),
    ],
)
def test_a_slash_is_higher_than_digits(height: int, slant_deg: float, confidence: float, text: str) -> None:
    assert slashed(height=height, slant_deg=slant_deg, confidence=confidence) == text


def test_two_strokes_that_make_a_date() -> None:
    def read(text: str, *places: int) -> str:
        digits = write(text)
        strokes = [Candidate(digits[i].box, "stroke", slant_deg=25.0) for i in places]
        return text_of(put(digits, *strokes))

    assert read("201112024", 2, 4) == "20/1/2024"
    assert read("991992024", 2, 4) == "991992024"  # no such day
    assert read("201112024") == "201112024"
    assert read("21120", 1, 2) == "21120"  # side by side: no group between them


def test_raised_cents_stay_on_their_line() -> None:
    small = [Digit(s, 0.9, Box(190 + 22 * i, 98, 16, 24)) for i, s in enumerate("45")]
    low = [Digit(s, 0.9, Box(250 + 22 * i, 128, 16, 24)) for i, s in enumerate("100")]
    slash = Candidate(Box(230, 105, 18, 50), "sign", label="/", probability=0.9)
    made = put([*write("12"), *small, *low], slash)
    assert {number.line for number in made.numbers} == {0}
    assert text_of(made).endswith("45/100")


def test_low_confidence_makes_place_holders() -> None:
    digits = [*write("12", confidence=0.5), *write("50", x=180)]
    made = assemble(digits, candidates=[speck(171, 146)], pen_px=5, min_confidence=0.9)
    assert text_of(made) == "??.50"
    made = assemble(digits, candidates=[speck(171, 146)], pen_px=5, min_confidence=0.98)
    assert text_of(made) == "???50"


BOXES = st.builds(Box, st.integers(0, 300), st.integers(0, 120), st.integers(1, 60), st.integers(1, 60))
SHAPES = st.sampled_from(["speck", "dash", "stroke"])


@settings(max_examples=200, deadline=None)
@given(st.lists(BOXES, max_size=14), st.lists(st.tuples(BOXES, SHAPES), max_size=8), st.floats(-60, 60))
def test_any_ink_is_put_somewhere(
    boxes: list[Box], others: list[tuple[Box, Shape]], slant_deg: float
) -> None:
    digits = [Digit(str(i % 10), 0.5 + 0.03 * i, box) for i, box in enumerate(boxes)]
    strokes = [Candidate(box, "stroke", slant_deg=slant_deg) for box in boxes[::2]]
    made = assemble(digits, candidates=[Candidate(*other) for other in others] + strokes, pen_px=4)
    marks = [mark.box for number in made.numbers for mark in number.marks]
    read = [digit for number in made.numbers for digit in number.digits]
    assert len(read) == len({id(digit) for digit in read})
    assert {digit.box for digit in read} | set(marks) <= set(boxes) | {box for box, _ in others}
    lines = [number.line for number in made.numbers]
    assert lines == sorted(lines)


@settings(max_examples=60, deadline=None)
@given(st.integers(-90, 900), st.integers(-90, 900), st.integers(1, 6), st.sampled_from("., -"))
def test_place_and_resolution_do_not_matter(right: int, down: int, scale: int, sign: str) -> None:
    forms = {".": speck(191, 145), ",": speck(191, 141, 6, 14), "-": dash(188), " ": speck(191, 105)}

    def move(box: Box) -> Box:
        return Box(box.x * scale + right, box.y * scale + down, box.width * scale, box.height * scale)

    digits = [
        Digit(d.label, d.confidence, move(d.box))
        for d in [*write("12"), *write("50", x=220), *write("9", y=200)]
    ]
    item = forms[sign]
    made = assemble(
        digits, candidates=[Candidate(move(item.box), item.shape, fill=item.fill)], pen_px=5 * scale
    )
    assert [number.text for number in made.numbers] == [*(f"12{sign}50".split()), "9"]


def dated(
    text: str, *, slant_deg: float = 12.0, height: int = HEIGHT, ones: dict[int, float] | None = None
) -> str:
    """Read digits of which those at "/" look like 1s: straight strokes, as `ones` are at other places."""
    digits, strokes = [], []
    for index, sign in enumerate(text):
        high = height if sign == "/" else HEIGHT
        box = Box(100 + PITCH * index, 150 - high, WIDTH, high)
        digits.append(Digit("1" if sign == "/" else sign, 0.99, box))
        if sign == "/":
            strokes.append(Candidate(box, "stroke", slant_deg=slant_deg, thickness=0.16))
        elif index in (ones or {}):
            strokes.append(Candidate(box, "stroke", slant_deg=(ones or {})[index]))
    return text_of(put(digits, *strokes))


@pytest.mark.parametrize("text", ["27/4/1999", "2/12/2003", "30/12/2016", "1999/4/27"])
def test_what_makes_a_date_with_a_year_is_one(text: str) -> None:
    assert dated(text) == text


def test_ones_in_a_date_lean_less_than_its_slashes() -> None:
    assert dated("27/1/1999", ones={3: 9.0}, slant_deg=14.0) == "27/1/1999"
    assert dated("27/1/1999", ones={3: 14.0}, slant_deg=14.0) == "271111999"
    assert dated("27/1/1999", ones={3: 14.0}, slant_deg=14.0, height=56) == "27/1/1999"


@pytest.mark.parametrize("text", ["27/4/3999", "47/4/1999", "27/4/19991"])
def test_no_date_no_slashes(text: str) -> None:
    assert dated(text) == text.replace("/", "1")
