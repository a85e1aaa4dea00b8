"""The bundle's writer: a trained network becomes one ONNX file that proves it answers like its source.

Owns: the graph's form ("ink" in, "logits" out), the metadata entry and the parity check. Leaves to others:
opening bundles (`inkdigits.bundles`) and other formats (their own modules).
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from inkdigits.bundles import METADATA_KEY, BundleClassifier
from inkdigits.bundles.metadata import SCHEMA
from inkdigits.errors import BundleError, MissingExtraError
from inkdigits.files import replacing
from inkdigits.models.classifier import NetworkClassifier

INPUT_NAME: Final = "ink"
OUTPUT_NAME: Final = "logits"
INPUT_SIZE: Final = (28, 28)
_OPSET: Final = 17
"""ONNX Runtime reads it since 1.12; every operator of these networks is older."""
_PARITY_IMAGES: Final = 256
_PARITY_TOLERANCE: Final = 1e-4
"""Largest difference of a logit; float32 in another order of summation stays below 1e-5."""
_STEP_SHARE: Final = 0.01
"""Share of the inputs of a model that votes which may fall on a step: there the last bit decides a vote."""
_PARITY_SEED: Final = 20_240_229
_REPORT: Final = "Please report this as a bug, with the versions of torch and onnxruntime."


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """What a bundle knows about itself beside its weights.

    Attributes:
        name: The bundle's name.
        labels: Names of the classes, in the order of the logits.
        temperature: Divides the logits before the softmax.
        rejection_threshold: Confidence below which a reading is doubtful; 0 rejects nothing.
        recipe: The recipe, TOML.
        data: Names of the data sets.
        commit: Commit of the code that trained it, or "".
        licence: Licence of the weights.
        description: One sentence for people.
        created: Date, ISO 8601.
        versions: Versions of the libraries that took part.
        metrics: What was measured, such as "validation_accuracy".
        parameters: Number of trained weights.
    """

    name: str
    labels: tuple[str, ...]
    temperature: float = 1.0
    rejection_threshold: float = 0.0
    recipe: str = ""
    data: tuple[str, ...] = ()
    commit: str = ""
    licence: str = ""
    description: str = ""
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0

    def to_json(self) -> str:
        """Return the JSON text that the bundle's metadata entry holds."""
        entries = {
            "schema": SCHEMA,
            **asdict(self),
            "input_size": list(INPUT_SIZE),
            "ink": "ink is 1, paper is 0; MNIST form",
        }
        return json.dumps(entries, ensure_ascii=False, sort_keys=True)


class _InkNetwork(nn.Module):
    """Adds the channel axis inside the graph, so that readers need not know of it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ink: Tensor) -> Tensor:
        """(N, H, W) -> (N, C)."""
        logits: Tensor = self.network(ink.unsqueeze(1))
        return logits


def export_classifier(
    network: nn.Module,
    path: Path,
    facts: BundleFacts,
    *,
    probes: npt.NDArray[np.uint8] | None = None,
) -> None:
    """Write a bundle: one ONNX file without side files.

    The graph takes "ink", (N, 28, 28) float32 in [0, 1] with any N, and gives "logits", (N, C) float32; batch
    norms are folded into the convolutions. The same weights and metadata give the same bytes.

    Args:
        network: Maps (N, 1, 28, 28) to (N, C); it is left in evaluation mode.
        path: The file to write; its folder is made. It appears only if the check below passes.
        facts: What the bundle knows about itself.
        probes: Digits, (N, 28, 28) uint8, for models that are no smooth function of their input: parity is then
            shown for probabilities on the first 256 of them, see `verify_parity_on`.

    Raises:
        BundleError: If the written file answers 256 inputs other than the network does.
        OutputError: If the file can't be written.
        MissingExtraError: If onnx is not installed.
    """
    network.eval()
    with replacing(path) as part:
        part.write_bytes(_convert(network, facts))
        if probes is None:
            verify_parity(network, part, classes=len(facts.labels))
        else:
            classifier = NetworkClassifier(network, facts.labels, temperature=facts.temperature)
            verify_parity_on(probes, classifier, part)


def verify_parity_on(probes: npt.NDArray[np.uint8], classifier: NetworkClassifier, path: Path) -> float:
    """Compare the probabilities of a bundle with those of the classifier it came from.

    Neighbours, trees and the kernel's far tail give logits whose last bits mean nothing, and votes that jump; so
    probabilities are compared, and one digit in a hundred may fall on a step.

    Args:
        probes: (N, 28, 28) uint8 digits; the first 256 are used.
        classifier: The source.
        path: The bundle.

    Returns:
        The largest difference of a probability, one digit in a hundred left out.

    Raises:
        BundleError: If labels are others or the difference is above 1e-4.
    """
    digits = probes[:_PARITY_IMAGES]
    logits = torch.from_numpy(_run(path, digits, classes=len(classifier.labels)))
    probs = (logits / classifier.temperature).softmax(dim=1).numpy()
    differences = np.abs(probs - classifier.predict_proba(digits)).max(axis=1)
    steps = int(_STEP_SHARE * len(digits))
    difference = float(np.sort(differences)[len(digits) - 1 - steps])
    if np.isnan(differences).any() or difference > _PARITY_TOLERANCE:
        raise BundleError(
            f"The exported file's probabilities differ by {difference:.2g} from its source's", remedy=_REPORT
        )
    return difference


def verify_parity(network: nn.Module, path: Path, *, classes: int) -> float:
    """Compare an ONNX file with the network it came from.

    Args:
        network: The source, in evaluation mode.
        path: The ONNX file.
        classes: Number of logits that both must give.

    Returns:
        The largest difference of a logit over 256 inputs.

    Raises:
        BundleError: If the shapes or any logit differ by more than 1e-4.
    """
    ink = _make_probes()
    with torch.inference_mode():
        expected = network(torch.from_numpy(ink).unsqueeze(1)).numpy()
    if expected.shape != (len(ink), classes):
        raise BundleError(f"The network gives shape {expected.shape} for {classes} labels", remedy=_REPORT)
    difference = float(np.abs(_run(path, ink, classes=classes) - expected).max())
    if not difference <= _PARITY_TOLERANCE:  # also catches NaN
        raise BundleError(
            f"The exported file's logits differ by {difference:.2g} from the network's", remedy=_REPORT
        )
    return difference


def _run(path: Path, images: npt.NDArray[Any], *, classes: int) -> npt.NDArray[np.float32]:
    """Return a bundle's logits; the first digit goes alone, so that a graph for one count only is found out."""
    try:
        bundle = BundleClassifier(path)  # the code that will read it is the code that checks it
        parts = [bundle.predict_logits(part) for part in (images[:1], images[1:])]
    except BundleError:
        raise
    except Exception as error:  # ONNX Runtime raises its own classes, one for each status code
        raise BundleError(f"The exported file can't be run ({error})", remedy=_REPORT) from error
    if any(part.shape[1:] != (classes,) for part in parts):
        shapes = [part.shape for part in parts]
        raise BundleError(f"The exported file gives shapes {shapes} for {classes} labels", remedy=_REPORT)
    return np.concatenate(parts)


def collect_facts(
    *,
    name: str,
    labels: tuple[str, ...],
    temperature: float,
    recipe: str,
    data: tuple[str, ...],
    licence: str,
    description: str,
    metrics: Mapping[str, float],
    parameters: int,
) -> BundleFacts:
    """Return facts with commit, date and versions filled in from where this runs."""
    return BundleFacts(
        name=name,
        labels=labels,
        temperature=temperature,
        recipe=recipe,
        data=data,
        commit=find_commit(),
        licence=licence,
        description=description,
        created=get_build_date(),
        versions=get_versions(),
        metrics=metrics,
        parameters=parameters,
    )


def get_build_date() -> str:
    """Return today's date, or the one that SOURCE_DATE_EPOCH sets, as "2024-02-29" in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return moment.date().isoformat()


def get_versions() -> dict[str, str]:
    """Return versions of the libraries that take part in training and export."""
    versions = {}
    for library in ("inkdigits", "torch", "onnx", "onnxruntime", "numpy"):
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return versions


def find_commit() -> str:
    """Return the commit of the source tree this package runs from, or "" if it is installed elsewhere."""
    source = Path(__file__).resolve()
    try:
        # A virtual environment often lies in somebody else's repository, whose commit says nothing of us.
        _ask_git(source.parent, "ls-files", "--error-unmatch", source.name)
        return _ask_git(source.parent, "rev-parse", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return ""


def _ask_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    return answer.stdout.strip()


def _convert(network: nn.Module, facts: BundleFacts) -> bytes:
    """Return the bytes of the ONNX file, metadata included."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    model = onnx.load_model_from_string(_trace(network))
    model.producer_version = ""  # the versions stand in the metadata; bytes should not depend on them
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, facts.to_json()
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _trace(network: nn.Module) -> bytes:
    """Return the bare ONNX graph.

    The exporter by tracing gives a smaller graph than its successor, folds batch norms itself and needs no
    further library; torch announces its end, hence the filter.
    """
    options: dict[str, Any] = {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            _InkNetwork(network).eval(),
            (torch.zeros(2, *INPUT_SIZE),),
            str(path),
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            dynamic_axes={INPUT_NAME: {0: "N"}, OUTPUT_NAME: {0: "N"}},
            opset_version=_OPSET,
            do_constant_folding=True,
            **options,
        )
        return path.read_bytes()


def _make_probes() -> npt.NDArray[np.float32]:
    """Return (256, 28, 28) inputs: noise, blank and full pictures, and soft blobs like ink."""
    generator = np.random.default_rng(_PARITY_SEED)
    probes = generator.random((_PARITY_IMAGES, *INPUT_SIZE), dtype=np.float32)
    rows, columns = np.mgrid[: INPUT_SIZE[0], : INPUT_SIZE[1]].astype(np.float32)
    for probe in probes[128:]:
        y, x = generator.uniform(6, 22, 2)
        radius = generator.uniform(1, 6)
        probe[:] = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * radius**2))
    probes[0], probes[1] = 0, 1
    return probes
