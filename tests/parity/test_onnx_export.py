"""Exported bundles answer like the networks they came from; one that does not is never left behind."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from inkdigits.bundles import METADATA_KEY, BundleClassifier, BundleMetadata
from inkdigits.bundles.runtime import onnxruntime
from inkdigits.errors import BundleError, OutputError
from inkdigits.export import onnx as export_onnx
from inkdigits.export.onnx import (
    BundleFacts,
    collect_facts,
    export_classifier,
    find_commit,
    get_build_date,
    verify_parity,
)
from inkdigits.models import list_models, make_network
from inkdigits.models.classifier import NetworkClassifier

LABELS = tuple("0123456789")
FACTS = BundleFacts(name="made", labels=LABELS, temperature=1.25, created="2024-02-29")


def make_trained(name: str) -> nn.Module:
    """Return a network whose batch norms have seen digits, so that folding them matters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = make_network(name)
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(norm.weight, 0.5, 1.5)
                nn.init.normal_(norm.bias, 0, 0.2)
        with torch.no_grad():
            for _ in range(20):
                network(torch.rand(32, 1, 28, 28))
    return network.eval()


@pytest.fixture(params=list_models("network"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_network_exports_and_answers_alike(name: str, tmp_path: Path) -> None:
    network, path = make_trained(name), tmp_path / "made.onnx"
    export_classifier(network, path, FACTS)
    digits = np.random.default_rng(5).random((300, 28, 28), np.float32)
    theirs = BundleClassifier(path).predict_proba(digits)
    ours = NetworkClassifier(network, LABELS, temperature=1.25).predict_proba(digits)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
    assert list(tmp_path.iterdir()) == [path], "no side files"


def test_the_graph_has_the_promised_form(name: str, tmp_path: Path) -> None:
    path = tmp_path / "made.onnx"
    network = make_trained(name)
    export_classifier(network, path, FACTS)
    model = onnx.load(path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node} or name == "mlp"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (ink,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (ink.name, ink.type, ink.shape) == ("ink", "tensor(float)", ["N", 28, 28])
    assert (logits.name, logits.type, logits.shape) == ("logits", "tensor(float)", ["N", 10])
    weights = sum(weight.numel() for weight in network.parameters())
    assert path.stat().st_size < 4 * weights + 20_000


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for part in ("a", "b"):
        export_classifier(make_trained("cnn-nano"), tmp_path / f"{part}.onnx", FACTS)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_metadata_says_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1709164800")
    facts = collect_facts(
        name="latin",
        labels=LABELS,
        temperature=1.1,
        recipe="[model]\n",
        data=("mnist",),
        licence="Apache-2.0",
        description="Reads “digits”.",
        metrics={"validation_accuracy": 0.99},
        parameters=7074,
    )
    export_classifier(make_trained("cnn-nano"), tmp_path / "latin.onnx", facts)
    (entry,) = onnx.load(tmp_path / "latin.onnx").metadata_props
    assert entry.key == METADATA_KEY == "inkdigits"
    content = json.loads(entry.value)
    assert content.pop("versions").keys() >= {"inkdigits", "torch", "onnx", "onnxruntime"}
    assert content.pop("commit") == find_commit()
    assert content == {
        "schema": 1,
        "name": "latin",
        "labels": list(LABELS),
        "input_size": [28, 28],
        "ink": "ink is 1, paper is 0; MNIST form",
        "temperature": 1.1,
        "rejection_threshold": 0.0,
        "recipe": "[model]\n",
        "data": ["mnist"],
        "licence": "Apache-2.0",
        "description": "Reads “digits”.",
        "created": "2024-02-29",
        "metrics": {"validation_accuracy": 0.99},
        "parameters": 7074,
    }
    assert BundleMetadata.from_json(entry.value).labels == LABELS


def test_the_date_is_today_without_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert get_build_date() >= today


def test_the_commit_is_ours_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stray = tmp_path / "onnx.py"
    stray.write_text("")
    monkeypatch.setattr(export_onnx, "__file__", str(stray))
    assert find_commit() == "", "a file that git does not track has no commit"


class DependsOnCount(nn.Module):
    """Answers one digit other than many: what tracing at a fixed count would bake in."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, ink: Tensor) -> Tensor:
        logits: Tensor = self.linear(ink.flatten(1)) + float(ink.shape[0] > 100)
        return logits


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_graph_that_answers_otherwise_is_refused_and_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="differ by 1"):
        export_classifier(DependsOnCount(), tmp_path / "made.onnx", FACTS)
    assert list(tmp_path.iterdir()) == []


def test_an_older_bundle_survives_a_failed_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made.onnx"
    network = make_trained("cnn-nano")
    export_classifier(network, path, FACTS)
    before = path.read_bytes()
    other = export_onnx._trace(make_trained("mlp-tutorial"))
    monkeypatch.setattr(export_onnx, "_trace", lambda _: other)
    with pytest.raises(BundleError, match="differ"):
        export_classifier(network, path, FACTS)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_nan_is_no_parity(tmp_path: Path) -> None:
    network = make_trained("cnn-nano")
    export_classifier(network, tmp_path / "made.onnx", FACTS)
    assert verify_parity(network, tmp_path / "made.onnx", classes=10) < 1e-4
    with torch.no_grad():
        next(network.parameters()).fill_(torch.nan)
    with pytest.raises(BundleError, match="nan"):
        verify_parity(network, tmp_path / "made.onnx", classes=10)


def test_labels_must_match_the_logits(tmp_path: Path) -> None:
    facts = BundleFacts(name="made", labels=("a", "b", "c"))
    with pytest.raises(BundleError, match="3 labels"):
        export_classifier(make_trained("cnn-nano"), tmp_path / "made.onnx", facts)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError):
        export_classifier(make_trained("cnn-nano"), tmp_path / "taken" / "made.onnx", FACTS)
