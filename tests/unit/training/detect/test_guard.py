"""The guard tells things from writing, adds doubt and nothing else, and shares a bundle with what it guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inkdigits.bundles.region import BundleRegions, load_regions
from inkdigits.errors import RecipeError, UsageError
from inkdigits.export.guard import MOST_DOUBT, TRUST, export_guarded
from inkdigits.export.onnx import BundleFacts
from inkdigits.export.region import export_regions
from inkdigits.models.region import RegionClassifier
from inkdigits.training.crops import CLASSES
from inkdigits.training.detect import guard as guards
from inkdigits.training.detect.guard import KEPT, choose_threshold, train_guard
from inkdigits.training.detect.guard_recipe import load_guard_recipe, run_guard_recipe
from inkdigits.training.detect.pages import OTHER, PagePool, save_pool
from inkdigits.training.detect.region_loop import RegionSettings, predict_regions
from inkdigits.training.detect.regions import NONE, Drawer, Regions

MakePool = Callable[..., PagePool]
SETTINGS = RegionSettings(steps=30, batch_size=32, learning_rate=5e-3, ema_decay=0.9, log_every=15)


def make_network(classes: int = 11) -> RegionClassifier:
    torch.manual_seed(3)
    return RegionClassifier(classes=classes, widths=(8, 16, 16), depths=(1, 1), dropout=0.1)


def make_drawers(make_pool: MakePool) -> tuple[Drawer, Drawer, tuple[np.ndarray, Regions]]:
    """Digits on paper, and boxes full of noise."""
    pool = make_pool(8)
    signs = np.zeros(len(pool.pages), np.int64)
    writing = Regions(pool.pages, pool.boxes, pool.labels, signs)
    noise = np.random.default_rng(0).integers(0, 255, pool.views.shape).astype(np.uint8)
    things = Regions(pool.pages, pool.boxes, np.full(len(signs), NONE), signs + 4)
    return Drawer(pool.views, writing), Drawer(noise, things), (pool.views, writing)


def test_it_learns_to_tell_things_from_writing(tmp_path: Path, make_pool: MakePool) -> None:
    writing, things, (views, regions) = make_drawers(make_pool)
    log: list[dict[str, float]] = []
    guard = train_guard(
        make_network(1), SETTINGS, writing=writing, things=things, folder=tmp_path, report=log.append
    )
    assert [record["step"] for record in log] == [15, 30]
    rng = np.random.default_rng(1)
    with torch.inference_mode():
        said = [guard(drawer.draw(40, rng)[0])[:, 0] for drawer in (writing, things)]
    assert said[0].max() < said[1].min()
    of_digits = predict_regions(guard, views, regions)[:, 0]
    assert (of_digits <= choose_threshold(of_digits)).mean() >= KEPT - 0.1


def test_a_stopped_run_ends_like_one_that_went_through(tmp_path: Path, make_pool: MakePool) -> None:
    writing, things, _ = make_drawers(make_pool)
    short = replace(SETTINGS, steps=4, log_every=2)

    class Stop(Exception):
        pass

    def stop(record: dict[str, float]) -> None:
        raise Stop

    whole = train_guard(
        make_network(1), short, writing=writing, things=things, folder=tmp_path / "a", report=print
    )
    with pytest.raises(Stop):
        train_guard(
            make_network(1), short, writing=writing, things=things, folder=tmp_path / "b", report=stop
        )
    parts = train_guard(
        make_network(1), short, writing=writing, things=things, folder=tmp_path / "b", report=print
    )
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
    with pytest.raises(UsageError, match="other settings"):
        train_guard(
            make_network(1), SETTINGS, writing=writing, things=things, folder=tmp_path / "a", report=print
        )


@pytest.mark.parametrize("is_quantized", [False, True])
def test_joined_it_only_adds_doubt_and_so_much_at_most(
    tmp_path: Path, make_pool: MakePool, is_quantized: bool
) -> None:
    writing, things, _ = make_drawers(make_pool)
    guard = train_guard(
        make_network(1), SETTINGS, writing=writing, things=things, folder=tmp_path, report=print
    )
    export_regions(make_network(), tmp_path / "known.onnx", BundleFacts("regions", CLASSES))
    rng = np.random.default_rng(2)
    shown = torch.cat([writing.draw(96, rng)[0], things.draw(96, rng)[0]])
    with torch.inference_mode():
        said = guard(shown)[:, 0].numpy()
    least = float(np.quantile(said, 0.4))
    export_guarded(
        tmp_path / "known.onnx", guard, tmp_path / "joined.onnx", BundleFacts("regions", CLASSES, temperature=1.5),
        least=least, probes=shown.numpy(), is_quantized=is_quantized,
    )  # fmt: skip
    before = BundleRegions(tmp_path / "known.onnx").run(shown.numpy())
    joined = BundleRegions(tmp_path / "joined.onnx")
    after = joined.run(shown.numpy())
    assert np.array_equal(after[:, :-1], before[:, :-1])
    gained = after[:, -1] - before[:, -1]
    np.testing.assert_allclose(
        gained, TRUST * np.clip(said - least, 0, MOST_DOUBT), atol=0.5 if is_quantized else 1e-3
    )
    assert gained[:96].mean() < gained[96:].mean()
    assert joined.metadata.temperature == 1.5
    assert len(joined.run(shown[:1].numpy())) == 1  # any number of regions


def test_the_shipped_one_tells_both_recipes() -> None:
    recipe = str(load_regions().metadata.everything["recipe"])
    assert "The region classifier" in recipe
    assert "The guard" in recipe


def test_a_recipe_runs_from_views_to_a_bundle(
    tmp_path: Path, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "guard.toml").write_text(
        "pages = 500\nscenes = 500\nvalidation_pages = 500\nseed = 3\nblocks = [1, 1]\nwidths = [8, 16, 16]\n"
        "[train]\nsteps = 4\nbatch_size = 16\nlog_every = 2\n",
        encoding="utf-8",
    )
    recipe = load_guard_recipe(tmp_path / "guard.toml")
    pages = tmp_path / "pages"
    pages.mkdir()
    pool = make_pool(6)
    pool = replace(pool, labels=np.where(pool.pages == 5, OTHER, pool.labels))
    for name, kind in (
        ("pages-3-0000", "page"),
        ("scenes-3-0000", "scene"),
        ("pages-4-0000", "page"),
        ("scenes-4-0000", "scene"),
    ):
        save_pool(replace(pool, kinds=(kind,) * 6), pages / f"{name}.npz")
    monkeypatch.setattr("inkdigits.training.detect.guard_recipe._PROBES", 64)
    monkeypatch.setattr(
        "inkdigits.training.detect.regions.map_processes",
        lambda work, jobs, workers: [work(job) for job in jobs],
    )
    detector = load_regions().path.with_name("detector.onnx")
    trained = run_guard_recipe(recipe, tmp_path / "run", pages=pages, detector=detector, report=print)
    assert trained.probes.shape == (80, 2, 40, 40)
    assert set(trained.metrics) == {"spared", "doubted"}
    assert trained.metrics["spared"] >= KEPT - 0.1


def test_mistakes_in_a_recipe_are_told(tmp_path: Path) -> None:
    path = tmp_path / "guard.toml"
    path.write_text("pools = 2\n[train]\nstepps = 3\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="stepps"):
        load_guard_recipe(path)
    assert 0 < guards.THINGS < 1
