"""Saved models: plain arrays that come back as they went, and damage that is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import subset
from inkdigits.errors import BundleError, OutputError, UsageError
from inkdigits.models import make_estimator
from inkdigits.models.model import Model, load_model
from inkdigits.types import LabelledImages


@pytest.fixture(scope="module")
def fitted(small_digits: LabelledImages) -> Model:
    return make_estimator("svm", features="hog", C=3.0).fit(
        subset(small_digits, np.arange(400)), subset(small_digits, np.arange(400, 600))
    )


def test_a_loaded_model_is_saved_again_alike(fitted: Model, tmp_path: Path) -> None:
    fitted.save(tmp_path / "a.npz")
    loaded = load_model(tmp_path / "a.npz")
    assert loaded.plan == fitted.plan
    assert loaded.plan.options["C"] == 3.0
    assert loaded.temperature == fitted.temperature != 1
    assert loaded.parameters == fitted.parameters
    loaded.save(tmp_path / "b.npz")
    assert load_model(tmp_path / "b.npz").plan == fitted.plan


def test_a_loaded_model_learns_no_more(fitted: Model, small_digits: LabelledImages, tmp_path: Path) -> None:
    fitted.save(tmp_path / "a.npz")
    with pytest.raises(UsageError, match="can't be fitted"):
        load_model(tmp_path / "a.npz").fit(small_digits)


def test_nothing_is_pickled(fitted: Model, tmp_path: Path) -> None:
    fitted.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)
        assert json.loads(str(archive["header"]))["plan"]["features"] == "hog"


def test_damage_is_told(fitted: Model, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    fitted.save(path)
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(BundleError, match="can't be read as a model"):
            load_model(path)
    with pytest.raises(BundleError, match="can't be read as a model"):
        load_model(tmp_path / "none.npz")
    np.savez(path, pixels=np.zeros(3))
    with pytest.raises(BundleError, match="can't be read as a model"):
        load_model(path)


@pytest.mark.parametrize(
    "change", [{"format": 9}, {"plan": {"name": "svn", "options": {}, "features": "raw", "members": []}}]
)
def test_other_headers_are_told(fitted: Model, tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "a.npz"
    fitted.save(path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = json.loads(str(arrays.pop("header"))) | change
    np.savez(path, header=np.array(json.dumps(header)), **arrays)
    with pytest.raises(BundleError):
        load_model(path)


def test_an_unwritable_place_for_a_model_is_told(fitted: Model, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError):
        fitted.save(tmp_path / "taken" / "a.npz")
