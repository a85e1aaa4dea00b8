# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour of InkDigits
#
# From a pile of labelled digits to a model that reads your own handwriting: look at the data, bring them into one
# form, train the tutorials' network and three classical models, judge them, look at their mistakes, and read a
# picture. Everything here is a call of the library; the notebook holds no logic of its own.
#
# It takes about a minute on one processor core. With MNIST on this machine (`inkdigits data fetch mnist`) it takes a
# cut of it; without, the 1,797 digits that scikit-learn carries.

# %%
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from IPython.display import HTML, Image

import inkdigits
from inkdigits.datasets import get_info, is_present, load_dataset, split_train_validation
from inkdigits.training.builtin import load_builtin_recipe, make_recipe
from inkdigits.training.data import draw_subset
from inkdigits.training.device import set_threads
from inkdigits.training.fit import make_model
from inkdigits.training.sources import bring_into_form

FOLDER = Path(tempfile.mkdtemp(prefix="inkdigits-tour-"))
SPLITS = ("mnist", "train") if is_present("mnist") else ("optdigits", "test8x8")
set_threads(1)
print(f"inkdigits {inkdigits.__version__}; data: {'/'.join(SPLITS)}; files go to {FOLDER}")

# %% [markdown]
# ## The data
#
# Digits are `LabelledImages`: pictures `(N, height, width)` of bytes in which **ink is bright**, and labels. Whatever
# a set's own polarity and size are, this is how they come.

# %%
raw = load_dataset(*SPLITS)
print(get_info(SPLITS[0]).title)
print(raw.images.shape, raw.images.dtype, "labels:", raw.labels[:10])

# %%
from inkdigits.evaluation.plots_data import save_class_distribution, save_contact_sheet

save_contact_sheet(raw, FOLDER / "sheet.png", samples=14)
Image(FOLDER / "sheet.png", width=820)

# %%
save_class_distribution(raw, FOLDER / "classes.png")
Image(FOLDER / "classes.png", width=620)

# %% [markdown]
# ## Preprocessing
#
# One normalisation serves training and reading: the glyph's longer side becomes 20 px, its centre of mass the middle
# of a 28x28 square (the red cross). Networks see these pixels; classical models see them flattened to a row of 784
# numbers, or as histograms of oriented gradients (HOG): in each of 7x7 cells, how strong the edges are in each of 12
# directions. Labels become one-hot vectors where a loss wants them.

# %%
from inkdigits.evaluation.plots_features import save_feature_sheet

save_feature_sheet(raw, FOLDER / "features.png", samples=4)
Image(FOLDER / "features.png", width=900)

# %% [markdown]
# Three parts: digits to learn from, digits that judge while we choose, and digits that judge once, at the end.

# %%
forms = bring_into_form(draw_subset(raw, size=min(3000, len(raw)), seed=0))
rest, test = split_train_validation(forms, validation_size=0.2, seed=0)
train, validation = split_train_validation(rest, validation_size=0.15, seed=1)
print(len(train), "to learn from,", len(validation), "for choosing,", len(test), "to judge by")

# %% [markdown]
# ## The tutorials' network
#
# Three convolutions with pooling and two dense layers: `cnn-tutorial`, as a thousand tutorials have it. A **recipe**
# holds everything that decides how a model comes out; `inkdigits train --model cnn-tutorial` does the same.

# %%
recipe = load_builtin_recipe("cnn-tutorial")
recipe = replace(recipe, train=replace(recipe.train, epochs=6))
start = time.perf_counter()
cnn = make_model(recipe, folder=FOLDER / "cnn").fit(train, validation)
seconds = {"cnn-tutorial": time.perf_counter() - start}
print(f"{cnn.parameters:,} weights, {seconds['cnn-tutorial']:.1f} s of training")

# %%
from inkdigits.evaluation.plots_curves import save_learning_curves

save_learning_curves(FOLDER / "cnn" / "log.csv", FOLDER / "curves.png")
Image(FOLDER / "curves.png", width=820)

# %% [markdown]
# ## A support vector machine, a forest, a linear model
#
# All models keep one contract: `fit`, `predict_proba`, `save`.

# %%
models = {"cnn-tutorial": cnn}
for name, features in (("svm", "hog"), ("forest", "raw"), ("logistic", "raw")):
    start = time.perf_counter()
    models[f"{name}-{features}"] = make_model(make_recipe(name, features=features)).fit(train, validation)
    seconds[f"{name}-{features}"] = time.perf_counter() - start

# %% [markdown]
# Each is exported to a **bundle**, one ONNX file with labels and calibration, and judged as such: what is judged is
# what runs.

# %%
from inkdigits import load_classifier
from inkdigits.evaluation.compare import judge_model, summarize
from inkdigits.evaluation.plots_compare import save_comparison
from inkdigits.export.onnx import BundleFacts, export_classifier

rows, bundles = [], {}
for name, model in models.items():
    path = FOLDER / f"{name}.onnx"
    facts = BundleFacts(name, model.labels, temperature=model.temperature, parameters=model.parameters)
    export_classifier(model.network, path, facts, probes=validation.images)
    bundles[name] = load_classifier(path)
    rows.append(
        judge_model(
            bundles[name], test, model=name, seed=0, parameters=model.parameters,
            file_bytes=path.stat().st_size, train_s=seconds[name],
        )
    )  # fmt: skip
save_comparison(
    summarize(rows), FOLDER / "comparison.png", title=f"{len(test)} digits that nobody learned from"
)
Image(FOLDER / "comparison.png")

# %% [markdown]
# ## Judging
#
# Accuracy with its 95 % interval, calibration (does 90 % sure mean right nine times in ten?), and confusions.

# %%
from inkdigits.evaluation.glyphs import evaluate_glyphs
from inkdigits.evaluation.plots_matrix import save_matrix

result = evaluate_glyphs(bundles["cnn-tutorial"], test, model="cnn-tutorial")
low, high = result.scores.interval
print(f"accuracy {result.scores.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%})")
print(f"true class among the best two: {result.scores.top2:.2%}")
print(f"calibration error {result.scores.calibration_error:.2%}; {result.timing.latency_ms:.2f} ms a digit")

# %%
confusion = result.scores.confusion
save_matrix(
    confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1), FOLDER / "confusion.png",
    rows=result.names, columns=result.names, row_title="true digit", column_title="answer",
    title="Answers to each digit, %",
)  # fmt: skip
Image(FOLDER / "confusion.png", width=760)

# %% [markdown]
# ## Mistakes
#
# Numbers say how often, pictures say why. The surest mistakes first.

# %%
from inkdigits.evaluation.plots_data import save_picture_sheet

mistakes = result.find_mistakes()[:16]
names, truth, answers, sure = result.names, result.labels, result.answers, result.confidence
cards = [(f"{names[truth[i]]} read as {names[answers[i]]}, {sure[i]:.0%}", test.images[i]) for i in mistakes]
save_picture_sheet(cards, FOLDER / "mistakes.png", title="True digit and answer")
Image(FOLDER / "mistakes.png", width=900)

# %% [markdown]
# `inkdigits evaluate --report out/` writes all this and more as one page: reliability, risk against coverage, every
# mistake, doubtful labels, a map of the digits.

# %% [markdown]
# ## Your own picture
#
# The shipped reader takes any picture: a photo, a scan, a drawing. Put your own file's name here.

# %%
from inkdigits import Reader
from inkdigits.annotate import annotate_page
from inkdigits.images import load_pages

PICTURE = Path("../examples/amount.jpg")
reader = Reader()
reading = reader.read(PICTURE)
print("read:", reading.text)
annotate_page(load_pages(PICTURE)[0], reading)

# %% [markdown]
# ### Why did it say that?
#
# What the model saw, which ink speaks for its answer (red) and against it (blue), what its layers answer, and which
# training digits look most like it to the model.

# %%
from inkdigits.explaining import explain, load_training_digits
from inkdigits.explaining.plot import save_explanation

explanation = explain(reader, PICTURE, number=1, training=load_training_digits(SPLITS[0]))
save_explanation(explanation, FOLDER / "why.png")
Image(FOLDER / "why.png", width=980)

# %% [markdown]
# ## Tuning
#
# A few trials for the support vector machine's two parameters, judged by cross-validation on part of the training
# digits; test digits are never opened. `inkdigits tune` does it with hundreds of trials, and resumes.

# %%
from inkdigits.evaluation.plots_tune import TrialPoint, save_tuning_history
from inkdigits.training.judge import judge_by_folds
from inkdigits.training.search_space import get_search_space
from inkdigits.training.tune import Tuner, TuneSettings

base = make_recipe("svm", features="hog")
few = draw_subset(train, size=min(500, len(train)), seed=0)
storage = f"sqlite:///{FOLDER / 'study.db'}"
settings = TuneSettings(method="tpe", trials=6, study="tour", storage=storage, pruning="none")
tuned = Tuner(
    base, get_search_space("svm", features="hog"), judge_by_folds(few, folds=3, seed=0), settings
).run()
print(f"best: {tuned.best.accuracy:.2%} with {tuned.best.values}")
points = [TrialPoint(trial.number, trial.accuracy, is_pruned=False) for trial in tuned.trials]
save_tuning_history(points, FOLDER / "tuning.png", title="Six trials")
Image(FOLDER / "tuning.png", width=720)

# %% [markdown]
# ## Save and reload
#
# `save` writes plain arrays, never a pickle that runs code; a bundle needs no training library at all to be read.

# %%
from inkdigits.models.model import load_model

cnn.save(FOLDER / "cnn.npz")
again = load_model(FOLDER / "cnn.npz")
bundle = load_classifier(FOLDER / "cnn-tutorial.onnx")
print("the same answers:", np.allclose(again.predict_proba(test.images), cnn.predict_proba(test.images)))
print(
    "from the bundle: ",
    np.allclose(bundle.predict_proba(test.images), cnn.predict_proba(test.images), atol=1e-4),
)

# %%
own = Reader(FOLDER / "cnn-tutorial.onnx")
HTML(
    f"Our own network reads the picture as <b>{own.read(PICTURE).text}</b>, the shipped one as <b>{reading.text}</b>."
)

# %% [markdown]
# ## From here
#
# - `inkdigits train recipes/latin-cnn.toml` trains the model that ships.
# - `inkdigits robustness` judges models under noise, blur and fog; `inkdigits compare` trains all of them.
# - `inkdigits serve --open` is a page to draw on.
# - `docs/design.md` says why everything is as it is.
