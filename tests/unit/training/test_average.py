from __future__ import annotations

import pytest
import torch
from torch import nn

from inkdigits.training.average import WeightAverage


def test_it_is_the_moving_average_once_warm() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = WeightAverage(network, decay=0.9)
    nn.init.ones_(network.weight)
    for step in range(1000, 1003):
        average.update(network, step=step)
    assert next(average.network.parameters()).item() == pytest.approx(1 - 0.9**3)


def test_the_first_steps_forget_the_start() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = WeightAverage(network, decay=0.999)
    nn.init.ones_(network.weight)
    average.update(network, step=0)
    assert next(average.network.parameters()).item() == pytest.approx(0.9)


def test_buffers_are_averaged_or_counted_and_the_source_stays() -> None:
    network = nn.BatchNorm1d(2)
    average = WeightAverage(network, decay=0.5)
    network(torch.randn(8, 2) + 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    average.update(network, step=1000)
    state = average.network.state_dict()
    assert state["num_batches_tracked"] == 1
    torch.testing.assert_close(state["running_mean"], before["running_mean"] / 2)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not average.network.training
    assert not any(weight.requires_grad for weight in average.network.parameters())
