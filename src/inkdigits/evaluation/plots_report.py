"""The figures of a report, as SVG that stands in its page: colours come from the page, light or dark.

Owns: drawing with Matplotlib, imported where it is used. Leaves to others: the numbers, the page.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from inkdigits.errors import MissingExtraError
from inkdigits.evaluation.calibration import Reliability
from inkdigits.evaluation.coverage import RiskCoverage
from inkdigits.evaluation.metrics import wilson_interval
from inkdigits.evaluation.rejection import Rejection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins: Matplotlib writes them, and `_to_svg` puts the page's CSS variables in their place.
_INK, _MUTED, _GRID, _FIRST, _SECOND = "#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04", "#0a0b05"
_VARIABLES = {_INK: "ink", _MUTED: "muted", _GRID: "line", _FIRST: "first", _SECOND: "second"}
CLASS_COLOURS = (
    "#3b82d6", "#e07b1a", "#2e9e57", "#d3413f", "#9563c9", "#a06a4d", "#d75fae", "#8a8f98", "#a8a51d", "#1aa7b8",
)  # fmt: skip
"""Ten hues in the order of Matplotlib's "tab10", each readable on white and on dark grey; they repeat."""
SIZE_IN = (4.4, 3.5)
"""422 x 336 px: about as wide as a telephone, so that letters keep their size there."""
_QUIET = 0.05  # of the risk of all answers; what is below is not worth showing
_HEAP, _LETTER = 0.06, 0.07  # of the map's span: a neighbourhood, and the room that a class's name needs
_MOST_POINTS = 400  # of a curve; more would be drawn on the same pixels
Points = npt.NDArray[np.float64]


def check_drawing() -> None:
    """Tell before the work whether figures can be drawn.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    _make_figure()


def draw_reliability(reliability: Reliability) -> str:
    """Draw accuracy against confidence with the diagonal, and how many answers each bin holds.

    Args:
        reliability: With at least one answer.

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    from matplotlib.ticker import FuncFormatter

    figure = _make_figure()
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    filled = np.flatnonzero(reliability.count)
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--")
    x, y, counted = (
        values[filled] for values in (reliability.confidence, reliability.accuracy, reliability.count)
    )
    bounds = np.array([wilson_interval(round(a * n), int(n)) for a, n in zip(y, counted, strict=True)])
    axes.errorbar(
        x,
        y,
        np.abs(bounds.T - y),
        color=_FIRST,
        fmt="o-",
        markersize=4,
        linewidth=1.5,
        elinewidth=1,
        clip_on=False,
    )
    axes.set_ylim(0, 1)
    middles = (reliability.edges[:-1] + reliability.edges[1:]) / 2
    counts.bar(middles[filled], reliability.count[filled], width=0.9 / len(middles), color=_MUTED)
    counts.set_yscale("log")
    counts.set_ylim(bottom=0.7)
    counts.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    counts.minorticks_off()
    counts.set_xlim(0, 1)
    _label(axes, x="", y="accuracy", is_percent="y")
    _label(counts, x="confidence", y="answers", is_percent="x")
    return _to_svg(figure, "Reliability: accuracy against confidence")


def draw_coverage(curve: RiskCoverage) -> str:
    """Draw the share of wrong answers against the share of answers that are taken.

    Args:
        curve: The curve.

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    figure = _make_figure()
    axes = figure.add_subplot()
    chosen = _thin(curve.coverage)
    axes.plot(curve.coverage[chosen], curve.risk[chosen], color=_FIRST, linewidth=1.8)
    axes.fill_between(curve.coverage[chosen], curve.risk[chosen], color=_FIRST, alpha=0.15)
    # Where the first wrong answers come late, the curve would be a corner: it begins shortly before them.
    quiet = [start for start in (0.5, 0.8, 0.9, 0.95) if curve.find_risk(start) <= _QUIET * curve.risk[-1]]
    first = max(quiet, default=0.0)
    axes.set_xlim(first, 1)
    axes.set_xticks(np.linspace(first, 1, 6))
    axes.set_ylim(bottom=0)
    _label(axes, x="share of answers that are taken, the surest first", y="wrong among them", is_percent="xy")
    return _to_svg(figure, "Risk against coverage")


def draw_roc(rejection: Rejection) -> str:
    """Draw the share of digits that are kept against the share of non-digits that pass.

    Args:
        rejection: The curves.

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    figure = _make_figure()
    axes = figure.add_subplot()
    chosen = _thin(rejection.kept + rejection.passed)
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--")
    axes.plot(np.append(0, rejection.passed[chosen]), np.append(0, rejection.kept[chosen]), color=_FIRST)
    _label(axes, x="non-digits that pass", y="digits that are kept", is_percent="xy")
    return _to_svg(figure, "Receiver operating characteristic: digits against non-digits")


def draw_precision(rejection: Rejection) -> str:
    """Draw the share of digits among what is accepted against the share of digits that are kept.

    Args:
        rejection: The curves.

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    figure = _make_figure()
    axes = figure.add_subplot()
    chosen = _thin(rejection.kept + rejection.passed)
    axes.plot(rejection.kept[chosen], rejection.precision[chosen], color=_FIRST)
    axes.set_xlim(0, 1.02)
    _label(axes, x="digits that are kept (recall)", y="digits among what is kept", is_percent="xy")
    return _to_svg(figure, "Precision against recall: digits against non-digits")


def draw_learning_curve(log: Mapping[str, Sequence[float]], measure: str) -> str:
    """Draw one measure of training and validation by epoch.

    Args:
        log: As `inkdigits.evaluation.learning.load_log` returns it.
        measure: "loss" or "accuracy".

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = _make_figure()
    axes = figure.add_subplot()
    for part, colour, marker in (("train", _SECOND, "o"), ("validation", _FIRST, "s")):
        name = "training (augmented)" if part == "train" else part
        axes.plot(
            log["epoch"], log[f"{part}_{measure}"], color=colour, marker=marker, markersize=3, label=name
        )
    _label(axes, x="epoch", y=measure, is_percent="y" if measure == "accuracy" else "")
    if measure == "loss" and min(*log["train_loss"], *log["validation_loss"]) > 0:
        # Losses span decades: on a linear scale the later epochs would be one flat line.
        axes.set_yscale("log")
        for place in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            place(FuncFormatter(lambda loss, _: f"{loss:.2g}"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, labelcolor=_INK, fontsize=9)
    return _to_svg(figure, f"Learning curve: {measure}")


def draw_map(points: Points, labels: npt.NDArray[np.int64], names: Sequence[str], *, title: str) -> str:
    """Draw glyphs as points in the colours of their classes, with each class's name in its middle.

    Args:
        points: (K, 2) places.
        labels: (K,) classes.
        names: Names of the classes.
        title: What the map is, for those who can't see it.

    Returns:
        An SVG element.

    Raises:
        MissingExtraError: If Matplotlib is not installed.
    """
    figure = _make_figure(4.4, 4.4)
    axes = figure.add_subplot()
    present = [int(label) for label in np.unique(labels)]
    for label in present:
        own = points[labels == label]
        axes.plot(
            own[:, 0], own[:, 1], "o", color=pick_colour(label), markersize=2.6, markeredgewidth=0, alpha=0.75
        )
    span = float(np.ptp(points, axis=0).max()) or 1.0
    places = np.array([_find_heap(points[labels == label], radius=_HEAP * span) for label in present])
    for label, (x, y) in zip(present, _spread(places, gap=_LETTER * span), strict=True):
        axes.text(
            x, y, names[label], color=_INK, fontsize=13, fontweight="bold", ha="center", va="center", gid="halo"
        )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(_GRID)
    return _to_svg(figure, title)


def pick_colour(label: int) -> str:
    """Return the colour of a class on maps.

    Args:
        label: Its place among the classes.
    """
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def _find_heap(points: Points, *, radius: float) -> Points:
    """Return the point with most others around it: a mean could lie between two heaps."""
    near = np.linalg.norm(points[:, None] - points[None], axis=2) < radius
    heap: Points = points[near.sum(axis=1).argmax()]
    return heap


def _spread(places: Points, *, gap: float) -> Points:
    """Push places apart until letters there don't hide each other."""
    # Equal places have no direction: later ones go right.
    spread = places + np.outer(np.arange(len(places)), (1e-6 * gap, 0))
    for _ in range(50):
        away = spread[:, None] - spread[None]  # (K, K, 2)
        distance = np.linalg.norm(away, axis=2)
        np.fill_diagonal(distance, np.inf)
        lack = np.maximum(0, gap - distance)
        if not lack.any():
            break
        unit = away / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-12)
        spread += (unit * lack[..., None] / 2).sum(axis=1)
    return spread


def _make_figure(width_in: float = SIZE_IN[0], height_in: float = SIZE_IN[1]) -> Figure:
    """Return an empty figure that needs no display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="report") from error
    return Figure(figsize=(width_in, height_in), layout="constrained")


def _label(axes: Axes, *, x: str, y: str, is_percent: str = "") -> None:
    from matplotlib.ticker import FuncFormatter

    for axis, name, text in ((axes.xaxis, "x", x), (axes.yaxis, "y", y)):
        if text:
            axis.set_label_text(text, color=_INK, fontsize=10)
        if name in is_percent:
            axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
    axes.tick_params(colors=_MUTED, which="both", labelsize=9)
    axes.grid(visible=True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_MUTED)


def _thin(length: Points) -> npt.NDArray[np.int64]:
    """Return positions of a curve's points, both ends among them: no more than can be seen.

    Half of them are spread evenly along the curve, half lie in its last twentieth, where most happens.
    """
    if len(length) <= _MOST_POINTS:
        return np.arange(len(length))
    end = length[-1]
    wanted = np.concatenate(
        [np.linspace(length[0], end, _MOST_POINTS // 2), np.linspace(0.95 * end, end, _MOST_POINTS // 2)]
    )
    return np.unique(np.append(0, np.minimum(np.searchsorted(length, wanted), len(length) - 1)))


def _to_svg(figure: Figure, title: str) -> str:
    """Return the figure as an SVG element for an HTML page, in the page's colours and letters."""
    import matplotlib as mpl

    stream = io.StringIO()
    # Without date and with a fixed salt, equal numbers give equal bytes. Letters stay letters, for searching.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    width, height = (72 * float(side) for side in figure.get_size_inches())
    head = (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{html.escape(title)}" style="max-width: {width / 0.75:g}px">'
    )
    # Styles in a page hold for all of it, and names must be unique in it: those of groups go, but for the halo.
    svg = re.sub(
        r"<svg[^>]*>|<style.*?</style>",
        lambda found: head if found[0][1:4] == "svg" else "",
        svg,
        flags=re.DOTALL,
    )
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "inherit", svg)
    svg = svg.replace('id="halo"', 'class="halo"')
    return re.sub(r' id="(?![mpC][0-9a-f]{6,}|C\d)[^"]*"', "", svg)
