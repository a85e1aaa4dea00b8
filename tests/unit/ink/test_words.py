"""Digits among letters are dropped; digits beside one other sign stay."""

from __future__ import annotations

from inkdigits.ink.words import find_dotted, find_letter_columns, find_words, is_explained
from inkdigits.types import Box


def row(text: str, *, y: int = 0, x: int = 0) -> tuple[list[Box], list[Box]]:
    """Boxes of digits and of letters; a blank is a gap."""
    digits, others = [], []
    for index, sign in enumerate(text):
        box = Box(x + 24 * index, y, 18, 30)
        if sign.isdigit():
            digits.append(box)
        elif sign != " ":
            others.append(box)
    return digits, others


def test_zeros_and_fives_in_words_are_letters() -> None:
    assert find_words(*row("P05T")) == {0, 1}
    assert find_words(*row("0FFICE")) == {0}


def test_numbers_stay() -> None:
    assert find_words(*row("1984")) == set()
    assert find_words(*row("$250")) == set()
    assert find_words(*row("12x4")) == set()


def test_a_number_beside_a_word_stays() -> None:
    digits, others = row("P0ST   1234")
    assert find_words(digits, others) == {0}


def test_lines_are_told_apart() -> None:
    (digits, others), (more, _) = row("BANK"), row("2493", y=80)
    assert find_words([*digits, *more], others) == set()


def test_small_specks_are_no_letters() -> None:
    digits, _ = row("12")
    assert find_words(digits, [Box(20, 25, 3, 3), Box(44, 25, 3, 3), Box(50, 25, 3, 3)]) == set()


def test_frames_and_their_lines_are_no_letters() -> None:
    digits, _ = row("24")
    frame, line, other = Box(-4, -6, 60, 42), Box(20, -4, 3, 40), Box(66, -4, 3, 40)
    assert find_words(digits, [frame, line, other]) == set()


def test_unsure_digits_among_letters_are_letters_though_they_are_more() -> None:
    digits, others = row("F0R11")
    assert find_words(digits, others, probabilities=[0.9, 0.7, 0.7]) == {0, 1, 2}
    assert find_words(digits, others, probabilities=[0.99, 0.99, 0.99]) == set()
    assert find_words(digits, others) == set()


def test_unsure_digits_beside_a_word_are_a_word() -> None:
    (digits, others), (more, _) = row("wrte"), row("17", x=120)
    assert find_words([*digits, *more], others, probabilities=[0.8, 0.7]) == {0, 1}
    assert find_words([*digits, *more], others, probabilities=[0.8, 0.99]) == set()
    far, _ = row("17", x=220)
    assert find_words(far, others, probabilities=[0.8, 0.7]) == set()


def column(text: str, *, x: int = 300) -> tuple[list[Box], list[Box]]:
    """Boxes of digits and of letters that stand one under another."""
    digits: list[Box] = []
    others: list[Box] = []
    for index, sign in enumerate(text):
        (digits if sign.isdigit() else others).append(Box(x, 50 * index, 18, 30))
    return digits, others


def test_a_rule_parts_unsure_digits_from_a_word() -> None:
    digits, others = row("BANK 5")
    rule, below = Box(104, -20, 2, 80), Box(104, 60, 2, 80)
    assert find_words(digits, others, probabilities=[0.8]) == {0}
    assert find_words(digits, others, probabilities=[0.8], uprights=[rule]) == set()
    assert find_words(digits, others, probabilities=[0.8], uprights=[below]) == {0}


def test_a_digit_in_a_column_of_letters_is_a_letter() -> None:
    grades, letters = column("AA3CA0")
    marks, _ = column("453217", x=100)
    assert find_letter_columns([*marks, *grades], letters) == {6, 7}
    assert find_letter_columns(*column("A3453A")) == set()  # a column of digits with two crosses
    assert find_letter_columns(*column("AB3")) == set()  # too few to be a column


def test_numbers_in_a_column_of_letters_stay() -> None:
    (first, letters), (second, _) = column("AA3CA"), column("  7", x=322)
    assert find_letter_columns([*first, *second], letters) == set()
    assert find_letter_columns([*first, *second], letters, probabilities=[0.9, 0.2]) == {0}


def test_doubtful_glyphs_fill_gaps_between_words() -> None:
    (digits, others), (more, _) = row("wr8e"), row("17", x=190)
    between = [Box(110, 0, 18, 30), Box(150, 0, 18, 30)]
    sure = [0.8, 0.8, 0.8]
    assert find_words([*digits, *more], others, probabilities=sure) == {0}
    assert find_words([*digits, *more], others, probabilities=sure, doubtful=between) == {0, 1, 2}


def test_what_only_its_neighbours_made_a_digit_may_be_a_letter() -> None:
    digits, others = row("F0211")
    assert find_words(digits, others, probabilities=[0.9, 0.1, 0.7, 0.7]) == {0, 1, 2, 3}
    assert find_words(digits, others, probabilities=[0.9, 0.5, 0.7, 0.7]) == set()


def test_letters_between_digits_weigh_more() -> None:
    sure = [0.96, 0.9, 0.75]
    assert find_words(*row("F0R11"), probabilities=sure) == {0, 1, 2}
    assert find_words(*row("FR011"), probabilities=sure) == set()


def test_doubtful_thin_strokes_are_lines_and_no_letters() -> None:
    digits, _ = row("11063")
    sure = [0.05, 0.1, 0.9, 0.9, 0.6]
    assert find_words(digits, [], probabilities=sure) == {0, 1, 2, 3, 4}
    thin = [Box(box.x, box.y, 6, box.height) for box in digits[:2]]
    assert find_words([*thin, *digits[2:]], [], probabilities=sure) == set()


def test_a_piece_of_digits_is_explained_by_them() -> None:
    digits, _ = row("24")  # 0 to 18 and 24 to 42
    assert is_explained(Box(10, 5, 8, 20), digits)
    assert is_explained(Box(11, 5, 12, 20), digits)  # by more than half by one of them
    assert is_explained(Box(2, 5, 32, 20), [Box(0, 0, 18, 30), Box(18, 0, 18, 30)])  # by both together
    assert not is_explained(Box(12, 5, 12, 20), digits)
    assert not is_explained(Box(50, 5, 8, 20), digits)
    assert not is_explained(Box(10, 5, 8, 20), [])


def test_a_word_above_a_digit_is_no_column() -> None:
    letters = [Box(290 + 10 * i, y, 12, 28) for i, y in enumerate((0, 2, 1))]  # side by side
    assert find_letter_columns([Box(300, 60, 18, 30)], letters) == set()
    below = [*letters, Box(298, 120, 18, 30), Box(302, 180, 18, 30)]
    assert find_letter_columns([Box(300, 60, 18, 30)], below) == {0}


def test_a_dark_point_above_a_stem_makes_an_i() -> None:
    stem = Box(50, 40, 8, 60)
    assert find_dotted([stem], [(Box(51, 22, 8, 8), 0.9)]) == {0}
    assert find_dotted([stem], [(Box(200, 22, 8, 8), 0.9), (Box(56, 28, 7, 9), 0.8)]) == {0}


def test_pale_small_or_distant_specks_make_none() -> None:
    stem = Box(50, 40, 8, 60)
    assert not find_dotted([stem], [])
    assert not find_dotted([stem], [(Box(51, 22, 8, 8), 0.5)])  # grain
    assert not find_dotted([stem], [(Box(51, 30, 3, 3), 0.9)])  # dirt
    assert not find_dotted([stem], [(Box(80, 22, 8, 8), 0.9)])  # aside
    assert not find_dotted([stem], [(Box(51, -20, 8, 8), 0.9)])  # of the line above
    assert not find_dotted([stem], [(Box(51, 88, 8, 8), 0.9)])  # a decimal point
    assert not find_dotted([stem], [(Box(40, 10, 28, 20), 0.9)])  # a sign of its own
    assert not find_dotted([stem], [(Box(50, 30, 8, 2), 0.9)])  # the edge of print
    assert not find_dotted([Box(40, 40, 40, 60)], [(Box(51, 22, 8, 8), 0.9)])  # a flag
