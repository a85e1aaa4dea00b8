"""A picture of one glyph becomes MNIST's form inside a model's graph: the steps of `inkdigits.ink`, in tensors.

Owns: that normalisation. Leaves to others: the frameworks (tensors_*), the network behind it, the proof (proof).

The picture is looked at twice. On a coarse canvas (the whole picture) the polarity is decided and the glyph found;
on a fine one, on which the glyph's longer side is 80 px as in `inkdigits.ink.normalize`, its ink is taken and
brought into the square. Windows are fixed on these canvases, where `inkdigits.ink.binarize` measures the pen first.
Resampling is two matrix products with the picture, whose entries are overlaps of pixels: exact averages when it
reduces, linear interpolation when it enlarges. Every step is continuous in the picture as far as it can be: where a
threshold would jump, it is a short ramp, so that the last bit of a framework's arithmetic can't move the answer.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from inkdigits.export.tensors import Constant, Tensor, Tensors
from inkdigits.ink.binarize import INK_LEVEL, LEAST_CONTRAST, NOISE_SIGMAS, PAPER_PART, WEAK_PEN
from inkdigits.ink.normalize import CENTER, FINE, GLYPH_PX, MIN_PEN_PX, SIZE_PX

COARSE_PX: Final = 96
"""Side of the canvas on which the glyph is sought."""
FINE_PX: Final = 128
"""Side of the canvas on which its ink is taken: 80 px of glyph and 24 px of paper around it."""
LEAST_SIDE_PX: Final = 28
MOST_SIDE_PX: Final = 512
LEVELS: Final = 32  # of grey, for the local median that decides the polarity
POLARITY_WINDOW: Final = 25  # on half the coarse canvas: half of its side, as in `inkdigits.ink.binarize`
COARSE_WINDOW: Final = 33  # a third of the canvas
FINE_WINDOW: Final = 51  # five pens of MNIST's median width (2.3 of 20 px, here 9 of 80)
PEN_WINDOW: Final = {COARSE_PX: 25, FINE_PX: 71}  # a fourth of the picture; eight pens
SPECK_WINDOW: Final = {COARSE_PX: 21, FINE_PX: 27}
# Ink whose surroundings hold less than this part of the most that any surroundings hold is dust: the end of a
# stroke has 0.2 of a crossing, a speck as large as the pen less than 0.1.
SPECK: Final = (0.07, 0.13)
HALVINGS: Final = 12  # of the interval that holds a median
# The 30th percentile of |x| is 0.385 sigma (Gaussian). The median would do on a page, but a glyph and its soft edge
# may cover half of its own picture.
QUANTILE_SIGMAS: Final = 0.385
DISCS: Final = (
    3,
    5,
    7,
    9,
)  # widen a pen by 2, 4, 6, 8 fine pixels; the thinnest lacks 7. Between them it is blended
FRINGE_PX: Final = 0.6  # soft edge around a glyph that must stay inside the square, in pixels of the square
EPSILON: Final = 1e-6


class PictureGraph:
    """Builds the normalisation out of one framework's tensors.

    Args:
        tensors: The framework.
    """

    def __init__(self, tensors: Tensors) -> None:
        self._t = tensors

    def build(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Bring pictures of one glyph each into MNIST's form.

        Args:
            picture: (N, H, W) float32 grey values in [0, 255], of either polarity; H and W from 28 to 512.

        Returns:
            (N, 28, 28) float32 in [0, 1], ink = 1; and (N, 1, 1) float32, 1 where there is ink and 0 for blank
            pictures.
        """
        t = self._t
        height = t.total(t.ones_like(t.first(picture, 2)), (1,))  # (N, 1, 1)
        width = t.total(t.ones_like(t.first(picture, 1)), (2,))
        step = t.maximum(height, width) * (1 / COARSE_PX)  # pixels of the picture on one of the canvas
        gray, seen = self._look(picture, height * 0.5, width * 0.5, step, side=COARSE_PX)
        is_light = self._is_light_on_dark(gray, seen)
        ink = self._find_ink(_flip(gray, is_light), seen, side=COARSE_PX, window=COARSE_WINDOW)
        has_ink = self._ramp(t.highest(ink, (1, 2)), 0.4, 0.6)
        top, bottom, left, right = self._find_box(ink, side=COARSE_PX)
        half = COARSE_PX / 2
        y = height * 0.5 + ((top + bottom) * 0.5 - half) * step
        x = width * 0.5 + ((left + right) * 0.5 - half) * step
        longer = t.maximum(t.maximum(bottom - top, right - left), 1.0) * step
        gray, seen = self._look(picture, y, x, longer * (1 / (FINE * GLYPH_PX)), side=FINE_PX)
        ink = self._find_ink(_flip(gray, is_light), seen, side=FINE_PX, window=FINE_WINDOW)
        ink = ink / t.maximum(t.highest(ink, (1, 2)), 0.1)
        return self._center(self._widen(ink)) * has_ink, has_ink

    def _look(
        self, picture: Tensor, y: Tensor, x: Tensor, step: Tensor, *, side: int
    ) -> tuple[Tensor, Tensor]:
        """Resample a square of the picture around (x, y); outside of the picture nothing is seen.

        Returns:
            Grey values (N, side, side), and 1.0 where the picture is.
        """
        t = self._t
        rows = self._overlaps(t.count_up(t.ones_like(t.first(picture, 2)), 1), y, step, side=side)
        columns = self._overlaps(
            t.count_up(t.ones_like(t.transpose(t.first(picture, 1))), 1), x, step, side=side
        )
        gray = t.matmul(t.matmul(t.transpose(rows), picture), columns)
        covered = t.matmul(t.transpose(t.total(rows, (1,))), t.total(columns, (1,)))
        return gray / t.maximum(covered, EPSILON), 1.0 - t.is_less(covered, 0.25)

    def _overlaps(self, ends: Tensor, middle: Tensor, step: Tensor, *, side: int) -> Tensor:
        """Weights of pixels of the picture in those of a canvas: (N, length, side).

        Args:
            ends: (N, length, 1), where each pixel of the picture ends: 1, 2, 3 ...
            middle: (N, 1, 1), what lies in the middle of the canvas.
            step: (N, 1, 1), pixels of the picture on one of the canvas.
            side: Of the canvas.
        """
        t = self._t
        places = t.constant((np.arange(side, dtype=np.float32) + 0.5 - side / 2).reshape(1, 1, side))
        centers = step * places + middle  # (N, 1, side)
        reach = t.maximum(step, 1.0) * 0.5
        shared = t.minimum(ends, centers + reach) - t.maximum(ends - 1.0, centers - reach)
        return t.maximum(shared, 0.0) / (reach * 2.0)

    def _is_light_on_dark(self, gray: Tensor, seen: Tensor) -> Tensor:
        """Decide the polarity by the skewness around the local median: (N, 1, 1), 1.0 for light ink."""
        t = self._t
        reduce = _reducing(COARSE_PX, 2)
        gray, seen = self._both(reduce, gray), self._both(reduce, seen)
        low, high = self._range(gray, seen)
        level = (gray - low) / t.maximum(high - low, 1.0)
        steps = ((np.arange(LEVELS) + 0.5) / LEVELS).astype(np.float32).reshape(1, LEVELS, 1, 1)
        # The local median is the number of grey levels that less than half of the surroundings stay below.
        box = _box(COARSE_PX // 2, POLARITY_WINDOW)
        levels = t.expand(level, 1)  # (N, 1, h, w)
        below = (1.0 - t.is_less(t.constant(steps), levels)) * t.expand(seen, 1)  # (N, LEVELS, h, w)
        around = t.maximum(self._both(box, t.expand(seen, 1)), EPSILON)
        share = self._both(box, below) / around
        median = t.total(t.is_less(share, 0.5), (1,)) * (1 / LEVELS)
        deviation = levels - median
        skewness = t.total(deviation * deviation * deviation * t.expand(seen, 1), (1, 2, 3))  # (N, 1, 1, 1)
        return 1.0 - t.is_less(t.total(skewness, (1,)), EPSILON)[:, 0]

    def _find_ink(self, gray: Tensor, seen: Tensor, *, side: int, window: int) -> Tensor:
        """Take the ink of a canvas, dark on light: (N, side, side) float32 in [0, 1]."""
        t = self._t
        contrast, level = self._measure(gray, seen, side=side, window=window, pen_window=PEN_WINDOW[side])
        soft = self._clip((contrast / level - INK_LEVEL) * (1 / 0.6) + 0.5)
        near = t.max_window(self._ramp(soft, 0.4, 0.6), 3, 3)
        ink = soft * near * seen
        mass = self._both(_box(side, SPECK_WINDOW[side]), ink)
        return ink * self._ramp(mass / t.maximum(t.highest(mass, (1, 2)), EPSILON), *SPECK)

    def _measure(
        self, gray: Tensor, seen: Tensor, *, side: int, window: int, pen_window: int
    ) -> tuple[Tensor, Tensor]:
        """Measure how much darker than paper each place is, as part of paper, and how much the pen nearby is."""
        t = self._t
        blur = _gaussian(side, 0.8)
        around = t.maximum(self._both(blur, seen), EPSILON)
        paper = self._close(self._both(blur, gray * seen) / around, seen, window)
        contrast = (1.0 - (gray + 8.0) / (paper + 8.0)) * seen  # + 8 grey levels: no division by black
        floor = self._grain_floor(contrast, seen)
        strong = (1.0 - t.is_less(contrast, floor)) * seen
        weakest = self._median(contrast, strong) * WEAK_PEN
        box = _box(side, pen_window)
        peak = t.max_window(self._both(_box(side, 3), contrast), pen_window, 1)
        peak = t.max_window(peak, 1, pen_window) * seen
        pen = self._both(box, peak) / t.maximum(self._both(box, seen), EPSILON)
        return contrast, t.maximum(pen, t.maximum(floor, weakest) * (1 / INK_LEVEL))

    def _close(self, gray: Tensor, seen: Tensor, window: int) -> Tensor:
        """Close everything thinner than a window: what remains is paper."""
        t = self._t
        widened = t.max_window(t.max_window(gray * seen, window, 1), 1, window)
        lowered = (255.0 - widened) * seen
        return 255.0 - t.max_window(t.max_window(lowered, window, 1), 1, window)

    def _grain_floor(self, contrast: Tensor, seen: Tensor) -> Tensor:
        """Contrast below which nothing differs from the grain of the paper: (N, 1, 1)."""
        t = self._t
        middle = self._median(contrast, seen)
        grain = self._quantile(t.absolute(contrast - middle), seen, PAPER_PART) * (1 / QUANTILE_SIGMAS)
        return t.maximum(middle + grain * NOISE_SIGMAS, LEAST_CONTRAST)

    def _median(self, values: Tensor, weights: Tensor) -> Tensor:
        return self._quantile(values, weights, 0.5)

    def _quantile(self, values: Tensor, weights: Tensor, part: float) -> Tensor:
        """Weighted quantile of (N, H, W) by halving the interval [-0.5, 1]: (N, 1, 1)."""
        t = self._t
        part_of_all = t.total(weights, (1, 2)) * part
        low = part_of_all * 0.0 - 0.5
        size = 1.5
        for _ in range(HALVINGS):
            size /= 2
            below = t.total((1.0 - t.is_less(low + size, values)) * weights, (1, 2))
            low = low + t.is_less(below, part_of_all) * size
        return low + size * 0.5

    def _find_box(self, ink: Tensor, *, side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find where ink passes one half: top, bottom, left, right, each (N, 1, 1), to a fraction of a pixel."""
        t = self._t
        rows = t.highest(ink, (2,))  # (N, side, 1)
        columns = t.transpose(t.highest(ink, (1,)))
        return *self._find_ends(rows, side=side), *self._find_ends(columns, side=side)

    def _find_ends(self, profile: Tensor, *, side: int) -> tuple[Tensor, Tensor]:
        t = self._t
        places = np.arange(side, dtype=np.float32).reshape(1, side, 1)
        first = self._first_crossing(profile, t.constant(np.eye(side, k=-1, dtype=np.float32)), places, side)
        last = self._first_crossing(
            profile, t.constant(np.eye(side, k=1, dtype=np.float32)), side - 1 - places, side
        )
        return first, side - last

    def _first_crossing(self, profile: Tensor, shift: Tensor, places: Constant, side: int) -> Tensor:
        """Where a profile (N, side, 1) first passes one half, between the middles of two pixels."""
        t = self._t
        before = t.matmul(shift, profile)
        passes = t.is_less(before, 0.5) * (1.0 - t.is_less(profile, 0.5))
        part = (profile - 0.5) / t.maximum(profile - before, EPSILON)
        # Less their negative: Keras takes "plus a constant along one axis" for a bias; TFLite has no form for it.
        crossing = (0.5 - part - t.constant(-places)) * passes + (1.0 - passes) * float(side)
        return side - t.highest(side - crossing, (1,))

    def _widen(self, ink: Tensor) -> Tensor:
        """Widen pens that are thinner than MNIST's thin ones, as `inkdigits.ink.normalize.thicken` does."""
        t = self._t
        lacking = MIN_PEN_PX * FINE - self._measure_stroke(ink, side=FINE_PX)
        # Less than one pixel is let be; the step is a ramp.
        growth = self._clip_to(lacking, 2.0 * len(DISCS)) * self._ramp(lacking, 0.8, 1.2) * 0.5
        widened = ink * self._clip(1.0 - growth)
        for number, disc in enumerate(DISCS, start=1):
            share = self._clip(1.0 - t.absolute(growth - float(number)))
            widened = widened + self._dilate(ink, disc) * share
        return widened

    def _measure_stroke(self, ink: Tensor, *, side: int) -> Tensor:
        """Twice the area over the length of the outline, as `inkdigits.ink.normalize.measure_stroke_px`."""
        t = self._t
        solid = self._ramp(ink, 0.25, 0.75)
        smooth, slope = (
            t.constant(_band(side, (0.25, 0.5, 0.25))),
            t.constant(_band(side, (-0.5, 0, 0.5))),
        )
        down = t.matmul(t.matmul(slope, solid), smooth)
        across = -t.matmul(t.matmul(smooth, solid), slope)
        outline = t.total(t.sqrt(down * down + across * across + 1e-10), (1, 2))
        return t.total(solid, (1, 2)) * 2.0 / t.maximum(outline, 1.0)

    def _dilate(self, ink: Tensor, disc: int) -> Tensor:
        """Grey dilation with OpenCV's disc of an odd size, which is a union of centred rectangles."""
        t = self._t
        widths = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (disc, disc)).sum(axis=1)
        out = ink
        for width in sorted(set(widths.tolist())):
            out = t.maximum(out, t.max_window(ink, int((widths >= width).sum()), int(width)))
        return out

    def _center(self, ink: Tensor) -> Tensor:
        """Scale the longer side to 20 px and put the centre of mass where MNIST has it: (N, 28, 28)."""
        t = self._t
        top, bottom, left, right = self._find_box(ink, side=FINE_PX)
        step = t.maximum(t.maximum(bottom - top, right - left), 1.0) * (1 / GLYPH_PX)
        places = np.arange(FINE_PX, dtype=np.float32) + 0.5
        mass = t.maximum(t.total(ink, (1, 2)), EPSILON)
        y = t.total(ink * t.constant(places.reshape(1, FINE_PX, 1)), (1, 2)) / mass
        x = t.total(ink * t.constant(places.reshape(1, 1, FINE_PX)), (1, 2)) / mass
        rows = self._squares(self._keep_inside(y, top, bottom, step), step)  # (N, FINE_PX, 28)
        columns = self._squares(self._keep_inside(x, left, right, step), step)
        return t.matmul(t.matmul(t.transpose(rows), ink), columns)

    def _keep_inside(self, mass: Tensor, start: Tensor, end: Tensor, step: Tensor) -> Tensor:
        """Move the place that becomes the centre so that the glyph stays in the square."""
        t = self._t
        before, behind = CENTER * SIZE_PX - FRINGE_PX, SIZE_PX * (1 - CENTER) - FRINGE_PX
        return t.maximum(t.minimum(mass, start + step * before), end - step * behind)

    def _squares(self, center: Tensor, step: Tensor) -> Tensor:
        """Weights of fine pixels in those of the square, whose place CENTER lies at `center`: (N, FINE_PX, 28)."""
        t = self._t
        ends = t.constant((np.arange(FINE_PX, dtype=np.float32) + 1).reshape(1, FINE_PX, 1))
        return self._overlaps(ends, center - step * (CENTER * SIZE_PX - SIZE_PX / 2), step, side=SIZE_PX)

    def _both(self, matrix: Constant, x: Tensor) -> Tensor:
        """Apply a filter, or one that reduces, along the last two axes."""
        t = self._t
        return t.matmul(t.matmul(t.constant(matrix), x), t.constant(np.ascontiguousarray(matrix.T)))

    def _range(self, gray: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        t = self._t
        high = t.highest(gray * seen, (1, 2))
        return 255.0 - t.highest((255.0 - gray) * seen, (1, 2)), high

    def _clip(self, x: Tensor) -> Tensor:
        return self._clip_to(x, 1.0)

    def _clip_to(self, x: Tensor, most: float) -> Tensor:
        return self._t.minimum(self._t.maximum(x, 0.0), most)

    def _ramp(self, x: Tensor, start: float, end: float) -> Tensor:
        """0 up to `start`, 1 from `end`, and straight between."""
        return self._clip((x - start) * (1 / (end - start)))


def _flip(gray: Tensor, is_light: Tensor) -> Tensor:
    return gray + is_light * (255.0 - gray * 2.0)


def _box(side: int, window: int) -> Constant:
    """A mean over a window as a matrix, (side, side); outside counts as 0."""
    return _band(side, (1 / window,) * window)


def _gaussian(side: int, sigma: float) -> Constant:
    places = np.arange(-3, 4)
    weights = np.exp(-(places**2) / (2 * sigma**2))
    return _band(side, tuple((weights / weights.sum()).tolist()))


def _band(side: int, weights: tuple[float, ...]) -> Constant:
    reach = len(weights) // 2
    bands = [np.eye(side, k=place - reach) * weight for place, weight in enumerate(weights)]
    return np.asarray(np.sum(bands, axis=0), np.float32)


def _reducing(side: int, by: int) -> Constant:
    """A matrix (side / by, side) that averages neighbours."""
    return np.asarray(np.kron(np.eye(side // by), np.full((1, by), 1 / by)), np.float32)
