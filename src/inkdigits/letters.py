"""Which digits of a page are letters: those in words, in columns of letters, and 1s that are an i.

Owns: what counts there as a letter or as a speck, by the verdicts. Leaves to others: the places of words
(ink.words), the verdicts (deciding, reconsidering).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from inkdigits.deciding import SURELY_OTHER, Verdict
from inkdigits.finding import Found, Sighting
from inkdigits.ink.slashes import STRAIGHT
from inkdigits.ink.words import LIKE_LETTER, find_dotted, find_letter_columns, find_words, is_explained
from inkdigits.reconsidering import are_faint
from inkdigits.types import Box, Rejected

LETTER_HEIGHT = 0.65  # of digits: specks are lower where their size was judged by digits


def find_letters(found: Found, alone: Sequence[Verdict], judged: Sequence[Verdict]) -> set[int]:
    """Return which of a page's digits are letters.

    Args:
        found: What was found on the page.
        alone: What was made of each sighting alone: how sure it is, whatever its neighbours say.
        judged: What was made of them in the end.

    Returns:
        Numbers of the digits, counted among those that are digits in the end.
    """
    sightings = list(zip(found.sightings, alone, judged, strict=True))
    boxes = [sighting.box for sighting, _, verdict in sightings if verdict.is_digit]
    # A straight, leaning stroke is a 1 or a slash: between digits, as in a date, it makes no word of them.
    strokes = {item.box for item in found.candidates if item.shape == "stroke" and item.thickness < STRAIGHT}
    sureness = [
        max(float(before.probs.sum()), LIKE_LETTER if seen.box in strokes else 0.0)
        for seen, before, verdict in sightings
        if verdict.is_digit
    ]
    left = [(box, 1.0 if box in strokes else probability) for box, probability in _find_left(sightings)]
    others = [item.box for item in found.rejected if item.reason == "no digit"]
    others += _find_large_specks(found.rejected, boxes)
    others += [box for box, probability in left if probability < SURELY_OTHER]
    doubtful = [box for box, probability in left if probability >= SURELY_OTHER]
    in_columns = find_letter_columns(boxes, others, probabilities=sureness)
    specks = [(item.box, item.fill) for item in found.candidates if item.shape == "speck"]
    labels = [int(verdict.probs.argmax()) for verdict in judged if verdict.is_digit]
    ones = [index for index, label in enumerate(labels) if label == 1]
    dotted = {ones[index] for index in find_dotted([boxes[one] for one in ones], specks)}
    uprights = [rule.box for rule in found.rules if rule.is_upright]
    in_words = find_words(boxes, others, probabilities=sureness, doubtful=doubtful, uprights=uprights)
    return dotted | in_columns | in_words


def _find_left(sightings: Sequence[tuple[Sighting, Verdict, Verdict]]) -> list[tuple[Box, float]]:
    """Return what was seen, is no digit, and may be a letter: where it stands, and how probable a digit is.

    Where no ink is, where it is fainter than the digits beside it, or where it is theirs, stands no letter: the
    security print of a cheque, and pieces of its digits, made words of whole amounts.
    """
    digits = [seen for seen, _, verdict in sightings if verdict.is_digit]
    boxes = [seen.box for seen in digits]
    left = [
        (seen, 0.0 if verdict.is_other else float(verdict.probs.sum()))
        for seen, _, verdict in sightings
        if not verdict.is_digit and seen.glyph is not None and not is_explained(seen.box, boxes)
    ]
    is_faint = are_faint(
        [seen.box for seen, _ in left],
        [seen.contrast for seen, _ in left],
        digits=boxes,
        digit_contrasts=[seen.contrast for seen in digits],
    )
    return [(seen.box, prob) for (seen, prob), faint in zip(left, is_faint, strict=True) if not faint]


def _find_large_specks(rejected: Sequence[Rejected], digits: Sequence[Box]) -> list[Box]:
    """Return specks if some are nearly as high as digits: beside large frames, letters are taken for specks."""
    specks = [item.box for item in rejected if item.reason == "speck"]
    height = median(box.height for box in digits) if digits else 0
    return specks if any(box.height >= LETTER_HEIGHT * height for box in specks) else []
