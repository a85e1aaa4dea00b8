"""How large is an installation, how fast does it start, how fast is one digit?

    python benchmarks/footprint.py

Installs nothing: sizes are those of the core dependencies in this environment. Times are medians over runs of
whole processes, or over many calls; single threads, warm.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from _machine import describe_machine
from inkdigits import Reader, load_classifier

RUNS, CALLS = 7, 2000
ROOT = Path(__file__).parent.parent


def main() -> None:
    sizes = core_sizes()
    print("Installed size of the core, MB:")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"  {name:28} {size / 1e6:8.1f}")
    print(f"  {'sum':28} {sum(sizes.values()) / 1e6:8.1f}")
    digit = ROOT / "examples" / "digit.png"
    print("\nMedian of whole processes, seconds (min to max):")
    print_runs("python -c 'pass'", [sys.executable, "-c", "pass"])
    print_runs("import inkdigits", [sys.executable, "-c", "import inkdigits"])
    print_runs("import inkdigits.reader", [sys.executable, "-c", "import inkdigits.reader"])
    print_runs(
        "inkdigits read digit.png", [str(Path(sys.executable).parent / "inkdigits"), "read", str(digit)]
    )
    classifier, reader = load_classifier(), Reader()
    forms = np.random.default_rng(0).random((256, 28, 28), dtype=np.float32)
    print("\nMedian of calls, milliseconds (5th to 95th percentile):")
    print_calls("one digit, 28x28 array", lambda: classifier.predict_proba(forms[:1]), calls=CALLS)
    print_calls("256 digits", lambda: classifier.predict_proba(forms), calls=20)
    data = digit.read_bytes()
    print_calls("one picture, 340x320, from bytes", lambda: reader.read(data), calls=200)
    print(f"\n{json.dumps(describe_machine())}")


def core_sizes() -> dict[str, int]:
    """Return the bytes of this package and everything that it needs without extras."""
    sizes: dict[str, int] = {}
    waiting = ["inkdigits"]
    while waiting:
        name = waiting.pop()
        if name in sizes:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on other systems only
        files = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
        sizes[name] = sum(file.stat().st_size for file in files if file.exists())
        waiting += [needed(text) for text in distribution.requires or [] if "extra ==" not in text]
    package = Path(sys.modules["inkdigits"].__file__ or "").parent
    sizes["inkdigits"] = sum(
        f.stat().st_size for f in package.rglob("*") if f.suffix != ".pyc" and f.is_file()
    )
    return sizes


def needed(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""


def print_runs(title: str, command: list[str]) -> None:
    seconds = []
    for _ in range(RUNS + 1):
        start_s = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start_s)
    seconds = sorted(seconds[1:])  # the first run fills the disk cache
    print(f"  {title:34} {statistics.median(seconds):7.3f}  ({seconds[0]:.3f} to {seconds[-1]:.3f})")


def print_calls(title: str, call: object, *, calls: int) -> None:
    assert callable(call)
    times = []
    for _ in range(calls + 5):
        start_s = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start_s))
    low, median, high = np.percentile(times[5:], [5, 50, 95])
    print(f"  {title:34} {median:7.3f}  ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
