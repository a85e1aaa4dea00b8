"""The tour, executed from top to bottom and rendered, on the digits that scikit-learn carries."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_the_tour_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    command = [sys.executable, str(ROOT / "notebooks" / "render.py"), str(tmp_path / "tour.html")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=390, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "tour.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= 10
    assert len(re.findall(r"(the same answers|from the bundle): +True", page)) == 2
    assert "read: 1250" in page
    accuracy = re.search(r"accuracy (\d+\.\d+)% \(95", page)
    assert accuracy is not None
    assert float(accuracy[1]) > 90
    assert not re.findall(r'(?:src|href)="https?:', page.split("<body")[1])
    assert "Traceback" not in page
    assert "Warning" not in page
    assert list(tmp_path.glob("*.ipynb")) == []
