"""What a figure was measured on: versions and machine, for the head of every benchmark's output."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("inkdigits", "numpy", "opencv-python-headless", "onnxruntime")


def describe_machine() -> dict[str, str]:
    """Return versions, processor and cores."""
    return {
        "python": sys.version.split()[0],
        **{name: version(name) for name in LIBRARIES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
