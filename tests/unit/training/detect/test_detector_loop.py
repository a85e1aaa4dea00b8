"""The detector learns, resumes bit by bit, and moves boxes together with views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inkdigits.bundles.detector import BundleDetector
from inkdigits.errors import BundleError, RecipeError, UsageError
from inkdigits.export.detector import export_detector
from inkdigits.export.onnx import BundleFacts
from inkdigits.models.detector import DigitDetector
from inkdigits.models.region import RegionClassifier
from inkdigits.training.checkpoint import CHECKPOINT_NAME, save_checkpoint
from inkdigits.training.detect.loop import DetectorSettings, draw_batch, judge, train_detector
from inkdigits.training.detect.pages import LABELS, PagePool, join_pools, load_pool, save_pool
from inkdigits.training.detect.recipe import DetectorRecipe, load_detector_recipe, run_detector_recipe
from inkdigits.training.detect.region_recipe import RegionRecipe, run_region_recipe
from inkdigits.training.detect.state import load_start

MakePool = Callable[..., PagePool]
SETTINGS = DetectorSettings(steps=4, batch_size=4, log_every=2)


def make_network() -> DigitDetector:
    torch.manual_seed(3)
    return DigitDetector(labels=14, widths=(8, 8, 16, 16), depths=(1, 1, 1))


def test_boxes_move_with_the_view(make_pool: MakePool) -> None:
    pool = make_pool(1)
    for seed in range(5):
        views, boxes, _ = draw_batch(pool, np.array([0]), np.random.default_rng(seed))
        ink = views[0, 0].numpy() > 0.45
        for x, y, width, height in boxes[0]:
            inside = ink[
                max(0, round(y - 2)) : round(y + height + 2), max(0, round(x - 2)) : round(x + width + 2)
            ]
            rows = np.flatnonzero(inside.any(axis=1))
            if len(rows) and y > 3 and y + height < 61 and x > 3 and x + width < 93:
                assert len(rows) == pytest.approx(height, abs=4)


def test_a_stopped_run_ends_like_one_that_went_through(tmp_path: Path, make_pool: MakePool) -> None:
    pool = make_pool()
    whole = train_detector(make_network(), SETTINGS, train=[pool], validation=pool, folder=tmp_path / "a",
                           report=lambda _: None)  # fmt: skip

    def stop(record: dict[str, float]) -> None:
        if record["step"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_detector(
            make_network(), SETTINGS, train=[pool], validation=pool, folder=tmp_path / "b", report=stop
        )
    resumed = train_detector(make_network(), SETTINGS, train=[pool], validation=pool, folder=tmp_path / "b",
                             report=lambda _: None)  # fmt: skip
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_another_run_in_the_folder_is_refused(tmp_path: Path, make_pool: MakePool) -> None:
    pool = make_pool()
    train_detector(
        make_network(), SETTINGS, train=[pool], validation=pool, folder=tmp_path, report=lambda _: None
    )
    with pytest.raises(UsageError, match="other settings"):
        train_detector(make_network(), DetectorSettings(steps=5), train=[pool], validation=pool, folder=tmp_path,
                       report=lambda _: None)  # fmt: skip


def test_it_learns_to_tell_rings_from_bars(tmp_path: Path, make_pool: MakePool) -> None:
    settings = DetectorSettings(steps=60, batch_size=8, log_every=60, ema_decay=0.9, learning_rate=5e-3)
    trained = train_detector(make_network(), settings, train=[make_pool(64)], validation=make_pool(8, seed=1),
                             folder=tmp_path, report=lambda _: None)  # fmt: skip
    assert judge(trained, make_pool(8, seed=1))["accuracy"] > 0.8


def test_the_bundle_answers_like_the_network(tmp_path: Path) -> None:
    network = make_network().eval()
    path = tmp_path / "detector.onnx"
    export_detector(network, path, BundleFacts("detector", LABELS))
    detector = BundleDetector(path)
    assert detector.digits == tuple("0123456789")
    assert detector.marks == (".", ",", "-", "/")
    view = np.random.default_rng(1).random((80, 112), dtype=np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(view[None, None]))[0].numpy()
    np.testing.assert_allclose(detector.run(view), expected, atol=1e-3)


def test_pools_survive_the_disk_and_joining(tmp_path: Path, make_pool: MakePool) -> None:
    first, second = make_pool(3), make_pool(2, seed=1)
    save_pool(first, tmp_path / "pool.npz")
    joined = join_pools([load_pool(tmp_path / "pool.npz"), second])
    assert len(joined) == 5
    np.testing.assert_array_equal(joined.boxes[joined.signs_of(3)], second.boxes[second.signs_of(0)])
    np.testing.assert_array_equal(joined.views[2], first.views[2])


def test_unknown_keys_of_a_recipe_are_named(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text("pages = 10\n[train]\nstep = 3\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="step"):
        load_detector_recipe(path)
    path.write_text("keep_start = 1.5\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="keep_start"):
        load_detector_recipe(path)


def test_a_run_by_chance_has_no_start_to_go_back_to(tmp_path: Path) -> None:
    recipe = DetectorRecipe(pages=1, validation_pages=1, keep_start=0.5)
    with pytest.raises(UsageError, match="keep_start"):
        run_detector_recipe(recipe, tmp_path, report=lambda _: None)
    regions = RegionRecipe(pages=1, validation_pages=1, keep_start=0.5)
    with pytest.raises(UsageError, match="keep_start"):
        run_region_recipe(
            regions, tmp_path, pages=tmp_path, detector=tmp_path / "d.onnx", report=lambda _: None
        )
    assert list(tmp_path.iterdir()) == []


def test_the_recipe_that_ships_is_valid() -> None:
    recipe = load_detector_recipe(Path(__file__).parents[4] / "recipes" / "detector.toml")
    assert recipe.licence
    assert recipe.pages > recipe.validation_pages > 0
    assert recipe.train.steps > 0


def test_eight_bits_keep_the_answers(tmp_path: Path, make_pool: MakePool) -> None:
    pool = make_pool(64)
    settings = DetectorSettings(steps=60, batch_size=8, log_every=60, ema_decay=0.9, learning_rate=5e-3)
    network = train_detector(make_network(), settings, train=[pool], validation=pool, folder=tmp_path,
                             report=lambda _: None)  # fmt: skip
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    export_detector(network, whole, BundleFacts("detector", LABELS))
    export_detector(network, small, BundleFacts("detector", LABELS), views=pool.views)
    assert small.stat().st_size < 0.6 * whole.stat().st_size
    assert BundleDetector(small).metadata == BundleDetector(whole).metadata


def test_eight_bits_that_change_too_much_are_not_written(
    tmp_path: Path, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkdigits.export.detector._HEAT_TOLERANCE", -1.0)
    network = make_network().eval()
    bias = network.head[-1].bias
    assert isinstance(bias, torch.Tensor)
    torch.nn.init.constant_(bias, 1.0)  # every place may be a sign
    with pytest.raises(BundleError, match="In 8 bits"):
        export_detector(
            network, tmp_path / "d.onnx", BundleFacts("detector", LABELS), views=make_pool(8).views
        )
    assert not (tmp_path / "d.onnx").exists()


def test_a_run_starts_from_the_weights_of_another(tmp_path: Path, make_pool: MakePool) -> None:
    pool = make_pool(8)
    settings = DetectorSettings(steps=2, batch_size=4, log_every=2, ema_decay=0.9)
    ended = train_detector(make_network(), settings, train=[pool], validation=pool, folder=tmp_path / "first",
                           report=lambda _: None)  # fmt: skip
    network = make_network()
    load_start(tmp_path / "first", network, torch.zeros(1, 1, 64, 96))
    for name, weight in ended.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], weight)


def test_a_run_can_not_start_from_nothing_or_from_another_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        load_start(tmp_path, make_network(), torch.zeros(1, 1, 64, 96))
    save_checkpoint(tmp_path / CHECKPOINT_NAME, {"average": RegionClassifier().state_dict()})
    with pytest.raises(UsageError, match="another network"):
        load_start(tmp_path, make_network(), torch.zeros(1, 1, 64, 96))
