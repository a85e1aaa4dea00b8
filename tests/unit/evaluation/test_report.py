"""The report: one page that needs nothing else, and its numbers beside it."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.bundles import load_classifier
from inkdigits.datasets import LabelledPicture, get_info, load_dataset, subset
from inkdigits.errors import DataCorruptError, MissingExtraError, OutputError
from inkdigits.evaluation import report_glyphs, report_pictures
from inkdigits.evaluation.calibration import measure_reliability
from inkdigits.evaluation.coverage import measure_risk_coverage
from inkdigits.evaluation.glyphs import GlyphEvaluation, Timing, evaluate_glyphs
from inkdigits.evaluation.learning import COLUMNS, load_log
from inkdigits.evaluation.metrics import score
from inkdigits.evaluation.plots_report import _spread, _thin, draw_coverage, draw_map
from inkdigits.evaluation.rejection import measure_rejection
from inkdigits.evaluation.report import save_report
from inkdigits.evaluation.run import PictureResult
from inkdigits.evaluation.significance import Items, compare_items
from inkdigits.evaluation.strings import PictureEvaluation
from inkdigits.types import Box, Digit, LabelledImages, Number, Reading

VOID = {"meta", "link", "img", "br", "path", "use", "rect", "circle", "line"}


class Page(HTMLParser):
    """Checks that tags are closed, and collects them with their attributes, and the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data

    def count(self, tag: str, kind: str) -> int:
        return sum(name == tag and kind in (attrs.get("class") or "").split() for name, attrs in self.tags)


def read_page(folder: Path) -> tuple[Page, str]:
    """Read a page and check that it stands for itself."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    tags = Counter(name for name, _ in page.tags)
    assert not tags["script"]
    assert not tags["iframe"]
    assert tags["style"] == 1, "a style of a figure would hold for the whole page"
    for name, attrs in page.tags:
        for key in ("src", "href", "xlink:href"):
            assert (attrs.get(key) or "#").startswith(("#", "data:")), (name, attrs)
    assert "url(http" not in text
    assert "@import" not in text
    anchors = [attrs["id"] for name, attrs in page.tags if name == "section"]
    assert len(set(anchors)) == len(anchors)
    groups = Counter(attrs["id"] for name, attrs in page.tags if name in {"g", "svg"} and "id" in attrs)
    assert not groups, "names must be unique in a page"
    assert "default-src 'none'" in text
    return page, text


def make_evaluation(*, wrong: int = 7, names: tuple[str, ...] = tuple("0123456789")) -> GlyphEvaluation:
    """120 glyphs of random ink, of which some are read as the next class."""
    rng = np.random.default_rng(0)
    count, classes = 120, len(names)
    labels = np.arange(count) % classes
    answers = labels.copy()
    answers[:wrong] = (answers[:wrong] + 1) % classes
    probs = rng.uniform(0, 0.02, (count, classes))
    probs[np.arange(count), answers] = rng.uniform(0.6, 1, count)
    probs = (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
    images = (rng.random((count, 28, 28)) * 255).astype(np.uint8)
    confidence, is_right = probs.max(axis=1), answers == labels
    return GlyphEvaluation(
        model="toy",
        data=LabelledImages(images, labels, names, "mnist/test"),
        forms=images.astype(np.float32) / np.float32(255),
        names=names,
        labels=labels,
        probs=probs,
        scores=score(labels, probs),
        reliability=measure_reliability(confidence, is_right),
        coverage=measure_risk_coverage(confidence, is_right),
        timing=Timing(0.3, 3000),
    )


def write_log(path: Path) -> Path:
    path.write_text(f"{','.join(COLUMNS)}\n1,0.5,0.8,0.3,0.91\n2,0.2,0.9,0.1,0.97\n")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report that has every section."""
    folder = tmp_path_factory.mktemp("whole")
    rejection = measure_rejection(np.linspace(0.5, 1, 50), np.linspace(0, 0.7, 30))
    evaluation = replace(
        make_evaluation(), rejection=rejection, non_digits="hasy-symbols/train", knows_none=True
    )
    other = Items("other", evaluation.items.digest, np.ones(120, np.bool_))
    against = compare_items(evaluation.items, other)
    log = write_log(folder / "log.csv")
    path = save_report(
        evaluation, folder / "out", info=get_info("mnist"), log=log, against=against,
        classifier=load_classifier("latin"),
    )  # fmt: skip
    assert path == folder / "out" / "report.html"
    return folder / "out"


def test_the_page_has_every_section(whole: Path) -> None:
    page, text = read_page(whole)
    anchors = [attrs["id"] for name, attrs in page.tags if name == "section"]
    assert anchors == [
        "against", "classes", "confidence", "learning", "rejection", "mistakes", "mislabelled", "samples", "data",
        "map",
    ]  # fmt: skip
    links = [attrs["href"] for name, attrs in page.tags if name == "a"]
    assert links == [f"#{anchor}" for anchor in anchors]
    assert len(text) < 1_000_000
    for words in (
        "94.17 %",
        "McNemar",
        "All 7 wrong answers",
        "the class for non-digits",
        "2 epochs",
        "CC BY-SA",
    ):
        assert words in page.words, words


def test_cards_tell_right_from_wrong(whole: Path) -> None:
    page, _ = read_page(whole)
    assert page.count("div", "wrong") >= 7
    assert page.count("div", "right") >= 40
    assert page.count("td", "wrong") == 7
    assert page.count("td", "right") == 10


def test_figures_take_their_colours_from_the_page(whole: Path) -> None:
    _, text = read_page(whole)
    assert text.count("<svg") == 8
    assert "#0a0b0" not in text
    assert "DejaVu Sans'" not in text
    assert text.count("prefers-color-scheme: dark") == 1
    used = set(re.findall(r"var\(--([a-z-]+)\)", text))
    defined = set(re.findall(r"--([a-z-]+):", text))
    assert used <= defined


def test_the_numbers_beside_the_page(whole: Path) -> None:
    raw = json.loads((whole / "report.json").read_text(encoding="utf-8"))
    assert (raw["schema"], raw["model"], raw["count"], raw["correct"]) == (1, "toy", 120, 113)
    assert len(raw["mistakes"]) == 7
    first, last = raw["mistakes"][0], raw["mistakes"][-1]
    assert first["confidence"] >= last["confidence"]
    assert first["alternatives"][0]["confidence"] >= first["alternatives"][1]["confidence"]
    assert raw["against"]["only_other_right"] == 7
    assert raw["learning"]["validation_accuracy"] == [0.91, 0.97]
    assert len(raw["map"]["tsne"]) == len(raw["map"]["pca"]) == 120
    assert len(raw["mislabelled"]["joint"]) == 10
    assert set(raw["mislabelled"]["ranking"]) == set(range(7))
    assert raw["model_facts"]["name"] == "latin"
    assert raw["rejection"]["non_digits"] == 30


def test_a_report_without_mistakes_and_extras(tmp_path: Path) -> None:
    save_report(replace(make_evaluation(wrong=0), has_learned=True), tmp_path)
    page, _ = read_page(tmp_path)
    assert "There is none." in page.words
    assert "Nothing was confused." in page.words
    assert "it remembers, not how well it reads" in page.words
    assert "it can't tell which are wrong" in page.words
    assert not any(attrs.get("id") in {"against", "learning", "rejection"} for _, attrs in page.tags)


def test_names_are_text_not_html(tmp_path: Path) -> None:
    names = ("<script>alert(1)</script>", 'a"b', "&lt;", *map(str, range(20)))
    save_report(make_evaluation(names=names), tmp_path)
    page, text = read_page(tmp_path)
    assert "<script>alert(1)" not in text
    assert names[0] in page.words
    assert page.count("table", "wide") == 1


def test_many_mistakes_are_capped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_glyphs, "MOST_MISTAKES", 10)
    save_report(make_evaluation(wrong=60), tmp_path)
    page, _ = read_page(tmp_path)
    assert "10 of 60 wrong answers" in page.words


def test_equal_numbers_make_equal_figures() -> None:
    curve = make_evaluation().coverage
    assert draw_coverage(curve) == draw_coverage(curve)


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        save_report(make_evaluation(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_report(make_evaluation(), tmp_path / "file")


@pytest.mark.parametrize("text", ["", "epoch,loss\n1,2\n", ",".join(COLUMNS) + "\n", "\xff"])
def test_logs_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DataCorruptError, match="log"):
        load_log(tmp_path / "log.csv")


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    length = np.linspace(0, 1, 10_000) ** 0.2
    chosen = _thin(length)
    assert len(chosen) <= 401
    assert (chosen[0], chosen[-1]) == (0, 9999)
    assert np.diff(length[chosen])[length[chosen][1:] < 0.94].max() < 0.05 + length[1]


def test_names_on_maps_do_not_hide_each_other() -> None:
    places = _spread(np.zeros((4, 2)), gap=1.0)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert distance[~np.eye(4, dtype=bool)].min() > 0.9
    assert draw_map(np.zeros((3, 2)), np.array([0, 1, 2]), ["a", "<b>", "c"], title="m").count("halo") == 3


def make_picture(truth: str, answer: str, confidence: float, *, data: bytes | None = None) -> PictureResult:
    stream = io.BytesIO()
    Image.fromarray(np.full((60, 90), 200, np.uint8)).save(stream, "PNG")
    digits = [
        Digit(sign, confidence, Box(5 + 20 * i, 20, 12, 30), (("8", 1 - confidence),))
        for i, sign in enumerate(answer)
    ]
    reading = Reading((Number(tuple(digits)),) if digits else ())
    picture = LabelledPicture(f"{truth}.png", data or stream.getvalue(), truth, "photo")
    return PictureResult(picture, None if data else reading, 0.02)


def test_a_report_on_pictures(tmp_path: Path) -> None:
    results = [
        make_picture("125", "125", 0.99),
        make_picture("125", "725", 0.9),
        make_picture("4\n5", "", 0),
        make_picture("9", "", 0, data=b"no picture"),
    ]
    evaluation = PictureEvaluation(
        "latin", "orand-car-a/all", tuple("0123456789"), results,
        rejection=measure_rejection(np.array([0.9, 0.8]), np.array([0.1])), non_digits="greek-letters",
    )  # fmt: skip
    save_report(evaluation, tmp_path, info=get_info("orand-car-a"))
    page, text = read_page(tmp_path)
    assert "All 3 pictures that were not read exactly" in page.words
    for words in (
        "125 read as 725",
        "or 8\u00a0(10%) for 7",
        "4 / 5 read as nothing",
        "can't be opened",
        "25.00 %",
    ):
        assert words in page.words, words
    assert text.count("data:image/jpeg") == 3
    raw = json.loads((tmp_path / "report.json").read_text())
    assert [mistake["answer"] for mistake in raw["mistakes"]] == ["725", "", ""]


def test_a_report_on_pictures_of_single_digits_and_one_on_symbols(tmp_path: Path) -> None:
    labels = tuple("0123456789")
    single = PictureEvaluation(
        "m", "a/all", labels, [make_picture("1", "1", 0.9), make_picture("7", "1", 0.8)]
    )
    save_report(single, tmp_path / "single")
    page, _ = read_page(tmp_path / "single")
    assert page.count("table", "confusion") == 1
    symbols = PictureEvaluation("m", "b/all", labels, [make_picture("", "", 0), make_picture("", "0", 0.8)])
    save_report(symbols, tmp_path / "symbols")
    page, _ = read_page(tmp_path / "symbols")
    assert "nothing read as 0" in page.words
    assert "character error rate" not in page.words


def test_pictures_in_a_page_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pictures, "MOST_BYTES", 9000)
    results = [make_picture("1", "7", 0.9) for _ in range(30)]
    save_report(PictureEvaluation("m", "a/all", tuple("0123456789"), results), tmp_path)
    page, _ = read_page(tmp_path)
    shown = page.count("div", "card")
    assert 0 < shown < 30
    assert f"{shown} of 30 pictures" in page.words


@pytest.mark.real_data
def test_a_report_on_real_digits(tmp_path: Path) -> None:
    data = load_dataset("mnist", "test")
    classifier = load_classifier("latin")
    evaluation = evaluate_glyphs(classifier, subset(data, np.arange(400)), model="latin", has_learned=False)
    assert evaluation.scores.accuracy > 0.97
    save_report(evaluation, tmp_path, classifier=classifier, info=get_info("mnist"))
    page, text = read_page(tmp_path)
    assert "latin on mnist/test" in page.words
    assert len(text) < 2_000_000
