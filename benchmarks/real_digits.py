"""How well are real pictures read? Every set beside its bar, and beside other readers.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/real_digits.py
    ... --sets own-handwriting orand-car-a                   # some of the sets
    ... --rivals all --limit 150                             # also others, on a sample of each set
    ... --errors benchmarks/truth-errors.toml --write        # the full table, to docs/reading.md

Prints the table, writes results.json, and saves a sheet of the surest mistakes for each set (names in a .txt beside
it). docs/reading.md says what counts. Answers of rivals are kept under OUTPUT/rivals and taken from there again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from _cases import Pair, ReaderPool, correct_pairs, load_errors
from _machine import describe_machine
from _nondigits import LOOK_ALIKES
from _output import Row, print_rows, save_mistakes, to_markdown, write_section
from _rivals import Rival, make_rivals, read_cached
from _rules import Score
from _tasks import CALIBRATION, CALIBRATION_SETS, TIMES_MS, Task, make_tasks
from _timing import time_reader
from inkdigits import Reader
from inkdigits.datasets import load_dataset
from inkdigits.errors import InkdigitsError
from inkdigits.evaluation.run import evaluate_classifier
from inkdigits.files import write_text

DOCUMENT = Path(__file__).parent.parent / "docs" / "reading.md"
ERRORS = Path(__file__).parent / "truth-errors.toml"
SAMPLE_SEED = 0
Errors = Mapping[tuple[str, str], str]


def main() -> None:
    options = parse_options()
    pool, rivals, rows = ReaderPool(options.model, workers=options.workers), make_rivals(options.rivals), []
    reader = pool.reader
    errors = load_errors(options.errors)
    details: dict[str, Any] = {}
    answers: dict[str, list[Pair]] = {}
    for task in make_tasks():
        if options.sets and not any(task.name.startswith(name) for name in options.sets):
            continue
        start_s = time.perf_counter()
        cases = task.load()
        pairs = list(zip(cases, pool.read(cases), strict=True))
        ms = 1000 * (time.perf_counter() - start_s) / len(cases)
        print(f"{task.name}: {len(cases):,} pictures, {ms:.1f} ms each", file=sys.stderr, flush=True)
        answers[task.name] = pairs
        details[task.name] = {"ms": ms, "groups": count_groups(task, pairs), "fed": task.fed}
        rows += make_rows(task, pairs, errors, read_sample(rivals, task, pairs, options), reader)
        save_mistakes([pair for pair in pairs if not task.is_right(*pair)],
                      options.output / f"{task.name.replace(' ', '-')}-mistakes.png")  # fmt: skip
    rows += make_calibration_rows(answers, errors)
    if not options.sets or "time" in options.sets:
        rows += make_time_rows(reader)
    finish(options, rows, rivals, details)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="latin", help="name of a shipped model or path of a bundle")
    parser.add_argument("--sets", nargs="+", help='starts of names of sets, and "time"; all without it')
    parser.add_argument(
        "--rivals", default="none", choices=["none", "rapidocr", "tesseract", "all"], help="who else reads"
    )
    parser.add_argument("--limit", type=int, default=0, help="pictures of each set for rivals; 0 takes all")
    parser.add_argument("--workers", type=int, default=1, help="processes that read; times are taken by one")
    parser.add_argument("--errors", type=Path, default=ERRORS, help="list of wrong ground truth, TOML")
    parser.add_argument("--output", type=Path, default=Path("out/real-digits"), help="folder for results")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reading.md")
    return parser.parse_args()


def read_sample(
    rivals: Sequence[Rival], task: Task, pairs: Sequence[Pair], options: argparse.Namespace
) -> dict[str, list[Pair]]:
    """Return "" -> our answers on the sample, and the name of each rival -> its answers; {} without rivals."""
    if not rivals:
        return {}
    sample = list(pairs)
    if 0 < options.limit < len(sample):
        sample = random.Random(SAMPLE_SEED).sample(sample, options.limit)
    cases = [case for case, _ in sample]
    read: dict[str, list[Pair]] = {"": sample}
    for rival in rivals:
        cache = options.output / "rivals" / rival.name / f"{task.name.replace(' ', '-')}.json"
        cache.parent.mkdir(parents=True, exist_ok=True)
        read[rival.name] = list(zip(cases, read_cached(rival, cases, task.layout, cache=cache), strict=True))
    return read


def make_rows(
    task: Task, pairs: Sequence[Pair], errors: Errors, sample: Mapping[str, Sequence[Pair]], reader: Reader
) -> list[Row]:
    is_corrected = any(name == task.name for name, _ in errors)
    rows = [
        Row(
            task.name,
            measure.title,
            measure.scorer(pairs),
            measure.bar,
            measure.is_error,
            corrected=measure.scorer(correct_pairs(pairs, task.name, errors)) if is_corrected else None,
            sample=measure.scorer(sample[""]) if sample else None,
            rivals={name: measure.scorer(read) for name, read in sample.items() if name},
        )
        for measure in task.measures
    ]
    if task.glyphs:
        scores, _ = evaluate_classifier(reader.classifier, load_dataset(*task.glyphs), normalize=True)
        title = "the classifier alone, on normalised glyphs"
        rows.append(Row(task.name, title, Score(scores.count, scores.accuracy, scores.correct)))
    return rows


def make_calibration_rows(answers: Mapping[str, Sequence[Pair]], errors: Errors) -> list[Row]:
    if not all(name in answers for name in CALIBRATION_SETS):
        return []
    pairs = [pair for name in CALIBRATION_SETS for pair in answers[name]]
    corrected = [pair for name in CALIBRATION_SETS for pair in correct_pairs(answers[name], name, errors)]
    return [
        Row(" + ".join(CALIBRATION_SETS), m.title, m.scorer(pairs), m.bar, m.is_error,
            corrected=m.scorer(corrected) if errors else None)
        for m in CALIBRATION
    ]  # fmt: skip


def make_time_rows(reader: Reader) -> list[Row]:
    rows = []
    for title, score in time_reader(reader).items():
        bar = next((ms for start, ms in TIMES_MS.items() if title.startswith(start)), None)
        rows.append(Row("time, median", title, score, bar, is_error=True, unit="ms"))
    return rows


def count_groups(task: Task, pairs: Sequence[Pair]) -> dict[str, list[int]]:
    """Return kind or class of picture -> [right ones, all]."""
    count = Counter(case.group for case, _ in pairs)
    right = Counter(case.group for case, answer in pairs if task.is_right(case, answer))
    return {group: [right[group], count[group]] for group in sorted(count)}


def finish(
    options: argparse.Namespace, rows: Sequence[Row], rivals: Sequence[Rival], details: Mapping[str, Any]
) -> None:
    names = [rival.name for rival in rivals]
    print_rows(rows, names)
    machine = {**describe_machine(), "load": f"{os.getloadavg()[0]:.1f}"}
    report = {
        "model": options.model, "machine": machine, "rivals": {r.name: r.settings for r in rivals},
        "rows": [row.to_dict() for row in rows], "sets": details,
    }  # fmt: skip
    options.output.mkdir(parents=True, exist_ok=True)
    write_text(options.output / "results.json", json.dumps(report, indent=2) + "\n")
    if options.write:
        write_section(DOCUMENT, "results", make_section(rows, rivals, details, machine, options.model))
    print(f"\n{json.dumps(machine)}\nResults and sheets: {options.output}/", file=sys.stderr)


def make_section(
    rows: Sequence[Row],
    rivals: Sequence[Rival],
    details: Mapping[str, Any],
    machine: Mapping[str, str],
    model: str,
) -> str:
    """Return the results as Markdown: figures, then symbols class by class."""
    lines = [
        f"Model `{model}`. " + ", ".join(f"{key} {value}" for key, value in machine.items()) + ".",
        "",
        to_markdown(rows, [rival.name for rival in rivals]),
        "",
        *(f"- {rival.name}: {rival.settings}." for rival in rivals),
    ]
    for name, alikes in LOOK_ALIKES.items():
        if name in details:
            lines += ["", f"Rejected in {name}, class by class (+ look-alike):", ""]
            groups = details[name]["groups"].items()
            lines.append(", ".join(f"{g}{' +' * (g in alikes)} {a}/{n}" for g, (a, n) in groups) + ".")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except InkdigitsError as error:
        sys.exit(str(error))
