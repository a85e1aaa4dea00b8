"""What made pages that neither network has seen say about the constants of `inkdigits.deciding`; prints them.

    INKDIGITS_DATA=/where/the/data/are python benchmarks/fit_deciding.py [--pages 600] [--model latin]

Each sighting of the detector is matched with the digit that truly stands there (intersection over union of at least
0.4). Exponents of the two answers are those of the least negative log-likelihood on sightings that are digits; the
weights of score and of "none" come from a logistic regression on all sightings.
"""

from __future__ import annotations

import argparse

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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--model", default="latin")
    parser.add_argument("--detector", default="detector")
    options = parser.parse_args()
    score, none, detected, classified, truth = collect(options.pages, options.model, options.detector)
    is_digit = truth >= 0
    print(f"{len(truth)} sightings, {is_digit.sum()} of them digits")
    fit_exponents(detected[is_digit], classified[is_digit], truth[is_digit])
    features = np.stack([log_odds(score), -log_odds(none)], axis=1)
    fitted = LogisticRegression(C=100).fit(features, is_digit)
    (score_weight, none_weight), bias = fitted.coef_[0], fitted.intercept_[0]
    print(f"SCORE_WEIGHT, NONE_WEIGHT, BIAS = {score_weight:.2f}, {none_weight:.2f}, {bias:.2f}")
    print(f"right about being a digit: {fitted.score(features, is_digit):.4f}")


def collect(count: int, model: str, detector_name: str) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    bank = GlyphBank.load()
    classifier, detector = load_classifier(model), load_detector(detector_name)
    rows = []
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        synth = make_synth_page(
            bank, rng=rng, size_px=(int(rng.integers(80, 300)), int(rng.integers(200, 700)))
        )
        image = synth.image if synth.image.ndim == 3 else np.repeat(synth.image[:, :, None], 3, axis=2)
        found = find_digits(Page(image), 0, detector)
        signs = [(sign.box, int(sign.label)) for sign in synth.signs if sign.label.isdigit()]
        seen = [s for s in found.sightings if s.glyph is not None and s.probs is not None]
        if not seen:
            continue
        forms = np.stack([normalize_glyph(s.glyph.ink) for s in seen if s.glyph is not None])
        probs, none = classifier.predict(forms)
        for sighting, p, n in zip(seen, probs, none, strict=True):
            box = (*sighting.box.to_list(),)
            label = max(((agree(box, b), d) for b, d in signs), default=(0.0, -1))
            rows.append((sighting.score, float(n), sighting.probs, p, label[1] if label[0] >= SAME else -1))
    score, none_, detected, classified, truth = zip(*rows, strict=True)
    return (np.array(score), np.array(none_), np.array(detected, np.float64),
            np.array(classified, np.float64), np.array(truth))  # fmt: skip


def agree(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return intersection over union of two boxes x, y, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(1e-6, a[2] * a[3] + b[2] * b[3] - shared)


def fit_exponents(detected: Floats, classified: Floats, truth: Floats) -> None:
    rows = np.arange(len(truth))
    labels = truth.astype(int)
    d, c = np.log(np.maximum(detected, LEAST_PROB)), np.log(np.maximum(classified, LEAST_PROB))
    results = []
    for a in np.arange(0, 1.31, 0.1):
        for b in np.arange(0, 1.31, 0.1):
            joined = a * d + b * c
            log_probs = joined - np.logaddexp.reduce(joined, axis=1, keepdims=True)
            loss = -log_probs[rows, labels].mean()
            results.append((loss, (joined.argmax(1) == labels).mean(), a, b))
    loss, right, a, b = min(results)
    print(f"DETECTOR_WEIGHT, CLASSIFIER_WEIGHT = {a:.1f}, {b:.1f}: loss {loss:.4f}, right {right:.4f}")
    for name, logs in (("detector", d), ("classifier", c)):
        print(f"{name} alone: right {(logs.argmax(1) == labels).mean():.4f}")


def log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-3, 1 - 1e-3)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


if __name__ == "__main__":
    main()
