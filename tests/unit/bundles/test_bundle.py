"""Opening and running bundles: those that ship, a toy one with known weights, and damaged ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkdigits.bundles import METADATA_KEY, BundleClassifier, list_bundles, load_classifier
from inkdigits.bundles.bundle import BATCH, as_ink, softmax
from inkdigits.errors import BundleError, ImageFormatError
from inkdigits.reader import Reader

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(0, 0.1, (784, 3)).astype(np.float32)
METADATA: dict[str, Any] = {
    "schema": 1,
    "name": "toy",
    "labels": ["a", "b", "c"],
    "input_size": [28, 28],
    "temperature": 2.0,
    "rejection_threshold": 0.0,
}


def write_bundle(
    path: Path, *, metadata: dict[str, Any] | None = METADATA, shape: Sequence[int | str] = ("N", 28, 28)
) -> Path:
    """Write a linear model, (N, 28, 28) -> (N, 3)."""
    nodes = [
        helper.make_node("Flatten", ["ink"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("ink", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(WEIGHTS, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if metadata is not None:
        helper.set_model_props(model, {METADATA_KEY: json.dumps(metadata)})
    onnx.save(model, path)
    return path


@pytest.fixture
def toy(tmp_path: Path) -> BundleClassifier:
    return BundleClassifier(write_bundle(tmp_path / "toy.onnx"))


def glyphs(count: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(count).random((count, 28, 28), dtype=np.float32)


def test_logits_are_those_of_the_weights(toy: BundleClassifier) -> None:
    images = glyphs(5)
    np.testing.assert_allclose(toy.predict_logits(images), images.reshape(5, 784) @ WEIGHTS, atol=1e-4)


def test_probabilities_are_divided_by_the_temperature(toy: BundleClassifier) -> None:
    logits = toy.predict_logits(glyphs(5)).astype(np.float64) / 2.0
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(toy.predict_proba(glyphs(5)), wanted, atol=1e-5)


def test_names_and_paths(toy: BundleClassifier) -> None:
    assert toy.labels == ("a", "b", "c")
    assert toy.metadata.name == "toy"
    assert repr(toy) == "BundleClassifier('toy', 3 classes)"


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 7])
def test_batches_give_what_single_glyphs_give(toy: BundleClassifier, count: int) -> None:
    images = glyphs(count)
    probs = toy.predict_proba(images)
    assert probs.shape == (count, 3)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)
    for index in range(0, count, 97):
        np.testing.assert_allclose(probs[index], toy.predict_proba(images[index])[0], atol=1e-6)


def test_bytes_and_floats_give_the_same(toy: BundleClassifier) -> None:
    raw = np.random.default_rng(1).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    wanted = toy.predict_proba(raw.astype(np.float32) / 255)
    np.testing.assert_array_equal(toy.predict_proba(raw), wanted)
    np.testing.assert_allclose(toy.predict_proba(raw.astype(np.float64) / 255), wanted, atol=1e-6)


def test_views_that_are_not_contiguous(toy: BundleClassifier) -> None:
    images = glyphs(6)
    wanted = toy.predict_proba(images.transpose(0, 2, 1).copy()[::2])
    np.testing.assert_array_equal(toy.predict_proba(images.transpose(0, 2, 1)[::2]), wanted)


@pytest.mark.parametrize("shape", [(28,), (3, 27, 28), (3, 28, 28, 1), (1, 3, 28, 28), (784,), ()])
def test_other_shapes_are_refused(toy: BundleClassifier, shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageFormatError, match=r"\(N, 28, 28\)"):
        toy.predict_proba(np.zeros(shape, np.float32))


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.bool_, np.complex64])
def test_other_types_are_refused(toy: BundleClassifier, dtype: type) -> None:
    with pytest.raises(ImageFormatError, match="uint8 or floating"):
        toy.predict_proba(np.zeros((1, 28, 28), dtype))


def test_as_ink_makes_one_of_two_dimensions_a_batch() -> None:
    ink = as_ink(np.full((4, 5), 255, np.uint8), size=(4, 5))
    assert ink.shape == (1, 4, 5)
    assert ink.dtype == np.float32
    assert float(ink.min()) == 1


def test_softmax_of_large_logits() -> None:
    logits = np.array([[1000.0, 0.0], [-1000.0, -1000.0], [0.0, 88.0]], np.float32)
    wanted = np.array([[1, 0], [0.5, 0.5], [0, 1]], np.float32)
    np.testing.assert_allclose(softmax(logits), wanted, atol=1e-6)
    assert softmax(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_threads_share_a_bundle(toy: BundleClassifier) -> None:
    images = [glyphs(n) for n in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(toy.predict_proba, images))
    for probs, batch in zip(found, images, strict=True):
        np.testing.assert_array_equal(probs, toy.predict_proba(batch))


@pytest.mark.parametrize("name", list_bundles())
def test_bundles_that_ship(name: str) -> None:
    bundle = load_classifier(name)
    assert bundle.metadata.input_size == (28, 28)
    assert len(bundle.labels) == len(set(bundle.labels)) == 10
    for key in ("data", "licence", "recipe", "commit", "metrics"):
        assert bundle.metadata.everything[key], f"{key} is empty"
    probs = bundle.predict_proba(glyphs(3))
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-6)


def test_the_default_ships() -> None:
    assert "latin" in list_bundles()
    assert load_classifier().labels == tuple("0123456789")


def test_a_bundle_by_path(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "own.onnx")
    assert load_classifier(path).labels == load_classifier(str(path)).labels == ("a", "b", "c")
    assert Reader(path).classifier.labels == Reader(str(path)).classifier.labels == ("a", "b", "c")


@pytest.mark.parametrize("name", ["latln", "Latin", "lati"])
def test_a_misspelt_name_gets_the_nearest(name: str) -> None:
    with pytest.raises(BundleError, match="Did you mean 'latin'"):
        load_classifier(name)


@pytest.mark.parametrize("name", ["", "xyzzy", "latin.tflite", "../latin"])
def test_an_unknown_name_lists_those_that_ship(name: str) -> None:
    with pytest.raises(BundleError, match=r"Those that ship: .*latin"):
        load_classifier(name)


def test_no_file_at_the_path(tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    for name in ("none.onnx", "folder.onnx"):
        with pytest.raises(BundleError, match="there is no bundle at"):
            load_classifier(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 4000, b"\x08\x08" + b"\xff" * 99])
def test_files_that_are_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_classifier(tmp_path / "bad.onnx")
    assert "bad.onnx" in caught.value.message


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_bundle(tmp_path: Path, part: float) -> None:
    data = write_bundle(tmp_path / "toy.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BundleError):
        load_classifier(tmp_path / "cut.onnx")


def test_a_model_without_metadata(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "plain.onnx", metadata=None)
    with pytest.raises(BundleError, match="no InkDigits bundle"):
        load_classifier(path)


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({"labels": ["a", "b"]}, ("N", 28, 28)),
        ({"labels": list("abcd")}, ("N", 28, 28)),
        ({"input_size": [28, 29]}, ("N", 28, 28)),
        ({}, ("N", 1, 28, 28)),
    ],
)
def test_metadata_of_another_network(
    tmp_path: Path, changes: dict[str, Any], shape: tuple[int | str, ...]
) -> None:
    path = write_bundle(tmp_path / "toy.onnx", metadata=METADATA | changes, shape=shape)
    with pytest.raises(BundleError, match="does not fit its metadata"):
        load_classifier(path)


def test_the_class_none_is_told_apart_from_the_digits(tmp_path: Path) -> None:
    bundle = BundleClassifier(
        write_bundle(tmp_path / "none.onnx", metadata={**METADATA, "labels": ["a", "b", "none"]})
    )
    images = glyphs(6)
    probs, none = bundle.predict(images)
    everything = softmax(bundle.predict_logits(images) / np.float32(2))
    assert bundle.labels == ("a", "b")
    np.testing.assert_allclose(none, everything[:, 2], atol=1e-6)
    np.testing.assert_allclose(probs, everything[:, :2] / everything[:, :2].sum(1, keepdims=True), atol=1e-5)
    np.testing.assert_array_equal(bundle.predict_proba(images), probs)


def test_without_such_a_class_nothing_is_none(toy: BundleClassifier) -> None:
    probs, none = toy.predict(glyphs(4))
    assert not toy.knows_none
    assert none.tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
