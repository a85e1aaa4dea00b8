"""A grey page becomes ink: polarity decided, illumination divided out, threshold set by the local pen.

Owns: everything between raw grey values and `InkPage`. Leaves to others: what the ink means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from inkdigits.ink.components import Components, Mask, find_components
from inkdigits.ink.enlarge import enlarge
from inkdigits.types import Gray, Ink

MOST_PX = 2400  # longer side on which ink is sought; larger pages are reduced (300 dpi A4 is 3508)
LEAST_PX = 112  # shorter side on which ink is sought; smaller pictures are enlarged up to eight times
POLARITY_PX = 96  # polarity is a coarse property: a thumbnail is enough, and fast
# Window of the median that stands for paper, as part of the shorter side. Measured on 609 pictures of single
# digits: 0.3 mistakes one thick digit, 0.5 to 1.0 none.
POLARITY_WINDOW = 0.5
LEAST_CONTRAST = 0.10  # ink must be this much darker than paper, as part of paper's brightness
NOISE_SIGMAS = 3.0  # and this many standard deviations of the paper's grain, whose peaks are specks
EXCESS_SIGMAS = 8.0  # and so many of what the grain around it exceeds that of the page's calmest block
TO_SIGMA = 1.4826  # standard deviation (Gaussian) per median of absolute deviations
BRIGHT_PART = 0.05  # this part of the pixels is brighter than paper
BRIGHT_SIGMAS = 1.645  # by so many standard deviations (Gaussian)
PRINTED = 0.8  # below it, print covers the ground: it gives 0.55 to 0.75, clouds on a board 0.82 to 0.95
SATURATED_PART = 0.1  # where so many pixels are white, what would be brighter was cut off
MIN_NOISE_BLOCK_PX = 96  # noise is measured in blocks of at least this side
NOISE_WINDOWS = 2  # or of so many windows of the local pen
PAPER_PART = 0.3  # at least this part of every block is taken for paper
WEAK_PEN = 0.35  # a pen this much weaker than the page's typical pen still counts
INK_LEVEL = 0.45  # a pixel is ink where it has this part of the contrast that the pen has nearby
SOFTNESS = 0.6  # and grows from no ink to full ink over this part
# Paper and the pen change slowly: they are sought on a grid with so many cells in their window. With 9 cells
# for paper, strong gradients become ink at the border of 4 of 10 small blank pictures, with 12 of none.
PAPER_CELLS = 12
MEDIAN_CELLS = 5
PEN_CELLS = 9
# Paper that was sought with a first guess of the window stays, if the guess was right within this factor: as in
# most pictures of one digit, whose ink is then found in 0.3 instead of 0.4 ms.
SAME_WINDOW = 1.25
MOST_SAMPLES = 20_000  # grain of a page is measured in so many pixels: it is a median
CROSS: Mask = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
SQUARE: Mask = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Measured:
    """What the ink of a page was found in, on the working scale.

    Attributes:
        contrast: (H, W) float32, how much darker than paper, as part of paper.
        faint: (H, W) uint8, 1 also where ink is much weaker than the pen nearby, as ruled lines beside writing.
        ground: (H, W) uint8 grey values, ink dark.
        level: (H, W) float32, contrast of the pen nearby.
    """

    contrast: Ink
    faint: Mask
    ground: Gray
    level: Ink

    @cached_property
    def strength(self) -> Ink:
        """Contrast as part of the pen's nearby, in [0, 1]; sought once for all scales that are looked at."""
        part = cv2.divide(self.contrast, self.level).astype(np.float32, copy=False)
        return np.clip(part, 0, 1, out=part)

    @cached_property
    def paper(self) -> float:
        """Contrast of paper itself: above 0 where it is textured."""
        return median_of(self.contrast[::3, ::3])


@dataclass(frozen=True)
class InkPage:
    """The ink of one page.

    Attributes:
        ink: (H, W) float32 in [0, 1], ink = 1, anti-aliased; on the working scale.
        mask: (H, W) uint8, 1 where there is ink.
        scale: Working pixels per pixel of the page.
        light_on_dark: True if the page was written in light ink on a dark ground.
        pen_px: Typical width of a stroke in working pixels; 0 for a blank page.
        measured: What the ink was found in; None where only the ink is known.
    """

    ink: Ink
    mask: Mask
    scale: float
    light_on_dark: bool
    pen_px: float
    measured: Measured | None = None

    @property
    def is_blank(self) -> bool:
        """True if there is no ink."""
        return self.pen_px == 0

    @cached_property
    def components(self) -> Components:
        """Connected components of the mask; sought once for all that ask."""
        return find_components(self.mask)


def is_light_on_dark(gray: Gray) -> bool:
    """Decide the polarity: ink is the minority that stands out against its surroundings.

    Args:
        gray: (H, W) uint8.

    Returns:
        True where grey values are skewed to the bright side of their local median.
    """
    small = _fit_within(gray, POLARITY_PX)
    height, width = small.shape
    half = cv2.resize(small, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    window = int(min(half.shape) * POLARITY_WINDOW) | 1
    pad = window // 2
    padded = cv2.copyMakeBorder(half, pad, pad, pad, pad, cv2.BORDER_REFLECT)
    paper = cv2.medianBlur(padded, window)[pad : pad + half.shape[0], pad : pad + half.shape[1]]
    deviation = cv2.subtract(small, cv2.resize(paper, (width, height)), dtype=cv2.CV_32F)
    return float((deviation * deviation * deviation).sum()) > 0


def extract_ink(gray: Gray, *, light_on_dark: bool | None = None) -> InkPage:
    """Find the ink of a page.

    Args:
        gray: (H, W) uint8, any size, lighting and polarity.
        light_on_dark: Its polarity where that is known; None to decide.

    Returns:
        The ink on a working scale of at least 112 px (shorter side) and at most 2,400 px (longer side).
    """
    if light_on_dark is None:
        light_on_dark = is_light_on_dark(gray)
    scale = _working_scale(gray.shape)
    dark = _rescale(~gray if light_on_dark else gray, scale)
    paper_px, window_px = max(15, min(dark.shape) // 3), max(15, min(dark.shape) // 4)
    paper = _find_paper(dark, window_px=paper_px)
    contrast = _measure_contrast(dark, paper)
    ground = _Ground.of(contrast)
    evenness = _measure_evenness(dark, paper, ground, window_px=paper_px)
    grain_floor = _grain_floor(contrast, ground, window_px=window_px, evenness=evenness)
    level = _local_pen(contrast, grain_floor, window_px=window_px)
    pen_px = measure_pen_px((contrast >= INK_LEVEL * level).view(np.uint8))
    if pen_px == 0:
        return _blank(dark.shape, scale=scale, light_on_dark=light_on_dark)
    window_px = int(max(9.0, 8 * pen_px))
    if not 1 / SAME_WINDOW <= 5 * pen_px / paper_px <= SAME_WINDOW:
        contrast = _measure_contrast(dark, _find_paper(dark, window_px=int(max(9.0, 5 * pen_px))))
        grain_floor = _grain_floor(contrast, _Ground.of(contrast), window_px=window_px, evenness=evenness)
    level = _local_pen(contrast, grain_floor, window_px=window_px)
    ink, mask = _soft_threshold(contrast, level)
    pen_px = measure_pen_px(mask)
    if pen_px == 0:
        return _blank(dark.shape, scale=scale, light_on_dark=light_on_dark)
    faint = mask | (contrast >= grain_floor).view(np.uint8)
    return InkPage(ink, mask, scale, light_on_dark, pen_px, Measured(contrast, faint, dark, level))


def _blank(shape: tuple[int, int], *, scale: float, light_on_dark: bool) -> InkPage:
    return InkPage(np.zeros(shape, np.float32), np.zeros(shape, np.uint8), scale, light_on_dark, 0.0)


def _working_scale(shape: tuple[int, ...]) -> float:
    shorter, longer = min(shape[:2]), max(shape[:2])
    if shorter < LEAST_PX:
        return max(1.0, min(8.0, LEAST_PX / shorter, MOST_PX / longer))
    return min(1.0, MOST_PX / longer)


def _fit_within(gray: Gray, most_px: int) -> Gray:
    scale = most_px / max(gray.shape)
    return _rescale(gray, scale) if scale < 1 else gray


def _rescale(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    height, width = gray.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if scale > 1:
        return enlarge(gray, size)
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _find_paper(dark: Gray, *, window_px: int) -> Gray:
    """Grey values of paper: what remains when everything thinner than the window is closed.

    So it follows the edge of a shadow, which a blurred estimate would turn into ink. A median takes out the
    brightest grain, which the closing has spread.
    """
    step = max(1, window_px // PAPER_CELLS)
    fine = cv2.GaussianBlur(dark, (0, 0), 0.8) if step == 1 else _shrink(dark, step)
    side = max(3, (window_px // step) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(fine, cv2.MORPH_CLOSE, disc).astype(np.uint8, copy=False)
    coarser = max(1, side // MEDIAN_CELLS)
    calm = cv2.medianBlur(_shrink(closed, coarser), (side // coarser) | 1)
    rows, columns = (length * step * coarser for length in calm.shape)
    return cv2.resize(calm, (columns, rows))[: dark.shape[0], : dark.shape[1]].astype(np.uint8, copy=False)


def _shrink(gray: Gray, by: int) -> Gray:
    """Average blocks of pixels; those at the right and bottom that are not whole are filled up."""
    if by == 1:
        return gray
    height, width = gray.shape
    whole = cv2.copyMakeBorder(gray, 0, -height % by, 0, -width % by, cv2.BORDER_REPLICATE)
    size = whole.shape[1] // by, whole.shape[0] // by
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _measure_contrast(dark: Gray, paper: Gray) -> Ink:
    """Divide the illumination out: how much darker than paper, as part of paper; negative where brighter."""
    # + 8 grey levels: no division by black
    part = cv2.divide(dark.astype(np.float32) + 8, paper.astype(np.float32) + 8)
    contrast: Ink = 1 - part.astype(np.float32, copy=False)
    return contrast


class _Ground(NamedTuple):
    """Contrast of paper: its typical value, its grain (standard deviation), and a sample of pixels."""

    middle: float
    grain: float
    sample: Ink

    @staticmethod
    def of(contrast: Ink) -> _Ground:
        every_third = contrast[::3, ::3].ravel()
        sample = every_third[:: 1 + every_third.size // MOST_SAMPLES]
        middle = median_of(sample)
        return _Ground(middle, TO_SIGMA * median_of(np.abs(sample - middle)), sample)  # paper is the majority


def _measure_evenness(dark: Gray, paper: Gray, ground: _Ground, *, window_px: int) -> float:
    """Grain on the bright side of paper as part of all grain: below 1 where fine print covers the ground.

    Print is dark, as ink is: taken for grain, it raises the floor above the pen. Of 880 amounts on cheques 684
    are right without this, 751 with it. Paper is blurred for it: where it follows clouds on a board, their bright
    side seems to be cut off too.
    """
    if ground.middle + NOISE_SIGMAS * ground.grain <= LEAST_CONTRAST:
        return 1.0  # grain so fine sets no floor
    if np.count_nonzero(dark == 255) > SATURATED_PART * dark.size:
        return 1.0
    slow = cv2.blur(paper, (window_px, window_px)).astype(np.uint8, copy=False)
    middle, grain, sample = _Ground.of(_measure_contrast(dark, slow))
    bright = (middle - float(np.sort(sample)[int(BRIGHT_PART * sample.size)])) / BRIGHT_SIGMAS
    return bright / grain if bright < PRINTED * grain else 1.0


def _grain_floor(contrast: Ink, ground: _Ground, *, window_px: int, evenness: float) -> Ink:
    """Contrast below which nothing differs from the grain of the ground, for every pixel.

    The page's own grain sets the floor; where the grain is stronger (the desk beside a sheet), it is raised. Blocks
    measure another quantile than the page, which is a fifth higher on print: the calmest has no excess there.
    """
    height, width = contrast.shape
    deviation = np.abs(contrast[::3, ::3] - np.float32(ground.middle))
    noise = _local_noise(deviation, block_px=max(MIN_NOISE_BLOCK_PX, NOISE_WINDOWS * window_px))
    usual = ground.grain if evenness == 1 else max(ground.grain, float(noise.min()))
    excess = np.maximum(noise - usual, 0) * EXCESS_SIGMAS
    floor = np.maximum(LEAST_CONTRAST, ground.middle + NOISE_SIGMAS * evenness * ground.grain + excess)
    spread: Ink = cv2.resize(floor, (width, height)).astype(np.float32, copy=False)
    return spread


def _local_noise(deviation: Ink, *, block_px: int) -> Ink:
    """Standard deviation of paper in blocks: low quantiles, so that writing does not count.

    Args:
        deviation: How far every third pixel is from the typical contrast.
        block_px: Side of a block, working pixels.

    Returns:
        One value a block.
    """
    height, width = deviation.shape
    rows, columns = max(1, 3 * height // block_px), max(1, 3 * width // block_px)
    # cut to whole blocks: (rows * h, columns * w) -> (rows, columns, h * w)
    h, w = height // rows, width // columns
    blocks = deviation[: rows * h, : columns * w].reshape(rows, h, columns, w).swapaxes(1, 2)
    flat = blocks.reshape(rows, columns, h * w)
    place = int(PAPER_PART * h * w)
    # the 30th percentile of |x| is 0.385 sigma (Gaussian); writing may cover the rest of the block
    sigma: Ink = np.sort(flat, axis=2)[:, :, place] / np.float32(0.385)
    return sigma


def _local_pen(contrast: Ink, grain_floor: Ink, *, window_px: int) -> Ink:
    """Contrast of the pen around every pixel, high enough that neither grain nor a very weak pen is ink."""
    height, width = contrast.shape
    step = max(1, window_px // PEN_CELLS)
    strongest = cv2.dilate(cv2.blur(contrast, (3, 3)), np.ones((step, step), np.uint8))
    cells = strongest[step // 2 :: step, step // 2 :: step]
    side = (window_px // step) | 1
    peak = cv2.dilate(cells, np.ones((side, side), np.uint8))
    level = cv2.resize(cv2.blur(peak, (side, side)), (width, height)).astype(np.float32, copy=False)
    sample = contrast[::3, ::3]
    strong = sample[sample > grain_floor[::3, ::3]]
    weakest = WEAK_PEN * median_of(strong) if strong.size else 0.0
    floor = np.maximum(grain_floor, np.float32(weakest)) * np.float32(1 / INK_LEVEL)
    np.maximum(level, floor, out=level)
    return level


def _soft_threshold(contrast: Ink, level: Ink) -> tuple[Ink, Mask]:
    """Ink in [0, 1] that passes 0.5 at the threshold and keeps the anti-aliased edge, and where it does."""
    soft = cv2.divide(contrast, level, scale=1 / SOFTNESS)
    np.clip(soft + np.float32(0.5 - INK_LEVEL / SOFTNESS), 0, 1, out=soft)
    mask = (soft >= 0.5).view(np.uint8)
    return cv2.copyTo(soft, cv2.dilate(mask, SQUARE)).astype(np.float32, copy=False), mask


def median_of(values: Ink) -> float:
    """Return the (upper) median; on few values with many ties three times faster than `numpy.median`."""
    return float(np.sort(values, axis=None)[values.size // 2])


def measure_pen_px(mask: Mask) -> float:
    """Measure the typical stroke width: twice the area over the length of all outlines.

    Args:
        mask: (H, W) uint8, 1 where there is ink.

    Returns:
        Pixels, at least 1; 0 without ink.
    """
    area = cv2.countNonZero(mask)
    if area == 0:
        return 0.0
    inner = cv2.erode(mask, SQUARE, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = area - cv2.countNonZero(inner)
    return max(1.0, 2 * area / max(outline, 1))
