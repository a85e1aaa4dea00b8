"""Every registered network through one suite."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from inkdigits.errors import ImageFormatError
from inkdigits.models import list_models, make_network
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.types import Classifier

PARAMETERS = {
    "cnn": 252_650,
    "cnn-tutorial": 93_322,
    "mlp-tutorial": 101_770,
    "mlp": 537_354,
    "cnn-nano": 7_074,
    "resnet": 272_186,
}
"""Counted by hand from the layers; a change here is a change of the model."""


@pytest.fixture(params=list_models("network"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make_seeded(name: str, *, classes: int = 10) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make_network(name, classes=classes).eval()


def test_it_has_the_stated_size(name: str) -> None:
    assert sum(weight.numel() for weight in make_seeded(name).parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("classes", [2, 10, 47])
def test_it_gives_one_logit_for_each_class(name: str, classes: int) -> None:
    network = make_seeded(name, classes=classes)
    for count in (1, 3):
        logits = network(torch.rand(count, 1, 28, 28))
        assert logits.shape == (count, classes)
        assert logits.dtype == torch.float32
        assert torch.isfinite(logits).all()


def test_fresh_logits_are_moderate(name: str) -> None:
    logits = make_seeded(name)(torch.rand(64, 1, 28, 28))
    assert logits.abs().max() < 20
    assert logits.std() > 1e-4


def test_every_weight_learns(name: str) -> None:
    network = make_seeded(name).train()
    loss = nn.functional.cross_entropy(network(torch.rand(16, 1, 28, 28)), torch.arange(16) % 10)
    loss.backward()  # type: ignore[no-untyped-call]
    for part, weight in network.named_parameters():
        assert weight.grad is not None, part
        assert weight.grad.abs().sum() > 0, part


def test_a_digit_s_answer_does_not_depend_on_its_batch(name: str) -> None:
    network, images = make_seeded(name), torch.rand(9, 1, 28, 28)
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_it_keeps_the_contract_of_classifiers(name: str) -> None:
    labels = tuple("0123456789")
    classifier: Classifier = NetworkClassifier(make_seeded(name), labels, temperature=1.5)
    assert classifier.labels == labels
    bright = np.random.default_rng(0).integers(0, 256, (600, 28, 28)).astype(np.uint8)
    probs = classifier.predict_proba(bright)
    assert probs.shape == (600, 10)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(classifier.predict_proba(bright.astype(np.float32) / 255), probs, atol=1e-6)
    assert classifier.predict_proba(bright[:0]).shape == (0, 10)


def test_wrong_pictures_are_refused() -> None:
    classifier = NetworkClassifier(make_seeded("cnn-nano"), tuple("0123456789"))
    for wrong in (np.zeros((2, 14, 14), np.uint8), np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28), int)):
        with pytest.raises(ImageFormatError, match="28"):
            classifier.predict_proba(wrong)


def test_temperature_softens() -> None:
    network, images = make_seeded("cnn-nano"), np.random.default_rng(0).random((5, 28, 28), np.float32)
    hard = NetworkClassifier(network, tuple("0123456789"), temperature=0.1).predict_proba(images)
    soft = NetworkClassifier(network, tuple("0123456789"), temperature=10.0).predict_proba(images)
    assert (hard.max(1) > soft.max(1)).all()
    assert (hard.argmax(1) == soft.argmax(1)).all()
