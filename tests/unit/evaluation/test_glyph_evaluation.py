"""A classifier judged by every measure; what a bundle tells about itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inkdigits.bundles import METADATA_KEY, BundleClassifier
from inkdigits.errors import UsageError
from inkdigits.evaluation.glyphs import GlyphEvaluation, evaluate_glyphs
from inkdigits.evaluation.provenance import describe_model, has_learned
from inkdigits.evaluation.run import digest_images
from inkdigits.evaluation.sets import check_non_digits
from inkdigits.types import LabelledImages, Probs


class ByBrightness:
    """Tells two classes by the mean of the glyph; the nearer to the middle, the less sure."""

    labels = ("dark", "bright")

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        means = images.mean(axis=(1, 2))
        return np.stack([1 - means, means], axis=1).astype(np.float32)


def make_data(*means: float, labels: str, name: str = "toy/test") -> LabelledImages:
    images = np.stack([np.full((28, 28), round(255 * mean), np.uint8) for mean in means])
    return LabelledImages(images, np.array([int(s) for s in labels]), ("dark", "bright"), name)


DATA = make_data(0.1, 0.2, 0.6, 0.9, 0.4, labels="00011")


def test_every_measure_is_of_the_same_answers() -> None:
    made = evaluate_glyphs(ByBrightness(), DATA)
    assert made.model == "ByBrightness"
    np.testing.assert_array_equal(made.answers, [0, 0, 1, 1, 0])
    assert (made.scores.correct, made.scores.count) == (3, 5)
    assert made.reliability.error == pytest.approx(made.scores.calibration_error)
    assert made.coverage.risk[-1] == pytest.approx(0.4)
    assert made.coverage.find_risk(0.6) == 0
    np.testing.assert_array_equal(made.items.is_right, [True, True, False, True, False])
    assert made.timing.latency_ms > 0
    assert made.timing.per_second > 0
    assert made.rejection is None


def test_mistakes_come_surest_first() -> None:
    data = make_data(0.6, 0.1, 0.95, 0.2, labels="0101")
    made = evaluate_glyphs(ByBrightness(), data)
    np.testing.assert_array_equal(made.find_mistakes(), [2, 1, 3, 0])


def test_plain_json_types() -> None:
    made = evaluate_glyphs(ByBrightness(), DATA, model="m", non_digits=DATA, has_learned=False)
    raw = json.loads(json.dumps(made.to_dict()))
    assert (raw["kind"], raw["data"], raw["split"], raw["model"]) == ("glyphs", "toy", "test", "m")
    assert raw["classes"]["dark"]["count"] == 3
    assert raw["rejection"]["roc_area"] == pytest.approx(0.5)
    assert raw["rejection"]["data"] == "toy/test"
    assert raw["items"]["count"] == 5
    assert raw["has_learned"] is False


def test_progress_ends_with_all_images() -> None:
    told: list[tuple[str, int, int]] = []
    evaluate_glyphs(ByBrightness(), DATA, on_progress=lambda *step: told.append(step))
    assert told == [("Preparing images", 0, 1), ("Reading images", 5, 5)]


@pytest.mark.parametrize(("learned", "is_ranked"), [(True, False), (False, True), (None, True)])
def test_who_has_learned_the_labels_does_not_judge_them(*, learned: bool | None, is_ranked: bool) -> None:
    made = evaluate_glyphs(ByBrightness(), DATA, has_learned=learned)
    assert (made.rank_mislabelled() is not None) is is_ranked


def test_labels_that_the_model_does_not_know() -> None:
    data = LabelledImages(DATA.images, DATA.labels, ("alpha", "beta"), "toy/test")
    with pytest.raises(UsageError, match="does not know: alpha"):
        evaluate_glyphs(ByBrightness(), data)


def test_digests_tell_images_and_labels_apart() -> None:
    other_images = LabelledImages(255 - DATA.images, DATA.labels, DATA.label_names)
    other_labels = LabelledImages(DATA.images, 1 - DATA.labels, DATA.label_names)
    same = LabelledImages(DATA.images.copy(), DATA.labels.astype(np.int32), DATA.label_names)
    assert len({digest_images(data) for data in (DATA, other_images, other_labels, same)}) == 3
    assert digest_images(same) == digest_images(DATA)


def write_bundle(path: Path, **facts: object) -> BundleClassifier:
    """Write a linear model with the classes dark, bright and none: one weight, the mean."""
    weights = np.zeros((784, 3), np.float32)
    weights[:, 0], weights[:, 1] = -20 / 784, 20 / 784
    nodes = [
        helper.make_node("Flatten", ["ink"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["raw"]),
        helper.make_node("Add", ["raw", "bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("ink", TensorProto.FLOAT, ("N", 28, 28))],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ("N", 3))],
        [
            numpy_helper.from_array(weights, "weights"),
            # dark: 10 - 20 m, bright: 20 m - 10, none: 5
            numpy_helper.from_array(np.array([10, -10, 5], np.float32), "bias"),
        ],
    )
    metadata = {
        "schema": 1,
        "name": "toy",
        "labels": ["dark", "bright", "none"],
        "input_size": [28, 28],
        "temperature": 1.0,
        "rejection_threshold": 0.0,
        **facts,
    }
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: json.dumps(metadata)})
    onnx.save(model, path)
    return BundleClassifier(path)


def test_the_class_none_judges_rejection(tmp_path: Path) -> None:
    others = make_data(0.5, 0.45, 0.55, labels="000", name="greys/all")
    made = evaluate_glyphs(write_bundle(tmp_path / "toy.onnx"), DATA, non_digits=others)
    assert made.knows_none
    assert made.names == ("dark", "bright")
    assert made.rejection is not None
    # 0.4 and 0.6 are digits nearer to the middle than most: still farther than each of the greys.
    assert made.rejection.roc_area == 1
    assert (made.rejection.digits, made.rejection.others, made.non_digits) == (5, 3, "greys/all")


RECIPE = '[data]\nsets = ["mnist"]\nnon_digits = ["thai"]\n'


@pytest.mark.parametrize(
    ("name", "split", "recipe", "learned"),
    [
        ("mnist", "test", RECIPE, False),
        ("mnist", "train", RECIPE, True),
        ("mnist", "test", RECIPE + "pool_test = true\n", True),
        ("optdigits", "validation32x32", RECIPE, False),
        ("nist-raw", "all", RECIPE, True),
        ("thai", "all", RECIPE, True),
        ("usps", "train", RECIPE, False),
        ("mnist", "train", "no [TOML", True),
    ],
)
def test_what_a_bundle_has_learned(
    name: str, split: str, recipe: str, tmp_path: Path, *, learned: bool
) -> None:
    bundle = write_bundle(tmp_path / "toy.onnx", data=["mnist", "nist-raw", "optdigits"], recipe=recipe)
    assert has_learned(bundle, name, split) is learned


def test_non_digits_that_were_learned_do_not_judge(tmp_path: Path) -> None:
    recipe = '[data]\nnon_digits = ["thai", "hasy-symbols"]\n'
    bundle = write_bundle(tmp_path / "toy.onnx", recipe=recipe)
    with pytest.raises(UsageError, match="has learned that thai is no digit"):
        check_non_digits(bundle, "thai")
    check_non_digits(bundle, "hasy-symbols")  # of which half is kept for judging
    check_non_digits(bundle, "omniglot-small1")
    check_non_digits(ByBrightness(), "thai")


def test_facts_of_a_bundle_and_of_any_object(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "toy.onnx", data=["mnist"], licence="MIT", parameters=7)
    facts = describe_model(bundle)
    assert (facts["name"], facts["parameters"], facts["licence"]) == ("toy", 7, "MIT")
    assert facts["knows_non_digits"]
    assert facts["file_bytes"] == (tmp_path / "toy.onnx").stat().st_size
    assert describe_model(ByBrightness()) == {"type": "ByBrightness", "labels": ["dark", "bright"]}
    assert has_learned(ByBrightness(), "mnist", "train") is None


def test_evaluations_do_not_change() -> None:
    made: GlyphEvaluation = evaluate_glyphs(ByBrightness(), DATA)
    with pytest.raises(AttributeError):
        made.model = "other"  # type: ignore[misc]
