"""What made pages that no network has seen say about the constants of `inkdigits.deciding`; prints them.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/fit_deciding.py [--pages 600] [--model latin]

Each sighting of the detector is matched with the digit that truly stands there (intersection over union of at least
0.4). Exponents of the three answers are those of the least negative log-likelihood on sightings that are digits;
the weights of score and of "none", and the calibration of the confidence, come from logistic regressions. Glyphs
that stand alone and pieces of touching ones are fitted apart.

--last fits what is set after these: `TINY_BIAS` on small crops of MNIST digits that `latin` was not trained on, and
`TOLD_SLOPE` and `TOLD_SHIFT` on amounts on made pages, written with those digits. Simulated pens don't write there:
they show rare forms more often than people do, so they can't tell how sure people's writing is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from inkdigits import Reader, deciding
from inkdigits.bundles import load_classifier
from inkdigits.bundles.detector import load_detector
from inkdigits.bundles.region import load_regions
from inkdigits.datasets import load_dataset, subset
from inkdigits.datasets.synth import GlyphBank, make_synth_page
from inkdigits.datasets.synth.bank import Hand, measure_digits
from inkdigits.finding import find_digits
from inkdigits.images import Page, load_pages
from inkdigits.ink import normalize_glyph
from inkdigits.training.data import load_training_data
from inkdigits.training.recipe import load_recipe
from inkdigits.types import LabelledImages

RECIPE = Path(__file__).parent.parent / "recipes" / "latin-cnn.toml"
SEED = 900
TINY_PX = 16
INK = 60  # grey level from which a pixel belongs to a crop
MOST_ODDS = 7.0  # where nothing was found
KEPT = 0.99
SAME = 0.4
LEAST_PROB = 1e-5
Floats = npt.NDArray[np.float64]


class Seen(NamedTuple):
    """Sightings, one a row; truth is -1 where no digit stands."""

    is_whole: npt.NDArray[np.bool_]
    score: Floats
    none: Floats
    detected: Floats
    classified: Floats
    again_none: Floats
    again: Floats
    truth: npt.NDArray[np.int64]

    def only(self, rows: npt.NDArray[np.bool_]) -> Seen:
        """Return some rows."""
        return Seen(
            self.is_whole[rows], self.score[rows], self.none[rows], self.detected[rows], self.classified[rows],
            self.again_none[rows], self.again[rows], self.truth[rows],
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--model", default="latin")
    parser.add_argument("--detector", default="detector")
    parser.add_argument("--regions", default="regions")
    parser.add_argument("--last", action="store_true", help="fit what is set last, for the models that ship")
    options = parser.parse_args()
    if options.last:
        digits = load_held_out()
        fit_tiny(digits)
        fit_told(digits, options.pages)
        return
    seen = collect(options.pages, options.model, options.detector, options.regions)
    for name, is_whole in (("WHOLE", True), ("CUT", False)):
        fit(name, seen.only(seen.is_whole == is_whole))


def fit(name: str, seen: Seen) -> None:
    is_digit = seen.truth >= 0
    print(f"{name}: {len(is_digit)} sightings, {is_digit.sum()} of them digits")
    (a, b, c), shares = fit_exponents([seen.detected, seen.classified, seen.again], seen.truth)
    features = np.stack([log_odds(seen.score), -log_odds(seen.none), -log_odds(seen.again_none)], axis=1)
    fitted = LogisticRegression(C=100).fit(features, is_digit)
    (score, none, again), bias = fitted.coef_[0], fitted.intercept_[0]
    found = shares.max(axis=1) * fitted.predict_proba(features)[:, 1]
    is_right = (shares.argmax(axis=1) == seen.truth)[:, None]
    shown = fitted.predict(features)
    platt = LogisticRegression(C=100).fit(log_odds(found)[shown, None], is_right[shown, 0])
    print(
        f"{name} = Weights(score={score:.2f}, none={none:.2f}, bias={bias:.2f}, detector={a:.1f}, "
        f"classifier={b:.1f}, slope={platt.coef_[0, 0]:.2f}, shift={platt.intercept_[0]:.2f}, "
        f"again={again:.2f}, region={c:.1f})"
    )
    print(f"right about being a digit: {fitted.score(features, is_digit):.4f}")
    calibrate(name, seen)


def load_held_out() -> LabelledImages:
    """Return the digits of MNIST's training part that judged `latin` while it learned, and taught it nothing."""
    validation = load_training_data(load_recipe(RECIPE).data)[1]
    known = {image.tobytes() for image in load_dataset("mnist", "train").images}
    return subset(validation, [i for i, image in enumerate(validation.images) if image.tobytes() in known])


def fit_tiny(digits: LabelledImages) -> None:
    """Print the log-odds that keep 99 of 100 digits of crops of 16 pixels, as `ALONE` keeps them of larger ones."""
    reader, lacking = Reader(), []
    for index, image in enumerate(digits.images):
        rows, columns = np.flatnonzero(image.max(axis=1) > INK), np.flatnonzero(image.max(axis=0) > INK)
        crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        zoom = TINY_PX / max(crop.shape)  # every second one stretched to a square, as some sets are
        size = (
            (TINY_PX, TINY_PX)
            if index % 2
            else (max(3, round(crop.shape[1] * zoom)), round(crop.shape[0] * zoom))
        )
        _, (found,) = reader._read([load_pages(cv2.resize(crop, size, interpolation=cv2.INTER_AREA))])[0]
        lone = [sighting for sighting in found.sightings if sighting.is_tiny]
        verdicts = [deciding.decide(sighting, sighting.opinion) for sighting in lone]
        odds = [float(log_odds(np.asarray(verdict.probs.sum()))) - deciding.TINY_BIAS for verdict in verdicts]
        lacking.append(-max(odds, default=-MOST_ODDS))
    kept = [float(np.mean(np.array(lacking) < bias)) for bias in (0.0, deciding.TINY_BIAS)]
    print(
        f"{len(lacking)} crops of {TINY_PX} px: {kept[0]:.2%} kept without a bias, {kept[1]:.2%} with today's"
    )
    print(f"TINY_BIAS = {max(0.0, float(np.quantile(lacking, KEPT))):.2f} keeps {KEPT:.0%}")


class _People(GlyphBank):
    """A bank in which people write all digits, and no simulated pen."""

    def draw_hand(self, rng: np.random.Generator) -> Hand:
        return self.sources["mnist"]


def fit_told(digits: LabelledImages, count: int) -> None:
    """Print slope and shift of the confidence that is told, by logistic regression on amounts on made pages."""
    loaded = GlyphBank.load()
    bank = _People({"mnist": measure_digits(digits)}, loaded.others, loaded.signs, loaded.letters)
    reader, rows = Reader(), []
    for index in range(count):
        rng = np.random.default_rng([SEED, 1, index])
        synth = make_synth_page(bank, rng=rng, kind="amount", size_px=(60, 240), digit_px=32)
        image = synth.image if synth.image.ndim == 3 else np.repeat(synth.image[:, :, None], 3, axis=2)
        signs = [(sign.box, sign.label) for sign in synth.signs if sign.label.isdigit()]
        reading, (found,) = reader._read([load_pages(image)])[0]
        asked = {s.box for s in found.sightings if s.probs is not None and s.again is not None}
        for digit in reading.digits:
            agreement, label = max(
                ((agree((*digit.box.to_list(),), b), d) for b, d in signs), default=(0.0, "")
            )
            if digit.box in asked and agreement >= SAME:
                told = float(log_odds(np.asarray(digit.confidence)))
                rows.append(((told - deciding.TOLD_SHIFT) / deciding.TOLD_SLOPE, digit.label == label))
    odds, is_right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    platt = LogisticRegression(C=100).fit(odds[:, None], is_right)
    print(f"{len(rows)} digits on {count} made pages, {is_right.mean():.2%} right")
    print(f"TOLD_SLOPE, TOLD_SHIFT = {platt.coef_[0, 0]:.2f}, {platt.intercept_[0]:.2f}")


def calibrate(name: str, seen: Seen) -> None:
    """Print the calibration that the weights of `deciding` want as they are."""
    is_whole = name == "WHOLE"
    weights = deciding.WHOLE_AGAIN if is_whole else deciding.CUT_AGAIN
    plain = replace(weights, slope=1.0, shift=0.0)
    answers = zip((weights.detector, weights.classifier, weights.region),
                  (seen.detected, seen.classified, seen.again), strict=True)  # fmt: skip
    logs = [trust * np.log(np.maximum(answer, LEAST_PROB)) for trust, answer in answers]
    shares = np.exp(join(np.sum(logs, axis=0)))
    odds = plain.bias + plain.score * log_odds(seen.score) - plain.none * log_odds(seen.none)
    odds -= plain.again * log_odds(seen.again_none)
    shown, found = odds > 0, shares.max(axis=1) / (1 + np.exp(-odds))
    is_right = shares.argmax(axis=1) == seen.truth
    platt = LogisticRegression(C=100).fit(log_odds(found)[shown, None], is_right[shown])
    print(
        f"{name}_AGAIN as it is: right about being a digit {(shown == (seen.truth >= 0)).mean():.4f}, right labels "
        f"{is_right[seen.truth >= 0].mean():.4f}; slope={platt.coef_[0, 0]:.2f}, shift={platt.intercept_[0]:.2f}"
    )


def collect(count: int, model: str, detector_name: str, regions_name: str) -> Seen:
    bank = GlyphBank.load()
    classifier, detector = load_classifier(model), load_detector(detector_name)
    regions = load_regions(regions_name)
    rows = []
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        synth = make_synth_page(
            bank, rng=rng, size_px=(int(rng.integers(60, 240)), int(rng.integers(60, 600)))
        )
        image = synth.image if synth.image.ndim == 3 else np.repeat(synth.image[:, :, None], 3, axis=2)
        found = find_digits(Page(image), 0, detector, regions)
        signs = [(sign.box, int(sign.label)) for sign in synth.signs if sign.label.isdigit()]
        glyphs = [(s, s.glyph) for s in found.sightings if s.glyph is not None and s.probs is not None]
        if not glyphs:
            continue
        probs, none = classifier.predict(np.stack([normalize_glyph(glyph.ink) for _, glyph in glyphs]))
        for (sighting, glyph), p, n in zip(glyphs, probs, none, strict=True):
            box = (*sighting.box.to_list(),)
            agreement, label = max(((agree(box, b), d) for b, d in signs), default=(0.0, -1))
            truth = label if agreement >= SAME else -1
            assert sighting.again is not None
            again = sighting.again
            rows.append(
                (glyph.is_whole, sighting.score, float(n), sighting.probs, p, again.none, again.probs, truth)
            )
    return Seen(*(np.array(column) for column in zip(*rows, strict=True)))


def agree(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return intersection over union of two boxes x, y, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(1e-6, a[2] * a[3] + b[2] * b[3] - shared)


def fit_exponents(
    answers: Sequence[Floats], truth: npt.NDArray[np.int64]
) -> tuple[tuple[float, ...], Floats]:
    """Return the exponent of each answer and the joined probabilities of all rows, (N, 10)."""
    logs = [np.log(np.maximum(answer, LEAST_PROB)) for answer in answers]
    chosen = truth >= 0
    rows, labels = np.arange(int(chosen.sum())), truth[chosen]
    inside = [log[chosen] for log in logs]
    results = []
    for exponents in product(np.arange(0, 1.21, 0.1), repeat=len(logs)):
        log_probs = join(
            sum((e * log for e, log in zip(exponents, inside, strict=True)), np.zeros_like(inside[0]))
        )
        results.append((-log_probs[rows, labels].mean(), (log_probs.argmax(1) == labels).mean(), exponents))
    loss, right, best = min(results)
    print(f"exponents {', '.join(f'{e:.1f}' for e in best)}: loss {loss:.4f}, right {right:.4f}")
    for name, log in zip(("detector", "classifier", "region classifier"), inside, strict=True):
        print(f"{name} alone: right {(log.argmax(1) == labels).mean():.4f}")
    return best, np.exp(
        join(sum((e * log for e, log in zip(best, logs, strict=True)), np.zeros_like(logs[0])))
    )


def join(logs: Floats) -> Floats:
    joined: Floats = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return joined


def log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-3, 1 - 1e-3)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


if __name__ == "__main__":
    main()
