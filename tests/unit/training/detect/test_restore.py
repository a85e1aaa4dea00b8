"""A network that takes its weights from a bundle answers like it, and can learn on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inkdigits.bundles.detector import BundleDetector
from inkdigits.errors import BundleError
from inkdigits.export.detector import export_detector
from inkdigits.export.onnx import BundleFacts
from inkdigits.models.detector import DigitDetector
from inkdigits.models.region import RegionClassifier
from inkdigits.training.detect.loop import DetectorSettings, train_detector
from inkdigits.training.detect.pages import LABELS, PagePool
from inkdigits.training.detect.state import go_back, load_start

MakePool = Callable[..., PagePool]
SETTINGS = DetectorSettings(steps=6, batch_size=4, log_every=6, ema_decay=0.5)


def make_network(seed: int = 3) -> DigitDetector:
    torch.manual_seed(seed)
    return DigitDetector(labels=14, widths=(8, 8, 16, 16), depths=(1, 1, 1))


def train(pool: PagePool, folder: Path) -> DigitDetector:
    return train_detector(
        make_network(), SETTINGS, train=[pool], validation=pool, folder=folder, report=lambda _: None
    )


def to_examples(pool: PagePool) -> torch.Tensor:
    return torch.from_numpy(pool.views).unsqueeze(1).float() / 255


@pytest.mark.parametrize(("bits", "tolerance"), [(32, 1e-3), (8, 0.5)])
def test_it_answers_as_the_bundle_does(
    tmp_path: Path, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, bits: int, tolerance: float
) -> None:
    monkeypatch.setattr("inkdigits.export.detector._SAME_NAMES", 0.0)  # hardly trained: labels are chance
    monkeypatch.setattr("inkdigits.export.detector._HEAT_TOLERANCE", 9.0)
    pool = make_pool(64)
    trained = train(pool, tmp_path / "run")
    bias = trained.head[-1].bias
    assert isinstance(bias, torch.Tensor)
    with torch.no_grad():
        bias[0] = 3.0  # every place may be a sign
    path = tmp_path / "d.onnx"
    export_detector(trained, path, BundleFacts("detector", LABELS), views=pool.views if bits == 8 else None)
    network = make_network(seed=9)
    load_start(path, network, to_examples(pool))
    with torch.inference_mode():
        answer = network(to_examples(pool)[:1])[0].numpy()
    np.testing.assert_allclose(
        answer, BundleDetector(path).run(pool.views[0] / np.float32(255)), atol=tolerance
    )


def test_its_norms_measure_the_examples(tmp_path: Path, make_pool: MakePool) -> None:
    """In training each norm takes its batch's own mean and spread: with the examples the answers stay."""
    pool = make_pool(16)
    export_detector(train(pool, tmp_path / "run"), tmp_path / "d.onnx", BundleFacts("detector", LABELS))
    network, examples = make_network(seed=9), to_examples(pool)
    load_start(tmp_path / "d.onnx", network, examples)
    with torch.no_grad():
        expected = network(examples)
        network.train()
        torch.testing.assert_close(network(examples), expected, atol=1e-3, rtol=1e-3)


def test_other_networks_and_other_files_are_refused(tmp_path: Path, make_pool: MakePool) -> None:
    pool = make_pool(8)
    export_detector(make_network(), tmp_path / "d.onnx", BundleFacts("detector", LABELS))
    with pytest.raises(BundleError, match="another network"):
        load_start(tmp_path / "d.onnx", RegionClassifier(), torch.zeros(1, 2, 40, 40))
    with pytest.raises(BundleError, match="another network"):
        load_start(tmp_path / "d.onnx", DigitDetector(labels=14), to_examples(pool))
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(BundleError, match="can't be opened"):
        load_start(tmp_path / "text.onnx", make_network(), to_examples(pool))


def test_going_back_all_the_way_gives_the_start_and_no_way_the_end(make_pool: MakePool) -> None:
    examples = to_examples(make_pool(12))
    start, learned = make_network(3), make_network(4)
    first = {name: value.clone() for name, value in start.state_dict().items()}
    last = {name: value.clone() for name, value in learned.state_dict().items()}
    go_back(learned, first, part=0.0, examples=examples)
    assert all(torch.equal(value, last[name]) for name, value in learned.state_dict().items())
    go_back(learned, first, part=1.0, examples=examples)
    weights = dict(learned.named_parameters())
    assert all(torch.allclose(value, first[name]) for name, value in weights.items())


def test_going_back_stops_between_and_measures_the_norms(make_pool: MakePool) -> None:
    examples = to_examples(make_pool(12))
    start, learned = make_network(3), make_network(4)
    first = {name: value.clone() for name, value in start.state_dict().items()}
    last = {name: value.clone() for name, value in learned.named_parameters()}
    go_back(learned, first, part=0.25, examples=examples)
    for name, value in learned.named_parameters():
        assert torch.allclose(value, 0.75 * last[name] + 0.25 * first[name], atol=1e-6)
    norm = next(module for module in learned.modules() if isinstance(module, torch.nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    hook = norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        learned(examples)
    hook.remove()
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, seen[0].mean((0, 2, 3)), atol=1e-4)
    assert not learned.training
    assert norm.momentum == torch.nn.BatchNorm2d(1).momentum
