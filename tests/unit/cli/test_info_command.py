"""`inkdigits info`: versions, models and folders, for people and for programs."""

from __future__ import annotations

import json
import platform
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import inkdigits
from inkdigits.bundles import list_bundles
from inkdigits.cli import app
from inkdigits.cli.info import LIBRARIES, _version

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_CACHE", "some/cache")
    monkeypatch.setenv("INKDIGITS_DATA", "some/data")


def run(*arguments: str) -> str:
    result = RUNNER.invoke(app, [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json() -> None:
    facts = json.loads(run("info", "--json"))
    assert facts["inkdigits"] == inkdigits.__version__
    assert facts["python"] == platform.python_version()
    assert facts["libraries"]["numpy"] == version("numpy")
    assert (facts["data"], facts["cache"]) == ("some/data", "some/cache")
    assert tuple(facts["models"]) == list_bundles()
    for model in facts["models"].values():
        path = Path(model["path"])
        assert path.stat().st_size == model["bytes"]
        assert model["parameters"] > 1000
        assert model["data"]


def test_text_names_the_same() -> None:
    text = run("info")
    assert text.startswith(f"inkdigits {inkdigits.__version__}, Python {platform.python_version()}")
    for name in (*LIBRARIES, *list_bundles(), "some/data", "some/cache"):
        assert name in text


def test_without_a_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INKDIGITS_DATA")
    assert json.loads(run("info", "--json"))["data"] == ""
    assert re.search(r"INKDIGITS_DATA\): +not set", run("info"))


def test_a_library_that_is_not_installed() -> None:
    assert _version("no-such-library") == "not installed"


def test_version() -> None:
    assert run("--version") == f"inkdigits {inkdigits.__version__}\n"


@pytest.mark.parametrize("command", [(), ("read",), ("train",), ("evaluate",), ("info",), ("data",)])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_with_examples(command: tuple[str, ...], flag: str) -> None:
    text = run(*command, flag)
    assert "Usage" in text
    if command != ("data",):  # its commands have their own
        assert "Examples" in text
