"""A simulated writer's signs as pen strokes in place and time.

Owns: the motion of the pen, and where signs stand on a line.
Leaves to others: the writer (`datasets.writers`), the forms of the signs (`datasets.allographs`), ink
(`datasets.pens`), pages (`datasets.paper`).

Lengths are in units of the digit height: the baseline is y = 1, the top of a digit of normal size is y = 0,
x grows to the right from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inkdigits.datasets.allographs import ALLOGRAPHS, DIGITS, Path, parse_form
from inkdigits.datasets.writers import WriterStyle, draw_form, make_own, make_writer, shake
from inkdigits.errors import UsageError

# Chosen by eye on contact sheets of some thousand samples; lengths in digit heights.
STEP = 0.012
BLANK_ADVANCE = 0.75
BAND = 0.05
MAX_BOX_OVERLAP = 0.12
MOST_APART = 0.2  # two forms are blended if their lines are no farther apart in the middle
PEN_LIFT_S = (0.06, 0.16)
FOOT = np.array([0.28, 1.0])
"""Middle of the baseline of a digit, (x, y): what slant and size leave in place."""


@dataclass(frozen=True, slots=True, eq=False)
class PenStroke:
    """What the pen writes between being set down and being lifted.

    Attributes:
        points: (N, 4) float32, N >= 2: x, y, time in seconds (never decreasing), pressure in (0, 1].
        sign: The character that it belongs to, "" for a doodle.
        index: Position of that character in the text.
    """

    points: npt.NDArray[np.float32]
    sign: str = ""
    index: int = 0

    @property
    def xy(self) -> npt.NDArray[np.float32]:
        """The line of the pen, (N, 2)."""
        return self.points[:, :2]

    def moved(self, *, scale: float, x: float, y: float) -> PenStroke:
        """Return the stroke enlarged and then shifted; pixels are made so.

        Args:
            scale: Length of one digit height in the new unit.
            x: Where the left edge of the text goes.
            y: Where the top of a digit of normal size goes.
        """
        points = self.points.copy()
        points[:, :2] = points[:, :2] * scale + (x, y)
        return PenStroke(points, self.sign, self.index)


def make_strokes(
    text: str, *, rng: np.random.Generator, style: WriterStyle | None = None
) -> tuple[PenStroke, ...]:
    """Write one line of text by hand.

    Args:
        text: Digits, "-", ",", ".", "/" and blanks; may be empty.
        rng: Source of all chance; the same state gives the same strokes.
        style: The writer; invented when not given.

    Returns:
        The strokes in the order of writing, in digit heights. Neighbours are `style.spacing` apart.

    Raises:
        UsageError: If the text holds a sign that the writer doesn't know.
    """
    style = style or make_writer(rng)
    right = _no_profile()
    strokes: list[PenStroke] = []
    now_s = 0.0
    for index, sign in enumerate(text):
        if sign == " ":
            right = right + BLANK_ADVANCE
            continue
        paths = _write_sign(sign, rng=rng, style=style)
        gap = style.pen_width + style.spacing * float(rng.uniform(0.85, 1.25))
        shift = _advance(right, paths, gap=gap)
        place = np.array([shift, _baseline(shift, rng=rng, style=style)])
        paths = [path + place for path in paths]
        right = np.maximum(right, _profile(paths, side=1))
        for path in paths:
            points = _ride(path, start_s=now_s, rng=rng, style=style)
            now_s = float(points[-1, 2]) + float(rng.uniform(*PEN_LIFT_S))
            strokes.append(PenStroke(points, sign, index))
    return tuple(strokes)


def make_doodle(*, rng: np.random.Generator, style: WriterStyle | None = None) -> tuple[PenStroke, ...]:
    """Draw something of the size of a digit that is none: a scribble, a coil, a star, a tick or a squiggle.

    Args:
        rng: Source of all chance; the same state gives the same doodle.
        style: The writer; invented when not given.

    Returns:
        The strokes, in digit heights, with "" as their sign.
    """
    style = style or make_writer(rng)
    turns = np.linspace(0, 2 * np.pi, 60)
    kind = int(rng.integers(5))
    if kind == 0:  # crossed out: a dense zigzag
        n = int(rng.integers(8, 14))
        flips = 0.5 + np.where(np.arange(n) % 2, 0.5, -0.5) * rng.uniform(0.7, 1.0, n)
        controls = [np.stack([np.linspace(0, 0.9, n), flips], axis=1)]
    elif kind == 1:  # coil
        angle = turns * float(rng.uniform(2.5, 4.0))
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        controls = [0.5 + 0.5 * (angle / angle[-1])[:, None] * circle]
    elif kind == 2:  # star of three lines
        ends = np.stack([np.cos(turns[::10]), np.sin(turns[::10])], axis=1) * 0.45 + 0.5
        controls = [np.stack([ends[i], ends[i] * 0.5 + ends[i + 3] * 0.5, ends[i + 3]]) for i in range(3)]
    elif kind == 3:  # tick
        controls = [np.array([[0.0, 0.6], [0.12, 0.75], [0.25, 1.0], [0.5, 0.5], [0.95, 0.0]])]
    else:  # squiggle through chance points
        controls = [rng.uniform(0, 1, (int(rng.integers(7, 12)), 2))]
    paths = [_spline(points + rng.normal(0, 0.02, points.shape)) for points in controls]
    strokes, now_s = [], 0.0
    for path in _deform(paths, rng=rng, style=style):
        points = _ride(path, start_s=now_s, rng=rng, style=style)
        now_s = float(points[-1, 2]) + float(rng.uniform(*PEN_LIFT_S))
        strokes.append(PenStroke(points))
    return tuple(strokes)


def _write_sign(sign: str, *, rng: np.random.Generator, style: WriterStyle) -> list[Path]:
    """Return the lines of one sign, whose left edge is near x = 0 and whose baseline is y = 1."""
    if sign not in ALLOGRAPHS:
        raise UsageError(
            f"The simulated writer does not know the sign {sign!r}",
            remedy="Use digits, '-', ',', '.', '/' and blanks.",
        )
    forms = ALLOGRAPHS[sign]
    form = draw_form(forms, rng)
    if sign in DIGITS and rng.random() < style.fidelity:
        form = style.habits[int(sign)] % len(forms)
    paths = _trace_form(sign, form, rng=rng, style=style)
    if sign in DIGITS and style.blend:
        other = _trace_form(sign, style.others[int(sign)] % len(forms), rng=rng, style=style)
        paths = _blend(paths, other, part=style.blend)
    return _deform(paths, rng=rng, style=style)


def _trace_form(sign: str, form: int, *, rng: np.random.Generator, style: WriterStyle) -> list[Path]:
    """Return the lines of a form as this writer has it, one for each stroke."""
    paths = []
    for runs in make_own(parse_form(ALLOGRAPHS[sign][form]), sign=sign, form=form, style=style):
        moved = shake(runs, amount=0.016 * style.jitter, rng=rng)
        path = np.concatenate([_spline(run)[bool(i) :] for i, run in enumerate(moved)])
        paths.append(_overshoot(_rounded(path, style=style), rng=rng, style=style))
    return paths


def _blend(paths: list[Path], others: list[Path], *, part: float) -> list[Path]:
    """Return what lies between two forms of as many strokes; forms that are too far apart are not blended."""
    if len(paths) != len(others):
        return paths
    blended = []
    for path, other in zip(paths, others, strict=True):
        count = max(len(path), len(other))
        first, second = _resample(path, count), _resample(other, count)
        if float(np.linalg.norm(first - second, axis=1).mean()) > MOST_APART:
            return paths
        blended.append((1 - part) * first + part * second)
    return blended


def _resample(path: Path, count: int) -> Path:
    """Return `count` points at equal distances along a line."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _spline(points: Path) -> Path:
    """Return a smooth line through points: centripetal Catmull-Rom, about `STEP` between samples.

    References:
        Yuksel et al., "Parameterization and applications of Catmull-Rom curves", 2011: no loops or cusps.
    """
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    chords = np.linalg.norm(np.diff(padded, axis=0), axis=1) + 1e-6
    knots = np.sqrt(chords)[:, None]
    slopes = np.diff(padded, axis=0) / knots
    across = (padded[2:] - padded[:-2]) / (knots[:-1] + knots[1:])
    tangents = slopes[:-1] - across + slopes[1:]
    pieces = []
    for i in range(len(points) - 1):
        u = np.linspace(0, 1, max(2, int(np.ceil(chords[i + 1] / STEP))), endpoint=False)[:, None]
        span = knots[i + 1]
        pieces.append(
            (2 * u**3 - 3 * u**2 + 1) * points[i]
            + (u**3 - 2 * u**2 + u) * span * tangents[i]
            + (3 * u**2 - 2 * u**3) * points[i + 1]
            + (u**3 - u**2) * span * tangents[i + 1]
        )
    return np.concatenate([*pieces, points[-1:]])


def _rounded(path: Path, *, style: WriterStyle) -> Path:
    """Cut corners as a moving hand does; the ends stay where they are."""
    sigma = (0.006 + 0.022 * style.roundness) / STEP
    reach = min(int(3 * sigma) + 1, len(path) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    ahead = 2 * path[0] - path[reach:0:-1]
    behind = 2 * path[-1] - path[-2 : -reach - 2 : -1]
    padded = np.concatenate([ahead, path, behind])
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _overshoot(path: Path, *, rng: np.random.Generator, style: WriterStyle) -> Path:
    """Stop a little early or late: the end of a stroke is where hands are least exact."""
    length = len(path) * STEP
    extra = round(float(rng.normal(0, 0.025)) * style.jitter * min(1.0, length) / STEP)
    if extra < 0:
        return path[: max(2, len(path) + extra)]
    reach = min(5, len(path) - 1)
    direction = (path[-1] - path[-1 - reach]) / reach
    return np.concatenate([path, path[-1] + direction * np.arange(1, extra + 1)[:, None]])


def _deform(paths: Sequence[Path], *, rng: np.random.Generator, style: WriterStyle) -> list[Path]:
    """Bend, shake, scale, turn and slant all strokes of a sign together, so that they keep meeting."""
    warp = rng.normal(0, 0.014 * style.jitter, (2, 3))
    phase = rng.uniform(0, 2 * np.pi, (2, 3))
    grow = style.size * np.exp(rng.normal(0, 0.03, 2) * style.jitter) * (style.aspect, 1.0)
    turn = np.deg2rad(float(rng.normal(0, 1.8)) * style.jitter)
    shear = np.tan(np.deg2rad(style.slant_deg + float(rng.normal(0, 1.2)) * style.jitter))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    deformed = []
    for path in paths:
        x, y = path[:, 0], path[:, 1]
        waves = np.stack([2.5 * x + 3.5 * y, 5.0 * y - 1.5 * x, 4.0 * x + 1.0 * y])  # (3, N)
        bent = path + np.stack([warp[a] @ np.sin(waves + phase[a][:, None]) for a in (0, 1)], axis=1)
        bent = bent + _tremble(len(path), amount=0.0035 * style.tremor, rng=rng)
        bent = ((bent - FOOT) * grow) @ rotation.T
        bent[:, 0] -= shear * bent[:, 1]
        deformed.append(bent + FOOT)
    left = min(float(path[:, 0].min()) for path in deformed)
    return [path - (left, 0.0) for path in deformed]


def _tremble(n: int, *, amount: float, rng: np.random.Generator) -> Path:
    """Return the shake of a hand, (n, 2): smooth noise with a period of about 0.12 digit heights."""
    knots = np.arange(0, n + 10, 5)
    noise = rng.normal(0, amount, (2, len(knots)))
    smooth = (noise + np.roll(noise, 1, axis=1)) / 2
    return np.stack([np.interp(np.arange(n), knots, smooth[axis]) for axis in (0, 1)], axis=1)


def _baseline(x: float, *, rng: np.random.Generator, style: WriterStyle) -> float:
    """Return how far below the ideal line a sign stands that begins at x."""
    return float(np.tan(np.deg2rad(style.tilt_deg)) * x + rng.normal(0, 0.018) * style.jitter)


def _no_profile() -> npt.NDArray[np.float64]:
    """Return the right edge of nothing: -inf in each horizontal band from y = -1 to y = 2."""
    return np.full(int(3 / BAND), -np.inf)


def _profile(paths: Sequence[Path], *, side: int) -> npt.NDArray[np.float64]:
    """Return the outermost x in each band, times `side`; each point also counts for two bands around."""
    edge = _no_profile()
    for path in paths:
        bands = ((path[:, 1] + 1) / BAND).astype(int)
        for near in range(-2, 3):
            np.maximum.at(edge, np.clip(bands + near, 0, len(edge) - 1), side * path[:, 0])
    return edge


def _advance(right: npt.NDArray[np.float64], paths: Sequence[Path], *, gap: float) -> float:
    """Return how far a sign moves right so that it clears what stands there, at every height.

    Boxes may overlap a little, as slanted writing does; a plain distance of boxes would tear it apart.
    """
    if not np.isfinite(right).any():
        return 0.0
    left = _profile(paths, side=-1)
    by_band = float((right + left).max())
    by_box = float(right.max() + left.max()) - MAX_BOX_OVERLAP
    return max(by_band, by_box) + gap


def _ride(
    path: Path, *, start_s: float, rng: np.random.Generator, style: WriterStyle
) -> npt.NDArray[np.float32]:
    """Add time and pressure to a line.

    Returns:
        (N, 4) float32: x, y, time in seconds, pressure in (0, 1].

    References:
        Lacquaniti et al., "The law relating the kinematic and figural aspects of drawing movements", 1983:
        speed falls with the cube root of curvature.
    """
    n = len(path)
    steps = np.diff(path, axis=0)
    lengths = np.linalg.norm(steps, axis=1) + 1e-6
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    curvature = np.abs(np.gradient(heading)) / lengths if n > 2 else np.zeros(1)
    curvature = np.convolve(np.pad(curvature, 4, mode="edge"), np.full(9, 1 / 9), mode="valid")
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    ends = np.minimum(along, along[-1] - along)[1:]
    speed = style.speed * (1 + curvature / 3) ** (-1 / 3) * (0.35 + 0.65 * np.minimum(1, ends / 0.1))
    time_s = start_s + np.concatenate([[0.0], np.cumsum(lengths / speed)])

    down = np.concatenate([steps[:1], steps])[:, 1] / np.concatenate([lengths[:1], lengths])
    attack = np.clip(0.55 + along / 0.12, 0, 1)
    release = np.clip(0.35 + (along[-1] - along) / float(rng.uniform(0.05, 0.3)), 0, 1)
    sway = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, 6), rng.normal(0, 0.06, 6))
    pressure = np.clip((0.8 + 0.1 * down + sway) * np.minimum(attack, release), 0.2, 1.0)
    return np.column_stack([path, time_s, pressure]).astype(np.float32)
