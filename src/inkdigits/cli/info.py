"""`inkdigits info`: versions, models, and where things are.

Owns: the list. Leaves to others: everything that it names.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from inkdigits.cli.console import show

LIBRARIES = (
    "numpy", "opencv-python-headless", "pillow", "onnxruntime", "typer", "rich", "pooch",
    "torch", "scikit-learn", "matplotlib", "pypdfium2",
)  # fmt: skip


def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show versions, models, and where things are.

    Examples:

      inkdigits info

      inkdigits info --json
    """
    facts = collect_facts()
    show((json.dumps(facts, indent=2) if as_json else _as_text(facts)) + "\n")


def collect_facts() -> dict[str, Any]:
    """Collect what a bug report needs.

    Returns:
        JSON types: versions, models with their metadata, folders.
    """
    import pooch

    from inkdigits import __version__
    from inkdigits.bundles import list_bundles, load_classifier

    models = {}
    for name in list_bundles():
        bundle = load_classifier(name)
        raw = bundle.metadata.everything
        models[name] = {
            "path": str(bundle.path),
            "bytes": bundle.path.stat().st_size,
            "parameters": bundle.metadata.parameters,
            "data": raw.get("data", []),
            "licence": raw.get("licence", ""),
            "metrics": raw.get("metrics", {}),
        }
    return {
        "inkdigits": __version__,
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "libraries": {name: _version(name) for name in LIBRARIES},
        "models": models,
        "data": os.environ.get("INKDIGITS_DATA", ""),
        "cache": os.environ.get("INKDIGITS_CACHE", str(pooch.os_cache("inkdigits"))),
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _as_text(facts: dict[str, Any]) -> str:
    lines = [f"inkdigits {facts['inkdigits']}, Python {facts['python']}, {facts['system']}", "", "Libraries:"]
    lines += [f"  {name:24} {number}" for name, number in facts["libraries"].items()]
    lines += ["", "Models:"]
    for name, model in facts["models"].items():
        size = f"{model['bytes'] / 1e6:.2f} MB, {model['parameters']:,} parameters"
        lines += [f"  {name:24} {size}, trained on {', '.join(model['data'])}", f"  {'':24} {model['path']}"]
    lines += [
        "",
        f"Data (INKDIGITS_DATA):     {facts['data'] or 'not set'}",
        f"Downloads:                 {facts['cache']}",
    ]
    return "\n".join(lines)
