"""The region classifier learns rings from bars, resumes bit by bit, and sees the same in training and reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from inkdigits.bundles.detector import BundleDetector
from inkdigits.bundles.region import BundleRegions, load_regions
from inkdigits.errors import BundleError, RecipeError, UsageError
from inkdigits.export.onnx import BundleFacts
from inkdigits.export.region import export_regions
from inkdigits.ink.region import cut_regions
from inkdigits.models.region import RegionClassifier, grow
from inkdigits.training.crops import CLASSES
from inkdigits.training.detect.pages import OTHER, PagePool
from inkdigits.training.detect.region_loop import RegionSettings, judge_regions, train_regions
from inkdigits.training.detect.region_recipe import load_region_recipe
from inkdigits.training.detect.regions import (
    NONE,
    Drawer,
    Regions,
    collect_regions,
    join_regions,
    measure_overlaps,
    sample,
)

MakePool = Callable[..., PagePool]
SETTINGS = RegionSettings(steps=4, batch_size=8, log_every=2)


def make_regions(make_pool: MakePool, count: int = 8) -> tuple[Drawer, tuple[npt.NDArray[np.uint8], Regions]]:
    """Digits, and the paper beside them."""
    pool = make_pool(count)
    beside = pool.boxes.copy()
    beside[:, 0] += 17
    signs = len(pool.pages)
    regions = Regions(
        np.concatenate([pool.pages, pool.pages]),
        np.concatenate([pool.boxes, beside]),
        np.concatenate([pool.labels, np.full(signs, NONE)]),
        np.repeat(np.array([0, 3]), signs),
    )
    return Drawer(pool.views, regions), (pool.views, regions)


def make_network() -> RegionClassifier:
    torch.manual_seed(3)
    return RegionClassifier(widths=(8, 16, 16), depths=(1, 1), dropout=0.1)


@pytest.mark.parametrize("widths", [(8, 16, 16), (12, 16, 20), (16, 40, 33)])
@pytest.mark.parametrize("depths", [(1, 1), (2, 3)])
def test_a_grown_network_answers_as_before(widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
    small = make_network()
    small(torch.rand(16, 2, 40, 40))  # norms that have seen something
    small.eval()
    large = RegionClassifier(widths=widths, depths=depths, dropout=0.1).eval()
    regions = torch.rand(5, 2, 40, 40)
    assert not torch.allclose(small(regions), large(regions), atol=1e-3)
    grow(small, large)
    assert torch.allclose(small(regions), large(regions), atol=1e-5)


@pytest.mark.parametrize(
    ("widths", "depths"), [((8, 16, 16), (2, 3)), ((8, 16, 32), (1, 1)), ((12, 16, 16), (1, 1))]
)
def test_a_network_can_t_shrink(widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
    with pytest.raises(RecipeError, match="Only add"):
        grow(RegionClassifier(widths=widths, depths=depths), make_network())


def test_channels_that_repeat_one_another_learn_apart() -> None:
    small, large = make_network(), RegionClassifier(widths=(16, 32, 32), depths=(1, 1))
    grow(small, large)
    large(torch.rand(4, 2, 40, 40)).square().sum().backward()
    first = next(large.parameters())
    alike = [(a, b) for a in range(8) for b in range(8, 16) if torch.equal(first[a], first[b])]
    assert len(alike) == 8
    assert first.grad is not None
    assert all(not torch.allclose(first.grad[a], first.grad[b]) for a, b in alike)


def test_training_sees_what_reading_sees(make_pool: MakePool) -> None:
    pool = make_pool(4)
    views = torch.from_numpy(pool.views[pool.pages]).unsqueeze(1).float() / 255
    sampled = sample(views, pool.boxes.astype(np.float64), None).numpy()
    cut = np.concatenate(
        [
            cut_regions(pool.views[page].astype(np.float32) / 255, [tuple(box.tolist())])
            for page, box in zip(pool.pages, pool.boxes, strict=True)
        ]
    )
    assert sampled == pytest.approx(cut, abs=1e-3)


def test_batches_repeat_and_pieces_of_digits_are_none(make_pool: MakePool) -> None:
    drawer, _ = make_regions(make_pool)
    regions, labels = drawer.draw(64, np.random.default_rng(5))
    again, same = drawer.draw(64, np.random.default_rng(5))
    assert torch.equal(regions, again)
    assert torch.equal(labels, same)
    assert regions.shape == (64, 2, 40, 40)
    assert float(regions.min()) >= 0
    assert float(regions.max()) <= 1
    assert set(labels.tolist()) == {0, 1, NONE}


def test_the_detectors_boxes_become_digits_or_none(make_pool: MakePool) -> None:
    pool = make_pool(3)
    detector = BundleDetector(load_regions().path.with_name("detector.onnx"))
    regions = collect_regions(pool, detector)
    own = regions.kinds == 0
    assert own.sum() == len(pool.pages)
    assert regions.labels[own].tolist() == pool.labels.tolist()
    spotted = regions.kinds == 1
    assert spotted.sum() > 0
    for page, box, label in zip(
        regions.pages[spotted], regions.boxes[spotted], regions.labels[spotted], strict=True
    ):
        rows = pool.signs_of(int(page))
        overlaps = measure_overlaps(box, pool.boxes[rows])
        assert overlaps.max() >= 0.5
        assert pool.labels[rows][overlaps.argmax()] == label


def test_boxes_on_views_of_things_have_a_share_of_their_own(make_pool: MakePool) -> None:
    pool = make_pool(4)
    things = replace(
        pool, kinds=("scene", "scene", *pool.kinds[2:]), labels=np.where(pool.pages < 2, OTHER, pool.labels)
    )
    detector = BundleDetector(load_regions().path.with_name("detector.onnx"))
    regions = collect_regions(things, detector)
    on_things = regions.pages < 2
    assert on_things.any()
    assert set(regions.kinds[on_things].tolist()) == {4}
    assert (regions.labels[on_things] == NONE).all()
    assert 4 not in regions.kinds[~on_things]


def test_joined_regions_point_to_their_views() -> None:
    one = Regions(np.array([0, 1]), np.zeros((2, 4), np.float32), np.array([1, 2]), np.array([0, 0]))
    joined = join_regions([one, one], pages_each=[5, 5])
    assert joined.pages.tolist() == [0, 1, 5, 6]


def test_it_learns_and_its_bundle_answers_like_it(tmp_path: Path, make_pool: MakePool) -> None:
    drawer, judged_by = make_regions(make_pool)
    settings = RegionSettings(steps=60, batch_size=32, log_every=60, ema_decay=0.9, learning_rate=5e-3)
    records: list[dict[str, float]] = []
    network = train_regions(make_network(), settings, train=[drawer], validation=judged_by, folder=tmp_path,
                            report=records.append)  # fmt: skip
    judged = judge_regions(network, *judged_by)
    assert judged["accuracy"] > 0.95
    assert judged["refused"] > 0.8
    assert records[-1]["step"] == 60
    path = tmp_path / "regions.onnx"
    export_regions(network, path, BundleFacts(name="test", labels=CLASSES))
    pool = make_pool(2)
    view = pool.views[0].astype(np.float32) / 255
    boxes = [tuple(box.tolist()) for box in pool.boxes[pool.signs_of(0)]]
    probs, none = BundleRegions(path).predict(view, boxes)
    assert probs.argmax(axis=1).tolist() == pool.labels[pool.signs_of(0)].tolist()
    assert probs.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert none.max() < 0.5


def test_a_stopped_run_ends_like_one_that_went_through(tmp_path: Path, make_pool: MakePool) -> None:
    drawer, judged_by = make_regions(make_pool)
    whole = train_regions(make_network(), SETTINGS, train=[drawer], validation=judged_by, folder=tmp_path / "a",
                          report=lambda _: None)  # fmt: skip

    def stop(record: dict[str, float]) -> None:
        if record["step"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_regions(make_network(), SETTINGS, train=[drawer], validation=judged_by, folder=tmp_path / "b",
                      report=stop)  # fmt: skip
    resumed = train_regions(make_network(), SETTINGS, train=[drawer], validation=judged_by, folder=tmp_path / "b",
                            report=lambda _: None)  # fmt: skip
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
    other = RegionSettings(steps=5, batch_size=8, log_every=2)
    with pytest.raises(UsageError, match="other settings"):
        train_regions(make_network(), other, train=[drawer], validation=judged_by, folder=tmp_path / "b",
                      report=lambda _: None)  # fmt: skip


def test_another_bundle_is_refused() -> None:
    with pytest.raises(BundleError, match="does not classify regions"):
        BundleRegions(load_regions().path.with_name("detector.onnx"))


def test_a_recipe_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("pages = 100\n[train]\nsteps = 7\n")
    recipe = load_region_recipe(path)
    assert (recipe.pages, recipe.train.steps) == (100, 7)
    path.write_text("[train]\nstep = 7\n")
    with pytest.raises(RecipeError, match="no key 'step'"):
        load_region_recipe(path)
    path.write_text("pages = -1\n")
    with pytest.raises(RecipeError, match="not negative"):
        load_region_recipe(path)
