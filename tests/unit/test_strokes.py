"""The simulated writer: deterministic, readable, and every way of writing stays within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from inkdigits.datasets.allographs import ALLOGRAPHS, DIGITS, parse_form
from inkdigits.datasets.strokes import PenStroke, make_doodle, make_strokes
from inkdigits.datasets.writers import WriterStyle, make_free_writer, make_writer
from inkdigits.errors import UsageError

FORMS = [(digit, form) for digit in DIGITS for form in range(len(ALLOGRAPHS[digit]))]


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def join(strokes: tuple[PenStroke, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.concatenate([stroke.points for stroke in strokes])


def test_every_digit_has_several_forms() -> None:
    assert all(len(ALLOGRAPHS[digit]) >= 4 for digit in DIGITS)


def test_parsed_runs_meet_at_corners() -> None:
    (first, second), (bar,) = parse_form("0,4 54,2! 20,100 / 14,52 52,48")
    assert first[-1].tolist() == second[0].tolist() == [0.54, 0.02]
    assert bar.shape == (2, 2)


def test_same_seed_gives_same_writer_and_strokes() -> None:
    assert make_writer(rng_of(3)) == make_writer(rng_of(3))
    np.testing.assert_array_equal(
        join(make_strokes("0123456789-,./ 1", rng=rng_of(3))),
        join(make_strokes("0123456789-,./ 1", rng=rng_of(3))),
    )
    np.testing.assert_array_equal(join(make_doodle(rng=rng_of(3))), join(make_doodle(rng=rng_of(3))))


def test_distinct_writers_differ() -> None:
    writers = {make_writer(rng_of(seed)) for seed in range(30)}
    assert len(writers) == 30
    slants = [writer.slant_deg for writer in writers]
    assert np.std(slants) > 3
    assert len({writer.habits for writer in writers}) == 30


def test_one_writer_never_writes_a_digit_twice_alike() -> None:
    rng, style = rng_of(5), WriterStyle()
    first, second = (join(make_strokes("8", rng=rng, style=style)) for _ in range(2))
    assert first.shape != second.shape or not np.allclose(first, second)


def test_a_free_writer_keeps_forms_of_his_own() -> None:
    free = replace(make_free_writer(rng_of(4)), jitter=0.0, tremor=0.0, fidelity=1.0)
    first, again = (join(make_strokes("4", rng=rng_of(7), style=free)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    others = [replace(free, manner=0.0), replace(free, manner_seed=free.manner_seed + 1)]
    for other in others:
        points = join(make_strokes("4", rng=rng_of(7), style=other))
        assert points.shape != first.shape or np.abs(points - first).max() > 0.02


STILL = WriterStyle(jitter=0.0, tremor=0.0, fidelity=1.0)


def test_a_blended_form_lies_between_two() -> None:
    swan, looped = (join(make_strokes("2", rng=rng_of(1), style=replace(STILL, habits=(form,) * 10)))
                   for form in (0, 7))  # fmt: skip
    blends = [
        join(make_strokes("2", rng=rng_of(1), style=replace(STILL, blend=part, others=(7,) * 10)))
        for part in (0.25, 0.5, 1.0)
    ]
    away = [float(np.linalg.norm(points[-1, :2] - looped[-1, :2])) for points in (swan, *blends)]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 0.03 < away[1]  # wholly the other: its end is there


def test_forms_of_other_strokes_or_far_apart_are_not_blended() -> None:
    bare = join(make_strokes("1", rng=rng_of(1), style=STILL))
    foot = replace(STILL, blend=0.5, others=(2,) * 10)  # two strokes
    assert len(join(make_strokes("1", rng=rng_of(1), style=foot))) == len(bare)
    oval = join(make_strokes("0", rng=rng_of(1), style=STILL))
    clockwise = replace(STILL, blend=0.5, others=(4,) * 10)  # the same round the other way
    assert np.ptp(join(make_strokes("0", rng=rng_of(1), style=clockwise))[:, 0]) > 0.9 * np.ptp(oval[:, 0])


@pytest.mark.parametrize("invent", [make_writer, make_free_writer])
@pytest.mark.parametrize(("digit", "form"), FORMS)
def test_form_stays_near_its_box(
    digit: str, form: int, invent: Callable[[np.random.Generator], WriterStyle]
) -> None:
    for seed in range(5):
        rng = rng_of(seed)
        style = replace(invent(rng), habits=(form,) * 10, fidelity=1.0)
        strokes = make_strokes(digit, rng=rng, style=style)
        points = join(strokes)
        assert len(strokes) == len(parse_form(ALLOGRAPHS[digit][form]))
        assert np.isfinite(points).all()
        assert points.dtype == np.float32
        assert points[:, 0].min() == pytest.approx(0, abs=1e-6)
        assert points[:, 0].max() < 1.9
        assert points[:, 1].min() > -0.55
        assert points[:, 1].max() < 1.7


def test_time_never_runs_back_and_pressure_is_in_range() -> None:
    points = join(make_strokes("4571", rng=rng_of(11)))
    assert (np.diff(points[:, 2]) >= 0).all()
    assert points[0, 2] == 0
    assert ((points[:, 3] > 0) & (points[:, 3] <= 1)).all()


def test_sharp_turns_are_written_slowly() -> None:
    style = replace(WriterStyle(), roundness=0.0, tremor=0.0, jitter=0.0, fidelity=1.0)
    (stroke,) = make_strokes("7", rng=rng_of(0), style=style)
    steps = np.diff(stroke.points, axis=0)
    speed = np.linalg.norm(steps[:, :2], axis=1) / steps[:, 2]
    corner = int(np.argmax(stroke.points[:, 0] - 0.5 * stroke.points[:, 1]))
    assert speed[corner] < 0.7 * np.median(speed)


@pytest.mark.parametrize("seed", range(12))
def test_neighbours_keep_their_distance(seed: int) -> None:
    rng = rng_of(seed)
    style = make_writer(rng)
    text = "".join(rng.choice(list(DIGITS), 6))
    strokes = make_strokes(text, rng=rng, style=style)
    signs = [join(tuple(s for s in strokes if s.index == i))[:, :2] for i in range(len(text))]
    for before, after in pairwise(signs):
        distances = np.linalg.norm(before[:, None] - after[None], axis=2)
        assert distances.min() > style.pen_width + 0.03


def test_signs_run_from_left_to_right_and_know_their_place() -> None:
    strokes = make_strokes("12 07", rng=rng_of(2))
    assert "".join(dict.fromkeys(f"{s.index}{s.sign} " for s in strokes)) == "01 12 30 47 "
    lefts = [min(float(s.xy[:, 0].min()) for s in strokes if s.index == i) for i in (0, 1, 3, 4)]
    assert lefts == sorted(lefts)


def test_blank_makes_room() -> None:
    style = WriterStyle(jitter=0.0, tremor=0.0, fidelity=1.0)
    near = join(make_strokes("11", rng=rng_of(1), style=style))[:, 0].max()
    far = join(make_strokes("1 1", rng=rng_of(1), style=style))[:, 0].max()
    assert far > near + 0.5


def test_moved_scales_and_shifts_only_the_place() -> None:
    (stroke, *_) = make_strokes("3", rng=rng_of(1))
    moved = stroke.moved(scale=10, x=5, y=-2)
    np.testing.assert_allclose(moved.xy, stroke.xy * 10 + (5, -2), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(moved.points[:, 2:], stroke.points[:, 2:])
    assert (moved.sign, moved.index) == ("3", 0)


def test_empty_text_gives_no_strokes() -> None:
    assert make_strokes("", rng=rng_of(0)) == ()
    assert make_strokes("  ", rng=rng_of(0)) == ()


def test_unknown_sign_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'a'.*Use digits"):
        make_strokes("1a", rng=rng_of(0))


def test_doodles_are_no_signs() -> None:
    for seed in range(20):
        strokes = make_doodle(rng=rng_of(seed))
        assert {stroke.sign for stroke in strokes} == {""}
        assert np.isfinite(join(strokes)).all()
