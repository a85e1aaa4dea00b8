"""Bundles of models that vote: parity is shown for probabilities on digits, and its comparator is tested too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from inkdigits.bundles import BundleClassifier
from inkdigits.bundles.runtime import onnxruntime
from inkdigits.datasets import subset
from inkdigits.errors import BundleError
from inkdigits.export import onnx as export_onnx
from inkdigits.export.onnx import BundleFacts, export_classifier, verify_parity_on
from inkdigits.features import compute_features
from inkdigits.models import make_estimator
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.hog import FeatureLayer
from inkdigits.types import LabelledImages

LABELS = tuple("0123456789")
FACTS = BundleFacts(name="made", labels=LABELS, temperature=0.5)


class Marked(nn.Module):
    """Answers otherwise, or with NaN, for digits whose first pixel is full."""

    def __init__(self, *, change: float) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)
        self.change = change

    def forward(self, ink: Tensor) -> Tensor:
        is_marked = (ink[:, 0, 0, :1] == 1).float()  # (N, 1)
        logits: Tensor = self.linear(ink.flatten(1)) + is_marked * torch.arange(10.0) * self.change
        return logits


def make_bundle(path: Path, network: nn.Module, probes: LabelledImages) -> NetworkClassifier:
    export_classifier(network, path, FACTS, probes=probes.images)
    return NetworkClassifier(network, LABELS, temperature=0.5)


@pytest.fixture
def probes(small_digits: LabelledImages) -> LabelledImages:
    return subset(small_digits, np.arange(1000, 1256))


@pytest.mark.parametrize("marked", [0, 2, 3])
def test_one_digit_in_a_hundred_may_fall_on_a_step(
    probes: LabelledImages, tmp_path: Path, marked: int
) -> None:
    path, network = tmp_path / "made.onnx", Marked(change=1.0).eval()
    classifier = make_bundle(path, network, probes)
    images = probes.images.copy()
    images[:, 0, 0] = 0
    images[10 : 10 + marked, 0, 0] = 255
    network.change = 0.0  # from now on the source answers otherwise for marked digits
    if marked <= 2:
        assert verify_parity_on(images, classifier, path) < 1e-5
    else:
        with pytest.raises(BundleError, match="probabilities differ"):
            verify_parity_on(images, classifier, path)


def test_nan_is_never_a_step(probes: LabelledImages, tmp_path: Path) -> None:
    path, network = tmp_path / "made.onnx", Marked(change=0.0).eval()
    classifier = make_bundle(path, network, probes)
    images = probes.images.copy()
    images[7, 0, 0] = 255
    network.change = float("nan")
    images[np.arange(256) != 7, 0, 0] = 0
    with pytest.raises(BundleError, match="probabilities differ"):
        verify_parity_on(images, classifier, path)


def test_a_bundle_of_too_few_labels_is_not_left_behind(probes: LabelledImages, tmp_path: Path) -> None:
    facts = BundleFacts(name="made", labels=("a", "b", "c"))
    with pytest.raises(BundleError, match="does not fit its metadata"):
        export_classifier(Marked(change=0.0), tmp_path / "made.onnx", facts, probes=probes.images)
    assert list(tmp_path.iterdir()) == []


def test_hog_in_the_graph_has_the_bits_of_numpy(probes: LabelledImages) -> None:
    """No threshold of a forest may see another number than the one it was learned from."""

    graph = export_onnx._trace(FeatureLayer("hog"))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"ink": probes.images.astype(np.float32) / np.float32(255)})
    np.testing.assert_array_max_ulp(answer, compute_features(probes.images, "hog"), 1)


@pytest.mark.parametrize("name", ["svm", "forest", "knn"])
def test_the_graph_of_an_estimator_has_the_promised_form(
    name: str, small_digits: LabelledImages, probes: LabelledImages, tmp_path: Path
) -> None:
    path = tmp_path / "made.onnx"
    model = make_estimator(name, features="hog").fit(subset(small_digits, np.arange(500)))
    export_classifier(model.network, path, FACTS, probes=probes.images)
    assert {entry.domain for entry in onnx.load(path).opset_import} == {""}, (
        "no operators beyond the standard"
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (ink,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (ink.name, ink.type, ink.shape) == ("ink", "tensor(float)", ["N", 28, 28])
    assert (logits.name, logits.type, logits.shape) == ("logits", "tensor(float)", ["N", 10])
    assert list(tmp_path.iterdir()) == [path], "no side files"
    blank = np.zeros((2, 28, 28), np.float32)
    noise = np.random.default_rng(0).random((50, 28, 28), np.float32)
    for strange in (blank, noise, 1 - blank):
        assert np.isfinite(BundleClassifier(path).predict_proba(strange)).all()
