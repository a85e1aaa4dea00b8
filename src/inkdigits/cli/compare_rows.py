"""One row of a comparison: made once, kept in a folder beside the bundle that was judged, and found again.

Owns: the rows' names, the order of training, exporting and judging, ensembles of rows. Leaves to others: each of
these steps (`training`, `export`, `evaluation`), which don't see each other.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.cli.console import tell
from inkdigits.errors import DataCorruptError

if TYPE_CHECKING:
    from inkdigits.evaluation.compare import ComparisonRow
    from inkdigits.models.classifier import NetworkClassifier
    from inkdigits.training.recipe import Recipe
    from inkdigits.types import LabelledImages


@dataclass(frozen=True, slots=True)
class _Learned:
    classifier: NetworkClassifier
    parameters: int
    train_s: float


def find_row(folder: Path, name: str, recipe: Recipe, judge: LabelledImages) -> ComparisonRow | None:
    """Return the row that `make_row` left in the folder, None if there is none that can be read."""
    from inkdigits.evaluation.compare import load_row

    path = _name_row(folder, name, recipe, judge)
    try:
        return load_row(path) if path.exists() else None
    except DataCorruptError as error:
        tell(f"{error.message}; measuring anew.")
        return None


def make_row(
    folder: Path,
    name: str,
    recipe: Recipe,
    learn: LabelledImages,
    validation: LabelledImages,
    judge: LabelledImages,
) -> ComparisonRow:
    """Train by a recipe, export, judge the bundle, and keep row and bundle in the folder.

    A network that is stopped goes on after its last epoch when its row is made again. Its checkpoint lies in the
    folder until the row is there.

    The members of an ensemble of networks are rows of their own, of the recipe that the ensemble names and the
    seeds from its own on: those whose row and bundle are in the folder aren't trained once more.
    """
    from inkdigits.bundles import load_classifier
    from inkdigits.evaluation.compare import judge_model, save_row
    from inkdigits.export.onnx import BundleFacts, export_classifier
    from inkdigits.models import get_model_spec

    path = _name_row(folder, name, recipe, judge)
    run = folder / "runs" / path.stem
    if _joins_networks(recipe):
        learned = _join_rows(folder, recipe, learn, validation, judge)
    else:
        learned = _train(recipe, learn, validation, folder=run)
    classifier = learned.classifier
    bundle = path.with_suffix(".onnx")
    facts = BundleFacts(
        name,
        classifier.labels,
        temperature=classifier.temperature,
        data=recipe.data.sets,
        parameters=learned.parameters,
    )
    is_network = get_model_spec(recipe.model.name).kind == "network"
    export_classifier(classifier.network, bundle, facts, probes=None if is_network else validation.images)
    row = judge_model(
        load_classifier(bundle),
        judge,
        model=name,
        seed=recipe.train.seed,
        parameters=learned.parameters,
        file_bytes=bundle.stat().st_size,
        train_s=learned.train_s,
    )
    save_row(path, row)
    shutil.rmtree(run, ignore_errors=True)
    return row


def _name_row(folder: Path, name: str, recipe: Recipe, judge: LabelledImages) -> Path:
    """Return the path of a row: whatever changes its numbers, except for the machine, changes its name.

    What is off in the recipe (0, false, empty) has no part in it, so that rows outlive keys that recipes get later;
    nor has what the bundle says about itself.
    """
    sections = {
        section: {key: value for key, value in values.items() if value}
        for section, values in asdict(recipe).items()
        if section != "bundle"
    }
    text = json.dumps([sections, judge.name, len(judge)], sort_keys=True, default=str)
    key = hashlib.sha256(text.encode()).hexdigest()
    return folder / "rows" / f"{name}-{recipe.train.seed}-{key[:12]}.json"


def _train(recipe: Recipe, learn: LabelledImages, validation: LabelledImages, *, folder: Path) -> _Learned:
    from inkdigits.models import get_model_spec
    from inkdigits.training.fit import make_model
    from inkdigits.training.log import ResumedTime
    from inkdigits.training.loop import build_network, make_optimizer

    if get_model_spec(recipe.model.name).kind == "network":
        # torch loads its compiler with the first optimizer: two seconds that are no training
        make_optimizer(build_network(recipe, classes=2), recipe.train)
    resumed = ResumedTime()
    start_s = time.perf_counter()
    model = make_model(recipe, folder=folder, listener=resumed).fit(learn, validation)
    train_s = time.perf_counter() - start_s + resumed.seconds
    return _Learned(model.classifier, model.parameters, train_s)


def _joins_networks(recipe: Recipe) -> bool:
    """True for an ensemble that has only networks as members: they can be read back from their bundles."""
    from inkdigits.models import get_model_spec
    from inkdigits.training.fit import list_members

    if get_model_spec(recipe.model.name).kind != "ensemble":
        return False
    kinds = {get_model_spec(member.model.name).kind for _, member in list_members(recipe)}
    return kinds == {"network"}


def _join_rows(
    folder: Path, recipe: Recipe, learn: LabelledImages, validation: LabelledImages, judge: LabelledImages
) -> _Learned:
    """Join the networks of the members' rows, making rows that are missing; seconds are the rows' sum."""
    from inkdigits.training.fit import join_members, list_members

    members, rows = [], []
    for name, member in list_members(recipe):
        bundle = _name_row(folder, name, member, judge).with_suffix(".onnx")
        row = find_row(folder, name, member, judge) if bundle.exists() else None
        if row is None:
            tell(f"{name}, seed {member.train.seed}, a member of the ensemble ...")
            row = make_row(folder, name, member, learn, validation, judge)
        members.append(_restore(bundle))
        rows.append(row)
    classifier = join_members(members, validation)
    return _Learned(classifier, sum(row.parameters for row in rows), sum(row.train_s for row in rows))


def _restore(bundle: Path) -> NetworkClassifier:
    from inkdigits.bundles import BundleClassifier
    from inkdigits.export.network import restore_network
    from inkdigits.models.classifier import NetworkClassifier

    metadata = BundleClassifier(bundle).metadata
    network = restore_network(bundle, classes=len(metadata.labels))
    return NetworkClassifier(network, metadata.labels, temperature=metadata.temperature)
