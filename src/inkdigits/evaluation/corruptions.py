"""The fifteen corruptions of MNIST-C: digits that a person still reads, and a classifier often doesn't.

Owns: what each does to one 28x28 picture, by a seed. Leaves to others: judging (robustness), drawing
(plots_robustness). No model learns from these pictures: it would then measure nothing.

Source of every parameter: Mu & Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", arXiv 1906.02337,
and the code published with it (github.com/google-research/mnist-c, corruptions.py), at the strength that its data
set was made with; "level 3 of 5" says which of the code's steps that is. The code here is our own. It therefore
makes the same kinds of pictures from other random numbers, not the data set's bytes, and where the published code
calls scikit-image or ImageMagick, the comments say what differs.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.errors import UsageError
from inkdigits.types import Gray, Ink

SIDE_PX: Final = 28
_MIDDLE: Final = (SIDE_PX - 1) / 2
"""Turns, shears and scalings leave this point, (13.5, 13.5), where it is."""
Corrupt: TypeAlias = Callable[[Ink, np.random.Generator], npt.NDArray[np.floating]]
"""From a picture, (28, 28) float32 in [0, 1], ink bright, to the corrupted one, still to be clipped to [0, 1]."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to spoil a picture.

    Attributes:
        name: As in the paper, such as "shot_noise".
        corrupt: What it does to one picture.
    """

    name: str
    corrupt: Corrupt

    def __call__(self, images: Gray, *, seed: int = 0) -> Gray:
        """Corrupt pictures.

        Each has its own random numbers, drawn from the seed, the corruption's name and the picture itself: what
        becomes of a picture depends neither on its place nor on the others.

        Args:
            images: (N, 28, 28) uint8, ink bright; N may be 0.
            seed: Another one gives other noise.

        Returns:
            (N, 28, 28) uint8, ink bright.

        Raises:
            UsageError: If shape or dtype is another.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE_PX, SIDE_PX):
            raise UsageError(
                f"corruptions take uint8 pictures of 28x28 pixels, got {images.dtype} {images.shape}",
                remedy="They are made for MNIST's form; choose a data set that has it.",
            )
        out = np.empty_like(images)
        for place, image in enumerate(images):
            spoilt = self.corrupt(image.astype(np.float32) / np.float32(255), self._make_rng(image, seed))
            out[place] = np.rint(255 * np.clip(spoilt, 0, 1))
        return out

    def _make_rng(self, image: Gray, seed: int) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(self.name.encode()), zlib.crc32(image.tobytes())])


def _add_shot_noise(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Count photons, white being three on average (level 5 of 60, 25, 12, 5, 3): ink breaks up, black stays."""
    photons = 3
    return rng.poisson(image * photons) / photons


def _add_impulse_noise(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Set each pixel with probability 0.17 to black or white (level 4 of 0.03, 0.06, 0.09, 0.17, 0.27)."""
    is_hit = rng.random(image.shape) < 0.17
    return np.where(is_hit, rng.random(image.shape) < 0.5, image)


def _blur_by_glass(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Blur by 0.7 px, let half of the pixels change places with a neighbour, twice over, and blur again.

    Level 1 of (sigma, farthest, rounds) = (0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2). As in the
    published code, pixels from the lower right on change with the one above, left, or both.
    """
    sigma_px, rounds = 0.7, 2
    pixels = _blur(image, sigma_px).ravel().tolist()
    places = [SIDE_PX * y + x for y in range(SIDE_PX - 1, 1, -1) for x in range(SIDE_PX - 1, 1, -1)]
    steps = rng.integers(0, 2, (rounds * len(places), 2)) @ (SIDE_PX, 1)
    steps *= rng.random(len(steps)) < 0.5
    for here, step in zip(places * rounds, steps.tolist(), strict=True):
        pixels[here], pixels[here - step] = pixels[here - step], pixels[here]
    return _blur(np.array(pixels, np.float32).reshape(image.shape), sigma_px)


def _blur_by_motion(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Drag the picture along a line that is up to 45 degrees from level, fading as a Gaussian of 3 px.

    Level 1 of (radius, sigma) = (10, 3), (15, 5), (15, 8), (15, 12), (20, 15). The kernel is ImageMagick's: one
    sided, 2 * radius + 1 steps long, each at the nearest pixel, and the border goes on outside.
    """
    radius_px, sigma_px, most_deg = 10, 3.0, 45.0
    angle = math.radians(rng.uniform(-most_deg, most_deg))
    steps = np.arange(2 * radius_px + 1)
    weights = np.exp(-(steps**2) / (2 * sigma_px**2))
    pixels = np.arange(SIDE_PX)[:, None]
    ys = np.clip(pixels + np.ceil(steps * math.sin(angle) - 0.5).astype(int), 0, SIDE_PX - 1)
    xs = np.clip(pixels + np.ceil(steps * math.cos(angle) - 0.5).astype(int), 0, SIDE_PX - 1)
    dragged = image[ys[:, None, :], xs[None, :, :]]  # (H, W, steps)
    blurred: npt.NDArray[np.floating] = dragged @ (weights / weights.sum())
    return blurred


def _shear(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Slant by 0.4 rad to the left or right (level 2 of 0.2 to 1.0).

    What 0.4 means is scikit-image's matter: until 0.18, so when the data set was made, its shear kept the length of
    upright lines, which makes the digit 8 % higher; later versions' doesn't. Here it is the former.
    """
    angle = _either(rng) * 0.4
    return _warp(image, [[1, -math.sin(angle)], [0, math.cos(angle)]])


def _scale(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Reduce to 0.7 of the size, to the middle (level 3 of 0.9, 0.8, 0.7, 0.6, 0.5); no smoothing before."""
    share = 0.7
    return _warp(image, [[1 / share, 0], [0, 1 / share]])


def _rotate(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Turn by 0.4 rad (23 degrees) to the left or right (level 2 of 0.2 to 1.0)."""
    angle = _either(rng) * 0.4
    return _warp(image, [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _brighten(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Add half of white to every pixel, so that paper is grey (level 5 of 0.1 to 0.5)."""
    return image + 0.5


def _translate(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Shift by 3 px towards one of the four corners (level 3 of 1 to 5)."""
    shift_px = 3
    return _warp(image, np.eye(2), shift=(_either(rng) * shift_px, _either(rng) * shift_px))


def _add_stripes(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Invert the left and the right quarter of the picture; only the middle half keeps its polarity."""
    quarter = SIDE_PX // 4
    out = image.copy()
    out[:, :quarter] = 1 - out[:, :quarter]
    out[:, -quarter:] = 1 - out[:, -quarter:]
    return out


def _add_fog(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Add a plasma fractal three times as strong as the ink, then scale so that the two together reach white.

    Level 5 of (strength, decay) = (1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4). The fractal covers 256x256
    pixels, and its corner is used.
    """
    strength, decay = 3.0, 1.4
    brightest = float(image.max())
    fog = _make_plasma(rng, side_px=256, decay=decay)[:SIDE_PX, :SIDE_PX]
    return (image + strength * fog) * brightest / (brightest + strength)


def _add_spatter(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Cover spots with mud of a dark grey (63 of 255).

    Level 4 of (mean, deviation, blur, threshold, blur of the edge): (0.65, 0.3, 1, 0.65, 1.5); the last number of
    the published tuples chooses mud in place of water, but on grey pictures both are painted alike.
    """
    mud, least_cover = 63 / 255, 0.8
    drops = _blur(rng.normal(0.65, 0.3, image.shape).astype(np.float32), 1.0)
    cover = _blur((drops > 0.65).astype(np.float32), 1.5)
    cover[cover < least_cover] = 0
    return image * (1 - cover) + mud * cover


def _draw_dotted_line(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Draw a line from side to side, at random heights, of which every second pair of columns is left out."""
    left_y, right_y = rng.integers(0, SIDE_PX - 1, 2)
    line = _make_line((0, left_y), (SIDE_PX - 1, right_y))
    line[:, np.arange(SIDE_PX) // 2 % 2 == 0] = 0
    return image + line


def _draw_zigzag(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Draw a zigzag from column 2 to 25, up to 5 px from level, whose teeth are 2 px high and 4 px apart."""
    tooth_px, left_x, width_px = 2.0, 2, 23
    left_y = int(rng.integers(0, SIDE_PX - 1))
    rise = int(rng.integers(-5, 5))
    length = math.hypot(width_px, rise)
    along, across = [0.0], [0.0]
    for tooth in range(int((length - tooth_px) // (2 * tooth_px)) + 1):
        along.append((2 * tooth + 1) * tooth_px)
        across.append(tooth_px if tooth % 2 == 0 else -tooth_px)
    # The published code's end of the last, unfinished tooth; it lies a third of a pixel off the line.
    rest = length - 2 * tooth_px * (length // (2 * tooth_px))
    along.append(length)
    across.append(across[-1] / (2 * rest))
    cos, sin = width_px / length, rise / length
    xs = [left_x + cos * u - sin * v for u, v in zip(along, across, strict=True)]
    ys = [left_y + sin * u + cos * v for u, v in zip(along, across, strict=True)]
    out = image.copy()
    for place in range(1, len(xs)):
        out = np.minimum(out + _make_line((xs[place - 1], ys[place - 1]), (xs[place], ys[place])), 1)
    return out


def _find_canny_edges(image: Ink, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    """Keep only the edges that Canny's detector finds: Gaussian of 1 px, Sobel, thresholds 0.1 and 0.2.

    These are the defaults of scikit-image, which the published code calls. OpenCV thins edges by comparing whole
    neighbours, scikit-image between them; some pixels of the outlines therefore differ.
    """
    low, high, steps = 0.1, 0.2, 1000  # OpenCV wants derivatives in whole numbers: 1/1000, at most 4
    smooth = _blur(image, 1.0)
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, dx, 1 - dx) * steps for dx in (1, 0)]
    across, down = (np.rint(slope).astype(np.int16) for slope in slopes)
    edges = cv2.Canny(across, down, low * steps, high * steps, L2gradient=True)
    return edges.astype(np.float32) / 255


def _either(rng: np.random.Generator) -> int:
    """Return -1 or 1."""
    return 2 * int(rng.integers(2)) - 1


def _blur(image: Ink, sigma_px: float) -> Ink:
    """Blur by a Gaussian, cut at four deviations, the border going on outside, as scikit-image does by default."""
    side = 2 * int(4 * sigma_px + 0.5) + 1
    blurred = cv2.GaussianBlur(image, (side, side), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.float32, copy=False)


def _warp(image: Ink, matrix: npt.ArrayLike, *, shift: tuple[float, float] = (0, 0)) -> Ink:
    """Let each pixel take its value from a place around the middle; linear between pixels, paper outside.

    Args:
        image: (28, 28) float32.
        matrix: 2x2: from a place in the result, (x, y) from the middle, to that in the picture.
        shift: Added to the latter.
    """
    inverse = np.asarray(matrix, np.float64)
    middle = np.full(2, _MIDDLE)
    offset = middle - inverse @ middle + shift
    warped = cv2.warpAffine(
        image,
        np.column_stack([inverse, offset]),
        (SIDE_PX, SIDE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return warped.astype(np.float32, copy=False)


def _make_plasma(rng: np.random.Generator, *, side_px: int, decay: float) -> npt.NDArray[np.float64]:
    """Grow a height map by the diamond-square algorithm; it joins itself at its borders.

    Args:
        rng: For the roughness.
        side_px: A power of two.
        decay: Each finer grid is rougher by a factor of 1 / decay squared. The square is the published code's: it
            multiplies a shrinking number by a random one from a range that shrinks with it.

    Returns:
        (side_px, side_px) in [0, 1], both ends reached.
    """
    heights, roughness = np.zeros((1, 1)), 1.0
    while len(heights) < side_px:
        middles = heights + np.roll(heights, -1, axis=0)
        middles = (middles + np.roll(middles, -1, axis=1)) / 4 + _wobble(rng, middles, roughness)
        between = heights + np.roll(heights, -1, axis=1) + middles + np.roll(middles, 1, axis=0)
        below = heights + np.roll(heights, -1, axis=0) + middles + np.roll(middles, 1, axis=1)
        finer = np.repeat(np.repeat(heights, 2, axis=0), 2, axis=1)
        finer[1::2, 1::2] = middles
        finer[::2, 1::2] = between / 4 + _wobble(rng, between, roughness)
        finer[1::2, ::2] = below / 4 + _wobble(rng, below, roughness)
        heights, roughness = finer, roughness / decay**2
    lowest, highest = heights.min(), heights.max()
    scaled: npt.NDArray[np.float64] = (heights - lowest) / (highest - lowest)
    return scaled


def _wobble(
    rng: np.random.Generator, like: npt.NDArray[np.float64], roughness: float
) -> npt.NDArray[np.float64]:
    return rng.uniform(-roughness, roughness, like.shape)


def _make_line(start: tuple[float, float], end: tuple[float, float]) -> Ink:
    """Return the ink of a straight line from left to right that fades above and below.

    Args:
        start: (x, y) of its left end.
        end: (x, y) of its right end; further right.

    Returns:
        (28, 28) float32 in [0, 1]: 1 + log(1 - d / 2.3) at d pixels above or below the line, 0 from 1.45 px on.
    """
    reach_px = 2.3
    (x0, y0), (x1, y1) = start, end
    pixels = np.arange(SIDE_PX)
    heights = y0 + (y1 - y0) / (x1 - x0) * (pixels - x0)
    distance = np.minimum(np.abs(pixels[:, None] - heights), 0.99 * reach_px)
    line: Ink = np.clip(1 + np.log1p(-distance / reach_px), 0, 1).astype(np.float32)
    line[:, (pixels < math.floor(x0)) | (pixels >= math.ceil(x1))] = 0
    return line


CORRUPTIONS: Final[Mapping[str, Corruption]] = {
    name: Corruption(name, corrupt)
    for name, corrupt in {
        "shot_noise": _add_shot_noise,
        "impulse_noise": _add_impulse_noise,
        "glass_blur": _blur_by_glass,
        "motion_blur": _blur_by_motion,
        "shear": _shear,
        "scale": _scale,
        "rotate": _rotate,
        "brightness": _brighten,
        "translate": _translate,
        "stripe": _add_stripes,
        "fog": _add_fog,
        "spatter": _add_spatter,
        "dotted_line": _draw_dotted_line,
        "zigzag": _draw_zigzag,
        "canny_edges": _find_canny_edges,
    }.items()
}
"""All corruptions by name, in the order of the paper's figure 1."""
