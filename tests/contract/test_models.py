"""Every registered model through one suite: networks as such, and all kinds by one contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inkdigits.bundles import BundleClassifier
from inkdigits.datasets import subset
from inkdigits.errors import ImageFormatError, UsageError
from inkdigits.export.onnx import BundleFacts, export_classifier
from inkdigits.models import get_model_spec, list_models, make_network
from inkdigits.models.classifier import NetworkClassifier
from inkdigits.models.model import Model, load_model
from inkdigits.training import fit as training_fit
from inkdigits.training.builtin import load_builtin_recipe, make_recipe
from inkdigits.training.fit import make_model
from inkdigits.training.recipe import Recipe, set_values
from inkdigits.training.sections import AugmentSection
from inkdigits.types import Classifier, LabelledImages

PARAMETERS = {
    "cnn": 252_650,
    "cnn-tutorial": 93_322,
    "mlp-tutorial": 101_770,
    "mlp": 537_354,
    "cnn-nano": 7_074,
    "cnn-fast": 96_058,
    "resnet": 272_186,
}
"""Counted by hand from the layers; a change here is a change of the model."""


@pytest.fixture(params=list_models("network"))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make_seeded(name: str, *, classes: int = 10) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make_network(name, classes=classes).eval()


def test_it_has_the_stated_size(name: str) -> None:
    assert sum(weight.numel() for weight in make_seeded(name).parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("classes", [2, 10, 47])
def test_it_gives_one_logit_for_each_class(name: str, classes: int) -> None:
    network = make_seeded(name, classes=classes)
    for count in (1, 3):
        logits = network(torch.rand(count, 1, 28, 28))
        assert logits.shape == (count, classes)
        assert logits.dtype == torch.float32
        assert torch.isfinite(logits).all()


def test_fresh_logits_are_moderate(name: str) -> None:
    logits = make_seeded(name)(torch.rand(64, 1, 28, 28))
    assert logits.abs().max() < 20
    assert logits.std() > 1e-4


def test_every_weight_learns(name: str) -> None:
    network = make_seeded(name).train()
    loss = nn.functional.cross_entropy(network(torch.rand(16, 1, 28, 28)), torch.arange(16) % 10)
    loss.backward()  # type: ignore[no-untyped-call]
    for part, weight in network.named_parameters():
        assert weight.grad is not None, part
        assert weight.grad.abs().sum() > 0, part


def test_a_digit_s_answer_does_not_depend_on_its_batch(name: str) -> None:
    network, images = make_seeded(name), torch.rand(9, 1, 28, 28)
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_it_keeps_the_contract_of_classifiers(name: str) -> None:
    labels = tuple("0123456789")
    classifier: Classifier = NetworkClassifier(make_seeded(name), labels, temperature=1.5)
    assert classifier.labels == labels
    bright = np.random.default_rng(0).integers(0, 256, (600, 28, 28)).astype(np.uint8)
    probs = classifier.predict_proba(bright)
    assert probs.shape == (600, 10)
    assert probs.dtype == np.float32
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(classifier.predict_proba(bright.astype(np.float32) / 255), probs, atol=1e-6)
    assert classifier.predict_proba(bright[:0]).shape == (0, 10)


def test_wrong_pictures_are_refused() -> None:
    classifier = NetworkClassifier(make_seeded("cnn-nano"), tuple("0123456789"))
    for wrong in (np.zeros((2, 14, 14), np.uint8), np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28), int)):
        with pytest.raises(ImageFormatError, match="28"):
            classifier.predict_proba(wrong)


def test_temperature_softens() -> None:
    network, images = make_seeded("cnn-nano"), np.random.default_rng(0).random((5, 28, 28), np.float32)
    hard = NetworkClassifier(network, tuple("0123456789"), temperature=0.1).predict_proba(images)
    soft = NetworkClassifier(network, tuple("0123456789"), temperature=10.0).predict_proba(images)
    assert (hard.max(1) > soft.max(1)).all()
    assert (hard.argmax(1) == soft.argmax(1)).all()


# From here on: every kind of model, by one contract.

CASES = [
    (name, features)
    for name in list_models()
    for features in (("raw", "hog") if get_model_spec(name).kind == "estimator" else ("raw",))
]


QUICK = {
    "cnn": ["widths=[12, 16, 16]"],
    "resnet": ["widths=[8, 8, 8]", "blocks=1", "train.epochs=4"],
    "logistic": ["max_iter=20"],
    "forest": ["n_estimators=60"],
    "ensemble": ['members=["mlp-tutorial", "svm-hog"]'],
}


def make_quick_recipe(name: str, features: str) -> Recipe:
    """Return the built-in recipe without augmentation, with fewer epochs, trees, channels and members."""
    recipe = make_recipe(name, features=features)  # type: ignore[arg-type]
    settings = ["train.epochs=2", "train.batch_size=32", "train.ema_decay=0", "train.precision=float32"]
    return replace(set_values(recipe, settings + QUICK.get(name, [])), augment=AugmentSection())


@pytest.fixture(scope="module")
def parts(small_digits: LabelledImages) -> tuple[LabelledImages, LabelledImages, LabelledImages]:
    bounds = [(0, 1000), (1000, 1400), (1400, 1797)]
    train, validation, others = (subset(small_digits, np.arange(*bound)) for bound in bounds)
    return train, validation, others


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small lose more by waiting for each other's threads than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=CASES, ids=["-".join(case) for case in CASES])
def fitted(
    request: pytest.FixtureRequest, parts: tuple[LabelledImages, LabelledImages, LabelledImages]
) -> Model:
    recipe = make_quick_recipe(*request.param)

    def load_quick(name: str) -> Recipe:
        return replace(load_builtin_recipe(name), train=recipe.train, augment=recipe.augment)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_fit, "load_builtin_recipe", load_quick)
        model = make_model(recipe)
    with pytest.raises(UsageError, match="Call fit first"):
        _ = model.labels
    assert model.fit(parts[0], parts[1]) is model
    return model


def test_a_fitted_model_keeps_the_contract(
    fitted: Model, parts: tuple[LabelledImages, LabelledImages, LabelledImages]
) -> None:
    classifier: Classifier = fitted
    others = parts[2]
    assert classifier.labels == others.label_names
    probs = classifier.predict_proba(others.images)
    assert probs.dtype == np.float32
    assert probs.shape == (len(others), 10)
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-5)
    ink = others.images.astype(np.float32) / np.float32(255)
    np.testing.assert_allclose(classifier.predict_proba(ink), probs, atol=1e-6)
    assert classifier.predict_proba(others.images[:0]).shape == (0, 10)
    with pytest.raises(ImageFormatError, match="28"):
        classifier.predict_proba(others.images[0])
    assert (probs.argmax(1) == others.labels).mean() > 0.8


def test_its_probabilities_mean_what_they_say(
    fitted: Model, parts: tuple[LabelledImages, LabelledImages, LabelledImages]
) -> None:
    """The temperature is the best one: both a higher and a lower one fit the validation digits worse."""
    validation = parts[1]
    logits = torch.from_numpy(fitted.classifier.predict_logits(validation.images)).double()
    losses = [
        nn.functional.cross_entropy(logits / (fitted.temperature * factor), torch.tensor(validation.labels))
        for factor in (0.9, 1.0, 1.1)
    ]
    assert losses[1] < losses[0]
    assert losses[1] < losses[2]


def test_it_comes_back_from_its_file(
    fitted: Model, parts: tuple[LabelledImages, LabelledImages, LabelledImages], tmp_path: Path
) -> None:
    fitted.save(tmp_path / "made.npz")
    loaded = load_model(tmp_path / "made.npz")
    assert loaded.labels == fitted.labels
    assert loaded.parameters == fitted.parameters > 0
    images = parts[2].images
    np.testing.assert_allclose(loaded.predict_proba(images), fitted.predict_proba(images), atol=1e-6)
    assert list(tmp_path.iterdir()) == [tmp_path / "made.npz"]


def test_its_bundle_answers_alike(
    fitted: Model, parts: tuple[LabelledImages, LabelledImages, LabelledImages], tmp_path: Path
) -> None:
    path, others = tmp_path / "made.onnx", parts[2]
    facts = BundleFacts(name="made", labels=fitted.labels, temperature=fitted.temperature)
    export_classifier(fitted.network, path, facts, probes=others.images)
    theirs, ours = BundleClassifier(path).predict_proba(others.images), fitted.predict_proba(others.images)
    is_near = np.abs(theirs - ours).max(axis=1) < 1e-4
    assert is_near.mean() >= 0.99, "votes may jump where the last bit decides, elsewhere nothing may differ"
    assert (theirs.argmax(1) == ours.argmax(1))[is_near].all()
