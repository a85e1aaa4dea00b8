"""Weighs what the detector and the classifier say about one sighting: is it a digit, and which?

Owns: that weighing and its calibration. Leaves to others: both answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median

import numpy as np
import numpy.typing as npt

from inkdigits.finding import Opinion, Sighting
from inkdigits.ink import Glyph
from inkdigits.types import Probs

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Weights:
    """How several answers become one.

    A sighting is a digit where bias + score * log-odds of its score - none * log-odds of the classifier's "none"
    - again * log-odds of the region classifier's is above 0. Which digit it is, is the product of their answers
    with the exponents `detector`, `classifier` and `region`. The confidence is that product as log-odds, times
    `slope` plus `shift`.
    """

    score: float
    none: float
    bias: float
    detector: float = 0.6
    classifier: float = 0.6
    slope: float = 1.0
    shift: float = 0.0
    again: float = 0.0
    region: float = 0.0


# The classifier knows what is no digit where it sees whole glyphs; to pieces of touching digits it says "none" too
# easily. Made pages alone (`benchmarks/fit_deciding.py`) ask for more doubt than handwriting deserves, so these
# were set on samples of own-handwriting, orand-car-a and the sets of symbols: docs/reading.md, "What was tried".
WHOLE = Weights(score=2.94, none=0.34, bias=0.55, detector=0.9, classifier=0.3, slope=1.16, shift=-0.14)
CUT = Weights(score=2.27, none=0.32, bias=1.25, detector=1.0, classifier=0.1, slope=1.13, shift=-0.14)
# Where the region classifier was asked, too: set on every second picture of these sets and looked at on the others.
WHOLE_AGAIN = Weights(
    score=1.2, none=0.2, bias=-0.4, detector=0.45, classifier=0.7, again=0.6, region=0.2
)  # fmt: skip
CUT_AGAIN = Weights(score=1.8, none=0.0, bias=-1.0, detector=0.3, classifier=0.45, again=0.6, region=0.7)
# What is told as confidence then: fitted on amounts on made pages, of digits that nothing was learned from and of
# simulated pens (`benchmarks/fit_deciding.py --last`). It is raised last: rules about words and lines go by what it
# was before.
TOLD_SLOPE, TOLD_SHIFT = 1.15, 0.31
SURELY_OTHER = 0.2  # below this probability of being a digit, ink beside digits is taken for a letter
# What stands alone on a picture: the classifier has learned from more letters and symbols than people show to a
# reader of digits, so it is believed up to a probability of 0.9 of being none: that keeps 99 of 100 digits.
LONE = Weights(score=0.23, none=0.75, bias=0.85, detector=0.5, classifier=0.5)
LONE_AGAIN = Weights(score=0.4, none=1.3, bias=-0.1, detector=0.45, classifier=0.4, again=0.5, region=0.5)
# The same where the detector was not asked: the bias keeps 99 of 100 digits of own-handwriting.
ALONE = Weights(score=0.0, none=1.0, bias=0.4, detector=0.0, classifier=0.3, again=0.7, region=0.7)
# Log-odds for crops of 16 pixels: letters have lost what tells them from digits there, and few cut them.
# Made after looking at usps and semeion, the only sets so small. Of MNIST digits at that size that nothing was
# learned from, 96.3 % are kept without and 97.7 % with it (`benchmarks/fit_deciding.py --last`); none keeps 99 %.
TINY_BIAS = 1.5
# There, the same pixels make a thick zero and a thing: neither answer may be surer than this that it is none.
TINY_NONE = 0.8
LONE_BIAS = 0.8  # where only the classifier was asked
LONE_NONE = (0.5, 0.99)  # outside of it the classifier is sure whether a lone glyph is a digit
OTHER_NONE = 0.98  # a whole glyph that is another sign: whatever stands beside it makes no digit of it
LEAST_PROB = 1e-5  # neither may veto the other
# Glyphs that the classifier alone may decide: the detector's eye for touching digits is not needed.
CLEAR_NONE = 0.04
CLEAR_PROB = 0.9
# Part of the glyphs of a page: on a full one the detector would be asked for a single doubtful digit.
MOST_UNCLEAR = 0.05
MOST_LOOKED_AT = 0.5  # where more are unclear, something else than digits may stand there
CLEAR_WIDTH = 1.2  # of the height; what is wider may be two digits
WIDE = 1.6  # one digit still, if the classifier is so certain of it
# Of the middle width of the page's glyphs, and of its own height: what is as wide may be two that touch. "89"
# and "84" looked like an 8 to both classifiers.
TWICE_WIDTH, LEAST_OF_TWO = 1.25, 0.7
ONE_WIDTH = 0.8
CERTAIN_NONE, CERTAIN_PROB = 0.015, 0.985
CLEAR_HEIGHTS = (0.55, 1.6)  # of the middle height of the page's glyphs


@dataclass(frozen=True)
class Verdict:
    """What is made of one sighting.

    Attributes:
        is_digit: Whether it is reported as a digit.
        probs: (C,) probability of each digit; they sum to the probability that it is a digit at all.
        is_other: True if the classifier saw a whole glyph and is sure that it is another sign.
    """

    is_digit: bool
    probs: Probs
    is_other: bool = False


def are_clear(glyphs: Sequence[Glyph], opinions: Sequence[Opinion]) -> bool:
    """Tell whether the classifier is so sure that the glyphs of a page are digits that nobody else need be asked.

    Args:
        glyphs: All glyphs of the page.
        opinions: What the classifier says about each.
    """
    return have_form(glyphs, opinions) and are_few(len(find_unclear(opinions)), glyphs)


def are_few(unclear: int, glyphs: Sequence[Glyph]) -> bool:
    """Tell whether so many unclear ones of a page's glyphs are too few to ask the detector."""
    return unclear <= MOST_UNCLEAR * len(glyphs)


def have_form(glyphs: Sequence[Glyph], opinions: Sequence[Opinion]) -> bool:
    """Tell whether each glyph of a page may be one digit by its form; wide ones may if they surely are one."""
    if not glyphs:
        return True
    height = median(glyph.box.height for glyph in glyphs)
    return all(
        glyph.box.width <= (WIDE if _is_certain(opinion) else CLEAR_WIDTH) * glyph.box.height
        and CLEAR_HEIGHTS[0] * height <= glyph.box.height <= CLEAR_HEIGHTS[1] * height
        for glyph, opinion in zip(glyphs, opinions, strict=True)
    )


def is_certain_alone(glyph: Glyph, opinion: Opinion) -> bool:
    """Tell whether the classifier is so sure about a page's only glyph that nobody else need be asked.

    Of 1,015 lone glyphs of eleven sets of which it was so sure the region classifier changed no answer
    (docs/reading.md).
    """
    return glyph.box.width <= CLEAR_WIDTH * glyph.box.height and _is_certain(opinion)


def is_one_wide(glyph: Glyph) -> bool:
    """Tell whether a page's only glyph is too slim for two digits, as most single ones are."""
    return glyph.box.width <= ONE_WIDTH * glyph.box.height


def _is_certain(opinion: Opinion) -> bool:
    return (
        opinion.none is not None and opinion.none < CERTAIN_NONE and float(opinion.probs.max()) > CERTAIN_PROB
    )


def find_unclear(opinions: Sequence[Opinion]) -> list[int]:
    """Return the indices of the glyphs of which the classifier is not sure that they are digits, and which."""
    return [index for index, opinion in enumerate(opinions) if not _is_clear(opinion)]


def measure_sureness(opinions: Sequence[Opinion]) -> float:
    """Return how probable it is that all glyphs of a page are digits of their labels, as the classifier sees it."""
    return prod(float(opinion.probs.max()) * (1 - (opinion.none or 0.0)) for opinion in opinions)


def is_surely_digit(sighting: Sighting) -> bool:
    """Tell whether classifier and region classifier together are sure that a glyph is a digit, and which."""
    verdict = decide(sighting, sighting.opinion)
    return verdict.is_digit and float(verdict.probs.max()) > CLEAR_PROB


def may_be_two(glyph: Glyph, glyphs: Sequence[Glyph]) -> bool:
    """Tell whether a glyph is so wide beside the others of its page that it may be two digits that touch."""
    box, width = glyph.box, median(other.box.width for other in glyphs)
    return box.width >= TWICE_WIDTH * width and box.width >= LEAST_OF_TWO * box.height


def _is_clear(opinion: Opinion) -> bool:
    return opinion.none is not None and opinion.none < CLEAR_NONE and float(opinion.probs.max()) > CLEAR_PROB


def is_sure_alone(sighting: Sighting) -> bool:
    """Tell whether a page's only glyph surely is a digit, or surely none: so slim that it is no two that touch.

    Args:
        sighting: With what the classifier says, and the region classifier where it was asked.
    """
    glyph, opinion = sighting.glyph, sighting.opinion
    if glyph is None or glyph.box.width > CLEAR_WIDTH * glyph.box.height:
        return False
    if opinion is None or opinion.none is None:
        return False
    is_slim = glyph.box.width < LEAST_OF_TWO * glyph.box.height
    if sighting.again is not None:
        verdict = decide(sighting, opinion)
        is_named = float(verdict.probs.max()) > CLEAR_PROB
        return is_named if verdict.is_digit else is_slim and float(verdict.probs.sum()) < SURELY_OTHER
    is_named = opinion.none < LONE_NONE[0] and float(opinion.probs.max()) > CLEAR_PROB
    return (is_slim and opinion.none > LONE_NONE[1]) or is_named


def decide(sighting: Sighting, opinion: Opinion | None) -> Verdict:
    """Weigh both answers.

    Args:
        sighting: What the detector says, if it was asked.
        opinion: What the classifier says; None if there was no ink to show it.
    """
    probs, none = opinion if opinion is not None else (None, None)
    if sighting.probs is None and sighting.again is None:
        if probs is None:
            return Verdict(is_digit=False, probs=np.zeros(len(DIGITS), np.float32))
        bias = LONE_BIAS if sighting.is_lone else 0.0
        exists = 1 / (1 + np.exp(_log_odds(none) - bias)) if none is not None else 1.0
        return Verdict(is_digit=exists > 0.5, probs=(probs * exists).astype(np.float32))
    weights = _choose_weights(sighting)
    log_odds, joined = weights.bias + TINY_BIAS * sighting.is_tiny, np.zeros(len(DIGITS))
    if sighting.probs is not None:
        log_odds += weights.score * _log_odds(sighting.score)
        joined += weights.detector * _log(sighting.probs)
    for answer, doubt, trust in (
        (opinion, weights.none, weights.classifier),
        (sighting.again, weights.again, weights.region),
    ):
        if answer is not None:
            if answer.none is not None:
                log_odds -= doubt * _log_odds(
                    min(answer.none, TINY_NONE) if sighting.is_tiny else answer.none
                )
            joined += trust * _log(answer.probs)
    shares = np.exp(joined - joined.max())
    found = shares / shares.sum() / (1 + np.exp(-log_odds))
    calibrated = _calibrate(found, weights.slope, weights.shift)
    return Verdict(log_odds > 0, calibrated, is_other=_is_other(sighting, opinion))


def tell(sighting: Sighting, verdict: Verdict) -> Probs:
    """Return what is told of a digit: the probabilities of its labels as handwriting deserves them.

    Args:
        sighting: Where detector and region classifier were asked, their joined word is too cautious.
        verdict: What was made of it in the end.

    Returns:
        (10,) float32; they sum to the probability that it is a digit at all.
    """
    if sighting.probs is None or sighting.again is None:
        return verdict.probs
    return _calibrate(verdict.probs.astype(np.float64), TOLD_SLOPE, TOLD_SHIFT)


def _is_other(sighting: Sighting, opinion: Opinion | None) -> bool:
    is_whole = sighting.glyph is not None and sighting.glyph.is_whole
    return is_whole and opinion is not None and opinion.none is not None and opinion.none >= OTHER_NONE


def _choose_weights(sighting: Sighting) -> Weights:
    was_seen_again = sighting.again is not None
    if sighting.probs is None:
        return ALONE
    if sighting.is_lone:
        return LONE_AGAIN if was_seen_again else LONE
    if sighting.glyph is not None and sighting.glyph.is_whole:
        return WHOLE_AGAIN if was_seen_again else WHOLE
    return CUT_AGAIN if was_seen_again else CUT


def _calibrate(probs: npt.NDArray[np.float64], slope: float, shift: float) -> Probs:
    """Give the first label its calibrated probability and share out the rest in proportion."""
    best = int(probs.argmax())
    first = float(probs[best])
    confidence = 1 / (1 + np.exp(-(slope * _log_odds(first) + shift)))
    calibrated: Probs = (probs * (1 - confidence) / max(1 - first, 1e-6)).astype(np.float32)
    calibrated[best] = confidence
    return calibrated


def _log(probs: Probs) -> npt.NDArray[np.float64]:
    return np.log(np.maximum(probs.astype(np.float64), LEAST_PROB))


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-3), 1 - 1e-3)
    return float(np.log(clipped / (1 - clipped)))
