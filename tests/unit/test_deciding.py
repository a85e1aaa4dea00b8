"""The weighing of two answers: neither alone decides, and no ink is no reason to trust either."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkdigits.deciding import (
    Verdict,
    are_clear,
    decide,
    find_unclear,
    is_certain_alone,
    is_one_wide,
    is_sure_alone,
    is_surely_digit,
    may_be_two,
    tell,
)
from inkdigits.finding import Opinion, Sighting
from inkdigits.ink import Glyph
from inkdigits.reconsidering import reconsider
from inkdigits.types import Box, Probs

BOX = Box(0, 0, 10, 20)


def lean(label: int, probability: float) -> Probs:
    probs = np.full(10, (1 - probability) / 9, np.float32)
    probs[label] = probability
    return probs


def sight(*, score: float = 0.99, probs: Probs | None = None) -> Sighting:
    glyph = Glyph(np.ones((20, 10), np.float32), BOX)
    return Sighting(BOX, glyph, score, lean(3, 0.9) if probs is None else probs)


def test_both_answers_agreeing_are_surer_than_either() -> None:
    verdict = decide(sight(), Opinion(lean(3, 0.9), None))
    assert verdict.is_digit
    assert verdict.probs.argmax() == 3
    assert verdict.probs[3] > 0.9


def test_the_surer_answer_wins() -> None:
    assert decide(sight(probs=lean(3, 0.6)), Opinion(lean(7, 0.999), None)).probs.argmax() == 7
    assert decide(sight(probs=lean(3, 0.999)), Opinion(lean(7, 0.5), None)).probs.argmax() == 3


def test_doubt_about_being_a_digit_lowers_every_probability() -> None:
    sure = decide(sight(score=0.99), Opinion(lean(3, 0.99), 0.01))
    unsure = decide(sight(score=0.6), Opinion(lean(3, 0.99), 0.5))
    assert unsure.probs.sum() < sure.probs.sum() <= 1.0001


def test_what_both_take_for_no_digit_is_none() -> None:
    assert not decide(sight(score=0.31), Opinion(lean(3, 0.99), 0.99)).is_digit


def test_without_a_detector_the_classifier_decides_alone() -> None:
    alone = Sighting(BOX, None)
    verdict = decide(alone, Opinion(lean(3, 0.8), 0.1))
    assert verdict.is_digit
    assert verdict.probs == pytest.approx(lean(3, 0.8) * 0.9, abs=1e-6)
    assert not decide(alone, Opinion(lean(3, 0.8), 0.9)).is_digit
    assert decide(alone, Opinion(lean(3, 0.8), None)).is_digit
    assert not decide(alone, None).is_digit


def make_glyph(*, width: int = 12, height: int = 20) -> Glyph:
    return Glyph(np.ones((height, width), np.float32), Box(0, 0, width, height))


CLEAR = Opinion(lean(3, 0.98), 0.02)


@pytest.mark.parametrize(
    ("glyphs", "opinions", "wanted"),
    [
        ([make_glyph(), make_glyph()], [CLEAR, CLEAR], True),
        ([make_glyph(), make_glyph()], [CLEAR, Opinion(lean(3, 0.7), 0.01)], False),
        ([make_glyph(), make_glyph()], [CLEAR, Opinion(lean(3, 0.99), 0.5)], False),
        ([make_glyph(width=30)], [CLEAR], False),  # as wide as two digits
        ([make_glyph(width=30)], [Opinion(lean(0, 0.999), 0.001)], True),  # a wide 0, beyond doubt
        ([make_glyph(width=40)], [Opinion(lean(0, 0.999), 0.001)], False),
        ([make_glyph(), make_glyph(), make_glyph(height=6)], [CLEAR] * 3, False),  # a piece beside digits
        ([make_glyph()] * 40, [CLEAR] * 38 + [Opinion(lean(3, 0.6), 0.3)] * 2, True),  # a full page
        ([make_glyph()] * 40, [CLEAR] * 37 + [Opinion(lean(3, 0.6), 0.3)] * 3, False),
        ([], [], True),  # nothing there
        ([make_glyph()], [Opinion(lean(3, 0.99), None)], False),  # a classifier that knows digits only
    ],
)
def test_only_pages_of_sure_digits_are_clear(
    glyphs: list[Glyph], opinions: list[Opinion], *, wanted: bool
) -> None:
    assert are_clear(glyphs, opinions) is wanted


def alone(opinion: Opinion, *, width: int = 12, again: Opinion | None = None) -> Sighting:
    return Sighting(BOX, make_glyph(width=width), opinion=opinion, is_lone=True, again=again)


def test_a_lone_glyph_of_which_the_classifier_is_sure() -> None:
    assert is_sure_alone(alone(CLEAR))
    assert is_sure_alone(alone(Opinion(lean(3, 0.99), 0.999)))
    assert not is_sure_alone(alone(Opinion(lean(3, 0.99), 0.8)))
    assert not is_sure_alone(alone(Opinion(lean(3, 0.6), 0.1)))
    assert not is_sure_alone(alone(CLEAR, width=40))  # two digits that touch
    assert not is_sure_alone(alone(Opinion(lean(3, 0.99), None)))


def test_a_lone_glyph_is_sure_if_both_classifiers_are() -> None:
    digit, none = Opinion(lean(3, 0.99), 0.01), Opinion(lean(3, 0.9), 0.99)
    assert is_sure_alone(alone(CLEAR, again=digit))
    assert is_sure_alone(alone(Opinion(lean(3, 0.99), 0.9), again=none))
    assert not is_sure_alone(alone(Opinion(lean(3, 0.99), 0.96), again=digit))
    assert not is_sure_alone(alone(Opinion(lean(7, 0.99), 0.05), again=digit))
    verdict = decide(alone(CLEAR, again=digit), CLEAR)
    assert verdict.is_digit
    assert verdict.probs.argmax() == 3


def test_what_is_wide_enough_for_two_is_never_surely_none() -> None:
    none = Opinion(lean(3, 0.9), 0.9999)
    assert is_sure_alone(alone(none, again=none))
    assert not is_sure_alone(alone(none, again=none, width=18))  # 0.9 of its height: "12" is no digit either
    assert not is_sure_alone(alone(none, width=18))
    assert is_sure_alone(alone(CLEAR, again=CLEAR, width=18))


def test_most_single_digits_are_too_slim_for_two() -> None:
    assert is_one_wide(make_glyph(width=16))
    assert not is_one_wide(make_glyph(width=17))


def test_points_beside_digits_are_no_digits() -> None:
    boxes = [Box(0, 0, 20, 40), Box(30, 0, 20, 40), Box(55, 30, 8, 12), Box(70, 10, 16, 28)]
    sure, unsure = (
        Verdict(is_digit=True, probs=lean(3, 0.99)),
        Verdict(is_digit=True, probs=lean(1, 0.99) * 0.8),
    )
    judged = reconsider(boxes, [sure, sure, unsure, unsure])
    assert [verdict.is_digit for verdict in judged] == [True, True, False, True]
    assert all(verdict.is_digit for verdict in reconsider(boxes, [sure] * 4))


def test_a_lone_glyph_may_look_a_little_like_a_letter() -> None:
    opinion = Opinion(lean(3, 0.9), 0.65)
    assert not decide(Sighting(BOX, None), opinion).is_digit
    verdict = decide(Sighting(BOX, None, is_lone=True), opinion)
    assert verdict.is_digit
    assert 0.3 < float(verdict.probs.sum()) < 1


def test_the_region_classifier_is_heard() -> None:
    seen = sight(score=0.5, probs=lean(3, 0.6))
    surely = decide(replace(seen, again=Opinion(lean(7, 0.999), 0.01)), Opinion(lean(7, 0.6), 0.3))
    hardly = decide(replace(seen, again=Opinion(lean(7, 0.999), 0.99)), Opinion(lean(7, 0.6), 0.3))
    assert surely.probs.argmax() == 7
    assert surely.probs.sum() > hardly.probs.sum()


def test_unclear_glyphs_are_found() -> None:
    assert find_unclear([CLEAR, Opinion(lean(3, 0.6), 0.01), CLEAR, Opinion(lean(3, 0.99), None)]) == [1, 3]


@pytest.mark.parametrize(
    ("again", "wanted"),
    [
        (Opinion(lean(7, 0.99), 0.01), True),
        (Opinion(lean(7, 0.5), 0.01), False),
        (Opinion(lean(7, 0.99), 0.999), False),
    ],
)
def test_the_region_classifier_may_settle_what_is_unclear(again: Opinion, *, wanted: bool) -> None:
    unclear = Sighting(BOX, make_glyph(), opinion=Opinion(lean(7, 0.8), 0.2), again=again)
    assert is_surely_digit(unclear) == wanted


def test_a_whole_glyph_may_surely_be_another_sign() -> None:
    assert decide(sight(score=0.3), Opinion(lean(5, 0.9), 0.99)).is_other
    assert not decide(sight(score=0.3), Opinion(lean(5, 0.9), 0.9)).is_other
    assert not decide(sight(score=0.3), Opinion(lean(5, 0.9), None)).is_other
    piece = replace(sight(score=0.3), glyph=Glyph(np.ones((20, 10), np.float32), BOX, is_whole=False))
    assert not decide(piece, Opinion(lean(5, 0.9), 0.99)).is_other  # the classifier says so of many pieces
    assert not decide(replace(piece, glyph=None), None).is_other


def test_what_is_wider_than_its_neighbours_may_be_two_digits() -> None:
    glyphs = [make_glyph(), make_glyph(width=15), make_glyph(width=18)]
    assert may_be_two(glyphs[2], [*glyphs, make_glyph(width=8)])
    assert not may_be_two(glyphs[2], glyphs)  # less than 1.25 of the middle one
    assert not may_be_two(make_glyph(width=10), [make_glyph(width=4)] * 4)  # two digits are not so slim


def test_a_crop_of_hardly_any_pixels_is_rather_a_digit() -> None:
    again = Opinion(lean(3, 0.99), 0.5)
    alone = replace(sight(), probs=None, is_lone=True, again=again, opinion=Opinion(lean(3, 0.99), 0.8))
    assert not decide(alone, alone.opinion).is_digit
    tiny = replace(alone, is_tiny=True)
    assert decide(tiny, tiny.opinion).is_digit
    surely_none = replace(tiny, again=Opinion(lean(3, 0.99), 0.999))  # so few pixels tell nobody so much
    assert decide(surely_none, Opinion(lean(3, 0.99), 0.6)).is_digit
    assert not decide(replace(surely_none, is_tiny=False), Opinion(lean(3, 0.99), 0.6)).is_digit


def test_what_three_answers_say_is_told_with_more_confidence() -> None:
    seen = replace(sight(), again=Opinion(lean(3, 0.9), 0.1))
    verdict = decide(seen, Opinion(lean(3, 0.9), 0.1))
    told = tell(seen, verdict)
    assert told.argmax() == verdict.probs.argmax()
    assert verdict.probs.max() < told.max() < 1
    assert told.sum() <= 1.0001
    np.testing.assert_array_equal(
        tell(sight(), verdict), verdict.probs
    )  # the region classifier was not asked


def test_who_is_certain_about_a_lone_glyph_asks_nobody() -> None:
    sure, doubtful = Opinion(lean(3, 0.999), 0.001), Opinion(lean(3, 0.95), 0.001)
    slim, wide = (
        Glyph(np.ones((20, 10), np.float32), BOX),
        Glyph(np.ones((20, 40), np.float32), Box(0, 0, 40, 20)),
    )
    assert is_certain_alone(slim, sure)
    assert not is_certain_alone(slim, doubtful)
    assert not is_certain_alone(slim, Opinion(lean(3, 0.999), None))
    assert not is_certain_alone(wide, sure)  # it may be two digits
