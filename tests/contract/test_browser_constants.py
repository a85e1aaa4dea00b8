"""What the browser app repeats in TypeScript takes its constants from here, and they are there."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

APP = Path(__file__).parents[2] / "apps" / "browser"
SOURCES = sorted((APP / "src").rglob("*.ts"))
ROOM = re.compile(r'const (\w+|\{[^}]*\}) = constants(?:\.(\w+)|\["([\w.]+)"\]);')


@pytest.fixture(scope="module")
def make_models() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_models", APP / "make_models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_used(text: str) -> set[tuple[str, str]]:
    """Return (module, constant) of one file."""
    used: set[tuple[str, str]] = set()
    for name, plain, quoted in ROOM.findall(text):
        if name.startswith("{"):
            names = [part.strip() for part in name.strip("{}").split(",")]
        else:
            names = re.findall(rf"(?<![\w.]){name}\.([A-Z][A-Z_]+)\b", text)
        used |= {(plain or quoted, constant) for constant in names}
    used |= set(re.findall(r'constants\["([\w.]+)"\]\.([A-Z][A-Z_]+)\b', text))
    return used


def test_every_constant_of_the_app_is_exported(make_models: ModuleType) -> None:
    constants = make_models.collect_constants()
    used = {pair for path in SOURCES for pair in find_used(path.read_text("utf-8"))}
    assert len(used) > 100
    missing = sorted(f"{room}.{name}" for room, name in used if name not in constants.get(room, {}))
    assert missing == []
    assert json.loads(json.dumps(constants)) == constants
    assert len(constants["labels"]) == 10


def test_the_networks_of_the_app_are_those_of_the_reader(make_models: ModuleType) -> None:
    from inkdigits import Reader
    from inkdigits.bundles import BundleClassifier
    from inkdigits.bundles.detector import BundleDetector
    from inkdigits.bundles.region import BundleRegions

    reader = Reader()
    assert isinstance(reader.classifier, BundleClassifier)
    assert isinstance(reader.detector, BundleDetector)
    assert isinstance(reader.regions, BundleRegions)
    expected = {
        "classifier": reader.classifier.path,
        "detector": reader.detector.path,
        "regions": reader.regions.path,
    }
    assert expected == make_models.NETWORKS
