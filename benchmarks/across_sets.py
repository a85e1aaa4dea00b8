"""Who learns from one set of digits reads another how well? The matrix of train set by test set.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/across_sets.py --write
    ... --only mnist usps --print           # these rows, and what is there already

The figure that nobody publishes and everyone meets: accuracy on a set's own test part says how well a model knows
that set's writers, scanner and cutting, not digits. One small network (recipe cnn-fast, no augmentation) learns
from each set alone; all rows see as many digits, `SEEN`, small sets several times; nothing is tuned on anything.
All sets are brought into MNIST's form by the one normalisation of this package; MNIST has it already.

Some sets are for research only (`may_train = false` in the register): their models live as long as this script and
are not kept; only figures are. Finished rows are kept in benchmarks/across-sets/rows and in the repository; the
command goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from _machine import describe_machine
from _output import RESULTS, to_table, write_results
from inkdigits import load_classifier
from inkdigits.datasets import concatenate, load_dataset, load_pictures, subset
from inkdigits.datasets.registry import get_info
from inkdigits.errors import InkdigitsError
from inkdigits.evaluation.plots_matrix import save_matrix
from inkdigits.files import write_text
from inkdigits.images import load_pages
from inkdigits.ink import extract_ink, find_glyphs, normalize_glyph, normalize_images, remove_rules
from inkdigits.training.builtin import load_builtin_recipe
from inkdigits.training.fit import make_model
from inkdigits.training.recipe import Recipe, recipe_to_toml
from inkdigits.training.sources import write_pen_digits
from inkdigits.types import Classifier, LabelledImages

FOLDER = Path(__file__).parent / "across-sets" / "rows"
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "across-sets.png"
RECIPE, SEED = "cnn-fast", 0
SEEN = 60_000  # digits that each row learns from, repetitions counted: MNIST once
HELD_OUT = 3  # one digit of so many judges, where a set has no test part of its own
PEN_DIGITS = 20_000
DIGITS = tuple("0123456789")
SHIPPED = "latin"
JOINED = "all of them"
WORDS = """Written by `python benchmarks/across_sets.py --write`. Digits read right, %, by the classifier
alone. Each row is the network `{recipe}` (seed {seed}, no augmentation), trained on that set alone
until it had seen {seen:,} digits; nothing was tuned. All sets are brought into MNIST's form by this
package's normalisation. mnist, usps and optdigits (8x8 pixels) have test parts of their own; of
semeion and dida every third digit of each class judges, so that writers stand on both sides. dida
and own-handwriting are pictures: the glyph nearest the middle counts, which in dida's crops with
ends of neighbours is often no whole digit. grid-scans-0to7 lacks 8 and 9; hwd-1000 is probably one
writer's. Last row: the shipped `{shipped}`, which has learned the training parts of mnist and
optdigits, raw NIST digits, made pages and the pen simulator, with augmentation. nist-raw is no
column: it shares writers with MNIST."""
Loader = Callable[[], LabelledImages]


def main() -> None:
    options = parse_options()
    judges = {name: load() for name, load in TESTS.items()}
    rows: dict[str, dict[str, float]] = {}
    for name in [*options.only, SHIPPED]:
        row = find_row(name, judges) or ({} if options.print else make_row(name, judges))
        if row:
            rows[name] = row
            print(f"{name}: " + ", ".join(f"{k} {100 * v:.1f}" for k, v in row.items()), file=sys.stderr)
    section = make_section(rows, judges)
    print(section)
    if options.write:
        write_results("across-sets", section)
        shares = np.array([[row[test] for test in judges] for row in rows.values()])
        save_matrix(
            shares, PICTURE, rows=list(rows), columns=list(judges), row_title="learned from",
            column_title="judged by", title="Digits read right, %",
        )  # fmt: skip


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*TRAINS, JOINED]
    parser.add_argument("--only", nargs="+", default=names, choices=names, help="rows to make")
    parser.add_argument("--print", action="store_true", help="show the rows that are there, train nothing")
    parser.add_argument(
        "--write", action="store_true", help=f"write the section of {RESULTS.name} and the picture"
    )
    return parser.parse_args()


def find_row(name: str, judges: Mapping[str, LabelledImages]) -> dict[str, float] | None:
    path = name_row(name, judges)
    return (
        {k: float(v) for k, v in json.loads(path.read_text())["accuracy"].items()} if path.exists() else None
    )


def make_row(name: str, judges: Mapping[str, LabelledImages]) -> dict[str, float]:
    """Learn from one set and judge by all; keep the figures."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    classifier, count = (load_classifier(SHIPPED), 0) if name == SHIPPED else learn(name)
    row = {test: judge(classifier, data) for test, data in judges.items()}
    raw = {
        "learned_from": name, "count": count, "recipe": RECIPE, "seed": SEED, "seen": SEEN,
        "accuracy": row, "digits": {test: len(data) for test, data in judges.items()},
        "machine": describe_machine(),
    }  # fmt: skip
    write_text(name_row(name, judges), json.dumps(raw, indent=2) + "\n")
    return row


def name_row(name: str, judges: Mapping[str, LabelledImages]) -> Path:
    """Return the path of a row: whatever changes its numbers, except for the machine, changes its name."""
    sizes = {test: len(data) for test, data in judges.items()}
    model = Path(str(load_classifier(SHIPPED).path)).read_bytes() if name == SHIPPED else b""
    key = hashlib.sha256(f"{recipe_to_toml(make_recipe(1))} {SEEN} {sizes}".encode() + model).hexdigest()
    return FOLDER / f"{name.replace(' ', '-')}-{SEED}-{key[:12]}.json"


def make_recipe(epochs: int) -> Recipe:
    base = load_builtin_recipe(RECIPE)
    return replace(base, train=replace(base.train, seed=SEED, epochs=epochs))


def learn(name: str) -> tuple[Classifier, int]:
    """Return a classifier that has learned from a set, and how many digits that has."""
    data = concatenate(*(load() for load in TRAINS.values())) if name == JOINED else TRAINS[name]()
    # Nothing is chosen by validation digits: a handful of them only keeps the trainer's books.
    return make_model(make_recipe(math.ceil(SEEN / len(data)))).fit(data, subset(data, range(10))), len(data)


def judge(classifier: Classifier, data: LabelledImages) -> float:
    return float((classifier.predict_proba(data.images).argmax(axis=1) == data.labels).mean())


def load_forms(name: str, split: str) -> LabelledImages:
    """Load glyphs in MNIST's form."""
    data = load_dataset(name, split)
    if name == "mnist":
        return data
    forms = np.rint(normalize_images(data.images) * 255).astype(np.uint8)
    return LabelledImages(forms, data.labels, DIGITS, data.name)


@cache
def load_picture_forms(name: str) -> LabelledImages:
    """Load pictures of one digit each: the glyph nearest the middle counts, blank where there is none."""
    pictures = load_pictures(name, "all")
    forms = np.stack([find_middle_form(picture.data) for picture in pictures])
    labels = np.array([DIGITS.index(picture.text) for picture in pictures], np.int64)
    return LabelledImages(forms, labels, DIGITS, f"{name}/all")


def find_middle_form(data: bytes) -> np.ndarray:
    ink = remove_rules(extract_ink(load_pages(data)[0].gray))[0]
    glyphs, _ = find_glyphs(ink)
    if not glyphs:
        return np.zeros((28, 28), np.uint8)
    height, width = ink.mask.shape
    middle = min(
        glyphs, key=lambda g: (g.box.center[0] - width / 2) ** 2 + (g.box.center[1] - height / 2) ** 2
    )
    return np.rint(normalize_glyph(middle.ink) * 255).astype(np.uint8)


def cut(data: LabelledImages, *, is_test: bool) -> LabelledImages:
    """Return one part of a set without parts: every third digit of each class, drawn with a seed, judges."""
    order = np.random.default_rng(SEED).permutation(len(data))
    ranked = order[np.argsort(data.labels[order], kind="stable")]
    chosen = np.arange(len(data)) % HELD_OUT == 0
    return subset(data, np.sort(ranked[chosen if is_test else ~chosen]))


TRAINS: Mapping[str, Loader] = {
    "mnist": lambda: load_forms("mnist", "train"),
    "usps": lambda: load_forms("usps", "train"),
    "optdigits": lambda: load_forms("optdigits", "train8x8"),
    "semeion": lambda: cut(load_forms("semeion", "all"), is_test=False),
    "dida": lambda: cut(load_picture_forms("dida"), is_test=False),
    "pen-simulator": lambda: write_pen_digits(PEN_DIGITS),
}
TESTS: Mapping[str, Loader] = {
    "mnist": lambda: load_forms("mnist", "test"),
    "usps": lambda: load_forms("usps", "test"),
    "optdigits": lambda: load_forms("optdigits", "test8x8"),
    "semeion": lambda: cut(load_forms("semeion", "all"), is_test=True),
    "dida": lambda: cut(load_picture_forms("dida"), is_test=True),
    "hwd-1000": lambda: load_forms("hwd-1000", "all"),
    "grid-scans-0to7": lambda: load_forms("grid-scans-0to7", "all"),
    "own-handwriting": lambda: load_picture_forms("own-handwriting"),
}


def make_section(rows: Mapping[str, Mapping[str, float]], judges: Mapping[str, LabelledImages]) -> str:
    closed = [name for name in TESTS if not get_info(name).may_train]
    table = [
        ["learned from", *(f"{name} ({len(data):,})" for name, data in judges.items())],
        *([name, *(f"{100 * row[test]:.1f}" for test in judges)] for name, row in rows.items()),
    ]
    lines = [
        "## Across data sets",
        "",
        textwrap.fill(WORDS.format(recipe=RECIPE, seed=SEED, seen=SEEN, shipped=SHIPPED), 116),
        "",
        f"For research or testing only: {', '.join(closed)}.",
        "Nothing that ships was trained on them, and the models of these rows are not kept.",
        "",
        *to_table(table),
        "",
        "![The matrix as a heat map](images/across-sets.png)",
        "",
        f"Machine: {', '.join(f'{name} {value}' for name, value in describe_machine().items())}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except InkdigitsError as error:
        sys.exit(str(error))
