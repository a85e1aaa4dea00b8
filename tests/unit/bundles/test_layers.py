"""What happens inside a bundle."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from inkdigits.bundles import load_classifier
from inkdigits.bundles.layers import BundleLayers, find_features, shorten
from inkdigits.errors import ImageFormatError, MissingExtraError
from inkdigits.types import LabelledImages


@pytest.fixture(scope="module")
def layers() -> BundleLayers:
    return BundleLayers(load_classifier("latin"))


def test_the_last_layer_applied_to_the_features_gives_the_logits(
    layers: BundleLayers, small_digits: LabelledImages
) -> None:
    import onnx
    from onnx import numpy_helper

    classifier = load_classifier("latin")
    graph = onnx.load(str(classifier.path)).graph
    dense = graph.node[-1]
    assert dense.op_type == "Gemm"
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    features = layers.compute_features(small_digits.images[:5])
    logits = features @ weights[dense.input[1]].T + weights[dense.input[2]]
    np.testing.assert_allclose(logits, classifier.predict_logits(small_digits.images[:5]), atol=1e-3)


def test_many_digits_are_run_in_batches(layers: BundleLayers, small_digits: LabelledImages) -> None:
    many = layers.compute_features(small_digits.images[:300])
    assert len(many) == 300
    np.testing.assert_allclose(many[-1], layers.compute_features(small_digits.images[299:300])[0], atol=1e-4)


def test_layers_come_in_order_with_their_maps(layers: BundleLayers, small_digits: LabelledImages) -> None:
    outputs = layers.compute_layers(small_digits.images[0])
    assert [output.values.shape for output in outputs] == [
        (32, 28, 28),
        (64, 14, 14),
        (128, 7, 7),
        (128, 7, 7),
    ]
    assert [output.name for output in outputs] == [
        "features.0.2", "features.2.2", "features.4.2", "features.5.2",
    ]  # fmt: skip
    assert all(output.values.min() >= 0 < output.values.max() for output in outputs)  # behind a ReLU


def test_another_size_is_refused(layers: BundleLayers) -> None:
    with pytest.raises(ImageFormatError, match="28"):
        layers.compute_layers(np.zeros((20, 20), np.uint8))


def test_without_onnx_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[train\]"):
        BundleLayers(load_classifier("latin"))


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ([("MatMul", ["h", "w"], "m"), ("Add", ["m", "b"], "out")], "h"),
        ([("Gemm", ["h", "w", "b"], "out")], "h"),
        ([("Gemm", ["ink", "w", "b"], "out")], None),  # pixels are no features
        ([("Mul", ["h", "w"], "out")], None),
        ([("Add", ["h", "other"], "out")], None),
    ],
)
def test_features_are_what_the_last_dense_layer_sees(
    operators: list[tuple[str, list[str], str]], expected: str | None
) -> None:
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("Relu", ["ink"], ["h"]), helper.make_node("Relu", ["ink"], ["other"])]
    nodes += [helper.make_node(operator, takes, [gives]) for operator, takes, gives in operators]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("ink", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((1, 1), np.float32), name) for name in ("w", "b")],
    )
    assert find_features(graph) == expected


def test_names_lose_what_the_exporter_adds() -> None:
    assert shorten("/network/features/features.2/features.2.2/Relu_output_0") == "features.2.2"
    assert shorten("/Relu_output_0") == "Relu"
    assert shorten("r") == "r"
