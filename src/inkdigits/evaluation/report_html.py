"""The parts of which a report's page is made: tiles, tables, bars, cards, and the page around them.

Owns: HTML, and pictures inside it. Leaves to others: what is said (report_glyphs, report_pictures), the style.

Nothing is fetched and nothing runs: the page forbids both to itself, so that it can be mailed and kept.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from inkdigits.annotate import format_percent
from inkdigits.evaluation.report_style import STYLE
from inkdigits.types import Gray

JPEG_QUALITY = 82
"""Letters in annotated pictures stay clean at it, in a third of PNG's bytes."""
WIDE = 13
"""Classes from which on a confusion matrix is wider than a telephone, and is scrolled."""


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes:
        anchor: Its address in the page.
        title: Its heading, also in the list of contents.
        body: HTML.
    """

    anchor: str
    title: str
    body: str


def escape(text: object) -> str:
    """Return anything as text that HTML takes literally."""
    return html.escape(str(text))


def percent(share: float, digits: int = 2) -> str:
    """Return a share such as "99.60 %".

    Args:
        share: In [0, 1].
        digits: After the point.
    """
    return f"{100 * share:.{digits}f} %"


def make_tile(value: str, name: str, note: str = "") -> str:
    """Return one headline figure.

    Args:
        value: Such as "99.60 %".
        name: What it is.
        note: What it means, in a few words.
    """
    small = f"<small>{escape(note)}</small>" if note else ""
    return f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span>{small}</div>'


def make_tiles(tiles: Sequence[str]) -> str:
    """Return headline figures in full rows.

    Args:
        tiles: By `make_tile`.
    """
    columns = 4 if len(tiles) % 4 == 0 else 3
    return f'<div class="tiles" style="--columns:{columns}">{"".join(tiles)}</div>'


def make_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table whose first column names its rows.

    Args:
        headings: Of the columns.
        rows: Cells, already in their form.
    """
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def make_confusion(
    matrix: npt.NDArray[np.int64], rows: Sequence[str], columns: Sequence[str], *, diagonal: int
) -> str:
    """Return a confusion matrix: right answers green, wrong ones the redder the more of them.

    Args:
        matrix: (R, C) counts; rows are true classes.
        rows: Names of the true classes.
        columns: Names of the answers.
        diagonal: So many first rows and columns are the same classes.
    """
    is_right = np.eye(*matrix.shape, dtype=np.bool_)
    is_right[diagonal:] = False
    most_wrong = max(1, int(matrix[~is_right].max(initial=0)))
    most_right = max(1, int(matrix[is_right].max(initial=0)))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = ""
    for i, row in enumerate(rows):
        cells = ""
        for j, column in enumerate(columns):
            count = int(matrix[i, j])
            kind = "right" if is_right[i, j] else "wrong" if count else "zero"
            share = np.log1p(count) / np.log1p(most_right if is_right[i, j] else most_wrong)
            title = f"{row} read as {column}: {count:,}"
            cells += f'<td class="{kind}" style="--share:{share:.2f}" title="{escape(title)}">{count}</td>'
        body += f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>'
    wide = " wide" if len(columns) >= WIDE else ""
    return (
        f'<div class="scroll"><table class="confusion{wide}"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def make_bars(counts: Mapping[str, int]) -> str:
    """Return counts as bars, in the given order."""
    most = max(counts.values(), default=1)
    rows = "".join(
        f'<b>{escape(name)}</b><div class="bar"><i style="width:{82 * count / most:.1f}%"></i>'
        f"<span>{count:,}</span></div>"
        for name, count in counts.items()
    )
    return f'<div class="bars">{rows}</div>'


def make_legend(colours: Mapping[str, str]) -> str:
    """Return which colour is which class.

    Args:
        colours: Name -> colour.
    """
    chips = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in colours.items()
    )
    return f'<div class="legend">{chips}</div>'


def make_figures(*figures: tuple[str, str]) -> str:
    """Return figures side by side where there is room.

    Args:
        figures: (SVG, caption).
    """
    parts = (f"<figure>{svg}<figcaption>{escape(text)}</figcaption></figure>" for svg, text in figures)
    return f'<div class="figures">{"".join(parts)}</div>'


def make_card(
    source: str,
    *,
    headline: str,
    lines: Sequence[str],
    is_right: bool | None,
    name: str,
    is_ink: bool = False,
) -> str:
    """Return one picture with what was read.

    Args:
        source: Address of the picture, by `embed_gray` or `embed_picture`.
        headline: Such as "7 read as 1".
        lines: Small lines below.
        is_right: Green if True, red if False, neither if None.
        name: The picture, for those who can't see it.
        is_ink: True for dark ink on white, which becomes light on black in the dark.
    """
    kind = {True: " right", False: " wrong", None: ""}[is_right]
    small = "".join(f"<small>{escape(line)}</small>" for line in lines)
    ink = ' class="ink"' if is_ink else ""
    return (
        f'<div class="card{kind}"><img{ink} src="{source}" alt="{escape(name)}" loading="lazy">'
        f"<div><b>{escape(headline)}</b>{small}</div></div>"
    )


def make_cards(cards: Sequence[str], *, size: str = "") -> str:
    """Return cards in a grid.

    Args:
        cards: By `make_card`.
        size: "" or "small" for glyphs, "big" or "huge" for pictures.
    """
    return f'<div class="cards {size}">{"".join(cards)}</div>'


def make_strips(strips: Mapping[str, Sequence[str]]) -> str:
    """Return rows of small glyphs, each with its name.

    Args:
        strips: Name -> addresses by `embed_gray`.
    """
    rows = "".join(
        f"<b>{escape(name)}</b><div>"
        + "".join(
            f'<img class="ink" src="{source}" alt="{escape(name)}" loading="lazy">' for source in sources
        )
        + "</div>"
        for name, sources in strips.items()
    )
    return f'<div class="strips">{rows}</div>'


def embed_gray(image: Gray) -> str:
    """Return a glyph as an address that holds it: dark ink on white.

    Args:
        image: (H, W) uint8, ink bright.
    """
    data = cv2.imencode(".png", 255 - image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"


def embed_picture(picture: Image.Image, *, side_px: int) -> str:
    """Return a picture as an address that holds it, reduced if it is large.

    Args:
        picture: Any picture.
        side_px: Most pixels of its longer side.
    """
    small = picture.convert("RGB")
    small.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def list_alternatives(ranked: Sequence[tuple[str, float]], *, most: int = 3) -> str:
    """Return other labels with their probabilities, such as "4 (31%), 1 (2%)"; "" if there is none worth a word.

    Args:
        ranked: (label, probability), best first.
        most: Most labels.
    """
    told = [(label, share) for label, share in ranked[:most] if share >= 0.005]  # less rounds to 0 %
    return ", ".join(
        f"{label}\u00a0({format_percent(share)})" for label, share in told
    )  # lines don't break there


def make_page(*, title: str, head: str, sections: Sequence[Section], footer: str) -> str:
    """Return a whole page.

    Args:
        title: Of the page.
        head: HTML below the title.
        sections: In their order.
        footer: HTML.
    """
    contents = "".join(f'<a href="#{part.anchor}">{escape(part.title)}</a>' for part in sections)
    body = "".join(
        f'<section id="{part.anchor}"><h2>{escape(part.title)}</h2>{part.body}</section>' for part in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style></head>\n'
        f"<body><header><h1>{escape(title)}</h1>{head}<nav>{contents}</nav></header>\n"
        f"<main>{body}</main>\n<footer>{footer}</footer></body></html>\n"
    )
