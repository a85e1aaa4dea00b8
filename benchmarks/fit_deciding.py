"""What made pages that neither network has seen say about the constants of `inkdigits.deciding`; prints them.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/fit_deciding.py [--pages 600] [--model latin]

Each sighting of the detector is matched with the digit that truly stands there (intersection over union of at least
0.4). Exponents of the two answers are those of the least negative log-likelihood on sightings that are digits; the
weights of score and of "none", and the calibration of the confidence, come from logistic regressions. Glyphs that
stand alone and pieces of touching ones are fitted apart.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from inkdigits.bundles import load_classifier
from inkdigits.bundles.detector import load_detector
from inkdigits.datasets.synth import GlyphBank, make_synth_page
from inkdigits.finding import find_digits
from inkdigits.images import Page
from inkdigits.ink import normalize_glyph

SEED = 900
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
    truth: npt.NDArray[np.int64]

    def only(self, rows: npt.NDArray[np.bool_]) -> Seen:
        """Return some rows."""
        return Seen(
            self.is_whole[rows], self.score[rows], self.none[rows], self.detected[rows], self.classified[rows],
            self.truth[rows],
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--model", default="latin")
    parser.add_argument("--detector", default="detector")
    options = parser.parse_args()
    seen = collect(options.pages, options.model, options.detector)
    for name, is_whole in (("WHOLE", True), ("CUT", False)):
        fit(name, seen.only(seen.is_whole == is_whole))


def fit(name: str, seen: Seen) -> None:
    is_digit = seen.truth >= 0
    print(f"{name}: {len(is_digit)} sightings, {is_digit.sum()} of them digits")
    a, b, shares = fit_exponents(seen.detected, seen.classified, seen.truth)
    features = np.stack([log_odds(seen.score), -log_odds(seen.none)], axis=1)
    fitted = LogisticRegression(C=100).fit(features, is_digit)
    (score, none), bias = fitted.coef_[0], fitted.intercept_[0]
    found = shares.max(axis=1) * fitted.predict_proba(features)[:, 1]
    is_right = (shares.argmax(axis=1) == seen.truth)[:, None]
    shown = fitted.predict(features)
    platt = LogisticRegression(C=100).fit(log_odds(found)[shown, None], is_right[shown, 0])
    print(
        f"{name} = Weights(score={score:.2f}, none={none:.2f}, bias={bias:.2f}, detector={a:.1f}, "
        f"classifier={b:.1f}, slope={platt.coef_[0, 0]:.2f}, shift={platt.intercept_[0]:.2f})"
    )
    print(f"right about being a digit: {fitted.score(features, is_digit):.4f}")


def collect(count: int, model: str, detector_name: str) -> Seen:
    bank = GlyphBank.load()
    classifier, detector = load_classifier(model), load_detector(detector_name)
    rows = []
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        synth = make_synth_page(
            bank, rng=rng, size_px=(int(rng.integers(60, 240)), int(rng.integers(60, 600)))
        )
        image = synth.image if synth.image.ndim == 3 else np.repeat(synth.image[:, :, None], 3, axis=2)
        found = find_digits(Page(image), 0, detector)
        signs = [(sign.box, int(sign.label)) for sign in synth.signs if sign.label.isdigit()]
        glyphs = [(s, s.glyph) for s in found.sightings if s.glyph is not None and s.probs is not None]
        if not glyphs:
            continue
        probs, none = classifier.predict(np.stack([normalize_glyph(glyph.ink) for _, glyph in glyphs]))
        for (sighting, glyph), p, n in zip(glyphs, probs, none, strict=True):
            box = (*sighting.box.to_list(),)
            agreement, label = max(((agree(box, b), d) for b, d in signs), default=(0.0, -1))
            truth = label if agreement >= SAME else -1
            rows.append((glyph.is_whole, sighting.score, float(n), sighting.probs, p, truth))
    return Seen(*(np.array(column) for column in zip(*rows, strict=True)))


def agree(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return intersection over union of two boxes x, y, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(1e-6, a[2] * a[3] + b[2] * b[3] - shared)


def fit_exponents(
    detected: Floats, classified: Floats, truth: npt.NDArray[np.int64]
) -> tuple[float, float, Floats]:
    """Return both exponents and the joined probabilities of all rows, (N, 10)."""
    d, c = np.log(np.maximum(detected, LEAST_PROB)), np.log(np.maximum(classified, LEAST_PROB))
    chosen = truth >= 0
    rows, labels = np.arange(int(chosen.sum())), truth[chosen]
    results = []
    for a in np.arange(0, 1.31, 0.1):
        for b in np.arange(0, 1.31, 0.1):
            log_probs = join(a * d[chosen] + b * c[chosen])
            loss = -log_probs[rows, labels].mean()
            results.append((loss, (log_probs.argmax(1) == labels).mean(), a, b))
    loss, right, a, b = min(results)
    print(f"exponents {a:.1f} and {b:.1f}: loss {loss:.4f}, right {right:.4f}")
    for name, logs in (("detector", d[chosen]), ("classifier", c[chosen])):
        print(f"{name} alone: right {(logs.argmax(1) == labels).mean():.4f}")
    return a, b, np.exp(join(a * d + b * c))


def join(logs: Floats) -> Floats:
    joined: Floats = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return joined


def log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-3, 1 - 1e-3)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


if __name__ == "__main__":
    main()
