"""What counts as right, set by set, and how a figure comes from many pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from _cases import Answer, Case, Pair
from inkdigits.evaluation.match import Judged, find_nearest, judge_digits, keep_digits, rate_sure
from inkdigits.evaluation.metrics import edit_distance, expected_calibration_error, wilson_interval
from inkdigits.evaluation.tables import TableScore, score_sequence

Rule: TypeAlias = Callable[[Case, Answer], bool]
SURE = 0.95
TITLE_NUMBER = "92"


@dataclass(frozen=True, slots=True)
class Score:
    """A figure.

    Attributes:
        count: Number of pictures, digits or numbers that it is about.
        value: A share in [0, 1], or milliseconds.
        hits: For shares of `count`: how many; None for figures that are no such share.
    """

    count: int
    value: float
    hits: int | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson interval, 95 %, of a share."""
        return None if self.hits is None or not self.count else wilson_interval(self.hits, self.count)


Scorer: TypeAlias = Callable[[Sequence[Pair]], Score]


def make_share(hits: int, count: int) -> Score:
    return Score(count, hits / count if count else 0.0, hits)


def rate(rule: Rule) -> Scorer:
    """Make a scorer: the share of pictures that satisfy a rule."""
    return lambda pairs: make_share(sum(rule(case, answer) for case, answer in pairs), len(pairs))


def is_exact(case: Case, answer: Answer) -> bool:
    """The text is right; blanks don't count, line feeds and marks do."""
    return answer.text.replace(" ", "") == case.truth.replace(" ", "")


def has_exact_digits(case: Case, answer: Answer) -> bool:
    """All digits of the picture, in order, and no other; separators, blanks and line feeds don't count."""
    return keep_digits(answer.text) == keep_digits(case.truth)


def has_exact_form_digits(case: Case, answer: Answer) -> bool:
    """The same, but the "92" that is printed in the title of one form, FORM-92, may be read before them."""
    truth = keep_digits(case.truth)
    return keep_digits(answer.text) in (truth, TITLE_NUMBER + truth)


def holds_number(case: Case, answer: Answer) -> bool:
    """One number of the answer is the right one, whatever else was read."""
    return case.truth in answer.text.split()


def is_middle_right(case: Case, answer: Answer) -> bool:
    """The digit whose box is nearest the picture's middle has the right label."""
    width, height = case.open().size
    sure = [digit for digit in answer.digits if digit.is_sure]
    nearest = find_nearest([digit.box for digit in sure], (width / 2, height / 2))
    return nearest is not None and sure[nearest].label == case.truth


def holds_digit(case: Case, answer: Answer) -> bool:
    """Any digit of the answer has the right label."""
    return any(digit.is_sure and digit.label == case.truth for digit in answer.digits)


def is_rejected(case: Case, answer: Answer) -> bool:
    """No digit is reported."""
    return answer.is_empty


def is_kept(case: Case, answer: Answer) -> bool:
    """At least one digit is reported, right or wrong."""
    return not answer.is_empty


def score_characters(pairs: Sequence[Pair]) -> Score:
    """Character error rate: edits over characters of the truth; blanks don't count, line feeds do."""
    texts = [(case.truth.replace(" ", ""), answer.text.replace(" ", "")) for case, answer in pairs]
    count = sum(len(truth) for truth, _ in texts)
    return Score(count, sum(edit_distance(truth, answer) for truth, answer in texts) / max(1, count))


def judge_all(pairs: Sequence[Pair], *, strict: bool) -> Judged:
    judged = [
        item
        for case, answer in pairs
        for item in judge_digits(answer.digits, keep_digits(case.truth), case.boxes, strict=strict)
    ]
    return np.array([c for c, _ in judged], np.float64), np.array([r for _, r in judged], np.bool_)


def score_calibration(pairs: Sequence[Pair]) -> Score:
    """Expected calibration error over the digits that have a partner in the truth."""
    confidence, is_right = judge_all(pairs, strict=False)
    return Score(len(is_right), expected_calibration_error(confidence, is_right))


def score_strict_calibration(pairs: Sequence[Pair]) -> Score:
    """The same over all digits of the answers: those without a partner are wrong."""
    confidence, is_right = judge_all(pairs, strict=True)
    return Score(len(is_right), expected_calibration_error(confidence, is_right))


def score_sure(pairs: Sequence[Pair]) -> Score:
    """The share of right ones among digits that are reported at SURE or more; without a partner: wrong."""
    return make_share(*rate_sure(judge_all(pairs, strict=True), at_least=SURE))


def score_recall(pairs: Sequence[Pair]) -> Score:
    """The share of numbers of the sheets that are read exactly, in reading order."""
    table = _score_tables(pairs)
    return make_share(table.hits, table.truth)


def score_precision(pairs: Sequence[Pair]) -> Score:
    """The share of numbers of the answers that are right, in reading order."""
    table = _score_tables(pairs)
    return make_share(table.hits, table.found)


def _score_tables(pairs: Sequence[Pair]) -> TableScore:
    scores = [score_sequence(case.truth.split(), answer.text.split()) for case, answer in pairs]
    return sum(scores, TableScore())
