"""Executes the tour from top to bottom and renders it as one HTML page.

python notebooks/render.py out/tour.html
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import jupytext
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from inkdigits.files import write_text

TOUR = Path(__file__).parent / "tour.py"
TIMEOUT_S = 180


def render(target: Path) -> None:
    """Write the executed tour as one page that needs no network.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    # A progress bar that nobody sees asks for a library of widgets.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:IProgress not found")
    notebook = jupytext.read(TOUR)
    # The notebook's pictures lie beside it.
    NotebookClient(
        notebook, timeout=TIMEOUT_S, kernel_name="python3", resources={"metadata": {"path": str(TOUR.parent)}}
    ).execute()
    exporter = HTMLExporter(template_name="lab", embed_images=True)  # type: ignore[no-untyped-call]
    page, _ = exporter.from_notebook_node(notebook)
    # The template fetches scripts for formulas and widgets, of which there are none.
    write_text(target, re.sub(r'<script[^>]*\bsrc="https?:[^>]*>\s*</script>', "", page))


if __name__ == "__main__":
    render(Path(sys.argv[1] if len(sys.argv) > 1 else "out/tour.html"))
    print(f"Wrote {sys.argv[1] if len(sys.argv) > 1 else 'out/tour.html'}")
