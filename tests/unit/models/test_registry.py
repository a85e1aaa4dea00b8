from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from inkdigits.errors import MissingExtraError, RecipeError
from inkdigits.models import DEFAULT_MODEL, MODELS, get_model_spec, list_models, make_network
from inkdigits.models.registry import ModelSpec


def test_the_default_is_registered_and_names_are_unique() -> None:
    assert DEFAULT_MODEL in list_models("network")
    assert len(set(list_models())) == len(list_models()) == len(MODELS)
    assert list_models("estimator") == tuple(name for name in MODELS if MODELS[name].kind == "estimator")


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(RecipeError, match="Did you mean 'cnn-nano'"):
        get_model_spec("cnn-nan")
    with pytest.raises(RecipeError, match="Choose one of: cnn, "):
        make_network("zzz")


def test_unknown_options_get_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"no option 'droput'\. Did you mean 'dropout'"):
        make_network("cnn", droput=0.1)
    with pytest.raises(RecipeError, match="Its options are: none"):
        make_network("cnn-tutorial", zzz=1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cnn", {"dropout": 1.0}),
        ("cnn", {"dropout": "much"}),
        ("cnn", {"widths": [8, 8]}),
        ("cnn", {"widths": 8}),
        ("mlp", {"hidden": [0]}),
        ("mlp", {"hidden": [1.5]}),
        ("resnet", {"blocks": 0}),
        ("resnet", {"blocks": True}),
    ],
)
def test_impossible_options_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(options))):
        make_network(name, **options)


def test_one_class_is_no_classifier() -> None:
    with pytest.raises(RecipeError, match="2 classes"):
        make_network("cnn", classes=1)


def test_a_missing_library_is_one_clear_sentence() -> None:
    spec = ModelSpec("x", "network", "no_such_library_for_sure:Model", "")
    with pytest.raises(MissingExtraError, match=r"pip install 'inkdigits\[train\]'"):
        spec.load_factory()


def test_looking_names_up_imports_no_torch() -> None:
    code = "import sys, inkdigits.models as m; m.list_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
