"""Networks come back out of their bundles: to be exported elsewhere, or to learn on and become a bundle again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inkdigits.bundles import load_classifier
from inkdigits.errors import BundleError
from inkdigits.export.network import read_network, restore_network
from inkdigits.export.onnx import BundleFacts, export_classifier, verify_parity
from inkdigits.export.recogniser import Form, Recogniser, Source
from inkdigits.models import list_models, make_network

FACTS = BundleFacts(name="made", labels=tuple("0123456789"), temperature=1.25)


def make_trained(name: str) -> nn.Module:
    """A network whose norms have seen digits, so that folding changes them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = make_network(name)
        with torch.no_grad():
            for _ in range(3):
                network(torch.rand(16, 1, 28, 28))
    return network.eval()


@pytest.fixture(scope="module", params=list_models("network"))
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of each kind of network."""
    path = tmp_path_factory.mktemp("bundles") / "made.onnx"
    export_classifier(make_trained(request.param), path, FACTS)
    return path


def test_every_network_comes_back(path: Path) -> None:
    source = Source.open(path)
    ink = np.random.default_rng(0).random((40, 28, 28), np.float32)
    with torch.inference_mode():
        probs, none = Recogniser(source, Form.bare)(torch.from_numpy(ink))
    np.testing.assert_allclose(probs.numpy(), source.classifier.predict_proba(ink), atol=1e-5)
    assert not none.any()


def test_what_came_back_becomes_a_bundle_again_and_comes_back(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.onnx"
    restored = restore_network(path, classes=10)
    assert not restored.training
    export_classifier(restored, again, FACTS)
    assert [layer.kind for layer in read_network(again)] == [layer.kind for layer in read_network(path)]
    assert verify_parity(restore_network(again, classes=10), path, classes=10) <= 1e-4


def test_what_came_back_can_learn(path: Path) -> None:
    restored = restore_network(path, classes=10).train()
    ink = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    loss = restored(ink).square().mean()  # of one digit: nothing depends on a batch
    loss.backward()
    weights = list(restored.parameters())
    assert weights
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in weights)
    assert any(weight.grad is not None and weight.grad.any() for weight in weights)


@pytest.mark.parametrize("name", ["latin", "latin-mnist"])
def test_models_that_ship_come_back(name: str) -> None:
    bundle = load_classifier(name)
    network = restore_network(bundle.path, classes=len(bundle.metadata.labels))
    ink = np.random.default_rng(0).random((8, 28, 28), dtype=np.float32)
    with torch.inference_mode():
        logits = network(torch.from_numpy(ink).unsqueeze(1)).numpy()
    np.testing.assert_allclose(logits, bundle.predict_logits(ink), atol=1e-4)


def test_another_number_of_classes_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.onnx"
    export_classifier(make_trained("cnn-nano"), path, FACTS)
    with pytest.raises(BundleError):
        restore_network(path, classes=11)
    (tmp_path / "broken.onnx").write_bytes(path.read_bytes()[:500])
    with pytest.raises(BundleError, match="can't be opened"):
        restore_network(tmp_path / "broken.onnx", classes=10)
