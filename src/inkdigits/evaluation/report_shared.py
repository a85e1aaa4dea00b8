"""Sections that reports of glyphs and of pictures share: calibration, coverage, rejection, learning, comparison.

Owns: their words and their places. Leaves to others: the numbers, the figures, the sections of one kind only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inkdigits.evaluation.calibration import Reliability
from inkdigits.evaluation.coverage import COVERAGES, RiskCoverage
from inkdigits.evaluation.metrics import wilson_interval
from inkdigits.evaluation.plots_report import (
    draw_coverage,
    draw_learning_curve,
    draw_precision,
    draw_reliability,
    draw_roc,
)
from inkdigits.evaluation.rejection import KEPT, Rejection
from inkdigits.evaluation.report_html import Section, escape, make_figures, make_table, percent
from inkdigits.evaluation.significance import McNemar

MANY = 1000
"""Images from which on a hundredth of them says more than an accident."""


def make_against_section(against: McNemar) -> Section:
    """Say whether the difference to another model is real."""
    rows = [
        (f"{against.this} right", f"{against.both:,}", f"{against.only_this:,}"),
        (f"{against.this} wrong", f"{against.only_other:,}", f"{against.neither:,}"),
    ]
    table = make_table(("", f"{against.other} right", f"{against.other} wrong"), rows)
    return Section(
        "against", f"Against {against.other}", f'<p class="lead">{escape(against.sentence)}</p>{table}'
    )


def make_confidence_section(
    reliability: Reliability, curve: RiskCoverage | None, *, item: str, digit: str
) -> Section:
    """Tell how far the confidence can be trusted, and what it buys.

    Args:
        reliability: Confidence beside accuracy.
        curve: Risk against coverage; None where nothing is written.
        item: What the curve is about, such as "digits" or "pictures".
        digit: What reliability is about.
    """
    figures, words = [], []
    if reliability.count.sum():
        lean = "too sure of itself" if reliability.is_overconfident else "less sure than it could be"
        words.append(
            f"On average, confidence and accuracy of {digit} differ by {percent(reliability.error)} "
            f"(expected calibration error, 15 bins); on the whole the model is {lean}."
        )
        caption = (
            "On the dashed line, 90 % sure means right nine times in ten. Upright lines are 95 % intervals."
        )
        figures.append((draw_reliability(reliability), caption))
    table = ""
    if curve is not None:
        caption = (
            f"The least sure {item} are left out first. Area under the curve: {percent(curve.area, 4)}, "
            f"at best {percent(curve.best_area, 4)}."
        )
        figures.append((draw_coverage(curve), caption))
        rows = [
            (percent(c, 0), percent(curve.find_risk(c)), f"{curve.find_threshold(c):.4f}") for c in COVERAGES
        ]
        table = "<h3>What it buys to leave the least sure to a person</h3>" + make_table(
            (f"{item} taken", "wrong", "confidence from"), rows
        )
    return Section(
        "confidence",
        "Can its confidence be trusted?",
        "".join(f"<p>{escape(text)}</p>" for text in words) + make_figures(*figures) + table,
    )


def make_rejection_section(rejection: Rejection, *, name: str, non_digits: str, score: str) -> Section:
    """Tell how well digits are told from what is none.

    Args:
        rejection: The curves.
        name: Name of the set of digits.
        non_digits: Name of the set of non-digits.
        score: By what they are told apart.
    """
    words = (
        f"{rejection.digits:,} images of {name} against {rejection.others:,} of {non_digits}, told apart by "
        f"{score}. A digit gets the higher score in {percent(rejection.roc_area)} of all pairs (area under the "
        f"left curve); average precision is {percent(rejection.average_precision)}."
    )
    figures = make_figures(
        (draw_roc(rejection), "The nearer to the upper left corner, the better."),
        (draw_precision(rejection), "Depends on how many non-digits there are beside the digits."),
    )
    rows = [(percent(kept, 1), percent(rejection.find_rejected(kept))) for kept in KEPT]
    table = "<h3>What keeping digits costs</h3>" + make_table(("digits kept", "non-digits rejected"), rows)
    return Section("rejection", "Digits and non-digits", f"<p>{escape(words)}</p>{figures}{table}")


def make_learning_section(log: Mapping[str, Sequence[float]]) -> Section:
    """Show how the model learned.

    Args:
        log: As `inkdigits.evaluation.learning.load_log` returns it.
    """
    best = max(range(len(log["epoch"])), key=lambda index: log["validation_accuracy"][index])
    words = (
        f"{len(log['epoch'])} epochs; validation accuracy was highest after epoch {log['epoch'][best]:.0f}, with "
        f"{percent(log['validation_accuracy'][best])}. Training digits are distorted, which makes them harder."
    )
    figures = make_figures(
        (draw_learning_curve(log, "loss"), "Loss by epoch."),
        (draw_learning_curve(log, "accuracy"), "Accuracy by epoch."),
    )
    return Section("learning", "Learning curves", f"<p>{escape(words)}</p>{figures}")


def say_interval(correct: int, count: int) -> str:
    """Return the 95 % interval of a rate in words.

    Args:
        correct: Successes.
        count: Trials.
    """
    low, high = wilson_interval(correct, count)
    return f"95 % interval {100 * low:.2f} to {100 * high:.2f}"


def say_left_out(curve: RiskCoverage, *, count: int) -> str:
    """Return what it buys to leave the least sure answers to a person, a sentence; "" where nothing is wrong.

    Args:
        curve: Risk against coverage.
        count: Number of answers.
    """
    if not curve.risk[-1]:
        return ""
    part, coverage = ("hundredth", 0.99) if count >= MANY else ("tenth", 0.9)
    if curve.find_risk(coverage) >= curve.risk[-1]:
        return f" To leave the least sure {part} to a person would not help."
    return (
        f" If the least sure {part} is left to a person, {percent(curve.find_risk(coverage))} of the others are "
        f"wrong, instead of {percent(curve.risk[-1])}."
    )


def warn_if_learned(has_learned: bool | None) -> str:
    """Return a warning, as HTML, if the model knows these images already; else ""."""
    if not has_learned:
        return ""
    return (
        '<p class="warn">This model was trained on images of this part of the set: these figures tell how well '
        "it remembers, not how well it reads.</p>"
    )
