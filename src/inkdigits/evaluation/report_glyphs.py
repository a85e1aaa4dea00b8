"""The sections of a report on single glyphs.

Owns: what is shown of a classifier, and in which words. Leaves to others: the numbers (glyphs), HTML (report_html).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.annotate import format_percent
from inkdigits.datasets import DatasetInfo
from inkdigits.evaluation.embedding import Embedding
from inkdigits.evaluation.glyphs import GlyphEvaluation
from inkdigits.evaluation.mislabelled import Mislabelled
from inkdigits.evaluation.plots_report import draw_map, pick_colour
from inkdigits.evaluation.report_html import (
    WIDE,
    Section,
    embed_gray,
    escape,
    list_alternatives,
    make_bars,
    make_card,
    make_cards,
    make_confusion,
    make_figures,
    make_legend,
    make_strips,
    make_table,
    make_tile,
    make_tiles,
    percent,
)
from inkdigits.evaluation.report_shared import say_interval, say_left_out, warn_if_learned

MOST_MISTAKES = 300
"""Wrong answers in the page; with more, nobody looks at all of them, and the page grows beyond a mail."""
MOST_LISTED = 2000
"""Wrong answers in report.json."""
MOST_DOUBTFUL = 40
SAMPLES = 60
STRIP = 14  # glyphs of each class that show what the set is
MOST_CLASSES = 30  # with a strip
MOST_CONFUSIONS = 8


def make_head(evaluation: GlyphEvaluation) -> str:
    """Return the headline figures."""
    scores = evaluation.scores
    wrong = scores.count - scores.correct
    lead = (
        f"Of {scores.count:,} images of {evaluation.data.name}, {evaluation.model} reads {scores.correct:,} right "
        f"and {wrong:,} wrong.{say_left_out(evaluation.coverage, count=scores.count)}"
    )
    macro = scores.macro
    tiles = (
        make_tile(percent(scores.accuracy), "accuracy", say_interval(scores.correct, scores.count)),
        make_tile(f"{wrong:,}", "wrong", f"of {scores.count:,}"),
        make_tile(percent(scores.top2), "top 2", "the truth is among the two most probable"),
        make_tile(percent(macro["f1"]), "macro F1",
                  f"precision {percent(macro['precision'])}, recall {percent(macro['recall'])}"),
        make_tile(f"{scores.loss:.4f}", "loss", "cross-entropy, nats"),
        make_tile(percent(scores.calibration_error), "calibration error", "15 bins"),
        make_tile(f"{evaluation.timing.latency_ms:.2f} ms", "one image", "median, one thread"),
        make_tile(f"{evaluation.timing.per_second:,.0f}", "images a second", "many at once, one thread"),
    )  # fmt: skip
    return f'{warn_if_learned(evaluation.has_learned)}<p class="lead">{escape(lead)}</p>{make_tiles(tiles)}'


def make_classes_section(evaluation: GlyphEvaluation) -> Section:
    """Show confusion matrix, most frequent confusions and rates of each class."""
    scores, names = evaluation.scores, evaluation.names
    matrix = make_confusion(scores.confusion, names, names, diagonal=len(names))
    rows = [
        (
            name,
            percent(scores.precision[i]),
            percent(scores.recall[i]),
            percent(scores.f1[i]),
            f"{scores.confusion[i].sum():,}",
        )
        for i, name in enumerate(names)
    ]
    table = make_table(("class", "precision", "recall", "F1", "images"), rows)
    confusions = "; ".join(
        f"{names[i]} as {names[j]} ({count:,})" for i, j, count in list_confusions(scores.confusion)
    )
    told = f"<p>Most frequent: {escape(confusions)}.</p>" if confusions else "<p>Nothing was confused.</p>"
    return Section(
        "classes",
        "What is confused with what",
        f'<div class="{"pair" if len(names) < WIDE else ""}"><div><h3>Answers</h3>'
        f'<p class="muted">Rows are true classes, columns are answers.</p>{matrix}{told}</div>'
        f"<div><h3>Class by class</h3>{table}</div></div>",
    )


def list_confusions(
    confusion: npt.NDArray[np.int64], *, most: int = MOST_CONFUSIONS
) -> list[tuple[int, int, int]]:
    """Return the most frequent confusions, as (true class, answer, count).

    Args:
        confusion: (C, C); rows are true classes.
        most: Most confusions.
    """
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [(int(i) // len(wrong), int(i) % len(wrong)) for i in order]
    return [(i, j, int(wrong[i, j])) for i, j in places if wrong[i, j]]


def make_samples_section(evaluation: GlyphEvaluation, *, seed: int = 0) -> Section:
    """Show random images with their answers."""
    chosen = np.random.default_rng(seed).permutation(len(evaluation.labels))[:SAMPLES]
    cards = [_make_card(evaluation, index) for index in np.sort(chosen)]
    words = f'<p class="muted">{len(cards)} images drawn at random; right ones green, wrong ones red.</p>'
    return Section("samples", "Samples", words + make_cards(cards, size="small"))


def make_mistakes_section(evaluation: GlyphEvaluation) -> Section:
    """Show wrong answers, the surest first."""
    wrong = evaluation.find_mistakes()
    if not len(wrong):
        return Section("mistakes", "Mistakes", "<p>There is none.</p>")
    shown = wrong[:MOST_MISTAKES]
    told = f"All {len(wrong):,}" if len(shown) == len(wrong) else f"{len(shown):,} of {len(wrong):,}"
    words = f"<p>{told} wrong answers, the surest first.</p>" if len(wrong) > 1 else ""
    return Section("mistakes", "Mistakes", words + make_cards([_make_card(evaluation, i) for i in shown]))


def make_mislabelled_section(evaluation: GlyphEvaluation, ranked: Mislabelled | None) -> Section:
    """Show images whose label is probably wrong."""
    title = "Probably mislabelled"
    if ranked is None:
        words = "The model has learned these labels, wrong ones too: it can't tell which are wrong."
        return Section("mislabelled", title, f"<p>{words}</p>")
    shown = choose_doubtful(evaluation, ranked)
    suspects, expected = int(ranked.is_suspect.sum()), round(ranked.expected_count)
    words = (
        f"Confident learning (Northcutt et al. 2021) expects about {expected:,} wrong "
        f"{'label' if expected == 1 else 'labels'}: {suspects:,} {'image is' if suspects == 1 else 'images are'} "
        "as surely of another class as that class's own images are (“suspect”). Others that the model doesn't "
        "believe follow by margin: the probability of the label less that of the answer. A person must decide."
    )
    if evaluation.has_learned is None:
        words += " This holds only if the model has not learned from these images."
    cards = [
        make_card(
            embed_gray(evaluation.data.images[i]),
            headline=f"{evaluation.names[evaluation.labels[i]]}, or {evaluation.names[evaluation.answers[i]]}?",
            lines=(("suspect" if ranked.is_suspect[i] else f"margin {ranked.margin[i]:.2f}"), f"image {i}"),
            is_right=None,
            name=f"image {i}",
            is_ink=True,
        )
        for i in shown
    ]
    return Section("mislabelled", title, f"<p>{escape(words)}</p>{make_cards(cards)}")


def choose_doubtful(evaluation: GlyphEvaluation, ranked: Mislabelled) -> npt.NDArray[np.int64]:
    """Return the positions of the most doubtful labels: suspects, and others that the model doesn't believe."""
    is_doubtful = ranked.is_suspect | (evaluation.answers != evaluation.labels)
    order: npt.NDArray[np.int64] = ranked.ranking[is_doubtful[ranked.ranking]]
    return order[:MOST_DOUBTFUL]


def make_data_section(evaluation: GlyphEvaluation, info: DatasetInfo | None, *, seed: int = 0) -> Section:
    """Show how many images each class has, and some of them."""
    data, rng = evaluation.data, np.random.default_rng(seed)
    counts = {name: int((data.labels == i).sum()) for i, name in enumerate(data.label_names)}
    strips = {}
    for i, name in enumerate(data.label_names[:MOST_CLASSES]):
        own = rng.permutation(np.flatnonzero(data.labels == i))[:STRIP]
        if len(own):
            strips[name] = [embed_gray(data.images[index]) for index in np.sort(own)]
    words = describe_data(info) if info else ""
    return Section(
        "data", "The data", f"{words}<h3>Images of each class</h3>{make_bars(counts)}<h3>Some of each class</h3>"
        f"{make_strips(strips)}",
    )  # fmt: skip


def describe_data(info: DatasetInfo) -> str:
    """Return what is known of a data set, as HTML."""
    facts = [info.title, f"Licence: {info.licence}"]
    if info.citation:
        facts.append(info.citation)
    doubt = f"<p><b>Doubts:</b> {escape(info.doubt)}</p>" if info.doubt else ""
    return f"<p>{escape('. '.join(facts))}.</p>{doubt}"


def make_map_section(evaluation: GlyphEvaluation, embedding: Embedding) -> Section:
    """Show which images look alike."""
    labels, names = evaluation.labels[embedding.indices], evaluation.names
    share = percent(embedding.explained, 0)
    figures = [
        (draw_map(embedding.pca, labels, names, title="Map by principal components"),
         f"Principal components: the two directions in which images differ most; they hold {share} of it.")
    ]  # fmt: skip
    if embedding.tsne is not None:
        figures.append(
            (draw_map(embedding.tsne, labels, names, title="Map by t-SNE"),
             "t-SNE: neighbours stay neighbours; distances between heaps mean little.")
        )  # fmt: skip
    words = (
        f"{len(labels):,} images, as the model gets them, coloured by their label. A point in a heap of another "
        "colour looks like that class."
    )
    colours = {names[label]: pick_colour(int(label)) for label in np.unique(labels)}
    body = f"<p>{escape(words)}</p>{make_legend(colours)}{make_figures(*figures)}"
    return Section("map", "Which images look alike", body)


def collect_details(
    evaluation: GlyphEvaluation, ranked: Mislabelled | None, embedding: Embedding | None
) -> dict[str, Any]:
    """Return what the page shows beside the measures, as plain JSON types."""
    wrong, answers, confidence = evaluation.find_mistakes(), evaluation.answers, evaluation.confidence
    mistakes = [
        {
            "index": int(i),
            "truth": evaluation.names[evaluation.labels[i]],
            "answer": evaluation.names[answers[i]],
            "confidence": round(float(confidence[i]), 6),
            "alternatives": [{"label": a, "confidence": round(p, 6)} for a, p in _rank(evaluation, i)[1:4]],
        }
        for i in wrong[:MOST_LISTED]
    ]
    details: dict[str, Any] = {"mistakes": mistakes}
    if ranked is not None:
        details["mislabelled"] = {
            "expected_count": ranked.expected_count,
            "joint": np.round(ranked.joint, 8).tolist(),
            "suspects": int(ranked.is_suspect.sum()),
            "ranking": choose_doubtful(evaluation, ranked).tolist(),
        }
    if embedding is not None:
        tsne = None if embedding.tsne is None else np.round(embedding.tsne, 2).tolist()
        details["map"] = {
            "indices": embedding.indices.tolist(),
            "pca": np.round(embedding.pca, 3).tolist(),
            "pca_explained": embedding.explained,
            "tsne": tsne,
        }
    return details


def _rank(evaluation: GlyphEvaluation, index: int) -> list[tuple[str, float]]:
    probs = evaluation.probs[index]
    return [(evaluation.names[i], float(probs[i])) for i in np.argsort(-probs, kind="stable")]


def _make_card(evaluation: GlyphEvaluation, index: int) -> str:
    truth = evaluation.names[evaluation.labels[index]]
    (answer, confidence), *others = _rank(evaluation, index)
    is_right = answer == truth
    lines = [format_percent(confidence) + " sure"]
    if not is_right:
        alternatives = list_alternatives(others)
        lines += [f"or {alternatives}" if alternatives else "", f"image {index}"]
    return make_card(
        embed_gray(evaluation.data.images[index]),
        headline=answer if is_right else f"{truth} read as {answer}",
        lines=[line for line in lines if line],
        is_right=is_right,
        name=f"image {index}",
        is_ink=True,
    )
