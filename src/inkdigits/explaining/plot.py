"""An explanation as one picture: the page, what the model saw and answered, which ink mattered, what is like it.

Owns: drawing it with Matplotlib, imported where it is used. Leaves to others: what is said (explain).
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.annotate import format_percent
from inkdigits.bundles.layers import LayerOutput
from inkdigits.errors import MissingExtraError
from inkdigits.explaining.explain import NEIGHBOURS, DigitExplanation, Explanation
from inkdigits.explaining.nearest import Neighbour
from inkdigits.files import replacing
from inkdigits.images import Page
from inkdigits.types import Box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_INK, _MUTED, _FAINT = "#1b1b1b", "#5f6368", "#d5d8dc"
_OWN, _OTHER, _NONE = "#3b6ea5", "#c9ced6", "#8a8f98"
_RIGHT, _WRONG = "#009e73", "#d55e00"  # Okabe and Ito's, told apart with any kind of colour vision
_WIDTH_IN, _BLOCK_IN, _HEAD_IN = 13.0, 5.6, 0.6
_DPI: Final = 110
_MOST_LAYERS, _MAPS = 4, 10
_AROUND: Final = 5.0
"""Of a large page a part is shown that is so many digit heights wide."""
_TALL: Final = 0.2  # digits lower than this part of the page are shown on a part of it
_DIFFERS: Final = 0.005
_TINY: Final = 0.0005  # bars of less than a twentieth of a per cent get no figure


def save_explanation(explanation: Explanation, path: str | os.PathLike[str]) -> None:
    """Draw an explanation, one block for each digit, as a PNG file.

    Args:
        explanation: What to draw.
        path: Where to write; missing folders are made.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
        OutputError: If the file can't be written.
    """
    figure = make_figure(_WIDTH_IN, _HEAD_IN + _BLOCK_IN * len(explanation.digits))
    heights = [_HEAD_IN, *[_BLOCK_IN] * len(explanation.digits)]
    parts = np.atleast_1d(np.asarray(figure.subfigures(len(heights), 1, height_ratios=heights)))
    name = Path(explanation.reading.source).name or "picture"
    text = " / ".join(explanation.reading.text.splitlines())
    parts[0].text(0.012, 0.5, f"{name}: read as {_shorten(text)}", fontsize=16, color=_INK, va="center")
    for part, digit in zip(parts[1:], explanation.digits, strict=True):
        _draw_digit(part, digit, explanation)
    with replacing(path) as target:
        # Without a version in it, the same explanation gives the same bytes.
        figure.savefig(target, format="png", facecolor="white", metadata={"Software": None})


def make_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that needs no display.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    return Figure(figsize=(width_inches, height_inches), dpi=_DPI, layout="constrained")


def _draw_digit(part: SubFigure, told: DigitExplanation, explanation: Explanation) -> None:
    """Draw one digit: in the upper row page, form, saliency and bars; below layers and neighbours."""
    others = ", ".join(
        f"{label} ({format_percent(p)})" for label, p in told.digit.alternatives[:2] if p >= 0.005
    )
    head = f"Digit {told.number}: {told.digit.label}, {format_percent(told.digit.confidence)} sure"
    part.suptitle(f"{head}; or {others}" if others else head, fontsize=12, color=_INK, x=0.012, ha="left")
    rows = part.add_gridspec(2, 1, height_ratios=[1.0, 1.0])
    upper = rows[0].subgridspec(1, 4, width_ratios=[1.5, 1, 1.25, 1.6], wspace=0.05)
    _draw_page(part.add_subplot(upper[0]), explanation.pages[told.page], told, explanation)
    _draw_form(part.add_subplot(upper[1]), told)
    _draw_saliency(part, part.add_subplot(upper[2]), told)
    _draw_bars(part.add_subplot(upper[3]), told)
    lower = rows[1].subgridspec(1, 2, width_ratios=[1, 1], wspace=0.06)
    _draw_layers(part.add_subplot(lower[0]), told, explanation)
    _draw_neighbours(part.add_subplot(lower[1]), told, explanation)


def _draw_page(axes: Axes, page: Page, told: DigitExplanation, explanation: Explanation) -> None:
    from matplotlib.patches import Rectangle

    left, top, right, bottom = _choose_part(page, told.digit.box)
    axes.imshow(page.rgb[top:bottom, left:right], extent=(left, right, bottom, top), interpolation="nearest")
    for number in explanation.reading.numbers:
        for digit in number.digits:
            is_own = digit is told.digit
            if number.page != told.page:
                continue
            box = digit.box
            frame = Rectangle(
                (box.x, box.y), box.width, box.height, fill=False,
                edgecolor=_WRONG if is_own else _MUTED, linewidth=2 if is_own else 0.8,
                zorder=3 if is_own else 2,
            )  # fmt: skip
            axes.add_patch(frame)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    is_part = (right - left, bottom - top) != page.size[::-1]
    _frame(axes, f"On the page{' (part of it)' if is_part else ''}", has_border=True)


def _choose_part(page: Page, box: Box) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what is shown: the whole page, or the surroundings of a small digit."""
    height, width = page.size
    side = max(box.width, box.height)
    if side >= _TALL * max(height, width):
        return 0, 0, width, height
    reach_x, reach_y = round(_AROUND * side / 2), round(0.75 * _AROUND * side / 2)
    x, y = (round(value) for value in box.center)
    left, top = max(0, min(x - reach_x, width - 2 * reach_x)), max(0, min(y - reach_y, height - 2 * reach_y))
    return left, top, min(width, left + 2 * reach_x), min(height, top + 2 * reach_y)


def _draw_form(axes: Axes, told: DigitExplanation) -> None:
    axes.imshow(1 - told.form, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _frame(axes, "What the model saw, 28x28", has_border=True)


def _draw_saliency(part: SubFigure, axes: Axes, told: DigitExplanation) -> None:
    """Draw the form in grey with colour where ink matters."""
    most = max(float(np.abs(told.saliency).max()), 1e-6)
    axes.imshow(1 - 0.25 * told.form, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    shown = axes.imshow(
        told.saliency, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest",
        alpha=np.clip(2 * told.form, 0, 1),
    )  # fmt: skip
    _frame(axes, f"Ink for and against {told.digit.label}", has_border=True)
    bar = part.colorbar(shown, ax=axes, shrink=0.85, pad=0.02, aspect=18)
    bar.set_ticks([-most, 0, most], labels=["against", "0", f"for {told.digit.label}"])
    bar.ax.tick_params(labelsize=8, colors=_MUTED, length=0)
    bar.outline.set_visible(False)


def _draw_bars(axes: Axes, told: DigitExplanation) -> None:
    names, values = list(told.probabilities), list(told.probabilities.values())
    colours = [_OWN if name == told.digit.label else _NONE if name == "none" else _OTHER for name in names]
    places = list(range(len(names)))
    axes.barh(places, values, color=colours, height=0.72)
    alone = [told.classifier_probs.get(name, 0.0) for name in names]
    differs = max(abs(a - b) for a, b in zip(alone, values, strict=True)) > _DIFFERS
    if differs:
        seen = [(p, place) for p, place in zip(alone, places, strict=True) if p > _DIFFERS]
        axes.scatter(
            [p for p, _ in seen], [place for _, place in seen], marker="|", s=70, color=_INK, linewidth=1.4,
            zorder=3, label="the classifier alone; bars: with the detector",
        )  # fmt: skip
        axes.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.07),
                    labelcolor=_MUTED, handletextpad=0.2)  # fmt: skip
    for place, value, other in zip(places, values, alone, strict=True):
        if value >= _TINY:
            text = format_percent(value) if value >= 0.01 else f"{100 * value:.1f}%"
            right = max(value, other if differs else 0.0)
            axes.text(min(right, 1) + 0.015, place, text, fontsize=8, color=_MUTED, va="center")
    axes.set_yticks(places, names, fontsize=9, color=_INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1.13)
    axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"], fontsize=8, color=_MUTED)
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(_FAINT)
    axes.set_title("How probable each answer is", fontsize=10, color=_INK)


def _draw_layers(axes: Axes, told: DigitExplanation, explanation: Explanation) -> None:
    """Draw the liveliest maps of some layers, one row for each layer."""
    layers = _choose_layers(told.layers)
    _frame(axes, "What the layers answer: their liveliest maps" if layers else "What the layers answer")
    if not layers:
        _tell(axes, explanation.notes.get("layers", "This model has no layers to look into."))
        return
    side, gap = 56, 5
    strips = [_make_strip(layer, side=side, gap=gap) for layer in layers]
    width = max(strip.shape[1] for strip in strips)
    blank = np.nan  # is not painted
    picture = np.concatenate(
        [np.pad(s, ((0, 0), (0, width - s.shape[1])), constant_values=blank) for s in strips]
    )
    axes.imshow(picture, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    for row, layer in enumerate(layers):
        shape = "x".join(map(str, layer.values.shape[1:]))
        count = f"{len(layer.values)} maps\n{shape}" if shape else f"{len(layer.values)} units"
        axes.text(-8, row * (side + gap) + side / 2, count, fontsize=8, color=_MUTED, ha="right", va="center")


def _choose_layers(layers: tuple[LayerOutput, ...]) -> list[LayerOutput]:
    if len(layers) <= _MOST_LAYERS:
        return list(layers)
    chosen = np.linspace(0, len(layers) - 1, _MOST_LAYERS).round().astype(int)
    return [layers[index] for index in chosen]


def _make_strip(layer: LayerOutput, *, side: int, gap: int) -> npt.NDArray[np.float32]:
    """Put the maps that vary most side by side, each from 0 to its own largest value; a gap stays between them.

    A map that is strong everywhere says less about this digit than one that is strong in some places.
    """
    if layer.values.ndim == 1:
        return _make_unit_strip(layer.values, side=side, gap=gap)
    liveliest = np.argsort(-layer.values.std(axis=(1, 2)), kind="stable")[:_MAPS]
    tiles = [_enlarge(_to_share(layer.values[i]), side, side) for i in liveliest]
    return np.concatenate([_add_gap(tile, gap) for tile in tiles], axis=1)


def _make_unit_strip(values: npt.NDArray[np.float32], *, side: int, gap: int) -> npt.NDArray[np.float32]:
    """Draw units as one row of cells, as wide as a row of maps."""
    width = _MAPS * (side + gap) - gap
    return _add_gap(_enlarge(_to_share(values)[None], width, side), gap)


def _enlarge(values: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    large = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST)
    return large.astype(np.float32, copy=False)


def _to_share(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shares: npt.NDArray[np.float32] = np.clip(values / max(float(values.max(initial=0)), 1e-6), 0, 1)
    return shares


def _add_gap(tile: npt.NDArray[np.float32], gap: int) -> npt.NDArray[np.float32]:
    """Add columns and rows that are not painted; on the tile's border runs a faint line."""
    framed = tile.copy()
    for border in (framed[0], framed[-1], framed[:, 0], framed[:, -1]):
        np.maximum(border, 0.18, out=border)
    padded: npt.NDArray[np.float32] = np.pad(framed, ((0, gap), (0, gap)), constant_values=np.nan)
    return padded


def _draw_neighbours(axes: Axes, told: DigitExplanation, explanation: Explanation) -> None:
    """Draw the training digits most like this one, and those of the best alternative."""
    _frame(axes, f"Most alike in {explanation.data}" if told.nearest else "Most alike among training digits")
    if not told.nearest:
        _tell(axes, explanation.notes.get("data", "No digits to compare with."))
        return
    rows = [("all", told.nearest)]
    if told.nearest_other:
        rows.append((f"only\n{told.nearest_other[0].label}s", told.nearest_other))
    side, gap, line = 28, 3, 9
    for row, (_, neighbours) in enumerate(rows):
        top = row * (side + line + gap)
        for column, neighbour in enumerate(neighbours):
            _draw_neighbour(axes, neighbour, column * (side + gap), top, own=told.digit.label)
    for row, (name, _) in enumerate(rows):
        axes.text(
            -4, row * (side + line + gap) + side / 2, name, fontsize=8, color=_MUTED, ha="right", va="center"
        )
    axes.set_xlim(-1, NEIGHBOURS * (side + gap) - gap + 1)
    axes.set_ylim(len(rows) * (side + line + gap) - gap, -1)
    axes.set_aspect("equal")


def _draw_neighbour(axes: Axes, neighbour: Neighbour, left: int, top: int, *, own: str) -> None:
    side = neighbour.form.shape[0]
    axes.imshow(
        255 - neighbour.form, cmap="gray", vmin=0, vmax=255, interpolation="nearest",
        extent=(left, left + side, top + side, top),
    )  # fmt: skip
    colour = _RIGHT if neighbour.label == own else _WRONG
    text = f"{neighbour.label}  {neighbour.similarity:.2f}"
    axes.text(left + side / 2, top + side + 1, text, fontsize=8.5, color=colour, ha="center", va="top")


def _tell(axes: Axes, text: str) -> None:
    wrapped = textwrap.fill(text, 56)
    axes.text(0.5, 0.6, wrapped, transform=axes.transAxes, fontsize=9, color=_MUTED, ha="center", va="center")


def _frame(axes: Axes, title: str, *, has_border: bool = False) -> None:
    axes.set_title(title, fontsize=10, color=_INK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_anchor("N")
    axes.spines[:].set_visible(has_border)
    axes.spines[:].set_color(_FAINT)


def _shorten(text: str, *, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
