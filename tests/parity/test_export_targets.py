"""Exported models answer like their bundle in the target's own runtime; one that does not is never left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from inkdigits.bundles import METADATA_KEY, load_classifier
from inkdigits.cli.app import app
from inkdigits.errors import BundleError, ExportError, UsageError
from inkdigits.export import proof, to_onnx, to_torch
from inkdigits.export.deliver import INT8, Target, export_bundle
from inkdigits.export.onnx import BundleFacts, export_classifier
from inkdigits.export.recogniser import Form, Recogniser, Source
from inkdigits.models import list_models, make_network

DIGITS = 60
LABELS = tuple("0123456789")
NEEDS: dict[Target, tuple[str, ...]] = {
    Target.onnx: (),
    Target.torch: (),
    Target.keras: ("keras", "tensorflow"),
    Target.tflite: ("keras", "tensorflow", "ai_edge_litert"),
}


@pytest.fixture(autouse=True)
def _made_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the proof use made digits, so that it needs no data."""
    digits = proof.make_digits(DIGITS)
    monkeypatch.setattr(proof, "load_digits", lambda count: (digits[:count], "made"))


@pytest.fixture(scope="module")
def source() -> Source:
    return Source.open(load_classifier("latin").path)


def make_source(network: nn.Module, folder: Path, labels: tuple[str, ...] = LABELS) -> Source:
    path = folder / "made.onnx"
    export_classifier(network, path, BundleFacts(name="made", labels=labels, temperature=1.25))
    return Source.open(path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras and TensorFlow warn of each other
@pytest.mark.parametrize("target", list(Target))
def test_both_forms_answer_like_the_bundle(source: Source, target: Target, tmp_path: Path) -> None:
    for library in NEEDS[target]:
        pytest.importorskip(library, reason=f"the extra {target.value} is not installed")
    files = export_bundle(source, target, tmp_path, digits=DIGITS)
    assert {file.form for file in files} == set(Form)
    for file in files:
        assert file.parity.equal_labels == 1
        assert file.parity.difference <= proof.TOLERANCE
    card = (tmp_path / f"latin-{target.value}.md").read_text("utf-8")
    assert all(file.path.name in card for file in files)
    assert {"Apache-2.0", "mnist", "none"} <= set(
        card.replace(",", " ").replace(".\n", " ").replace("`", " ").split()
    )


@pytest.mark.parametrize("name", list_models("network"))
def test_every_network_is_rebuilt_in_keras(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra keras is not installed")
    pytest.importorskip("keras", reason="the extra keras is not installed")
    from inkdigits.export.to_keras import make_keras_model

    with torch.random.fork_rng():
        torch.manual_seed(0)
        source = make_source(make_network(name).eval(), tmp_path)
    ink = np.random.default_rng(0).random((20, 28, 28), np.float32)
    probs = make_keras_model(source, Form.bare).predict(ink, verbose=0)
    np.testing.assert_allclose(probs, source.classifier.predict_proba(ink), atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_files_are_used_as_tutorials_show(source: Source, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra keras is not installed")
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    export_bundle(source, Target.keras, tmp_path, forms=(Form.bare,), digits=DIGITS)
    digits = proof.load_digits(DIGITS)[0]
    ours = source.classifier.predict_proba(digits).argmax(axis=1)
    for ending in (".keras", ".h5"):
        model = keras.models.load_model(tmp_path / f"latin-bare{ending}", compile=False)
        assert (model.predict(digits[..., None] / 255, verbose=0).argmax(axis=1) == ours).all()
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        assert model.evaluate(digits / 255, ours, verbose=0)[1] == 1


_ALONE = """
import sys, numpy as np
class Refuse:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in ("inkdigits", "torch"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import keras
folder, forms = sys.argv[1], ("bare", "picture")
digits = np.load(folder + "/digits.npy")
inputs = {"bare": digits, "picture": np.pad(digits, ((0, 0), (6, 6), (6, 6))) * 255}
for form in forms:
    answer = keras.models.load_model(f"{folder}/latin-{form}.h5").predict(inputs[form], verbose=0)
    np.save(f"{folder}/{form}.npy", answer if form == "bare" else answer[0])
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_h5_opens_where_nothing_but_keras_is(source: Source, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra keras is not installed")
    pytest.importorskip("keras", reason="the extra keras is not installed")
    from inkdigits.export.to_keras import write_h5

    for form in Form:
        write_h5(source, form, tmp_path / f"latin-{form.value}.h5")
    digits = proof.load_digits(DIGITS)[0].astype(np.float32) / 255
    np.save(tmp_path / "digits.npy", digits)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    environment.pop("PYTHONPATH", None)
    subprocess.run([sys.executable, "-c", _ALONE, str(tmp_path)], cwd=tmp_path, env=environment, check=True)
    ours = source.classifier.predict_proba(digits)
    np.testing.assert_allclose(np.load(tmp_path / "bare.npy"), ours, atol=proof.TOLERANCE)
    probs = np.load(tmp_path / "picture.npy")
    assert (
        probs.argmax(axis=1) == ours.argmax(axis=1)
    ).mean() > 0.95  # another normalisation, the same digits


def test_a_model_that_is_no_network_is_refused_in_a_sentence(tmp_path: Path) -> None:
    class Sine(nn.Module):
        def forward(self, ink: torch.Tensor) -> torch.Tensor:
            return torch.sin(ink).flatten(1)[:, :10]

    with pytest.raises(BundleError, match="Sin"):
        make_source(Sine(), tmp_path)


def test_a_blank_picture_is_no_digit(source: Source) -> None:
    recogniser = Recogniser(source, Form.picture)
    for level in (0.0, 128.0, 255.0):
        with torch.inference_mode():
            probs, none = recogniser(torch.full((1, 60, 50), level))
        assert none.item() == pytest.approx(1)
        assert probs.sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("form", list(Form))
def test_a_broken_export_is_refused_and_leaves_nothing(
    source: Source, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = to_onnx.write_onnx

    def break_weights(source: Source, form: Form, path: Path) -> None:
        write(source, form, path)
        model = onnx.load(str(path))
        last = next(entry for entry in model.graph.initializer if entry.name.endswith("12.bias"))
        values = onnx.numpy_helper.to_array(last).copy()
        values[3] += 3  # moves probabilities, and hardly a label
        last.CopyFrom(onnx.numpy_helper.from_array(values, last.name))
        onnx.save(model, str(path))

    monkeypatch.setattr(to_onnx, "write_onnx", break_weights)
    with pytest.raises(ExportError, match="differs from its bundle"):
        export_bundle(source, Target.onnx, tmp_path, forms=(form,), digits=DIGITS)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_second_file_takes_the_first_along(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_zeros(source: Source, form: Form, path: Path) -> None:
        from safetensors.torch import save_file

        weights = Recogniser(source, form).state_dict()
        save_file({name: torch.zeros_like(value) for name, value in weights.items()}, path)

    monkeypatch.setattr(to_torch, "write_weights", write_zeros)
    with pytest.raises(ExportError):
        export_bundle(source, Target.torch, tmp_path, forms=(Form.bare,), digits=DIGITS)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_run_is_refused(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(batch: object) -> proof.Answer:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(to_onnx, "open_onnx", lambda path, form, source: fail)
    with pytest.raises(ExportError, match="no such kernel"):
        export_bundle(source, Target.onnx, tmp_path, forms=(Form.bare,), digits=DIGITS)
    assert list(tmp_path.iterdir()) == []


def test_nan_is_no_answer() -> None:
    good = (np.full((2, 3), 1 / 3, np.float32), np.zeros(2, np.float32))
    bad = (good[0] * np.float32(np.nan), good[1])
    for is_int8 in (False, True):
        with pytest.raises(ExportError):
            proof.check(proof.compare([bad], [good], digits_from="made"), is_int8=is_int8)
    proof.check(proof.compare([good], [good], digits_from="made"), is_int8=False)


def test_int8_is_smaller_and_keeps_the_labels(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    to_onnx.write_onnx_int8(source, Form.bare, path)
    parity = proof.prove(
        to_onnx.open_onnx(path, Form.bare, source), source, Form.bare, is_int8=INT8.is_int8, count=DIGITS
    )
    assert parity.equal_labels >= proof.INT8_LABELS
    assert path.stat().st_size < 0.4 * source.classifier.path.stat().st_size
    with pytest.raises(ExportError, match="differs"):  # and it could not pass as float32
        proof.check(parity, is_int8=False)


def test_int8_is_for_onnx_alone(source: Source, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="int8"):
        export_bundle(source, Target.torch, tmp_path, with_int8=True)
    with pytest.raises(UsageError, match="bare"):
        export_bundle(source, Target.onnx, tmp_path, forms=(Form.picture,), with_int8=True)


def test_files_say_what_they_are(source: Source, tmp_path: Path) -> None:
    export_bundle(source, Target.torch, tmp_path, forms=(Form.bare,), digits=DIGITS)
    extra = {f"{METADATA_KEY}.json": ""}
    torch.export.load(tmp_path / "latin-bare.pt2", extra_files=extra)
    metadata = json.loads(extra[f"{METADATA_KEY}.json"])
    assert metadata["labels"] == list(LABELS)
    assert metadata["export"]["form"] == "bare"
    assert metadata["licence"] == "Apache-2.0"


def test_the_command_line_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["export", "latin-mnist", "--to", "onnx", "--form", "bare", "--output", str(tmp_path)]
    outcome = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0
    assert str(tmp_path / "latin-mnist-bare.onnx") in outcome.output
    assert {path.name for path in tmp_path.iterdir()} == {"latin-mnist-bare.onnx", "latin-mnist-onnx.md"}
    model = onnx.load(str(tmp_path / "latin-mnist-bare.onnx"))
    (entry,) = model.metadata_props
    assert json.loads(entry.value)["export"]["target"] == "onnx"


def test_a_detector_is_no_classifier() -> None:
    from inkdigits.bundles.bundle import FOLDER

    with pytest.raises(BundleError):
        Source.open(FOLDER / "detectors" / "detector.onnx")
