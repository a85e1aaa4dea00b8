"""What the documentation shows works: Python is executed page by page, commands are those that exist."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
import typer
from PIL import Image

from inkdigits.cli.app import app
from inkdigits.datasets.pens import render_sign
from inkdigits.datasets.strokes import make_strokes
from inkdigits.datasets.writers import make_writer

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def find_blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text("utf-8")) if kind == language]


def test_there_are_pages_with_snippets() -> None:
    assert len(PAGES) == 7
    assert all(find_blocks(page, "python") for page in PAGES)


@pytest.fixture
def workplace(tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example pictures, and sheets of written digits for the tutorial."""
    for picture in examples.iterdir():
        if picture.suffix in (".png", ".jpg"):
            shutil.copy(picture, tmp_path)
    (tmp_path / "own").mkdir()
    rng = np.random.default_rng(0)
    for digit in range(10):
        Image.fromarray(write_sheet(str(digit), rng)).save(tmp_path / "own" / f"{digit}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_sheet(sign: str, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    sheet = np.full((260, 640), 235, np.uint8)
    for place in range(12):
        style = make_writer(rng)
        ink = render_sign(make_strokes(sign, rng=rng, style=style), height_px=60, rng=rng, style=style)
        y, x = 25 + 120 * (place // 6), 20 + 100 * (place % 6)
        cut = sheet[y : y + ink.shape[0], x : x + ink.shape[1]]
        cut[:] = cut * (1 - 0.85 * ink[: cut.shape[0], : cut.shape[1]])
    return sheet


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_runs(page: Path, workplace: Path) -> None:
    names: dict[str, object] = {"__name__": "snippet"}
    for number, block in enumerate(find_blocks(page, "python"), start=1):
        exec(compile(block, f"{page.name}, snippet {number}", "exec"), names)


@pytest.mark.parametrize("page", [*PAGES, DOCS / "deploy.md"], ids=lambda page: page.stem)
def test_commands_exist(page: Path) -> None:
    commands = typer.main.get_command(app)
    assert isinstance(commands, click.Group | typer.core.TyperGroup)
    for block in find_blocks(page, "bash"):
        for line in block.splitlines():
            if line.startswith("inkdigits "):
                check_command(line, commands)


def check_command(line: str, commands: click.Group | typer.core.TyperGroup) -> None:
    words = shlex.split(line)[1:]
    command = commands.commands[words.pop(0)]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert used <= known, line
