"""What scikit-learn has learned and what our networks compute from it are the same."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from typing import Any, Literal

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from inkdigits.datasets import subset
from inkdigits.errors import MissingExtraError, RecipeError, UsageError
from inkdigits.features import FeatureName, compute_features
from inkdigits.models import get_model_spec, make_estimator
from inkdigits.models.classical import Estimator
from inkdigits.models.model import Model
from inkdigits.models.scorers import ForestScorer, NeighbourScorer, PairScorer, Scorer
from inkdigits.types import LabelledImages


@pytest.fixture(scope="module")
def train(small_digits: LabelledImages) -> LabelledImages:
    return subset(small_digits, np.arange(600))


@pytest.fixture(scope="module")
def others(small_digits: LabelledImages) -> LabelledImages:
    return subset(small_digits, np.arange(600, 1000))


def take_scorer(model: Model) -> Scorer:
    scorer = model.network.scorer
    assert isinstance(scorer, Scorer)
    return scorer


def take_classes(data: LabelledImages, count: int) -> LabelledImages:
    few = subset(data, data.labels < count)
    return LabelledImages(few.images, few.labels, few.label_names[:count])


def as_tensor(data: LabelledImages, features: FeatureName = "raw") -> torch.Tensor:
    return torch.from_numpy(compute_features(data.images, features))


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize(("kernel", "features"), [("rbf", "raw"), ("rbf", "hog"), ("linear", "raw")])
def test_pairs_decide_as_scikit_learn(
    train: LabelledImages,
    others: LabelledImages,
    kernel: Literal["rbf", "linear"],
    features: FeatureName,
    classes: int,
) -> None:
    learn, judge = take_classes(train, classes), take_classes(others, classes)
    model = make_estimator("svm", features=features, kernel=kernel, C=2.0, gamma=0.5).fit(learn)
    oracle = SVC(kernel=kernel, C=2.0, gamma=0.5, decision_function_shape="ovo")
    oracle.fit(compute_features(learn.images, features), learn.labels)
    expected = oracle.decision_function(compute_features(judge.images, features)).reshape(len(judge), -1)
    scorer = take_scorer(model)
    assert isinstance(scorer, PairScorer)
    decisions = scorer.decide(as_tensor(judge, features)).numpy()
    # libsvm's sign is ours; for two classes scikit-learn turns it.
    np.testing.assert_allclose(-decisions if classes == 2 else decisions, expected, atol=1e-4)
    answers = model.predict_proba(judge.images).argmax(1)
    assert (answers == oracle.predict(compute_features(judge.images, features))).mean() > 0.98


@pytest.mark.parametrize("features", ["raw", "hog"])
@pytest.mark.parametrize("options", [{}, {"max_depth": 3, "max_features": 40, "min_samples_leaf": 2}])
def test_the_forest_votes_as_scikit_learn(
    train: LabelledImages, others: LabelledImages, features: FeatureName, options: dict[str, Any]
) -> None:
    model = make_estimator("forest", features=features, n_estimators=30, seed=3, **options).fit(train)
    oracle = RandomForestClassifier(30, random_state=3, **options)
    oracle.fit(compute_features(train.images, features), train.labels)
    scorer = take_scorer(model)
    assert isinstance(scorer, ForestScorer)
    expected = oracle.predict_proba(compute_features(others.images, features))
    np.testing.assert_allclose(scorer.share(as_tensor(others, features)).numpy(), expected, atol=1e-6)


def test_a_forest_of_bare_leaves_still_answers(train: LabelledImages) -> None:
    model = make_estimator("forest", n_estimators=3, min_samples_leaf=600).fit(train)
    assert model.predict_proba(train.images[:4]).shape == (4, 10)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("k", [1, 4])
def test_neighbours_vote_as_in_scikit_learn(
    train: LabelledImages, others: LabelledImages, weights: Literal["uniform", "distance"], k: int
) -> None:
    model = make_estimator("knn", k=k, weights=weights).fit(train)
    oracle = KNeighborsClassifier(k, weights=weights).fit(compute_features(train.images), train.labels)
    scorer = take_scorer(model)
    assert isinstance(scorer, NeighbourScorer)
    expected = oracle.predict_proba(compute_features(others.images))
    np.testing.assert_allclose(scorer.share(as_tensor(others)).numpy(), expected, atol=1e-4)


def test_a_learned_digit_outvotes_its_neighbours(train: LabelledImages) -> None:
    model = make_estimator("knn", k=9).fit(train)
    assert (model.predict_proba(train.images).argmax(1) == train.labels).all()


@pytest.mark.parametrize("classes", [2, 10])
def test_logits_are_those_of_logistic_regression(
    train: LabelledImages, others: LabelledImages, classes: int
) -> None:
    learn, judge = take_classes(train, classes), take_classes(others, classes)
    model = make_estimator("logistic", C=0.01).fit(learn)
    oracle = LogisticRegression(C=0.01, max_iter=200).fit(compute_features(learn.images), learn.labels)
    expected = oracle.predict_proba(compute_features(judge.images))
    np.testing.assert_allclose(model.predict_proba(judge.images), expected, atol=1e-4)


def test_stopping_early_is_no_warning(train: LabelledImages) -> None:
    make_estimator("logistic", max_iter=2).fit(train)


def test_gamma_is_the_features_own_unless_given(train: LabelledImages) -> None:
    given = make_estimator("svm", gamma=0.02).fit(train).predict_proba(train.images[:9])
    own = make_estimator("svm").fit(train).predict_proba(train.images[:9])
    np.testing.assert_array_equal(own, given)


def test_virtual_support_vectors_make_place_matter_less(
    train: LabelledImages, others: LabelledImages
) -> None:
    moved = np.roll(others.images, 2, axis=2)
    plain, virtual = (make_estimator("svm", virtual_shift_px=shift).fit(train) for shift in (0, 2))

    def count_right(model: Model, images: np.ndarray[Any, Any]) -> int:
        return int((model.predict_proba(images).argmax(1) == others.labels).sum())

    assert count_right(virtual, moved) > count_right(plain, moved) + 0.02 * len(others)
    assert count_right(virtual, others.images) > count_right(plain, others.images) - 0.02 * len(others)
    plain_count, virtual_count = (take_scorer(m).state_dict()["support"].shape[1] for m in (plain, virtual))
    assert plain_count < virtual_count <= 5 * plain_count


def test_nothing_but_pixels_can_be_moved() -> None:
    with pytest.raises(RecipeError, match="hog"):
        make_estimator("svm", features="hog", virtual_shift_px=1)


def test_a_class_without_digits_is_told(train: LabelledImages) -> None:
    with pytest.raises(UsageError, match=r"no '7' among"):
        make_estimator("knn").fit(subset(train, train.labels != 7))


def test_nothing_is_answered_before_fit(train: LabelledImages) -> None:
    with pytest.raises(UsageError, match="Call fit first"):
        make_estimator("svm").predict_proba(train.images)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("svm", {"kernel": "poly"}),
        ("svm", {"C": 0}),
        ("svm", {"C": True}),
        ("svm", {"gamma": -1.0}),
        ("svm", {"cache_mb": 0}),
        ("forest", {"n_estimators": 0}),
        ("forest", {"max_depth": -1}),
        ("forest", {"max_features": "all"}),
        ("forest", {"max_features": 0}),
        ("forest", {"min_samples_leaf": 1.5}),
        ("knn", {"k": 0}),
        ("knn", {"weights": "some"}),
        ("logistic", {"C": float("nan")}),
        ("logistic", {"max_iter": "many"}),
        ("logistic", {"seed": -1}),
    ],
)
def test_impossible_options_of_estimators_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(options))):
        make_estimator(name, **options)


def test_options_that_the_digits_refute(train: LabelledImages) -> None:
    with pytest.raises(RecipeError, match="'k' is 601"):
        make_estimator("knn", k=601).fit(train)
    with pytest.raises(RecipeError, match="'max_features' is 785 of 784"):
        make_estimator("forest", max_features=785).fit(train)


def test_unknown_estimators_and_options_get_the_nearest() -> None:
    with pytest.raises(RecipeError, match="Did you mean 'gamma'"):
        make_estimator("svm", gama=1.0)
    with pytest.raises(RecipeError, match="no estimator"):
        make_estimator("cnn")
    with pytest.raises(RecipeError, match="features"):
        make_estimator("svm", features="hogs")  # type: ignore[arg-type]


def test_a_missing_scikit_learn_is_one_clear_sentence(
    train: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[train\]"):
        make_estimator("svm").fit(train)


@pytest.mark.parametrize("name", ["logistic", "svm", "forest", "knn"])
def test_every_option_is_documented(name: str) -> None:
    factory = get_model_spec(name).load_factory()
    documented = inspect.getdoc(Estimator) + "\n" + inspect.getdoc(factory)  # type: ignore[operator]
    for option in dataclasses.fields(factory):  # type: ignore[arg-type]
        assert f"    {option.name}: " in documented, option.name
