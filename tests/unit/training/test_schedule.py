from __future__ import annotations

import pytest

from inkdigits.training.schedule import compute_learning_rate
from inkdigits.training.sections import ScheduleName, TrainSection


def compute_rates(schedule: ScheduleName, *, steps: int, warmup: float = 0.25) -> list[float]:
    settings = TrainSection(schedule=schedule, learning_rate=0.4, warmup=warmup)
    return [compute_learning_rate(step, steps=steps, settings=settings) for step in range(steps)]


def test_onecycle_rises_then_falls() -> None:
    rates = compute_rates("onecycle", steps=101)
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.4, rel=0.01)
    assert 24 <= peak <= 26
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[0] == pytest.approx(0.4 / 25)
    assert rates[-1] == pytest.approx(0.4 / 1000)


def test_cosine_only_falls() -> None:
    rates = compute_rates("cosine", steps=50)
    assert rates[0] == pytest.approx(0.4)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.4 / 1000)


def test_constant_stays() -> None:
    assert set(compute_rates("constant", steps=5)) == {0.4}


@pytest.mark.parametrize("schedule", ["onecycle", "cosine", "constant"])
@pytest.mark.parametrize("warmup", [0.0, 0.99])
def test_short_runs_have_usable_rates(schedule: ScheduleName, warmup: float) -> None:
    for steps in (1, 2, 3):
        assert all(0 < rate <= 0.4 for rate in compute_rates(schedule, steps=steps, warmup=warmup))
