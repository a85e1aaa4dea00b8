"""Writing that runs far up or down: its page is turned so that it is level, and read anew.

Owns: when that is done, whether it is believed, and the way back to places on the page itself. Leaves to others:
the turning (images.turn), the slope of writing (ink.grouping), reading (reader).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inkdigits.deciding import Verdict
from inkdigits.finding import Found
from inkdigits.images.turn import Turn
from inkdigits.ink.assemble import Assembled
from inkdigits.ink.grouping import measure_slope
from inkdigits.types import Cells, Number, Rejected, Rule

# Below it nothing is won, and a turned page costs a second reading. Of 100 held-out rows of five MNIST digits,
# turned by 4, 8, 12 and 20 degrees, 95, 93, 88 and 74 are read as they are, 95, 96, 95 and 94 when turned back.
LEAST_SLOPE = 0.1
AS_SURE = 0.95  # the digits of the level page are as sure in sum as those of the page itself, or nearly


def find_turn(found: Found, verdicts: Sequence[Verdict]) -> Turn | None:
    """Return how to turn a page so that its writing is level; None where it nearly is, or where nobody can tell.

    Args:
        found: What was found on it.
        verdicts: What was made of each sighting.
    """
    slope = measure_slope([s.box for s, v in zip(found.sightings, verdicts, strict=True) if v.is_digit])
    return Turn(slope, found.page.size) if abs(slope) >= LEAST_SLOPE else None


def is_as_sure(again: Sequence[Verdict], before: Sequence[Verdict]) -> bool:
    """Tell whether what was read on the level page may stand for what was read before.

    Args:
        again: Verdicts about the sightings on the level page.
        before: Those about the page itself.
    """
    return _sum_sureness(again) >= AS_SURE * _sum_sureness(before)


def _sum_sureness(verdicts: Sequence[Verdict]) -> float:
    return sum(float(verdict.probs.max()) for verdict in verdicts if verdict.is_digit)


def move_back(made: Assembled, turn: Turn) -> Assembled:
    """Return numbers and rows with boxes on the page itself.

    Args:
        made: What the signs of the level page make up.
        turn: How the page was turned.
    """
    moved = {id(number): _move_number(number, turn) for number in made.numbers}
    rows: tuple[Cells, ...] = tuple(
        tuple(None if number is None else moved[id(number)] for number in row) for row in made.rows
    )
    return replace(made, numbers=tuple(moved.values()), rows=rows)


def _move_number(number: Number, turn: Turn) -> Number:
    return replace(
        number,
        digits=tuple(replace(digit, box=turn.back(digit.box)) for digit in number.digits),
        marks=tuple(replace(mark, box=turn.back(mark.box)) for mark in number.marks),
    )


def move_rejected(item: Rejected, turn: Turn) -> Rejected:
    """Return something that is no digit with its box on the page itself.

    Args:
        item: On the level page; the slope of a rule turns with it.
        turn: How the page was turned.
    """
    box = turn.back(item.box)
    if isinstance(item, Rule):
        return replace(item, box=box, slope=item.slope + (-turn.slope if item.is_upright else turn.slope))
    return replace(item, box=box)
