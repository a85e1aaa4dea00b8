"""How many of MNIST's wrong test labels are found if only the 40 most doubtful images are looked at?

    INKDIGITS_DATA=/where/the/data/are python benchmarks/label_errors.py --write
    ... --bundle cnn-tutorial=runs/mine/model.onnx      # further opinions; none may have learned test digits

Oracle: the 15 test images whose label fewer than three of five people confirmed (Northcutt, Athalye and Mueller,
"Pervasive label errors in test sets", 2021: mturk/mnist_mturk.json of github.com/cleanlab/label-errors). No method
sees that list, but all of them are compared by it here, so the best of many would flatter itself: which one is ours
is said in `OURS`, and the others are shown beside it.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from _machine import describe_machine
from _output import RESULTS, to_table, write_results
from inkdigits import load_classifier
from inkdigits.bundles import BundleClassifier
from inkdigits.bundles.layers import BundleLayers
from inkdigits.datasets import load_dataset
from inkdigits.errors import InkdigitsError
from inkdigits.evaluation.mislabelled import NEIGHBOURS, ask_neighbours, find_mislabelled, join_opinions
from inkdigits.evaluation.plots_data import save_picture_sheet
from inkdigits.types import LabelledImages, Probs

CONFIRMED = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip
READ, BAR = 40, 10
SHIPPED = ("latin", "latin-mnist")
OURS = "both shipped models and their neighbours"
WORDS = """Written by `python benchmarks/label_errors.py --write`. Of the {count} MNIST test images whose label
fewer than three of five people confirmed (Northcutt et al. 2021), so many are among the {read} that are
most doubtful by confident learning. Bar: {bar}. No method knows the list. Of {count}, a difference of
one or two is chance, and the best of many is not better for being the best. "Neighbours" are the labels
of the {k} test images most alike by the cosine of what the model's last layer sees, without the image
itself. Doubled temperatures, geometric means, sums of ranks, a last layer cross-validated on the test
images and neighbours by HOG were tried, too; none reached the bar."""


def main() -> None:
    options = parse_options()
    data = load_dataset("mnist", "test")
    opinions = collect_opinions(data, dict(item.partition("=")[::2] for item in options.bundle))
    ranks = {name: find_mislabelled(data.labels, probs).ranking for name, probs in opinions.items()}
    section = make_section({name: rank_of(ranking) for name, ranking in ranks.items()})
    print(section)
    cards = []
    for i in ranks[OURS][:READ].tolist():
        other, mark = find_other(opinions[OURS][i], data.labels[i]), " *" if i in CONFIRMED else ""
        cards.append((f"{i}: {data.labels[i]} or {other}{mark}", data.images[i]))
    save_picture_sheet(
        cards, options.output / "doubtful.png", title="Given label or better one; * is on the list"
    )
    if options.write:
        write_results("label-errors", section)
    print(f"The {READ} most doubtful: {options.output}/doubtful.png", file=sys.stderr)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bundle", action="append", default=[], metavar="NAME=PATH", help="a further opinion"
    )
    parser.add_argument("--output", type=Path, default=Path("out/label-errors"), help="folder for the sheet")
    parser.add_argument("--write", action="store_true", help=f"write the section of {RESULTS.name}")
    return parser.parse_args()


def collect_opinions(data: LabelledImages, others: Mapping[str, str]) -> dict[str, Probs]:
    """Return what each model, its neighbours, and several together say."""
    classes = len(data.label_names)
    models = {name: load_classifier(name) for name in SHIPPED}
    alone = {name: model.predict_proba(data.images) for name, model in models.items()}
    features = {name: compute_features(model, data) for name, model in models.items()}
    near = {
        f"neighbours by {name}": ask_neighbours(features[name], data.labels, classes=classes)
        for name in models
    }
    further = {name: load_classifier(path).predict_proba(data.images) for name, path in others.items()}
    opinions = {**alone, **further, **near}
    for name in models:
        opinions[f"{name} and its neighbours"] = join_opinions([alone[name], near[f"neighbours by {name}"]])
    opinions[OURS] = join_opinions([*alone.values(), *near.values()])
    if further:
        opinions["all of these models"] = join_opinions([*alone.values(), *further.values()])
        opinions["all models and neighbours"] = join_opinions(
            [*alone.values(), *further.values(), *near.values()]
        )
    return opinions


def compute_features(model: BundleClassifier, data: LabelledImages) -> np.ndarray:
    return BundleLayers(model).compute_features(data.images)


def find_other(probs: np.ndarray, label: np.int64) -> int:
    """Return the most probable class but the given one."""
    return int(np.delete(np.arange(len(probs)), label)[np.delete(probs, label).argmax()])


def rank_of(ranking: np.ndarray) -> list[int]:
    """Return at which places, from 1, the images of the list stand."""
    return sorted(int(place) + 1 for place in np.flatnonzero(np.isin(ranking, CONFIRMED)))


def make_section(places: Mapping[str, list[int]]) -> str:
    found = {name: sum(place <= READ for place in own) for name, own in places.items()}
    table = [["opinion", f"found in {READ}", "places of the 15"]]
    for name, own in places.items():
        bold = "**" if name == OURS else ""
        table.append([f"{bold}{name}{bold}", f"{found[name]}", ", ".join(map(str, own))])
    met = "met" if found[OURS] >= BAR else "not met"
    words = WORDS.format(count=len(CONFIRMED), read=READ, bar=BAR, k=NEIGHBOURS)
    return "\n".join(
        [
            "## Wrong labels",
            "",
            textwrap.fill(" ".join(words.split()), 116),
            "",
            f"Ours, {OURS}: {found[OURS]} of {len(CONFIRMED)}; bar at least {BAR}: {met}.",
            "",
            *to_table(table),
            "",
            f"Machine: {', '.join(f'{name} {value}' for name, value in describe_machine().items())}.",
        ]
    )


if __name__ == "__main__":
    try:
        main()
    except InkdigitsError as error:
        sys.exit(str(error))
