"""What is under the writing: paper, its texture, security print, ruling.

Owns: surfaces and prints as masks. Leaves to others: writing, other ink (`synth.distractors`), light and camera.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.noise import cut_noise
from inkdigits.datasets.synth.sheet import Color, Sheet
from inkdigits.types import Ink

EDGES = 0.06
"""Part of the sheets whose edge is in the picture."""

PAPERS: dict[str, tuple[Color, ...]] = {
    "office": ((250, 250, 248), (242, 240, 234), (232, 232, 230), (215, 214, 212), (255, 255, 255)),
    "form": ((250, 246, 236), (236, 246, 236), (240, 244, 252), (252, 240, 240), (248, 246, 220)),
    "cheque": ((226, 232, 226), (214, 224, 232), (232, 222, 214), (204, 206, 200), (188, 190, 192)),
    "old": (
        (206, 200, 166),
        (190, 178, 158),
        (168, 172, 142),
        (214, 150, 70),
        (205, 170, 140),
        (196, 200, 190),
    ),
    "camera": ((196, 190, 188), (160, 164, 162), (176, 186, 192), (206, 190, 170), (140, 140, 138)),
}


def make_sheet(
    size_px: tuple[int, int],
    *,
    origin: tuple[int, int],
    sheet_px: tuple[int, int],
    rng: np.random.Generator,
    paper: str = "",
) -> Sheet:
    """Take an empty sheet.

    Args:
        size_px: (height, width) of the picture.
        origin: (x, y) of the sheet's first pixel in the picture's coordinates.
        sheet_px: (height, width) of the sheet.
        rng: Source of all chance.
        paper: One of `PAPERS`; drawn when empty.
    """
    paper = paper or str(rng.choice(list(PAPERS), p=(0.4, 0.2, 0.15, 0.08, 0.17)))
    colors = PAPERS[paper]
    color = np.array(colors[int(rng.integers(len(colors)))], np.float32) + rng.normal(0, 5, 3)
    surface = np.empty((*sheet_px, 3), np.float32)
    surface[:] = np.clip(color, 60, 255)
    strength = float(rng.gamma(1.2, 1.6)) if rng.random() < 0.85 else 0.0
    if paper in ("old", "cheque"):
        strength += float(rng.uniform(0, 5))
    if strength:
        relief = sum(
            float(rng.uniform(0, 1)) * cut_noise(sheet_px, cell=i, rng=rng)
            for i in rng.choice(5, 2, replace=False)
        )
        surface += np.float32(strength) * np.asarray(relief, np.float32)[..., None]
    if paper == "old" and rng.random() < 0.5:
        stains = np.clip(cut_noise(sheet_px, cell=4, rng=rng) - 0.6, 0, 1)
        surface -= np.float32(rng.uniform(5, 35)) * stains[..., None] * np.array([0.7, 1, 1.3], np.float32)
    if rng.random() < EDGES:
        _show_edge(surface, rng)
    return Sheet(size_px, origin, surface, np.zeros(sheet_px, np.float32))


def _show_edge(surface: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    """Let the sheet end near a border of the picture; beyond it is a desk or another sheet."""
    height, width = surface.shape[:2]
    y, x = _grid((height, width))
    tilt = np.float32(rng.normal(0, 0.06))
    depth = np.float32(rng.uniform(0.02, 0.16))
    side = int(rng.integers(4))
    beyond = (
        depth * height - y + tilt * x, y - (1 - depth) * height + tilt * x,
        depth * width - x + tilt * y, x - (1 - depth) * width + tilt * y,
    )[side]  # fmt: skip
    mask = np.asarray(np.clip(0.5 + beyond, 0, 1), np.float32)[..., None]
    shade = np.asarray(np.clip(0.6 + beyond / 5, 0.6, 1), np.float32)[..., None]
    desk = np.clip(rng.normal(120, 50, 3), 20, 230).astype(np.float32)
    surface += mask * (desk * shade - surface)


def print_security(sheet: Sheet, *, rng: np.random.Generator) -> None:
    """Print one to three patterns such as cheques and banknotes bear, sometimes on a part of the sheet only."""
    size = sheet.wet.shape
    color = np.clip(rng.normal(110, 40, 3), 20, 190)
    for _ in range(int(rng.choice([1, 2, 3], p=[0.55, 0.33, 0.12]))):
        mask = _PATTERNS[int(rng.integers(len(_PATTERNS)))](size, rng)
        if rng.random() < 0.3:
            mask *= np.clip(0.5 + cut_noise(size, cell=4, rng=rng), 0, 1)
        strength = float(np.clip(rng.gamma(2.2, 0.17), 0.08, 0.85))
        sheet.blend(mask, (color[0], color[1], color[2]), strength=strength)
        if rng.random() < 0.4:
            color = np.clip(color + rng.normal(0, 40, 3), 20, 200)
    if rng.random() < 0.35:
        _shade_part(sheet, rng)


def _shade_part(sheet: Sheet, rng: np.random.Generator) -> None:
    """Print a tint on one side of a straight or wavy edge, or as a gradient."""
    height, width = sheet.wet.shape
    y, x = _grid((height, width))
    angle = float(rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]))
    side = (x - rng.uniform(0.1, 0.9) * width) * np.cos(angle) + (
        y - rng.uniform(0.1, 0.9) * height
    ) * np.sin(angle)
    soft = float(rng.choice([1.0, 60.0, 200.0]))
    mask = np.asarray(np.clip(0.5 + side / soft, 0, 1), np.float32)
    tint = np.clip(rng.normal(150, 40, 3), 60, 220)
    sheet.blend(mask, (tint[0], tint[1], tint[2]), strength=float(rng.uniform(0.15, 0.6)))


def _grid(size: tuple[int, ...]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return y (H, 1) and x (1, W)."""
    return np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None, :]


def _lines_of(phase: npt.NDArray[np.float32], pitch_px: float, duty: float) -> Ink:
    """Return anti-aliased lines where the phase passes whole numbers."""
    off = np.abs(phase - np.rint(phase)) * 2
    return np.asarray(np.clip(0.5 + (duty - off) * np.float32(pitch_px * 0.5), 0, 1), np.float32)


def _draw_pitch(rng: np.random.Generator) -> float:
    return float(np.clip(rng.lognormal(np.log(5), 0.45), 2.2, 16))


def _waves(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    y, x = _grid(size)
    pitch, turn = _draw_pitch(rng), float(rng.choice([0.0, rng.normal(0, 0.5)]))
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    swing = float(rng.uniform(0, 2.5)) * np.sin(along / np.float32(rng.uniform(6, 40)) + rng.uniform(0, 6))
    swell = float(rng.uniform(0, 3)) * np.sin(across / np.float32(rng.uniform(15, 60)) + along / 90)
    return _lines_of(
        np.asarray(across / pitch + swing + swell, np.float32), pitch, float(rng.uniform(0.12, 0.5))
    )


def _hatching(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    y, x = _grid(size)
    pitch, duty = _draw_pitch(rng), float(rng.uniform(0.12, 0.4))
    turn = float(rng.uniform(0, np.pi))
    mask = _lines_of(np.asarray((y * np.cos(turn) - x * np.sin(turn)) / pitch, np.float32), pitch, duty)
    if rng.random() < 0.6:
        turn += float(rng.uniform(0.5, 2.6))
        other = _lines_of(np.asarray((y * np.cos(turn) - x * np.sin(turn)) / pitch, np.float32), pitch, duty)
        np.maximum(mask, other, out=mask)
    return mask


def _rings(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    y, x = _grid(size)
    mask = np.zeros(size, np.float32)
    pitch = _draw_pitch(rng)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy = rng.uniform(-0.2, 1.2, 2) * (size[1], size[0])
        radius = np.hypot(x - np.float32(cx), (y - np.float32(cy)) * np.float32(rng.uniform(0.6, 1.6)))
        lines = _lines_of(np.asarray(radius / pitch, np.float32), pitch, float(rng.uniform(0.12, 0.35)))
        reach = float(rng.uniform(30, 300))
        np.maximum(mask, lines * (radius < reach), out=mask)
    return mask


def _rosette(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    """Guilloche: curves of several turning circles, drawn many times with a growing phase."""
    mask = np.zeros(size, np.uint8)
    turns = np.linspace(0, 2 * np.pi, 160)
    for _ in range(int(rng.integers(1, 4))):
        center = rng.uniform(0, 1, 2) * (size[1], size[0])
        radius, lobes, depth = (
            float(rng.uniform(15, 90)),
            int(rng.integers(3, 14)),
            float(rng.uniform(0.1, 0.6)),
        )
        curves = []
        for k in range(int(rng.integers(4, 12))):
            r = radius * (1 + depth * np.sin(lobes * turns + 0.55 * k)) * (1 - 0.05 * k)
            points = center + np.stack([r * np.cos(turns) * 1.4, r * np.sin(turns)], axis=1)
            curves.append(np.rint(points * 16).astype(np.int32)[:, None])
        cv2.polylines(mask, curves, True, 255, 1, cv2.LINE_AA, 4)
    return np.asarray(mask / np.float32(255), np.float32)


def _dots(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    y, x = _grid(size)
    pitch = float(rng.uniform(2.5, 8))
    product = np.sin(x * np.float32(2 * np.pi / pitch)) * np.sin(y * np.float32(2 * np.pi / pitch))
    return np.asarray(np.clip((product - rng.uniform(0.1, 0.7)) * 2, 0, 1), np.float32)


def _grain(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    """Coarse blotches, as of recycled or photocopied paper."""
    noise = cut_noise((size[0], size[1]), cell=int(rng.integers(1, 3)), rng=rng)
    return np.asarray(np.clip(noise - np.float32(rng.uniform(0, 1)), 0, 1), np.float32)


def _microtext(size: tuple[int, ...], rng: np.random.Generator) -> Ink:
    """Rows of words too small to read."""
    mask = np.zeros(size, np.uint8)
    scale = float(rng.uniform(0.22, 0.36))
    letters = np.array(list("ACEFHKLMNPRTUVWX    "))
    step = int(rng.integers(8, 16))
    for y in range(int(rng.integers(0, step)), size[0] + step, step):
        row = "".join(rng.choice(letters, size[1] // 4))
        cv2.putText(
            mask, row, (-int(rng.integers(0, 30)), y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA
        )
    return np.asarray(mask / np.float32(255), np.float32)


_PATTERNS = (_waves, _waves, _hatching, _hatching, _rings, _rosette, _dots, _grain, _microtext)


def print_ruling(
    sheet: Sheet, *, pitch_px: float, first_px: float, rng: np.random.Generator, squares: bool
) -> None:
    """Print the lines or squares of an exercise book.

    Args:
        sheet: Where to.
        pitch_px: Distance of the lines.
        first_px: Where one of them stands.
        rng: Source of all chance.
        squares: Whether there are upright lines as well.
    """
    y, x = _grid(sheet.wet.shape)
    duty = float(rng.uniform(0.5, 1.3)) * 2 / pitch_px
    y, x = y + sheet.origin[1], x + sheet.origin[0]
    mask = _lines_of(np.asarray((y - first_px) / pitch_px + 0 * x, np.float32), pitch_px, duty)
    if squares:
        upright = _lines_of(
            np.asarray((x - rng.uniform(0, pitch_px)) / pitch_px + 0 * y, np.float32), pitch_px, duty
        )
        np.maximum(mask, upright, out=mask)
    colors = ((150, 175, 215), (190, 150, 150), (150, 190, 160), (140, 140, 145), (90, 110, 160))
    sheet.blend(mask, colors[int(rng.integers(len(colors)))], strength=float(rng.uniform(0.25, 0.95)))
