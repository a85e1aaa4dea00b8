"""Teachers: what they say together, and a network that learns from them what its labels don't tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inkdigits.bundles import BundleClassifier, load_classifier
from inkdigits.datasets import split_train_validation
from inkdigits.errors import BundleError, RecipeError, UsageError
from inkdigits.training.checkpoint import load_start
from inkdigits.training.fit import make_model
from inkdigits.training.loop import Trainer, build_network, compute_logits
from inkdigits.training.recipe import recipe_from_toml, recipe_to_toml
from inkdigits.training.teaching import TAUGHT, Teachers
from inkdigits.types import LabelledImages

DIGITS = tuple("0123456789")
RECIPE = """
[model]
name = "cnn-nano"
[train]
epochs = 6
batch_size = 32
"""


def test_one_teacher_says_what_its_bundle_says(small_digits: LabelledImages) -> None:
    ink = torch.from_numpy(small_digits.images[:40]).unsqueeze(1).float() / 255
    said = Teachers(["latin-mnist"], DIGITS).answer(ink)
    expected = load_classifier("latin-mnist").predict_proba(small_digits.images[:40])
    np.testing.assert_allclose(said.numpy(), expected, atol=1e-5)


def test_several_say_the_mean_of_their_logarithms(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = iter([np.log(np.array([[0.8, 0.2]], np.float32)), np.log(np.array([[0.2, 0.8]], np.float32))])
    teachers = Teachers(["latin-mnist", "latin-mnist"], DIGITS)
    monkeypatch.setattr(BundleClassifier, "predict_logits", lambda self, images: next(logits))
    for bundle in teachers._bundles:
        monkeypatch.setattr(bundle, "metadata", type("Facts", (), {"temperature": 1.0}))
    said = teachers.answer(torch.zeros(1, 1, 28, 28))
    torch.testing.assert_close(said, torch.tensor([[0.5, 0.5]]))


def test_the_label_keeps_its_share(small_digits: LabelledImages) -> None:
    ink = torch.from_numpy(small_digits.images[:9]).unsqueeze(1).float() / 255
    teachers = Teachers(["latin-mnist"], DIGITS)
    labels = F.one_hot(torch.from_numpy(small_digits.labels[:9]), 10).float()
    mixed = teachers.mix(labels, ink)
    torch.testing.assert_close(mixed, (1 - TAUGHT) * labels + TAUGHT * teachers.answer(ink))
    torch.testing.assert_close(mixed.sum(1), torch.ones(9))


def test_teachers_of_other_classes_and_missing_ones_are_told() -> None:
    with pytest.raises(RecipeError, match="other classes"):
        Teachers(["latin"], DIGITS)
    with pytest.raises(BundleError, match="no bundle"):
        Teachers(["nowhere.onnx"], DIGITS)


def test_a_network_learns_what_its_teacher_knows(small_digits: LabelledImages) -> None:
    """All labels are wrong: what is right of it, the teacher told."""
    wrong = (small_digits.labels + 1) % 10
    noisy = LabelledImages(small_digits.images, wrong, DIGITS, name="wrong/train")
    learn, judge = split_train_validation(noisy, validation_size=200, seed=0)
    accuracies = []
    for teachers in ("", '\nteachers = ["latin-mnist"]\n'):
        recipe = recipe_from_toml(RECIPE + teachers)
        trainer = Trainer(build_network(recipe, classes=10), recipe, train=learn, validation=judge)
        logits = compute_logits(trainer.fit().network, torch.from_numpy(small_digits.images))
        accuracies.append((logits.argmax(1).numpy() == small_digits.labels).mean())
    assert accuracies[0] < 0.1 < 0.7 < accuracies[1]


def test_a_recipe_without_teachers_has_the_text_that_it_had() -> None:
    text = recipe_to_toml(recipe_from_toml(RECIPE))
    assert "teachers" not in text
    taught = recipe_from_toml(RECIPE + 'teachers = ["a.onnx"]\n')
    assert recipe_from_toml(recipe_to_toml(taught)).train.teachers == ("a.onnx",)


def test_a_network_begins_with_the_weights_of_a_run(small_digits: LabelledImages, tmp_path: Path) -> None:
    learn, judge = split_train_validation(small_digits, validation_size=200, seed=0)
    recipe = recipe_from_toml(RECIPE + "ema_decay = 0.9\n")
    run = Trainer(
        build_network(recipe, classes=10), recipe, train=learn, validation=judge, folder=tmp_path
    ).fit()
    network = build_network(recipe, classes=10)
    load_start(tmp_path, network)
    images = torch.from_numpy(judge.images)
    torch.testing.assert_close(compute_logits(network, images), compute_logits(run.network, images))
    short = recipe_from_toml(RECIPE.replace("epochs = 6", "epochs = 1\nlearning_rate = 1e-4"))
    begun = make_model(short, start=tmp_path).fit(learn, judge)
    fresh = make_model(short).fit(learn, judge)
    right = [(model.predict_proba(judge.images).argmax(1) == judge.labels).mean() for model in (begun, fresh)]
    assert right[0] > 0.9 > right[1]


def test_a_network_begins_with_the_weights_of_a_bundle(small_digits: LabelledImages) -> None:
    bundle = load_classifier("latin-mnist")
    learn, judge = split_train_validation(small_digits, validation_size=200, seed=0)
    recipe = recipe_from_toml(
        RECIPE.replace("cnn-nano", "cnn").replace("epochs = 6", "epochs = 1\nlearning_rate = 1e-6")
    )
    begun = make_model(recipe, start=bundle.path).fit(learn, judge)
    said, expected = begun.predict_proba(judge.images).argmax(1), bundle.predict_proba(judge.images).argmax(1)
    assert (said == expected).mean() > 0.95
    with pytest.raises(BundleError, match="another network"):
        make_model(recipe_from_toml(RECIPE), start=bundle.path).fit(learn, judge)


def test_what_can_not_be_started_from_is_told(small_digits: LabelledImages, tmp_path: Path) -> None:
    recipe = recipe_from_toml(RECIPE.replace("epochs = 6", "epochs = 1"))
    with pytest.raises(UsageError, match="holds no run"):
        load_start(tmp_path, build_network(recipe, classes=10))
    learn, judge = split_train_validation(small_digits, validation_size=200, seed=0)
    Trainer(build_network(recipe, classes=10), recipe, train=learn, validation=judge, folder=tmp_path).fit()
    with pytest.raises(UsageError, match="another network"):
        load_start(tmp_path, build_network(recipe, classes=11))
    with pytest.raises(UsageError, match="starts from nothing"):
        make_model("svm", start=tmp_path)


@pytest.mark.parametrize(("none", "share"), [(0.6, TAUGHT), (0.2, 0.0), (0.01, TAUGHT)])
def test_teachers_are_not_heard_of_what_they_never_saw(
    none: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = torch.tensor([[1 - none, *[0.0] * 9, none]])
    monkeypatch.setattr(Teachers, "answer", lambda self, ink: answer)
    teachers = Teachers(["latin"], (*DIGITS, "none"))
    label = F.one_hot(torch.tensor([10]), 11).float()
    torch.testing.assert_close(
        teachers.mix(label, torch.zeros(1, 1, 28, 28)), torch.lerp(label, answer, share)
    )
    digit = F.one_hot(torch.tensor([0]), 11).float()
    torch.testing.assert_close(
        teachers.mix(digit, torch.zeros(1, 1, 28, 28)), torch.lerp(digit, answer, TAUGHT)
    )
