"""The sets that are read, what is measured on each, and the bars, which were set beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import _rules as rules
from _blank import make_blank_cases
from _cases import Answer, Case, Pair, load_cases, load_glyph_cases
from _marked import KINDS, hide_digits, make_marked_cases
from _nondigits import LOOK_ALIKES, is_alike, list_alike, load_symbols
from _rows import TURNS_DEG, make_row_cases
from _rules import Rule, Score, Scorer
from _things import has_more_photos, make_more_photo_cases, make_photo_cases, make_scene_cases
from _touching import make_touching_cases

Layout: TypeAlias = Literal["glyph", "line", "page"]
"""What rivals are told: one sign, one line of writing, or anything."""
BORDER = 0.25  # of the longer side; MNIST's own margin is 4 of 20 px


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a set.

    Attributes:
        title: What is counted.
        scorer: From pictures and answers to the figure.
        bar: Share to be reached, None for a figure that is only told.
        is_error: True if less is better.
    """

    title: str
    scorer: Scorer
    bar: float | None = None
    is_error: bool = False

    def is_met(self, score: Score) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        if self.bar is None:
            return None
        return score.value <= self.bar if self.is_error else score.value >= self.bar


@dataclass(frozen=True, slots=True)
class Task:
    """One set.

    Attributes:
        name: Name in tables; a glyph set also tells its split and border.
        load: Loads the pictures.
        layout: What rivals are told.
        is_right: Decides what goes to the sheet of mistakes.
        measures: What is measured.
        fed: What the readers get, one sentence.
        glyphs: (set, split) for the figure of the classifier alone, else None.
    """

    name: str
    load: Callable[[], list[Case]]
    layout: Layout
    is_right: Rule
    measures: tuple[Measure, ...]
    fed: str = "the files as they are"
    glyphs: tuple[str, str] | None = None


def make_tasks() -> list[Task]:
    """Return all sets, in the order of the table."""
    return [
        Task("own-handwriting", partial(load_cases, "own-handwriting"), "glyph", rules.is_exact, (
            Measure("exact", rules.rate(rules.is_exact), 0.99),
            Measure("kept: a digit is reported", rules.rate(rules.is_kept), 0.99),
        )),
        Task("orand-car-a", partial(load_cases, "orand-car-a"), "line", rules.has_exact_digits, (
            Measure("all digits, separators left out", rules.rate(rules.has_exact_digits), 0.90),
        )),
        Task("dida", partial(load_cases, "dida"), "glyph", rules.is_middle_right, (
            Measure("digit nearest the middle", rules.rate(rules.is_middle_right), 0.88),
            Measure("any digit of the answer", rules.rate(rules.holds_digit)),
        )),
        *_make_glyph_tasks("usps", "test", 0.97, tight=True),
        *_make_glyph_tasks("semeion", "all", 0.95, tight=True),
        *_make_glyph_tasks("optdigits", "validation32x32", 0.96, tight=True),
        *_make_glyph_tasks("hwd-1000", "all", 0.995, tight=False),
        *_make_glyph_tasks("grid-scans-0to7", "all", 0.99, tight=False),
        Task("in4085-forms", partial(load_cases, "in4085-forms"), "page", rules.has_exact_form_digits, (
            Measure("four digits and no other", rules.rate(rules.has_exact_form_digits), 0.96),
            Measure("the number is among the answers", rules.rate(rules.holds_number)),
        )),
        Task("number-photos", partial(load_cases, "number-photos"), "page", rules.is_exact, (
            Measure("character error rate", rules.score_characters, 0.01, is_error=True),
            Measure("exact", rules.rate(rules.is_exact)),
        )),
        Task("mark-tables-sample", partial(load_cases, "mark-tables-sample"), "page", rules.is_exact, (
            Measure("numbers recalled", rules.score_recall, 0.98),
            Measure("numbers precise", rules.score_precision, 0.98),
        )),
        Task("MNIST pairs that touch", make_touching_cases, "line", rules.is_exact, (
            Measure("exact", rules.rate(rules.is_exact)),
        ), fed="arrays made by code of MNIST's test part, seeded"),
        Task("rows of MNIST digits, turned", make_row_cases, "line", rules.is_exact, tuple(
            Measure(f"exact, {degrees} degrees", _rate_kind(f"{degrees} degrees", rules.is_exact))
            for degrees in TURNS_DEG
        ), fed="arrays made by code of MNIST's test part, seeded"),
        Task("numbers of simulated pens", make_marked_cases, "line", _has_form, tuple(
            Measure(f"{kind}: digits and marks in their places", _rate_kind(kind, _has_form))
            for kind in KINDS
        ), fed="arrays made by code, seeded"),
        *(_make_symbol_task(name) for name in LOOK_ALIKES),
        Task("blank pictures", make_blank_cases, "page", rules.is_rejected, (
            Measure("no number", rules.rate(rules.is_rejected), 0.99),
        ), fed="arrays made by code, seeded"),
        *(
            Task(name, load, "page", rules.is_rejected, (
                Measure("no number", rules.rate(rules.is_rejected)),
            ), fed="arrays, seeded crops of 28x28 to 256x256 pixels")
            for name, load in (
                ("photographs of things", make_photo_cases),
                *([("photographs of scikit-image", make_more_photo_cases)] if has_more_photos() else []),
                ("scenes made by code", make_scene_cases),
            )
        ),
    ]  # fmt: skip


CALIBRATION_SETS = ("own-handwriting", "orand-car-a")
CALIBRATION = (
    Measure("calibration error, digits with a partner", rules.score_calibration, 0.02, is_error=True),
    Measure("the same, digits without a partner wrong", rules.score_strict_calibration),
    Measure(f"right, of digits at {rules.SURE} or more", rules.score_sure),
)
TIMES_MS: Mapping[str, float] = {"28x28, the Reader": 1, "300x100": 15, "1000x700": 250}
"""Start of a title of `_timing` -> most milliseconds."""


def _make_glyph_tasks(name: str, split: str, bar: float, *, tight: bool) -> list[Task]:
    """One task as the set is; for tight crops, the bar counts there, too, and another task adds a border."""
    score = rules.rate(rules.is_exact)
    tasks = [
        Task(name, partial(load_glyph_cases, name, split), "glyph", rules.is_exact,
             (Measure("single digit", score, bar),), glyphs=(name, split),
             fed="grey arrays of the set's own size and polarity" + (", tight crops" if tight else ""))
    ]  # fmt: skip
    if tight:
        tasks.append(
            Task(f"{name} + border", partial(load_glyph_cases, name, split, border_share=BORDER), "glyph",
                 rules.is_exact, (Measure("single digit", score),),
                 fed=f"the same with a border of paper, {BORDER:.0%} of the side")
        )  # fmt: skip
    return tasks


def _has_form(case: Case, answer: Answer) -> bool:
    """Digits and marks stand in the same order, whichever digits they are."""
    return hide_digits(answer.text) == hide_digits(case.truth)


def _rate_kind(kind: str, rule: Rule) -> Scorer:
    def score(pairs: Sequence[Pair]) -> Score:
        return rules.rate(rule)([pair for pair in pairs if pair[0].group == kind])

    return score


def _make_symbol_task(name: str) -> Task:
    def score_others(pairs: Sequence[Pair]) -> Score:
        others = [pair for pair in pairs if not is_alike(name, pair[0])]
        return rules.rate(rules.is_rejected)(others)

    title = "rejected" if not LOOK_ALIKES[name] else "rejected, look-alikes left out"
    measures = [Measure(title, score_others, 0.90)]
    if LOOK_ALIKES[name]:
        measures.append(Measure("rejected, all classes", rules.rate(rules.is_rejected), 0.90))
    if alike := list_alike(name):

        def score_unalike(pairs: Sequence[Pair]) -> Score:
            return rules.rate(rules.is_rejected)([pair for pair in pairs if pair[0].name not in alike])

        measures.append(Measure("rejected, drawings called digits left out", score_unalike))
    return Task(name, partial(load_symbols, name), "glyph", rules.is_rejected, tuple(measures))
