"""A grey page becomes ink: polarity decided, illumination divided out, threshold set by the local pen.

Owns: everything between raw grey values and `InkPage`. Leaves to others: what the ink means.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.types import Gray, Ink

Mask = npt.NDArray[np.uint8]

MOST_PX = 2400  # longer side on which ink is sought; larger pages are reduced (300 dpi A4 is 3508)
LEAST_PX = 112  # shorter side on which ink is sought; smaller pictures are enlarged up to eight times
POLARITY_PX = 96  # polarity is a coarse property: a thumbnail is enough, and fast
# Window of the median that stands for paper, as part of the shorter side. Measured on 609 pictures of single
# digits: 0.3 mistakes one thick digit, 0.5 to 1.0 none.
POLARITY_WINDOW = 0.5
LEAST_CONTRAST = 0.10  # ink must be this much darker than paper, as part of paper's brightness
NOISE_SIGMAS = 3.0  # and this many standard deviations of the paper's grain, whose peaks are specks
EXCESS_SIGMAS = 8.0  # and so many of what the grain around it exceeds that of the page
MIN_NOISE_BLOCK_PX = 96  # noise is measured in blocks of at least this side
NOISE_WINDOWS = 2  # or of so many windows of the local pen
PAPER_PART = 0.3  # at least this part of every block is taken for paper
WEAK_PEN = 0.35  # a pen this much weaker than the page's typical pen still counts
INK_LEVEL = 0.45  # a pixel is ink where it has this part of the contrast that the pen has nearby


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


def is_light_on_dark(gray: Gray) -> bool:
    """Decide the polarity: ink is the minority that stands out against its surroundings.

    Args:
        gray: (H, W) uint8.

    Returns:
        True where grey values are skewed to the bright side of their local median.
    """
    small = _fit_within(gray, POLARITY_PX)
    window = min(255, int(min(small.shape) * POLARITY_WINDOW) | 1)
    pad = window // 2
    padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REFLECT)
    paper = cv2.medianBlur(padded, window)[pad : pad + small.shape[0], pad : pad + small.shape[1]]
    deviation = small.astype(np.float32) - paper
    return float((deviation**3).mean()) > 0


def extract_ink(gray: Gray) -> InkPage:
    """Find the ink of a page.

    Args:
        gray: (H, W) uint8, any size, lighting and polarity.

    Returns:
        The ink on a working scale of at least 112 px (shorter side) and at most 2,400 px (longer side).
    """
    light_on_dark = is_light_on_dark(gray)
    scale = _working_scale(gray.shape)
    dark = _rescale(255 - gray if light_on_dark else gray, scale)
    coarse = _contrast(dark, window_px=max(15, min(dark.shape) // 3))
    window_px = max(15, min(dark.shape) // 4)
    level = _local_pen(coarse, _grain_floor(coarse, window_px=window_px), window_px=window_px)
    first = (coarse >= INK_LEVEL * level).astype(np.uint8)
    pen_px = measure_pen_px(first)
    if pen_px == 0:
        return _blank(dark.shape, scale=scale, light_on_dark=light_on_dark)
    contrast = _contrast(dark, window_px=int(max(9.0, 5 * pen_px)))
    window_px = int(max(9.0, 8 * pen_px))
    grain_floor = _grain_floor(contrast, window_px=window_px)
    level = _local_pen(contrast, grain_floor, window_px=window_px)
    ink = _soft_threshold(contrast, level)
    mask = (ink >= 0.5).astype(np.uint8)
    pen_px = measure_pen_px(mask)
    if pen_px == 0:
        return _blank(dark.shape, scale=scale, light_on_dark=light_on_dark)
    faint = mask | (contrast >= grain_floor).astype(np.uint8)
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
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype(
        np.uint8
    )


def _contrast(dark: Gray, *, window_px: int) -> Ink:
    """Divide the illumination out: how much darker than paper, as part of paper; negative where brighter.

    Paper is what remains when everything thinner than the window is closed, so it follows the edge of a
    shadow, which a blurred estimate would turn into ink.
    """
    window = window_px | 1
    smooth = cv2.GaussianBlur(dark, (0, 0), 0.8)
    shrink = max(1, window // 15)  # closing with a wide window needs no fine grid
    height, width = dark.shape
    grid = max(1, width // shrink), max(1, height // shrink)
    small = cv2.resize(smooth, grid, interpolation=cv2.INTER_AREA)
    side = max(3, (window // shrink) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    pad = side
    padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REFLECT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    closed = cv2.medianBlur(closed, min(side, 255))[pad:-pad, pad:-pad]
    paper = cv2.resize(closed, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return 1 - (dark.astype(np.float32) + 8) / (paper + 8)  # + 8 grey levels: no division by black


def _grain_floor(contrast: Ink, *, window_px: int) -> Ink:
    """Contrast below which nothing differs from the grain of the ground, for every pixel.

    The page's own grain sets the floor; where the grain is stronger (the desk beside a sheet), it is raised.
    """
    sample = contrast[::3, ::3].ravel()
    middle = float(np.median(sample))
    grain = 1.4826 * float(np.median(np.abs(sample - middle)))  # to sigma (Gaussian); paper is the majority
    noise = _local_noise(contrast - middle, block_px=max(MIN_NOISE_BLOCK_PX, NOISE_WINDOWS * window_px))
    excess = np.maximum(noise - grain, 0) * EXCESS_SIGMAS
    floor: Ink = np.maximum(LEAST_CONTRAST, middle + NOISE_SIGMAS * grain + excess).astype(np.float32)
    return floor


def _local_noise(contrast: Ink, *, block_px: int) -> Ink:
    """Standard deviation of paper around every pixel: medians over blocks, so that writing does not count."""
    height, width = contrast.shape
    rows, columns = max(1, height // block_px), max(1, width // block_px)
    # every third pixel, cut to whole blocks: (rows * h, columns * w) -> (rows, columns, h * w)
    sample = np.abs(contrast[::3, ::3])
    h, w = sample.shape[0] // rows, sample.shape[1] // columns
    blocks = sample[: rows * h, : columns * w].reshape(rows, h, columns, w).swapaxes(1, 2)
    flat = blocks.reshape(rows, columns, h * w)
    place = int(PAPER_PART * h * w)
    # the 30th percentile of |x| is 0.385 sigma (Gaussian); writing may cover the rest of the block
    sigma = np.partition(flat, place, axis=2)[:, :, place].astype(np.float32) / 0.385
    return cv2.resize(sigma, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _local_pen(contrast: Ink, grain_floor: Ink, *, window_px: int) -> Ink:
    """Contrast of the pen around every pixel, high enough that neither grain nor a very weak pen is ink."""
    window = window_px | 1
    calm = cv2.blur(contrast, (3, 3))
    peak = cv2.dilate(calm, np.ones((window, window), np.uint8))
    strong = contrast[contrast > grain_floor]
    weakest = WEAK_PEN * float(np.median(strong)) if strong.size else 0.0
    floor = np.maximum(grain_floor, np.float32(weakest))
    level: Ink = np.maximum(cv2.blur(peak, (window, window)), floor / INK_LEVEL).astype(np.float32)
    return level


def _soft_threshold(contrast: Ink, level: Ink) -> Ink:
    """Ink in [0, 1] that passes 0.5 at the threshold and keeps the anti-aliased edge."""
    soft = np.clip((contrast / level - INK_LEVEL) / 0.6 + 0.5, 0, 1)
    near = cv2.dilate((soft >= 0.5).astype(np.uint8), np.ones((3, 3), np.uint8))
    ink: Ink = (soft * near).astype(np.float32)
    return ink


def measure_pen_px(mask: Mask) -> float:
    """Measure the typical stroke width: twice the area over the length of all outlines.

    Args:
        mask: (H, W) uint8, 1 where there is ink.

    Returns:
        Pixels, at least 1; 0 without ink.
    """
    area = int(np.count_nonzero(mask))
    if area == 0:
        return 0.0
    inner = cv2.erode(np.pad(mask, 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    outline = area - int(np.count_nonzero(inner))
    return max(1.0, 2 * area / max(outline, 1))
