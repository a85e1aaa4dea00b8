"""Weights that went into a bundle come back out: the restored network answers like the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from inkdigits.bundles import load_classifier
from inkdigits.errors import BundleError
from inkdigits.export.onnx import BundleFacts, export_classifier, verify_parity
from inkdigits.export.restore import restore_network
from inkdigits.models import list_models, make_network
from inkdigits.training.loop import build_network
from inkdigits.training.recipe import recipe_from_toml

FACTS = BundleFacts(name="made", labels=tuple("0123456789"))


def make_trained(name: str) -> nn.Module:
    """A network whose norms have seen digits, so that folding changes them."""
    torch.manual_seed(0)
    network = make_network(name)
    network.train()
    for _ in range(3):
        network(torch.rand(16, 1, 28, 28))
    return network.eval()


@pytest.mark.parametrize("name", list_models("network"))
def test_every_network_comes_back(name: str, tmp_path: Path) -> None:
    path = tmp_path / "made.onnx"
    export_classifier(make_trained(name), path, FACTS)
    restored = make_network(name)
    restore_network(path, restored, classes=10)
    assert not restored.training
    again = tmp_path / "again.onnx"
    export_classifier(restored, again, FACTS)
    assert verify_parity(restored, again, classes=10) <= 1e-4


@pytest.mark.parametrize("name", ["latin", "latin-mnist"])
def test_models_that_ship_come_back(name: str) -> None:
    bundle = load_classifier(name)
    recipe: Any = recipe_from_toml(bundle.metadata.everything["recipe"])
    classes = len(bundle.metadata.labels)
    network = build_network(recipe, classes=classes)
    restore_network(bundle.path, network, classes=classes)
    ink = np.random.default_rng(0).random((8, 28, 28), dtype=np.float32)
    with torch.inference_mode():
        logits = network(torch.from_numpy(ink).unsqueeze(1)).numpy()
    np.testing.assert_allclose(logits, bundle.predict_logits(ink), atol=1e-4)


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.onnx"
    export_classifier(make_trained("cnn-nano"), path, FACTS)
    for other in (make_network("cnn"), make_network("mlp"), make_network("cnn-nano", classes=11)):
        with pytest.raises(BundleError):
            restore_network(path, other, classes=10)
    (tmp_path / "broken.onnx").write_bytes(path.read_bytes()[:500])
    with pytest.raises(BundleError):
        restore_network(tmp_path / "broken.onnx", make_network("cnn-nano"), classes=10)
