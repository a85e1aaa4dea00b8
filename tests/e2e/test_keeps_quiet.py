"""Reading leaves nothing in the user's folders and sends nothing: no telemetry, not even a library's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNTIME = Path("src/inkdigits/bundles/runtime.py")


def test_reading_writes_nothing_below_home(tmp_path: Path) -> None:
    # Without the refusal, the runtime puts a device id and a queue of events there at once.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "ORT_", "CI", "GITHUB_", "TF_BUILD"))
    }
    picture = ROOT / "examples" / "digit.png"
    answer = subprocess.run(
        [sys.executable, "-m", "inkdigits", "read", str(picture)],
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout.strip() == "7"
    assert [str(path) for path in tmp_path.rglob("*")] == []


def test_one_module_loads_the_runtime() -> None:
    loads = re.compile(r"^\s*(import onnxruntime|from onnxruntime import (?!quantization))", re.MULTILINE)
    found = [
        path.relative_to(ROOT)
        for path in (ROOT / "src").rglob("*.py")
        if loads.search(path.read_text(encoding="utf-8"))
    ]
    assert found == [RUNTIME]
