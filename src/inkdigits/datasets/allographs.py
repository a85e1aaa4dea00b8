"""How people write each digit: the allographs, as points that the pen passes.

Owns: the table of forms and its notation. Leaves to others: how a hand moves along them (`datasets.strokes`).

Lengths are in units of the digit height: the baseline is y = 1, the top of a digit is y = 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Path: TypeAlias = npt.NDArray[np.float64]
"""Points along the line that the pen follows, (N, 2): x, y."""

DIGITS = "0123456789"

# Each string is one way to write a sign: points "x,y" in percent of the digit height, through which the pen
# moves smoothly; "!" marks a corner where it stops and turns; "/" lifts the pen.
# Those that are seen most often come first: writers are invented with that in mind.
# Drawn by eye after the forms that schools teach in Europe, the Americas and Asia, and after common haste.
ALLOGRAPHS: dict[str, tuple[str, ...]] = {
    "0": (
        "31,1 21,4 9,20 2,50 8,80 18,95 29,99 41,95 51,80 57,50 50,18 38,3 29,1",  # closed oval
        "38,3 16,8 3,42 8,80 18,95 29,99 41,95 50,82 57,52 54,26 47,10",  # not quite closed
        "36,6 16,8 2,42 7,80 17,95 28,99 40,95 50,80 56,46 46,10 28,0 14,6",  # the end runs over the start
        "23,1 14,4 6,18 1,48 4,80 12,96 20,99 29,95 36,80 40,48 35,18 28,4 21,1",  # narrow
        "28,1 38,3 51,18 58,50 51,80 40,95 29,99 18,95 8,80 2,50 9,18 20,3 31,2",  # clockwise
        "31,1 21,4 9,20 2,50 8,80 18,95 29,99 41,95 51,80 57,50 50,18 38,3 29,1 / 50,8 10,92",  # slashed
        "30,46 52,44 62,24 44,2 14,10 2,48 14,90 44,98 62,70 58,40",  # it closes as a coil
        "46,10 40,-6 28,0 34,14 12,20 2,56 16,94 44,94 56,56 40,14",  # a small loop on its head
        "20,44 60,46 58,20 36,2 10,16 2,54 16,92 44,96 60,68 54,36",  # begun from within
        "38,40 30,18 14,22 4,50 10,84 32,98 54,80 58,44 44,14 24,10 20,34",  # begun with a hook within
        "18,16 26,36! 30,10 50,22 58,54 44,92 20,98 4,74 6,36 24,10 40,8",  # small and round, a tick from above
        "4,20 24,4 50,8 60,46 44,90 18,98 2,80",  # open on the left
        "10,40 14,12 40,2 60,34 52,84 24,98 4,76 4,56",  # the same, nearly closed
        "44,6 20,10 4,50 12,92 34,98 54,66 52,24 36,2 28,10 50,16 82,8",  # a stroke flies off from its head
        "6,96 2,50 14,12 34,0 52,18 58,60 54,98",  # open at the foot
        "22,36 32,38! 30,6 8,22 4,74 28,98 54,72 50,20 30,6 24,16",  # small and round, a tick within
        "26,34 30,8 46,4 58,32 52,82 26,97 4,72 8,22 30,4 40,16",  # begun from within, slim
        "6,2 4,98! 44,97! 46,3! 6,2",  # a tall box
    ),
    "1": (
        "10,0 9,50 8,100",  # bare
        "0,24 14,14 26,0! 26,52 24,100",  # flag
        "4,22 18,11 28,0! 28,50 28,98 / 6,99 50,98",  # flag and foot
        "26,0 14,52 4,100",  # slanted
        "0,36 14,22 32,0! 31,50 30,100",  # long flag
        "0,58 18,30 36,0! 35,50 33,100",  # flag down to the waist
        "2,46 24,38 44,16 38,-2 26,6 16,50 8,102",  # a wide loop on a leaning stem, as a written l
        "0,40 20,28 34,8 28,-2 16,10 12,50 4,100",  # the same, slim
        "0,92 22,46 44,0! 43,50 42,100",  # flag down to the baseline, as in central Europe
        "8,44 0,30 8,10 32,0! 30,50 26,104",  # its flag is a bow
        "4,28 10,10 34,0! 28,50 20,102",  # the same, short
        "10,24 30,0! 28,97 / -26,101 24,98 86,93",  # a foot as wide as it is high
        "2,3 24,2 46,2 / 24,2 24,98 / 2,98 46,97",  # like an I
        "6,24 34,2! 14,88! 34,94 54,92",  # flag and foot in one stroke
        "0,44 16,24 32,0! 27,50 22,100 / 4,99 24,100 44,98",  # long flag, leaning, with a foot
        "0,84 16,44 32,0! 42,50 52,102",  # flag and stem as the two sides of a roof
        "0,58 22,34 42,8 38,0 28,8 16,50 8,102",  # a written l: the flag loops into the stem
        "0,72 20,42 34,10 30,0 22,10 12,58 6,92 16,100",  # the same, slim, with a turn at the foot
        "0,50 26,22 50,0! 34,50 18,102",  # long flag, leaning far
        "6,100 30,44 46,4 40,-2 28,10 10,60 2,102",  # up and down in a slim loop, leaning
        "24,0 12,56 8,100! 20,50 32,4",  # down and up again
        "10,0 7,56 14,96 34,90",  # bare, its foot turns up
    ),
    "2": (
        "4,22 12,6 29,0 46,9 49,28 37,54 17,80 3,96! 24,95 60,96",  # swan
        "4,20 14,5 31,0 46,10 48,30 35,58 17,86 6,93 2,85 11,79 27,88 42,97 60,92",  # looped foot
        "3,10 22,2 44,3 49,12 36,42 18,74 2,97! 30,96 58,97",  # like a Z
        "5,26 10,8 28,0 47,10 49,30 36,56 18,80 4,95! 18,88 36,96 50,98 62,88",  # wavy foot
        "4,16 18,2 40,4 46,18 30,48 6,90! 20,84 30,98 58,92",  # hook at the foot
        "26,50 10,36 14,10 34,2 48,16 42,44 22,74 2,97! 26,92 58,94",  # closed loop on top, as a written Q
        "30,44 14,40 10,16 30,0 48,12 44,38 24,66 4,92 14,84 34,96 58,88",  # loops at top and foot
        "34,40 22,30 30,6 46,0 52,14 36,50 14,84 0,98! 24,88 44,92",  # slim loop, leaning
        "8,34 6,12 26,0 44,10 40,34 24,50 12,70 2,92! 20,84 34,96 54,88",  # like a question mark with a foot
        "2,12 46,2! 20,56 0,98! 24,58 34,62 44,92",  # like a z that ends as an h
        "6,20 30,2 44,8 22,54 2,98! 22,62 40,60 58,84",  # the same, rounder
        "0,16 50,0! 6,92! 26,60 40,66 56,80",  # the same, leaning
        "4,22 20,4 48,2! 22,50 0,96! 20,64 30,72 32,98",  # the same, steep
        "2,14 60,4! 2,90! 74,86",  # a wide z
        "4,18 20,4 44,8 40,30 16,62 2,84! 36,80 78,76",  # a wide foot
        "2,16 20,2 44,4 44,24 20,60 4,96 24,97",  # hardly a foot
        "10,30 24,6 42,0 46,20 30,52 10,88 0,98 14,90 40,98 64,80",  # like a written L
        "28,54 8,46 2,24 18,3 44,4 54,24 38,58 6,94 20,88 42,100 66,94",  # a round head, a wavy foot
        "0,22 16,4 50,0 42,20 4,84! 28,78 54,86",  # hasty, like a z
        "6,24 12,6 32,0 46,12 42,34 30,62 22,84 30,98 50,92",  # a hook above, a bow below
        "40,30 24,36 8,26 12,6 34,0 50,14 46,40 26,68 4,94! 24,88 44,94 64,90",  # its head nearly a closed ring
        "20,34 6,24 14,4 38,0 52,16 44,48 20,78 0,86 8,98 28,92 52,98 70,88",  # round head, flat loop at the foot
        "18,22 10,10 24,0 34,14 24,52 4,98! 18,84 36,100",  # slim, its foot a wave
        "50,44 20,54 0,32 12,4 44,-2 62,20 48,54 22,82 2,98! 30,90 62,96",  # a large ring on a foot
        "0,16 22,2 44,4! 24,44 0,90! 26,60 34,90 56,80",  # like an N that leans
        "6,24 24,2 40,4 28,46 2,88! 22,56 28,84 50,74",  # the same, rounder
        "4,3 46,2! 47,48! 6,51! 4,98! 50,97",  # corners everywhere, as a display shows it
    ),
    "3": (
        "4,14 22,1 43,7 46,25 34,41 19,46! 39,50 53,66 49,89 27,100 2,90",  # round
        "5,4 28,3 51,2! 38,20 22,40! 43,46 53,65 47,89 25,100 0,91",  # flat top
        "5,13 24,0 44,9 43,30 29,44 19,49 17,45 25,44 44,55 52,76 37,98 14,99 2,90",  # looped waist
        "4,10 22,0 44,6 44,28 28,46 46,60 50,82 32,99 2,92",  # quick, no corner
        "4,4 28,2 54,0! 36,18 20,36! 42,44 54,64 44,88 18,102 0,96",  # flat top and a long slope, leaning
        "2,12 20,2 46,2! 30,22 18,38! 36,44 40,64 26,88 0,104",  # angular, its belly small, the tail to the left
        "0,10 26,4 50,8! 20,44! 50,62! 36,90 4,104",  # corners everywhere
        "10,8 30,0 46,10 34,32 22,40! 38,46 44,64 24,92 -14,108",  # the tail sweeps far to the left
        "0,8 46,12! 14,38! 46,44! 34,72 2,100",  # a zigzag with a tail
        "30,22 14,26 8,10 26,0 46,6 40,30 26,42! 44,52 42,76 20,96 -6,106",  # its head a ring
        "50,4 24,2 8,14 16,30 36,26 46,8 30,40! 46,54 40,80 16,98 -8,100",  # its head a ring begun on the right
        "36,4 12,8 10,26 30,28 42,10! 28,42 46,58 36,86 4,104",  # the same, leaning
        "44,8 22,0 12,14 28,26 48,10 36,36 22,44! 44,50 48,74 24,98 2,94",  # the same, round
        "4,8 28,0 42,14 22,40! 44,56 44,88 16,100 6,84 26,70",  # a loop at its foot
        "0,4 26,14 56,0! 20,36! 50,44 40,78 6,100",  # a zigzag whose bar sags
        "2,4 50,8! 18,34! 48,40! 4,96",  # a zigzag
        "4,2 46,3! 45,50! 12,50! 45,50! 47,98! 2,97",  # as a display shows it
    ),
    "4": (
        "14,2 9,30 2,61! 30,61 62,59 / 45,26 43,62 40,100",  # open
        "43,1 22,34 2,66! 30,66 62,65 / 43,2 42,50 42,100",  # closed, two strokes
        "10,4 5,38 8,56 22,60 38,54 49,34 52,4! 48,52 42,100",  # open, one stroke
        "12,8 2,56! 30,58 60,55 / 48,2 40,50 34,100",  # open, leaning stem
        "40,0 20,36 3,64! 40,63 56,62 / 40,44 39,66 37,102",  # half stem below a slope
        "32,0 12,16 4,36 16,50 36,44 58,28! 52,60 42,100",  # a cup and a stem in one stroke
        "44,0 20,14 8,30 18,44 40,46 58,44! 48,72 36,102",  # the same, hasty: nearly an S with a corner
        "4,6 30,62! 44,56 / 52,0 48,54 44,112",  # a check mark and a stem
        "2,10 32,70! 50,2! 47,60 42,112",  # the same in one stroke
        "30,0 14,50! 40,46 / 56,0 20,104",  # like an H whose stems nearly meet
        "24,0 6,60! 30,56 / 62,-10 16,106",  # the same, its right stem long
        "36,0 14,54! 38,50 / 70,-6 22,110",  # the same, leaning far
        "20,10 2,66! 40,50 / 50,6 24,100",  # the same, small
        "30,0 2,98 / 62,0 30,100 / 14,56 50,46",  # an H that leans
        "10,0 4,56! 46,52 / 46,0 42,100",  # like an H, upright
        "40,0 14,30 8,48 36,44! 44,4 38,50 32,100",  # its head nearly closed, slim
        "22,0 2,48! 30,50 56,46 / 40,24 38,62 34,104",  # quick
        "34,0 4,70! 24,52 42,44! 36,72 34,102",  # like an h
        "26,0 0,62! 30,57 60,46 / 46,32 34,104",  # open and leaning, its foot rises
        "24,0 8,40 4,56 26,56 54,46! 50,50 / 42,26 36,104",  # the corner rounded
        "22,0 10,34 2,72 16,66 34,58 48,56 / 46,40 42,70 40,100",  # like an h that is not closed
        "26,0 6,66! 22,60 44,58 / 42,34 36,66 32,98",  # slim and leaning, its stem short
        "14,0 8,40 4,78! 20,66 36,54 44,44! 40,70 36,104",  # down to the knee, then a hook and a stem
        "30,0 14,34 4,64 30,58 62,50 / 48,44 44,62 38,84",  # open, its stem hardly more than a tick
        "30,2 8,50 0,62 18,60 34,54 / 54,0 40,50 26,104",  # slim and leaning: two strokes that hardly meet
        "24,8 6,58! 26,54 / 50,0 38,50 24,104",  # the same with a corner
        "20,6 4,60! 44,52 / 50,0 36,50 22,102",  # like an H that leans
        "36,0 22,36 12,62! 30,60 52,54 / 56,0 44,50 30,106",  # steep, both stems long
        "16,0 6,52 10,84 18,86 36,56! 36,80 40,104",  # a stem, a bow below and an arch: nearly an h
        "58,0 0,74! 34,62 66,58 / 46,44 36,104",  # a long slope, its stem short
        "24,0 12,68! 44,62 / 40,42 38,98",  # like an L that a tick crosses
        "56,0 2,66! 12,76 66,70 / 48,56 60,100",  # a wedge and a tick at its end
        "50,6 0,58! 36,62 78,58 / 40,30 54,98",  # wide and flat, its stem leans back
        "14,0 4,50 14,80 34,76 46,60 / 52,0 46,50 40,104",  # like a u with a long stem
        "34,0 6,34! 40,50! 36,76 44,104",  # a zigzag
        "44,4 0,76! 40,70 76,72 / 44,4 48,50 52,92",  # like an A
        "4,14 8,44 30,56 50,40 60,10 46,0 40,14 40,60 30,112",  # a cup whose stem begins with a loop
        "30,0 10,78! 30,56 46,54! 44,76 48,104",  # an h, written in haste
        "26,0 0,58! 20,50 / 42,0 16,100",  # two leaning stems, hardly a bar
        "22,22 0,60! 26,50 / 52,0 22,102",  # a check mark and a long leaning stem
        "34,8 8,52! 34,45 / 60,4 34,98",  # the same, both strokes long
        "18,0 2,48 14,56 32,42 / 54,0 28,102",  # a bow and a leaning stem
    ),
    "5": (
        "11,4 9,22 6,43! 26,36 47,44 54,66 44,90 22,100 0,91 / 10,4 32,3 56,2",  # body, then cap
        "54,3 30,3 11,4! 9,22 6,43! 26,37 48,46 54,68 42,92 20,100 0,92",  # one stroke
        "56,3 34,2 13,5 8,22 10,41 31,41 50,54 53,78 35,98 2,91",  # one stroke, round
        "12,12 8,28 6,46! 27,40 48,50 51,74 38,95 18,100 0,90 / 14,10 34,6 60,0",  # cap rises
        "0,74 6,80 13,100! 22,50 31,5! 50,3 78,0",  # like a root sign: hook, stem, cap
        "72,0 44,3 28,8! 27,36 24,74 12,98 0,86",  # cap, stem and a hook, hardly a belly
        "14,14 11,30 7,48! 28,40 48,52 50,76 36,96 16,100 0,92 / 30,4 54,0 82,-6",  # the cap flies off
        "50,4 22,10 14,40! 34,44 42,64 30,92 2,98",  # nearly an S
        "2,54 12,100! 26,40 36,4! 44,0 84,2",  # like a root sign, flat
        "56,4 20,8! 10,50! 36,44 50,66 34,96 8,92 6,70",  # its belly nearly closed
        "60,0 24,6! 16,44! 40,50 44,80 20,98 6,80 16,54",  # its belly closed
        "50,2 22,4! 6,88 24,98 44,80 38,54 14,52",  # a stem down to the foot, then a belly, as a 6 with a cap
        "0,56 12,100! 30,4! 90,0",  # a root sign, wide
        "0,70 8,100! 22,0! 60,-4",  # a root sign, narrow
        "4,60 14,100! 22,40 24,8 / 26,4 64,0",  # a check mark and a cap
        "18,24 12,48! 34,44 44,66 30,96 4,94 / 28,6 68,-2",  # its cap far above
        "58,2 28,6 10,42! 32,44 46,66 34,95 10,91 4,72",  # its belly nearly closes to a 6
        "50,2 6,3! 7,47! 49,48! 48,97! 2,98",  # as a display shows it
    ),
    "6": (
        "45,0 23,15 7,44 3,76 19,99 42,94 51,74 41,57 22,56 5,75",  # curved
        "34,0 18,28 5,60 5,86 24,100 45,90 48,70 33,56 16,62 6,78",  # straight stem
        "40,2 20,24 6,58 7,88 23,100 40,92 42,76 30,65 16,71 9,84",  # low loop
        "51,10 41,1 22,11 6,42 3,75 18,98 40,95 50,76 40,58 21,59 6,76",  # curled top
        "16,0 8,40 6,80 26,100 56,92 62,66 44,48 18,58 8,76",  # a stem and a wide bowl, like a b
        "30,2 14,34 4,70 16,98 46,98 66,74 52,46 26,50 8,76",  # the same, leaning
        "36,0 14,30 4,66 12,94 30,100 48,84 44,56 24,52 6,70 2,88",  # the bowl as large as the stem is high
        "44,4 6,30 0,76 20,98 58,94 64,70 30,64 6,80",  # leaning over a flat bowl
        "30,10 8,40 2,74 16,98 46,98 62,70 48,46 20,50 4,72",  # a short stem, a large bowl
        "46,12 36,2 14,14 6,50 10,88 34,98 50,78 40,54 14,52 0,62 14,66 36,62",  # its bowl loops over the stem
        "44,8 30,2 10,24 6,70 22,98 46,90 50,64 30,54 2,58",  # its bowl ends beyond the stem
        "48,16 40,4 20,8 6,44 12,88 36,98 52,76 36,54 8,60 24,72 40,66",  # the same, curled
        "42,10 26,4 8,30 8,80 28,98 46,80 40,56 22,54 4,62 2,52 20,48",  # the same with a knot
        "44,20 46,6 28,0 8,20 4,68 20,98 44,88 46,62 26,56 26,70",  # head and bowl curled alike, as a G
        "44,0 20,50 0,100! 30,66 70,64 88,82 60,96 26,80",  # a leaning stem and a flat loop
        "24,8 4,50 10,90 36,98 56,72 48,40 26,34 8,56",  # hardly a stem
        "40,4 18,8 4,50 10,90 36,96 50,74 36,56 24,64",  # its bowl curls and stays open
        "36,8 14,2 4,42 8,86 30,98 48,76 34,54 22,62 32,74",  # like a G
        "50,6 30,-4 8,24 4,74 26,98 50,80 44,58 28,56",  # open, round
        "46,2 6,4! 4,98! 48,97! 48,50! 6,51",  # as a display shows it
    ),
    "7": (
        "2,4 28,4 55,2! 38,46 22,100",  # plain
        "2,5 28,4 54,2! 38,46 24,100 / 15,52 34,50 53,47",  # crossed
        "5,21 4,12 4,4! 28,5 55,3! 38,46 24,100",  # serif
        "2,8 22,2 44,2 52,8 44,28 30,58 24,100",  # curved
        "4,20 5,12 6,3! 30,5 54,3! 38,44 22,100 / 14,53 34,52 52,51",  # serif and crossed
        "2,14 10,3 26,9 42,7 54,1! 38,46 26,100",  # wave
        "2,32 12,6! 18,26 34,22 56,2! 42,46 22,100 / 12,60 34,58 58,53",  # long serif, its bar sags, crossed
        "0,22 10,6! 24,30 52,4! 38,50 24,100 / 14,60 36,58 56,52",  # the same, like a y with a bar
        "6,18 20,2! 19,50 14,102 / 0,54 20,52 46,48",  # narrow, crossed: nearly a t
        "6,16 16,2 40,4 48,22 24,60 14,98 / 4,66 30,64 58,60",  # curved, crossed low
        "2,4 10,34 34,30 50,2! 38,40 22,104 / 6,66 60,50",  # like a y, crossed
        "2,20 24,0! 20,50 15,102 / 0,58 22,54 52,44",  # the same with a flag
        "0,10 24,8 50,2! 36,50 20,104 / 18,58 32,53 50,46",  # crossed low
        "4,6 26,2 44,10 38,50 32,90 18,92 16,74 34,66 60,62",  # the cross drawn in one with the stem
        "6,22 10,6 28,0 46,10 44,36 36,70 26,100 / 14,56 36,54 62,50",  # curved as a 2, crossed
        "8,20 14,4 32,0 46,12 46,40 40,80 26,98 12,92 / 18,54 40,52 64,48",  # the same, its stem hooked
        "14,4 32,0! 27,50 22,104 / 0,48 26,46 62,40",  # a stem, a small flag and a long cross
        "4,14 20,2 40,6 42,26 30,60 20,100 / 12,60 34,48 66,52",  # curved and slim, crossed
        "4,6 16,34 30,24 56,2! 40,50 20,104 / 10,64 34,60 58,54",  # its bar sags to a bowl, crossed
        "8,0 14,28! 30,22 52,0! 36,48 14,98 / 8,58 30,58 54,62",  # like a z with a bar
        "0,26 14,8 28,16 46,4 38,-8 26,4 24,50 20,104 / 2,58 24,54 54,50",  # like an f: the bar loops into the stem
        "4,30 10,14 30,20 50,0! 40,4 30,40 18,104 / 6,62 26,58 48,54",  # the same without a loop
        "10,2 24,-2 26,40 22,102 / 0,48 22,47 58,44",  # a stem with a bend on top, crossed: nearly a t
        "16,0 15,50 14,102 / 0,42 14,43 66,46",  # a plain cross
        "6,10 30,2 52,8 50,40 40,80 26,100 18,90 / 30,62 56,66",  # curved, its cross on the right
        "6,8 16,36 34,34 52,2! 40,44 18,104 / 2,72 30,70 60,66",  # like a y, its bar low
        "2,4 12,30 30,26 48,0! 34,50 16,102 / 6,80 52,73",  # the same with a long stem
        "4,16 10,4 26,24 50,0! 40,40 16,104 / 0,66 24,64 58,62",  # a wave for its bar, crossed low
    ),
    "8": (
        "29,1 14,8 11,28 28,43 46,31 47,10 29,1 / 29,44 8,56 4,84 28,100 53,86 51,57 29,44",  # two circles
        "46,13 30,0 12,9 13,30 30,45 48,62 50,86 28,100 6,88 9,64 29,47 45,31 47,14",  # S first
        "48,10 30,0 13,10 17,32 40,58 46,84 27,100 7,85 15,60 38,36 49,12",  # quick, crossing
        "50,11 32,0 13,10 14,30 33,46 51,64 48,90 27,100 6,86 12,63 34,42 56,14",  # open at the top
        "31,1 13,10 14,29 32,46 51,63 49,89 28,100 6,88 8,64 28,47 46,29 46,9 29,1",  # from the top
        "10,100 2,86 14,64 44,30 46,8 32,0 20,12 26,40 44,70 38,96 12,100",  # a ribbon
        "6,10 26,2 42,12 30,36 12,58 4,80 20,98 46,92 52,72 30,60 8,68",  # a 2 whose foot is a bowl
        "6,2 30,2 46,14 36,40 14,46! 44,56 50,82 28,100 6,96 / 8,4 6,96",  # like a B
        "36,44 14,34 12,10 30,0 48,12 40,38 16,58 4,82 20,100 42,90 46,68 30,48",  # two slim loops
        "30,20 16,8 26,0 38,8 28,22 6,50 4,84 28,100 54,84 52,50 30,24",  # a tiny head on a large bowl
        "38,14 28,2 20,12 36,26 56,56 48,90 22,100 2,76 10,40 36,16",  # the same in one bow
        "28,0 4,16 2,52 22,74 46,60 54,22 28,0 / 26,74 12,86 26,100 40,88 26,74",  # a large head, a small foot
        "12,4 10,96! 40,98 50,72 12,50 44,30 40,6 12,4",  # like a B, one stroke
        "40,8 20,2 8,20 24,44 46,64 40,94 14,98 4,76 26,48 44,22",  # slim, open at the top
        "60,20 40,2 20,14 26,38 52,56 60,82 36,100 6,92 2,70 26,52 54,38 62,22",  # wide and quick
        "44,18 28,4 16,20 22,40 6,62 4,86 30,100 58,86 52,60 28,48 40,36 46,20",  # a small head on a wide bowl
        "36,30 20,26 22,6 38,2 44,18 26,44 6,66 4,90 26,100 42,86 36,64 14,62",  # like a 6 with a loop on top
        "28,2 12,10 12,32 30,40 46,28 42,8 28,2 / 30,54 8,64 8,90 28,100 50,88 48,64 30,54",  # two circles, apart
        "24,2 6,12 10,34 30,40 42,22 24,2 / 52,50 26,60 26,88 48,100 72,84 70,60 52,50",  # the same, side by side
        "8,58 30,44 42,14 34,0 20,12 8,56 8,88 26,100 44,86 40,66 20,58 8,62",  # like a written b
        "10,14 36,4 44,18 20,40 / 28,52 4,66 6,92 36,100 54,78 28,52",  # a hook above a circle
        "6,3 5,97! 50,98! 52,3! 6,3 / 6,50 51,49",  # as a display shows it
    ),
    "9": (
        "47,13 31,0 10,7 3,30 16,48 36,41 47,12! 46,54 44,100",  # straight stem
        "48,14 30,0 9,9 4,32 18,48 38,40 48,14! 49,46 41,78 20,100",  # curved
        "48,15 30,0 9,9 4,32 19,48 39,40 48,14! 50,48 48,84 31,100 8,93",  # like a g
        "44,10 26,1 8,14 8,36 22,45 37,34 46,12! 38,54 28,100",  # leaning stem
        "46,14 30,1 9,9 4,32 18,47 36,40 46,20 48,10 48,40 46,76 40,100",  # loop runs into the stem
        "44,16 28,0 10,8 6,32 20,44 40,22 46,8! 30,60 8,104",  # stem runs far to the left
        "4,58 30,44 46,18 36,2 20,8 14,40 16,80 30,102",  # one loop, like an l
        "8,104 10,50 8,12! 28,0 46,14 42,38 22,50 10,46",  # stem first, bowl to the right
        "30,50 12,44 8,20 26,2 42,14 36,44 26,70 22,104",  # bowl closed by the stem
        "50,30 30,4 4,24 2,64 24,84 50,66 54,30! 56,70 64,100",  # a large bowl, hardly a stem
        "56,40 40,8 8,14 0,54 20,80 48,70 58,36 60,70 80,92",  # the same, its tail flies off
        "56,4 24,8 4,30 18,44 42,30 54,10 40,60 22,104",  # pointed at the top
        "46,24 30,2 8,12 10,34 30,42 48,20! 36,48 30,72 32,102",  # oval, then a stem from its middle
        "50,14 26,2 6,18 16,38 40,36 50,16 30,48 40,70 34,102",  # the same with a knot
        "14,46 4,28 12,8 30,1 46,14 40,34 22,46! 40,62 44,84 28,100 8,94",  # nearly an 8, its belly open
        "20,44 6,30 10,8 28,0 46,12 40,34 18,46 32,58 40,78 24,102",  # the same, leaning
        "12,40 2,22 22,4 56,2 74,16 58,38 26,44 10,38! 50,46 62,72 58,100",  # a flat oval, its stem from below
        "40,40 14,42 2,24 16,5 46,2 60,18 44,38 30,46 34,74 28,104",  # an oval on a stem
        "46,34 22,44 6,28 16,4 38,2 48,20 40,44 24,56 44,74 36,98 12,96",  # like an S whose head is closed
        "70,16 44,0 10,8 0,28 24,42 58,34 72,16! 66,50 70,96",  # a flat oval, its stem on the right
        "46,14 28,0 8,10 6,32 24,44 42,30 48,12! 40,52 16,88 -22,104",  # its tail sweeps far to the left
        "44,12 26,2 8,16 10,36 28,42 44,14! 38,48 20,80 -6,98 -26,92",  # the same, turned up at the end
        "66,10 36,2 6,14 6,34 34,42 62,26 68,8 60,44 76,84",  # a flat oval whose stem flies off to the right
        "2,104 20,60 34,14 46,2 58,10 50,36 32,48 22,42",  # a leaning stem, then a bowl to its right
        "56,16 34,0 6,14 2,36 24,48 52,36 62,20! 72,60 84,72",  # a flat oval, its tail to the right
        "60,40 20,44 2,26 18,6 52,4 62,24 50,44! 74,86",  # the same, as a Q
        "42,20 30,2 14,10 18,30 34,34 44,14 42,8! 46,60 52,104",  # a small head on a straight stem
        "48,50 7,50! 6,3! 48,2! 49,98! 6,97",  # as a display shows it
        "44,10 26,4 14,20 22,34 40,24 48,8! 34,60 2,104",  # small head, leaning far
        "46,6 30,2 22,16 32,24 46,8! 40,44 20,86 -4,106",  # the same, its tail a long bow
    ),
    "-": ("0,52 20,52 42,51",),
    ",": ("7,93 10,101 0,118", "9,92 0,116"),
    ".": ("0,97 3,100", "0,98 1,97 3,99 1,100"),
    "/": ("44,-4 22,50 0,106",),
}


@lru_cache(maxsize=128)
def parse_form(form: str) -> tuple[tuple[Path, ...], ...]:
    """Return the points of a form, in digit heights.

    Args:
        form: One of the strings of `ALLOGRAPHS`.

    Returns:
        For each stroke its smooth runs between corners, each (N, 2) with N >= 2. Shared: don't change them.
    """
    strokes = []
    for stroke in form.split("/"):
        runs: list[list[list[float]]] = [[]]
        for word in stroke.split():
            point = [float(v) / 100 for v in word.rstrip("!").split(",")]
            runs[-1].append(point)
            if word.endswith("!"):
                runs.append([point])
        strokes.append(tuple(np.array(run) for run in runs))
    return tuple(strokes)
