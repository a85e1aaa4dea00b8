"""The sections of a report on pictures with texts.

Owns: what is shown of a reader, and in which words. Leaves to others: the numbers (strings), HTML (report_html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inkdigits.annotate import annotate_page, format_percent
from inkdigits.datasets import DatasetInfo
from inkdigits.errors import InkdigitsError
from inkdigits.evaluation.report_glyphs import describe_data
from inkdigits.evaluation.report_html import (
    Section,
    embed_picture,
    escape,
    list_alternatives,
    make_bars,
    make_card,
    make_cards,
    make_confusion,
    make_table,
    make_tile,
    make_tiles,
    percent,
)
from inkdigits.evaluation.report_shared import say_interval, say_left_out, warn_if_learned
from inkdigits.evaluation.run import PictureResult
from inkdigits.evaluation.strings import Group, PictureEvaluation
from inkdigits.images import load_pages
from inkdigits.types import Reading

MOST_MISTAKES = 200
MOST_LISTED = 2000  # in report.json
SAMPLES = 24
FEW = 30
"""Up to so many pictures are shown large: pages with many numbers can't be read from a thumbnail."""
SIDE_PX, LARGE_PX = 320, 900
MOST_BYTES = 6_000_000
"""Of pictures in the page, which shall stay below 10 MB."""
MOST_ROWS = 24


def make_head(evaluation: PictureEvaluation) -> str:
    """Return the headline figures."""
    total, curve = evaluation.total, evaluation.coverage
    wrong = total.count - total.correct
    lead = (
        f"Of {total.count:,} pictures of {evaluation.name}, the reader with {evaluation.model} reads "
        f"{total.correct:,} exactly and {wrong:,} not."
    )
    if curve is not None:
        lead += say_left_out(curve, count=total.count)
    share = total.correct / total.count
    tiles = [
        make_tile(percent(share), "read exactly", say_interval(total.correct, total.count)),
        make_tile(percent(total.digits_correct / total.count), "all digits right", "whatever stands between them")
        if total.digits_correct != total.correct
        else make_tile(f"{wrong:,}", "not exactly", f"of {total.count:,}"),
        make_tile(percent(total.error_rate), "character error rate",
                  f"{total.edits:,} edits on {total.characters:,} characters"),
        make_tile(percent(evaluation.reliability.error), "calibration error", "of single digits, 15 bins"),
        make_tile(f"{evaluation.timing.latency_ms:.0f} ms", "one picture", "median, from its bytes, one thread"),
        make_tile(f"{evaluation.timing.per_second:,.1f}", "pictures a second", "one after the other"),
    ]  # fmt: skip
    if not total.characters:  # nothing is written: an error rate of characters has no meaning
        del tiles[2:4]
    return f'{warn_if_learned(evaluation.has_learned)}<p class="lead">{escape(lead)}</p>{make_tiles(tiles)}'


def make_groups_section(evaluation: PictureEvaluation) -> Section:
    """Show rates by length and by kind, and what single digits are confused with."""
    lengths = {str(length): group for length, group in evaluation.by_length.items()}
    body = "<h3>By length of the text</h3>" + _make_group_table("characters", lengths)
    body += "<h3>By kind of picture</h3>" + _make_group_table("kind", evaluation.by_kind)
    counted = evaluation.count_confusion()
    if counted is not None:
        names, matrix = counted
        digits = len(names) - 2
        body += (
            '<h3>Confusions</h3><p class="muted">Rows are true digits, columns are answers; pictures in which '
            "nothing (–) or several signs (+) were read stand at the right.</p>"
        ) + make_confusion(matrix[:digits], names[:digits], (*names[:digits], "–", "+"), diagonal=digits)
    return Section("groups", "What is read, and what is not", body)


def make_samples_section(evaluation: PictureEvaluation, *, seed: int = 0) -> Section:
    """Show pictures that were read exactly."""
    right = np.flatnonzero(evaluation.is_exact)
    chosen = np.sort(np.random.default_rng(seed).permutation(right)[:SAMPLES])
    results = [evaluation.results[index] for index in chosen]
    if not results:
        return Section("samples", "Read exactly", "<p>There is none.</p>")
    body, shown = _make_pictures(results, most_bytes=MOST_BYTES // 3)
    return Section(
        "samples", "Read exactly", f'<p class="muted">{shown} of {len(right):,}, drawn at random.</p>{body}'
    )


def make_mistakes_section(evaluation: PictureEvaluation) -> Section:
    """Show pictures that were not read exactly, the surest first."""
    wrong = evaluation.find_mistakes()
    if not wrong:
        return Section("mistakes", "Mistakes", "<p>There is none.</p>")
    body, shown = _make_pictures(wrong[:MOST_MISTAKES], most_bytes=MOST_BYTES)
    told = f"All {shown:,}" if shown == len(wrong) else f"{shown:,} of {len(wrong):,}"
    words = f"<p>{told} pictures that were not read exactly, the surest first.</p>" if len(wrong) > 1 else ""
    return Section("mistakes", "Mistakes", words + body)


def make_data_section(evaluation: PictureEvaluation, info: DatasetInfo | None) -> Section:
    """Show how often each text, or each sign, is written."""
    texts = [result.picture.text for result in evaluation.results]
    is_single = all(len(text) == 1 for text in texts)
    signs = sorted(sign for text in texts for sign in text if not sign.isspace())
    counts = {sign: signs.count(sign) for sign in dict.fromkeys(signs)}
    kinds = {kind: group.count for kind, group in evaluation.by_kind.items()}
    body = describe_data(info) if info else ""
    if counts:
        heading = "Pictures of each digit" if is_single else "How often each sign is written"
        body += f"<h3>{heading}</h3>{make_bars(counts)}"
    return Section("data", "The data", f"{body}<h3>Kinds of pictures</h3>{make_bars(kinds)}")


def collect_details(evaluation: PictureEvaluation) -> dict[str, Any]:
    """Return what the page shows beside the measures, as plain JSON types."""
    return {
        "mistakes": [
            {
                "name": result.picture.name,
                "kind": result.picture.kind,
                "truth": result.picture.text,
                "answer": result.answer,
                "confidence": round(result.confidence, 6),
            }
            for result in evaluation.find_mistakes()[:MOST_LISTED]
        ]
    }


def _make_group_table(name: str, groups: Mapping[str, Group]) -> str:
    rows = [
        (key, f"{g.count:,}", percent(g.correct / g.count, 1), percent(g.error_rate, 1))
        for key, g in list(groups.items())[:MOST_ROWS]
    ]
    return make_table((name, "pictures", "exact", "character errors"), rows)


def _make_pictures(results: Sequence[PictureResult], *, most_bytes: int) -> tuple[str, int]:
    """Return annotated pictures in a grid, and how many fitted."""
    has_pages = any(len(result.picture.text) > 12 for result in results)
    is_large = len(results) <= FEW and has_pages
    cards, total = [], 0
    for result in results:
        card = _make_card(result, side_px=LARGE_PX if is_large else SIDE_PX)
        total += len(card)
        if total > most_bytes:
            break
        cards.append(card)
    return make_cards(cards, size="huge" if is_large else "big"), len(cards)


def _make_card(result: PictureResult, *, side_px: int) -> str:
    picture, reading = result.picture, result.reading
    truth, answer = (text.replace("\n", " / ") for text in (picture.text, result.answer))
    try:
        page = load_pages(picture.data)[0]
        source = embed_picture(annotate_page(page, reading or Reading()), side_px=side_px)
    except InkdigitsError:
        source = "data:,"
    headline = f"{truth or 'nothing'} read as {answer or 'nothing'}"
    if result.is_exact:
        headline = answer or "nothing"
    lines = [
        f"{format_percent(result.confidence)} sure" if answer else "",
        _tell_doubt(reading),
        picture.name,
    ]
    return make_card(
        source,
        headline=headline,
        lines=[line for line in lines if line],
        is_right=result.is_exact,
        name=f"{picture.name}: {truth}",
    )


def _tell_doubt(reading: Reading | None) -> str:
    """Return the alternatives of the least sure digit, or ""."""
    if reading is None:
        return "can't be opened"
    digits = [digit for digit in reading.digits if digit.alternatives]
    if not digits:
        return ""
    least = min(digits, key=lambda digit: digit.confidence)
    others = list_alternatives(least.alternatives)
    return f"or {others} for {least.label}" if others else ""
