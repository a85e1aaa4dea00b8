"""`inkdigits explain` as its users run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

PROGRAM = "from inkdigits.cli import main; main()"


def test_a_picture_on_standard_input_is_explained(examples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, "explain", "-", "--format", "json"]
    done = subprocess.run(
        command,
        input=(examples / "digit.png").read_bytes(),
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
        check=True,
    )
    told = json.loads(done.stdout)["digits"][0]
    assert told["digit"]["label"] == "7"
    assert max(map(max, told["saliency"])) > 1
    with Image.open(tmp_path / "stdin-explained.png") as picture:
        assert min(picture.size) > 600


def test_a_blank_page_is_one_sentence(examples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, "explain", str(examples / "blank.png")]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stderr.decode().strip().count("\n") <= 1
    assert b"No digit is found" in done.stderr
    assert not list(tmp_path.iterdir())
