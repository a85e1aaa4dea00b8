"""Reading order: lines from the top, numbers from the left, whatever the order of the boxes."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.ink.grouping import NUMBER_GAP, find_lines, group_lines, measure_slope
from inkdigits.types import Box


def row(*xs: int, y: int = 100, height: int = 50, width: int = 30) -> list[Box]:
    return [Box(x, y, width, height) for x in xs]


def starts(boxes: list[Box]) -> list[list[list[int]]]:
    """The x of each box in the order that was found."""
    return [[[boxes[i].x for i in number] for number in line] for line in group_lines(boxes)]


def test_nothing_and_one() -> None:
    assert group_lines([]) == []
    assert group_lines(row(10)) == [[[0]]]


def test_one_number_from_left_to_right() -> None:
    assert starts(row(90, 10, 50)) == [[[10, 50, 90]]]


def test_a_wide_gap_begins_a_new_number() -> None:
    assert starts(row(10, 50, 150, 190)) == [[[10, 50], [150, 190]]]


@pytest.mark.parametrize(("gap", "numbers"), [(44, 1), (45, 1), (46, 2)])
def test_the_gap_is_measured_in_heights(gap: int, numbers: int) -> None:
    assert NUMBER_GAP * 50 == 45
    (line,) = group_lines(row(10, 40 + gap))
    assert len(line) == numbers


def test_the_gap_counts_from_the_rightmost_edge() -> None:
    boxes = [Box(0, 100, 140, 50), Box(20, 110, 10, 30), Box(160, 100, 30, 50)]  # a 1 over the bar of a 7
    assert len(group_lines(boxes)[0]) == 1


def test_lines_from_top_to_bottom() -> None:
    boxes = row(10, 50, y=300) + row(30, y=20) + row(20, 60, y=160)
    assert starts(boxes) == [[[30]], [[20, 60]], [[10, 50]]]


def test_a_slanted_line_is_one_line() -> None:
    boxes = [Box(40 * i, 100 + 8 * i, 30, 50) for i in range(20)]  # falls by three heights in all
    assert starts(boxes) == [[[40 * i for i in range(20)]]]


def test_two_slanted_lines_stay_two() -> None:
    upper = [Box(40 * i, 100 + 6 * i, 30, 50) for i in range(15)]
    lower = [Box(40 * i, 190 + 6 * i, 30, 50) for i in range(15)]
    lines = group_lines(upper + lower)
    assert [number for line in lines for number in line] == [list(range(15)), list(range(15, 30))]


def test_low_and_high_digits_share_a_line() -> None:
    boxes = [Box(0, 100, 30, 50), Box(40, 122, 25, 28), Box(75, 96, 30, 60), Box(115, 100, 30, 30)]
    assert starts(boxes) == [[[0, 40, 75, 115]]]


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_boxes_does_not_matter(seed: int) -> None:
    boxes = row(10, 50, 150, 190, y=20) + row(15, 55, 95, y=120) + row(12, 200, y=210)
    order = np.random.default_rng(seed).permutation(len(boxes)).tolist()
    assert starts([boxes[i] for i in order]) == starts(boxes)


@pytest.mark.parametrize("seed", range(20))
def test_every_box_is_named_exactly_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = [Box(*map(int, rng.integers(0, 500, 2)), *map(int, rng.integers(1, 80, 2))) for _ in range(40)]
    found = [i for line in group_lines(boxes) for number in line for i in number]
    assert sorted(found) == list(range(40))


@pytest.mark.parametrize("factor", [0.5, 3.0, 10.0])
def test_resolution_does_not_matter(factor: float) -> None:
    boxes = row(10, 50, 150, 190, y=20) + row(16, 56, 96, y=120)
    scaled = [Box(*(round(side * factor) for side in box.to_list())) for box in boxes]
    assert group_lines(scaled) == group_lines(boxes)


@pytest.mark.parametrize("angle_deg", [-12, -5, 5, 12])
def test_columns_far_apart_on_a_turned_page(angle_deg: float) -> None:
    slope = np.tan(np.deg2rad(angle_deg))
    places = [(x + 36 * d, y) for y in range(300, 700, 90) for x in (0, 250, 500, 750) for d in (0, 1)]
    boxes = [Box(x, round(y + slope * x), 30, 50) for x, y in places]
    lines = group_lines(boxes)
    assert [[len(number) for number in line] for line in lines] == [[2, 2, 2, 2]] * 5
    assert [i for line in lines for number in line for i in number] == list(range(len(boxes)))


def test_slope_needs_many_that_agree() -> None:
    assert measure_slope(row(10, 50, 90)) == 0
    assert measure_slope([Box(40 * i, 100 + 4 * i, 30, 50) for i in range(20)]) == pytest.approx(
        0.1, abs=0.01
    )


def test_small_raised_and_low_digits_share_a_line() -> None:
    boxes = [Box(0, 100, 30, 60), Box(40, 98, 16, 26), Box(60, 98, 16, 26), Box(84, 134, 16, 26)]
    assert len(group_lines(boxes)) == 1


def uphill(slope: float, *, count: int = 5, height: int = 60, pitch: int = 60) -> list[Box]:
    return [Box(100 + pitch * i, 300 + round(slope * pitch * i), 36, height) for i in range(count)]


@pytest.mark.parametrize("slope", [-0.45, -0.36, -0.2, 0.2, 0.36, 0.45])
@pytest.mark.parametrize("count", [3, 5, 7, 10])
def test_a_single_number_may_run_uphill(slope: float, count: int) -> None:
    assert find_lines(uphill(slope, count=count)) == [list(range(count))]


def test_a_stair_is_no_line_if_its_steps_are_apart_or_bent() -> None:
    assert len(find_lines(uphill(0.4, pitch=120))) > 1
    assert len(find_lines(uphill(0.8))) > 1
    first = uphill(0.0, count=3)
    second = [Box(box.x + 180, box.y + 70, box.width, box.height) for box in first]
    assert len(find_lines([*first, *second])) == 2
