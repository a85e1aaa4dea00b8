"""How many real pictures are read exactly? Prints the rate per kind and saves a sheet of all mistakes.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/real_digits.py [--model latin] [--output out/real-digits]

Nothing was trained on these sets. Blanks between numbers on one line don't count; a line feed does.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from _machine import describe_machine
from _sheet import save_sheet
from inkdigits import Reader
from inkdigits.datasets import load_pictures
from inkdigits.errors import InkdigitsError
from inkdigits.evaluation.metrics import edit_distance, wilson_interval
from inkdigits.evaluation.run import PictureResult, evaluate_reader

SETS = ("own-handwriting", "number-photos")
MANY = 20  # sets with fewer pictures are listed picture by picture


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="latin", help="name of a shipped model or path of a bundle")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="names of data sets")
    parser.add_argument("--output", type=Path, default=Path("out/real-digits"), help="folder for results")
    options = parser.parse_args()
    reader = Reader(options.model)
    report: dict[str, Any] = {"model": options.model, "machine": describe_machine(), "sets": {}}
    for name in options.sets:
        report["sets"][name] = judge(reader, name, folder=options.output)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "results.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"\n{json.dumps(report['machine'])}\nResults and sheets: {options.output}/", file=sys.stderr)


def judge(reader: Reader, name: str, *, folder: Path) -> dict[str, Any]:
    pictures = load_pictures(name)
    start_s = time.perf_counter()
    results = evaluate_reader(reader, pictures)
    ms = 1000 * (time.perf_counter() - start_s) / len(results)
    exact = sum(result.is_exact for result in results)
    low, high = wilson_interval(exact, len(results))
    print(f"\n{name}: {exact} of {len(results)} exact = {100 * exact / len(results):.2f} %", end=" ")
    print(f"(95 % interval {100 * low:.1f} to {100 * high:.1f}), {ms:.1f} ms a picture")
    kinds = print_kinds(results)
    errors = character_errors(results)
    print(f"  character error rate {100 * errors:.2f} %")
    if len(results) < MANY:
        for result in results:
            mark = "ok   " if result.is_exact else "WRONG"
            print(f"  {mark} {result.picture.name:10} {result.picture.text!r} -> {result.answer!r}")
    mistakes = [result for result in results if not result.is_exact]
    save_sheet([(to_image(r), f"{r.picture.text} -> {r.answer or '(none)'} {confidence(r)}") for r in mistakes],
               folder / f"{name}-mistakes.png")  # fmt: skip
    return {"count": len(results), "exact": exact, "kinds": kinds, "character_error_rate": errors, "ms": ms}


def print_kinds(results: Sequence[PictureResult]) -> dict[str, list[int]]:
    count = Counter(result.picture.kind for result in results)
    right = Counter(result.picture.kind for result in results if result.is_exact)
    for kind in sorted(count):
        print(f"  {kind:10} {right[kind]:4} of {count[kind]:4} = {100 * right[kind] / count[kind]:.2f} %")
    return {kind: [right[kind], count[kind]] for kind in sorted(count)}


def character_errors(results: Sequence[PictureResult]) -> float:
    pairs = [(r.picture.text.replace(" ", ""), r.answer.replace(" ", "")) for r in results]
    return sum(edit_distance(truth, answer) for truth, answer in pairs) / sum(
        len(truth) for truth, _ in pairs
    )


def to_image(result: PictureResult) -> Image.Image:
    return Image.open(io.BytesIO(result.picture.data))


def confidence(result: PictureResult) -> str:
    return f"{result.reading.numbers[0].confidence:.2f}" if result.reading and result.reading.numbers else ""


if __name__ == "__main__":
    try:
        main()
    except InkdigitsError as error:
        sys.exit(str(error))
