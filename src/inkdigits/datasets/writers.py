"""A simulated writer: what stays the same in a hand, and the forms that are its own.

Owns: the style, how it is invented, which form of a sign is taken and how the writer has it. Leaves to others: the
table of forms (`datasets.allographs`), the motion of the pen (`datasets.strokes`).

Lengths are in units of the digit height: the baseline is y = 1, the top of a digit of normal size is y = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from inkdigits.datasets.allographs import ALLOGRAPHS, DIGITS, Path

RARENESS = 0.2  # the form number n is 1 + 0.2 n times rarer than the first, n from 0
# A writer's own forms, standard deviations: how far heads and waists move up or down, bellies to the side and stems
# bow, how much wider the head is than the foot (logarithm), where further strokes stand and how large they are
# (logarithm), and each point of the table.
MANNER_TALL = 0.06
MANNER_WIDE = 0.05
MANNER_TAPER = 0.22
MANNER_PLACE = 0.035
MANNER_SIZE = 0.12
MANNER_POINTS = 0.03
BLENDING = 0.4  # part of the free writers whose forms lie between two of the table's


@dataclass(frozen=True, slots=True)
class WriterStyle:
    """What stays the same in the hand of one writer. Lengths are in digit heights.

    Attributes:
        slant_deg: Lean of the stems, positive to the right.
        aspect: Width of the digits against the normal.
        size: Height of the digits against the normal.
        roundness: 0 keeps corners sharp, 1 rounds them strongly.
        pen_width: Width of the line at full pressure.
        spacing: White between neighbouring signs; negative lets them touch.
        jitter: How much each sign differs from the ideal, 0 not at all, 1 is a normal adult.
        tremor: How much the pen shakes, 0 not at all, 1 is a normal adult.
        speed: Digit heights per second.
        tilt_deg: Slope of the line of writing, positive is downhill.
        fidelity: Probability of the usual way of writing a digit; else another is taken.
        habits: Index into `ALLOGRAPHS[digit]` for each of the ten digits.
        manner: How far the writer's own forms are from the table's, 0 not at all, 1 is a normal adult.
        manner_seed: Which forms those are: a writer keeps them.
        blend: How far each form is mixed with another of `others`, 0 not at all, 0.5 by half.
        others: Index into `ALLOGRAPHS[digit]` of that other form, for each of the ten digits.
    """

    slant_deg: float = 4.0
    aspect: float = 1.0
    size: float = 1.0
    roundness: float = 0.4
    pen_width: float = 0.09
    spacing: float = 0.18
    jitter: float = 1.0
    tremor: float = 1.0
    speed: float = 3.5
    tilt_deg: float = 0.0
    fidelity: float = 0.95
    habits: tuple[int, ...] = (0,) * 10
    manner: float = 0.0
    manner_seed: int = 0
    blend: float = 0.0
    others: tuple[int, ...] = (0,) * 10


def make_writer(rng: np.random.Generator) -> WriterStyle:
    """Invent a writer whose digits are readable.

    Args:
        rng: Source of all chance; the same state gives the same writer.
    """
    return WriterStyle(
        slant_deg=float(np.clip(rng.normal(5, 8), -12, 24)),
        aspect=float(np.clip(rng.normal(1.0, 0.14), 0.72, 1.4)),
        size=float(np.clip(rng.normal(1.0, 0.07), 0.85, 1.15)),
        roundness=float(rng.uniform(0.1, 1.0)),
        pen_width=float(np.clip(rng.lognormal(np.log(0.085), 0.25), 0.05, 0.15)),
        spacing=float(np.clip(rng.normal(0.2, 0.05), 0.12, 0.4)),
        jitter=float(np.clip(rng.lognormal(0, 0.3), 0.4, 1.6)),
        tremor=float(rng.lognormal(-0.3, 0.5)),
        speed=float(rng.uniform(2.2, 5.0)),
        tilt_deg=float(rng.normal(0, 0.7)),
        fidelity=float(rng.uniform(0.85, 1.0)),
        habits=tuple(draw_form(ALLOGRAPHS[digit], rng) for digit in DIGITS),
    )


def make_free_writer(rng: np.random.Generator) -> WriterStyle:
    """Invent a writer with forms of his own: longer stems, smaller heads, strokes that meet elsewhere.

    Args:
        rng: Source of all chance; the same state gives the same writer.
    """
    writer = make_writer(rng)
    manner = float(np.clip(rng.lognormal(0, 0.45), 0.3, 2.2))
    return replace(
        writer,
        manner=manner,
        manner_seed=int(rng.integers(2**31)),
        blend=float(rng.uniform(0.1, 0.5)) if rng.random() < BLENDING else 0.0,
        others=tuple(int(rng.integers(len(ALLOGRAPHS[digit]))) for digit in DIGITS),
    )


def draw_form(forms: Sequence[str], rng: np.random.Generator) -> int:
    """Draw one of the ways to write a sign; those that stand first are more usual.

    Args:
        forms: The ways.
        rng: Source of all chance.

    Returns:
        An index into `forms`.
    """
    weights = 1 / (1 + RARENESS * np.arange(len(forms)))
    return int(rng.choice(len(forms), p=weights / weights.sum()))


def make_own(
    strokes: Sequence[Sequence[Path]], *, sign: str, form: int, style: WriterStyle
) -> Sequence[Sequence[Path]]:
    """Return a form as this writer has it: other proportions, and strokes at other places; always the same.

    Args:
        strokes: The runs of each stroke, in digit heights, as `parse_form` gives them.
        sign: Which sign they write; only digits change.
        form: Its index in `ALLOGRAPHS[sign]`.
        style: The writer.
    """
    if not style.manner or sign not in DIGITS:
        return strokes
    rng = np.random.default_rng([style.manner_seed, int(sign), form])
    points = np.concatenate([run for runs in strokes for run in runs])
    left, width = float(points[:, 0].min()), max(float(np.ptp(points[:, 0])), 0.1)
    tall, waist = style.manner * rng.normal(0, MANNER_TALL, 2) / (1, 2)
    wide, bow = style.manner * rng.normal(0, MANNER_WIDE, 2)
    taper = style.manner * float(rng.normal(0, MANNER_TAPER))
    own = []
    for index, runs in enumerate(strokes):
        middle = np.concatenate(runs).mean(axis=0)
        away = style.manner * rng.normal(0, MANNER_PLACE, 2) * bool(index)
        grow = np.exp(style.manner * float(rng.normal(0, MANNER_SIZE)) * bool(index))
        placed = shake(
            [middle + away + (run - middle) * grow for run in runs],
            amount=MANNER_POINTS * style.manner,
            rng=rng,
        )
        bent = []
        for run in placed:
            x, y = (run[:, 0] - left) / width - 0.5, run[:, 1]
            across = (x + wide * np.cos(np.pi * x)) * np.exp(taper * (0.5 - y)) * width
            across = across + bow * np.sin(np.pi * y)
            down = y + tall * np.sin(np.pi * y) + waist * np.sin(2 * np.pi * y)
            bent.append(np.stack([left + 0.5 * width + across, down], axis=1))
        own.append(bent)
    return own


def shake(runs: Sequence[Path], *, amount: float, rng: np.random.Generator) -> list[Path]:
    """Move each control point by chance; runs stay joined at their corners.

    Points that stand close together move less: else they would put dents into a round line.

    Args:
        runs: Runs of one stroke, each (N, 2) in digit heights.
        amount: Standard deviation, in digit heights.
        rng: Source of all chance.
    """
    moved = []
    for run in runs:
        chords = np.linalg.norm(np.diff(run, axis=0), axis=1)
        room = np.minimum(np.append(chords, chords[-1]), np.append(chords[0], chords))
        moved.append(run + rng.normal(0, amount, run.shape) * np.clip(room / 0.3, 0.25, 1.0)[:, None])
    for before, after in pairwise(moved):
        after[0] = before[-1]
    return moved
