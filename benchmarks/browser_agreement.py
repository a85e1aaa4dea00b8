"""Does the browser app answer as the Python reader does, on the same pictures?

    make browser                                                   # builds what the app reads with
    INKDIGITS_DATA=/where/the/data/are python benchmarks/browser_agreement.py          # both sets
    ... --sets own-handwriting --limit 100                         # less
    ... --write                                                    # puts what is kept into docs/results.md

What was read stays in build/browser-agreement, so that a run that was cut off goes on where it was; after a change
of networks, constants or code it begins anew. 609 pictures of own-handwriting take a minute of one processor, 880
of orand-car-a four.

Both get the same grey values: the app's TypeScript runs in Node on ONNX Runtime's WebAssembly. Two digits are the
same if their boxes agree by half (intersection over union) and their labels are equal; a digit that only one of
them sees counts against the agreement. Node 20 is needed. Nothing is tuned on these figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import inkdigits
from _cases import Case, load_cases
from _machine import describe_machine
from _output import write_results
from inkdigits import Reader
from inkdigits.errors import UsageError
from inkdigits.files import write_text
from inkdigits.images import load_pages
from inkdigits.types import Box, Gray, Reading

APP = Path(__file__).parent.parent / "apps" / "browser"
ROWS = Path(__file__).parent / "browser-agreement"
KEPT = Path(__file__).parent.parent / "build" / "browser-agreement"
BATCH = 50  # pictures between two points at which a run can go on
SETS = ("own-handwriting", "orand-car-a")
BAR = 0.995
SAME_BOX = 0.5
SEED = 0
MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Seen:
    """A digit that one of them sees."""

    label: str
    box: Box


def main() -> None:
    options = parse_options()
    for name in options.sets:
        row = compare_set(name, limit=options.limit)
        write_text(ROWS / f"{name}.json", json.dumps(row, indent=1) + "\n")
        print(json.dumps({key: value for key, value in row.items() if key != "differing"}, indent=1))
        for line in row["differing"][:MOST_SHOWN]:
            print("  ", *line)
    if options.write:
        write_results("browser", make_section())


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument(
        "--limit", type=int, default=0, help="pictures of each set, drawn by chance; 0 takes all"
    )
    parser.add_argument("--write", action="store_true", help="write docs/results.md from what is kept")
    return parser.parse_args()


def compare_set(name: str, *, limit: int) -> dict[str, Any]:
    cases = load_cases(name)
    count = len(cases)
    if 0 < limit < count:
        cases = random.Random(SEED).sample(cases, limit)
    readings, answers = read_both(name, cases)
    same = digits = equal_pictures = right_reader = right_app = 0
    differing = []
    for case, own, answer in zip(cases, readings, answers, strict=True):
        others = [Seen(d["label"], Box(d["x"], d["y"], d["width"], d["height"])) for d in answer["digits"]]
        agreed = count_same(own, others)
        same, digits = same + agreed, digits + len(own) + len(others) - count_pairs(own, others)
        texts = ["".join(seen.label for seen in own), keep_digits(answer["text"])]
        truth = keep_digits(case.truth)
        is_equal = agreed == len(own) == len(others)
        equal_pictures += is_equal
        right_reader, right_app = right_reader + (texts[0] == truth), right_app + (texts[1] == truth)
        if not is_equal or texts[0] != texts[1]:
            differing.append([case.name, *texts, truth])
    return {
        "set": name,
        "pictures": len(cases),
        "of": count,
        "digits": digits,
        "same": same / digits,
        "equal_pictures": equal_pictures / len(cases),
        "right_reader": right_reader / len(cases),
        "right_app": right_app / len(cases),
        "thread_ms": statistics.median(answer["ms"] for answer in answers),
        "machine": describe_machine(),
        "differing": differing,
    }


def read_both(name: str, cases: Sequence[Case]) -> tuple[list[list[Seen]], list[dict[str, Any]]]:
    """Return the reader's digits and the app's answer for each picture; those that are kept are not read again."""
    kept = KEPT / f"{name}-{digest_code()}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    known = {line["name"]: line for line in map(json.loads, lines)}
    left = [case for case in cases if case.name not in known]
    if left:
        build_app()
    reader = Reader()
    for start in range(0, len(left), BATCH):
        batch = left[start : start + BATCH]
        grays = [open_gray(case) for case in batch]
        own = [
            [(seen.label, seen.box.to_list()) for seen in read_digits(reader.read(gray))] for gray in grays
        ]
        with kept.open("a", encoding="utf-8") as file:
            for case, digits, answer in zip(batch, own, ask_app(grays), strict=True):
                known[case.name] = {"name": case.name, "digits": digits, "answer": answer}
                file.write(json.dumps(known[case.name]) + "\n")
        print(f"{name}: {len(cases) - len(left) + start + len(batch)} of {len(cases)}", file=sys.stderr)
    readings = [[Seen(label, Box(*box)) for label, box in known[case.name]["digits"]] for case in cases]
    return readings, [known[case.name]["answer"] for case in cases]


def digest_code() -> str:
    """Return what changes with the code, the networks and the constants of both."""
    package = Path(inkdigits.__file__).parent
    sources = [*package.rglob("*.py"), *package.rglob("*.onnx"), *(APP / "src").rglob("*.*")]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def build_app() -> None:
    if not (APP / "src" / "constants.json").exists():
        raise UsageError("the browser app is not built", remedy="Run 'make browser' first; it needs Node 20.")
    subprocess.run(["npm", "run", "--silent", "answer"], cwd=APP, check=True)


def open_gray(case: Case) -> Gray:
    """Return the grey values that both read."""
    return np.ascontiguousarray(load_pages(case.picture)[0].gray)


def read_digits(reading: Reading) -> list[Seen]:
    return [Seen(digit.label, digit.box) for digit in reading.digits]


def ask_app(grays: Sequence[Gray]) -> list[dict[str, Any]]:
    """Return what the app, which is built, answers to each picture."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pictures.json").write_text(json.dumps([gray.shape for gray in grays]), "utf-8")
        with (Path(folder) / "pictures.bin").open("wb") as file:
            for gray in grays:
                file.write(gray.tobytes())
        script = APP / "node_modules" / ".answer" / "answer.js"
        subprocess.run(["node", str(script), str(APP / "public" / "models"), folder], check=True)
        lines = (Path(folder) / "answers.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pair_up(own: Sequence[Seen], others: Sequence[Seen]) -> list[tuple[Seen, Seen]]:
    """Pair digits whose boxes agree best, each once."""
    pairs = sorted(
        ((measure_agreement(a.box, b.box), i, j) for i, a in enumerate(own) for j, b in enumerate(others)),
        reverse=True,
    )
    left, right = set(range(len(own))), set(range(len(others)))
    found = []
    for agreement, i, j in pairs:
        if agreement >= SAME_BOX and i in left and j in right:
            left.discard(i)
            right.discard(j)
            found.append((own[i], others[j]))
    return found


def count_pairs(own: Sequence[Seen], others: Sequence[Seen]) -> int:
    return len(pair_up(own, others))


def count_same(own: Sequence[Seen], others: Sequence[Seen]) -> int:
    return sum(a.label == b.label for a, b in pair_up(own, others))


def measure_agreement(a: Box, b: Box) -> float:
    """Return intersection over union."""
    width = max(0, min(a.right, b.right) - max(a.x, b.x))
    height = max(0, min(a.bottom, b.bottom) - max(a.y, b.y))
    return width * height / (a.width * a.height + b.width * b.height - width * height)


def keep_digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def make_section() -> str:
    kept = [ROWS / f"{name}.json" for name in SETS]
    rows = [json.loads(path.read_text("utf-8")) for path in kept if path.exists()]
    lines = [
        "## The browser app beside the reader",
        "",
        "Written by `benchmarks/browser_agreement.py`: the same grey values to both, the app's TypeScript in Node "
        "on single-threaded WebAssembly. A digit that only one of them sees counts as different. ms are processor "
        "time for one picture (median), while the machine did other work too.",
        "",
        f"| set | pictures | digits | same place and label (bar {100 * BAR:.1f} %) | all digits of a picture equal "
        "| right: reader | right: app | ms |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in rows:
        count = f"{row['pictures']:,}" + ("" if row["pictures"] == row["of"] else f" of {row['of']:,}")
        figures = [
            f"{100 * row[key]:.2f} %" for key in ("same", "equal_pictures", "right_reader", "right_app")
        ]
        lines.append(
            f"| {row['set']} | {count} | {row['digits']:,} | {' | '.join(figures)} | {row['thread_ms']:.0f} |"
        )
    machines = sorted({json.dumps(row["machine"]) for row in rows})
    return "\n".join([*lines, "", *(f"Machine: `{machine}`" for machine in machines)])


if __name__ == "__main__":
    main()
