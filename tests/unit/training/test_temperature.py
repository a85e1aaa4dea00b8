from __future__ import annotations

import numpy as np
import pytest
import torch

from inkdigits.training.temperature import calibrate, fit_temperature


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 2.5])
def test_it_finds_the_temperature_that_made_the_labels(true_temperature: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 5, generator=generator) * 2
    probs = (logits / true_temperature).softmax(1)
    labels = torch.multinomial(probs, 1, generator=generator).squeeze(1)
    assert fit_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.05)


def test_perfect_logits_get_a_low_temperature_within_the_limits() -> None:
    logits = torch.eye(4) * 10
    assert 0.05 <= fit_temperature(logits, torch.arange(4)) < 0.5


def test_useless_logits_get_a_high_temperature() -> None:
    logits = torch.eye(4).roll(1, dims=0) * 10
    assert fit_temperature(logits, torch.arange(4)) == pytest.approx(20, rel=1e-3)


def test_calibration_reports_accuracy_and_the_lowest_loss() -> None:
    logits = torch.tensor([[4.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 0.0]])
    labels = np.array([0, 0, 1, 1])
    result = calibrate(logits, labels)
    assert result.metrics["validation_accuracy"] == 0.75
    # Three of four right at equal margins: the best possible loss is the entropy of 3/4.
    assert result.metrics["validation_loss"] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert result.temperature == pytest.approx(4 / np.log(3))
