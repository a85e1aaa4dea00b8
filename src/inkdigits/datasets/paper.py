"""Simulated pages: lines of writing become pictures with known contents.

Owns: papers, light and camera, the layout of lines on a page, and where each sign stands.
Leaves to others: the motion of the pen (`datasets.strokes`), ink (`datasets.pens`), reading pages (`ink`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.pens import PENS, Pen, make_speckle, measure_extent, measure_reach, render_ink
from inkdigits.datasets.strokes import PenStroke, make_strokes
from inkdigits.datasets.writers import WriterStyle, make_writer
from inkdigits.errors import UsageError
from inkdigits.types import Box, Rgb

Color: TypeAlias = tuple[int, int, int]
"""Red, green, blue in [0, 255]."""
Field: TypeAlias = npt.NDArray[np.float32]
"""One or three values per pixel, (H, W) or (H, W, 3) float32."""

INK_FLOOR = 0.1
"""Weaker ink than this is the soft edge of a line; boxes leave it out."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A surface, its light and its camera. Strengths are in grey levels unless told otherwise.

    Attributes:
        color: Colour without ink.
        ruling: Printed lines: none, horizontal lines, or squares.
        rule_color: Colour of the printed lines.
        texture: Standard deviation of the unevenness of the surface.
        fibres: Visible fibres per 10,000 pixels.
        smear: Depth of the clouds and streaks that a sponge leaves on a board.
        shadow: Part of the light that the deepest shadow takes, 0 to 1.
        vignette: Part of the light that the corners lose, 0 to 1.
        blur_px: Standard deviation of the blur of the lens.
        noise: Standard deviation of the noise of the camera.
        jpeg_quality: 1 to 100, or None for no JPEG damage.
    """

    color: Color = (248, 246, 240)
    ruling: Literal["none", "lines", "squares"] = "none"
    rule_color: Color = (170, 190, 220)
    texture: float = 1.5
    fibres: float = 0.5
    smear: float = 0.0
    shadow: float = 0.0
    vignette: float = 0.0
    blur_px: float = 0.4
    noise: float = 0.8
    jpeg_quality: int | None = None


PAPERS: dict[str, Paper] = {
    "white": Paper(),
    "ruled": Paper(ruling="lines"),
    "squared": Paper(ruling="squares", rule_color=(190, 200, 215)),
    "recycled": Paper(color=(214, 206, 190), texture=3.5, fibres=6.0),
    "photo": Paper(color=(232, 228, 218), shadow=0.45, vignette=0.2, blur_px=0.9, noise=2.0, jpeg_quality=75),
    "blackboard": Paper(color=(44, 66, 56), texture=3.0, fibres=0.0, smear=16.0, vignette=0.15),
    "screen": Paper(color=(18, 18, 22), texture=0.0, fibres=0.0, blur_px=0.0, noise=0.0),
}


class PageLine(NamedTuple):
    """What stands on one line of a page.

    Attributes:
        text: The line, with its blanks.
        boxes: One box per sign from left to right, none for blanks.
    """

    text: str
    boxes: list[Box]


def make_paper(rng: np.random.Generator) -> Paper:
    """Invent a surface, its light and its camera; about one in eight is dark.

    Args:
        rng: Source of all chance; the same state gives the same paper.
    """
    is_dark = rng.random() < 0.125
    base = rng.uniform(15, 70) if is_dark else rng.uniform(195, 252)
    tint = np.clip(base + rng.normal(0, 6, 3), 0, 255).astype(int).tolist()
    rulings: tuple[Literal["none", "lines", "squares"], ...] = ("none", "none", "lines", "squares")
    return Paper(
        color=(tint[0], tint[1], tint[2]),
        ruling="none" if is_dark else rulings[int(rng.integers(4))],
        rule_color=(int(rng.integers(140, 200)), int(rng.integers(165, 205)), int(rng.integers(195, 230))),
        texture=float(rng.uniform(0, 4)),
        fibres=float(rng.uniform(0, 4)),
        smear=float(rng.uniform(0, 18)) if is_dark else 0.0,
        shadow=float(max(0.0, rng.uniform(-0.4, 0.5))),
        vignette=float(max(0.0, rng.uniform(-0.3, 0.3))),
        blur_px=float(rng.uniform(0, 1.2)),
        noise=float(rng.uniform(0, 5)),
        jpeg_quality=int(rng.integers(40, 96)) if rng.random() < 0.5 else None,
    )


def make_page(
    lines: Sequence[str],
    *,
    rng: np.random.Generator,
    style: WriterStyle | None = None,
    pen: Pen = PENS["ballpoint"],
    paper: Paper = PAPERS["white"],
    ink_color: Color | None = None,
    digit_px: int = 64,
    size_px: tuple[int, int] | None = None,
) -> tuple[Rgb, list[PageLine]]:
    """Write lines of numbers on paper and take a picture.

    Args:
        lines: Text of each line, see `make_strokes`; no lines give blank paper.
        rng: Source of all chance; the same state gives the same page.
        style: The writer; invented when not given.
        pen: How pressure becomes ink.
        paper: Surface, light and camera.
        ink_color: Colour of full ink; when not given, dark blue on light paper and white on dark.
        digit_px: Height of a normal digit.
        size_px: (height, width) of the page, the text near its middle; when not given, as large as the text
            needs.

    Returns:
        The page, (height, width, 3) uint8, and for each line its text and the box of each sign.

    Raises:
        UsageError: If the text does not fit on a page of that size or holds an unknown sign.
    """
    style = style or make_writer(rng)
    pitch = 2 * round(0.85 * digit_px)  # even, so that squares divide it
    written = [make_strokes(line, rng=rng, style=style) for line in lines]
    corners = _layout(written, rng=rng, digit_px=digit_px, pitch=pitch, style=style)
    needed_px = _needed_size(written, corners, digit_px=digit_px, pitch=pitch)
    if size_px is None:
        size_px = needed_px
    else:
        step_px = 1 if paper.ruling == "none" else pitch
        corners = _spread(corners, free_px=np.subtract(size_px, needed_px), step_px=step_px, rng=rng)
    ink: Field = np.zeros(size_px, np.float32)
    truth = []
    for line, strokes, corner in zip(lines, written, corners, strict=True):
        moved = [stroke.moved(scale=digit_px, x=corner[0], y=corner[1]) for stroke in strokes]
        boxes = [
            _stamp(
                ink, [s for s in moved if s.index == i], rng=rng, pen=pen, width_px=style.pen_width * digit_px
            )
            for i in sorted({s.index for s in moved})
        ]
        truth.append(PageLine(line, boxes))
    if ink_color is None:
        ink_color = (30, 40, 110) if sum(paper.color) > 384 else (235, 235, 228)
    sheet = _surface(paper, size_px, rng=rng, pitch=pitch)
    mixed = sheet + ink[..., None] * (np.array(ink_color, np.float32) - sheet)
    return _photograph(mixed, paper, rng=rng), truth


def _stamp(
    ink: Field, strokes: Sequence[PenStroke], *, rng: np.random.Generator, pen: Pen, width_px: float
) -> Box:
    """Draw the strokes of one sign into the ink of the page and return the box of what is visible."""
    (left, top), size_px = measure_extent(strokes, scale=1.0, margin_px=measure_reach(width_px, pen=pen))
    height, width = size_px
    if left < 0 or top < 0 or top + height > ink.shape[0] or left + width > ink.shape[1]:
        raise UsageError(
            f"The text does not fit on a page of {ink.shape[1]} x {ink.shape[0]} pixels",
            remedy="Make the page larger, the digits smaller or the lines shorter.",
        )
    moved = [stroke.moved(scale=1.0, x=-left, y=-top) for stroke in strokes]
    patch = render_ink(moved, size_px, rng=rng, pen=pen, width_px=width_px)
    view = ink[top : top + height, left : left + width]
    np.maximum(view, patch, out=view)
    ys, xs = np.nonzero(patch > INK_FLOOR)
    x, y = int(xs.min()), int(ys.min())
    return Box(left + x, top + y, int(xs.max()) + 1 - x, int(ys.max()) + 1 - y)


def _layout(
    written: Sequence[Sequence[PenStroke]],
    *,
    rng: np.random.Generator,
    digit_px: int,
    pitch: int,
    style: WriterStyle,
) -> list[tuple[float, float]]:
    """Return where each line begins, (x, y) in pixels; baselines stand just above multiples of the pitch."""
    margin = digit_px * float(rng.uniform(0.8, 1.1))
    rise = max((float(1 - s.xy[:, 1].min()) for line in written for s in line), default=1.0)
    first = int(np.ceil((rise + 0.3) * digit_px / pitch)) * pitch
    corners = []
    for i in range(len(written)):
        x = margin + digit_px * float(rng.normal(0, 0.12)) * style.jitter
        baseline = first + i * pitch - digit_px * float(rng.uniform(0.06, 0.12))
        corners.append((max(x, 0.4 * digit_px), baseline - digit_px))
    return corners


def _needed_size(
    written: Sequence[Sequence[PenStroke]],
    corners: Sequence[tuple[float, float]],
    *,
    digit_px: int,
    pitch: int,
) -> tuple[int, int]:
    """Return the (height, width) that holds the lines and a margin, in pixels."""
    ends = [
        (float(s.xy[:, 0].max()) * digit_px + x, float(s.xy[:, 1].max()) * digit_px + y)
        for line, (x, y) in zip(written, corners, strict=True)
        for s in line
    ]
    right = max((x for x, _ in ends), default=4.0 * digit_px)
    bottom = max((y for _, y in ends), default=float(pitch))
    return round(bottom + 0.7 * digit_px), round(right + digit_px)


def _spread(
    corners: Sequence[tuple[float, float]],
    *,
    free_px: npt.NDArray[np.int64],
    step_px: int,
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """Move all lines together to somewhere near the middle of the page, downward in whole steps.

    Negative free space makes the margins smaller.
    """
    down, across = free_px * rng.uniform(0.35, 0.6, 2)
    return [(x + float(across), y + int(down / step_px) * step_px) for x, y in corners]


def _surface(paper: Paper, size_px: tuple[int, int], *, rng: np.random.Generator, pitch: int) -> Field:
    """Return the paper in even light, (H, W, 3) float32 in grey levels."""
    height, width = size_px
    sheet = np.broadcast_to(np.array(paper.color, np.float32), (height, width, 3)).copy()
    if paper.ruling != "none":
        sheet = _ruled(sheet, paper, pitch=pitch)
    relief: Field = np.zeros(size_px, np.float32)
    if paper.texture:
        relief += 0.5 * paper.texture * make_speckle(size_px, rng=rng)
        relief += 0.8 * paper.texture * _clouds(size_px, cell_px=(40, 40), rng=rng)
    if paper.smear:
        relief += 0.5 * paper.smear * _clouds(size_px, cell_px=(35, 400), rng=rng)
        relief += 0.5 * paper.smear * _clouds(size_px, cell_px=(150, 250), rng=rng)
    for _ in range(round(paper.fibres * height * width / 10_000)):
        _lay_fibre(relief, rng=rng)
    return sheet + relief[..., None]


def _ruled(sheet: Field, paper: Paper, *, pitch: int) -> Field:
    """Print lines (one per line of writing) or squares (two per line of writing) on a sheet."""
    step = pitch if paper.ruling == "lines" else pitch // 2
    thickness = max(1, round(pitch / 70))
    is_rule = np.zeros(sheet.shape[:2], np.float32)
    for y in range(step, sheet.shape[0], step):
        is_rule[y : y + thickness] = 1
    if paper.ruling == "squares":
        for x in range(step // 2, sheet.shape[1], step):
            is_rule[:, x : x + thickness] = 1
    toward_rule = np.array(paper.rule_color, np.float32) - sheet
    return np.asarray(sheet + 0.9 * is_rule[..., None] * toward_rule, np.float32)


def _lay_fibre(relief: Field, *, rng: np.random.Generator) -> None:
    """Press one short curved fibre into the relief, a few grey levels light or dark."""
    height, width = relief.shape
    center = rng.uniform((0, 0), (width, height))
    angle, bend = rng.uniform(0, np.pi), rng.normal(0, 0.6)
    s = np.linspace(-1, 1, 7) * float(rng.uniform(2, 6))
    x = center[0] + s * np.cos(angle) - bend * s**2 / 6 * np.sin(angle)
    y = center[1] + s * np.sin(angle) + bend * s**2 / 6 * np.cos(angle)
    rows, cols = np.round(y).astype(int) % height, np.round(x).astype(int) % width
    relief[rows, cols] += float(rng.choice([-7.0, -5.0, 4.0]))


def _photograph(scene: Field, paper: Paper, *, rng: np.random.Generator) -> Rgb:
    """Light the scene and take its picture, (H, W, 3) uint8."""
    size_px = scene.shape[:2]
    scene = scene * _light(paper, size_px, rng=rng)[..., None]
    if paper.blur_px:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), paper.blur_px), np.float32)
    if paper.noise:
        # The camera's noise is mostly brightness, hardly colour.
        scene = scene + rng.normal(0, paper.noise, size_px).astype(np.float32)[..., None]
    page = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
    if paper.jpeg_quality is None:
        return page
    _, data = cv2.imencode(".jpg", page[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, paper.jpeg_quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def _light(paper: Paper, size_px: tuple[int, int], *, rng: np.random.Generator) -> Field:
    """Return the part of the light that reaches each pixel, (H, W) float32 in (0, 1]."""
    height, width = size_px
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle, offset = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(-0.4, 0.4))
    toward = x * np.cos(angle) + y * np.sin(angle)
    edge = 1 / (1 + np.exp(-(toward - offset + 0.15 * np.sin(3 * (x - y))) / float(rng.uniform(0.1, 0.5))))
    slope = (toward + 1.5) / 3
    shade = 1 - paper.shadow * (0.75 * edge + 0.25 * slope)
    fall = 1 - paper.vignette * (x**2 + y**2) / 2
    return np.asarray(shade * fall, np.float32)


def _clouds(size_px: tuple[int, int], *, cell_px: tuple[int, int], rng: np.random.Generator) -> Field:
    """Return smooth noise with spots about as large as a (height, width) cell, deviation near 1."""
    height, width = size_px
    coarse = rng.normal(0, 1.3, (height // cell_px[0] + 3, width // cell_px[1] + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
