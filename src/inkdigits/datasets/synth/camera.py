"""Light, lens and sensor: a written sheet becomes a picture, and outlines become boxes.

Owns: where the camera stands, the damage of taking and storing a picture, ground truth in final pixels. Leaves to
others: what is on the sheet.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from inkdigits.datasets.synth.noise import cut_noise
from inkdigits.datasets.synth.page import FloatBox, SynthPage, SynthSign
from inkdigits.datasets.synth.sheet import NO_NUMBER, PlacedSign, Sheet

Matrix = npt.NDArray[np.float64]

MAX_ANGLE_DEG = 8.0
STRAIGHT = 0.35
"""Part of the pictures that come from a scanner or a screen: not turned at all."""
MIN_VISIBLE = 0.55
"""A sign of whose box less is in the picture is named ""."""
LEAST_PX = 1.5
"""Smaller remains at the edge are nothing."""


def aim_camera(
    size_px: tuple[int, int], *, rng: np.random.Generator, max_angle_deg: float = MAX_ANGLE_DEG
) -> Matrix:
    """Choose where the camera stands.

    Args:
        size_px: (height, width) of the picture.
        rng: Source of all chance.
        max_angle_deg: Most turn.

    Returns:
        (3, 3) homography from sheet to picture.
    """
    if rng.random() < STRAIGHT:
        return np.eye(3)
    height, width = size_px
    limit = min(max_angle_deg, MAX_ANGLE_DEG)
    angle = float(np.clip(rng.normal(0, 3.2), -limit, limit))
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]], float)
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((0, 0), angle, float(rng.uniform(0.94, 1.02)))
    turn[2, :2] = rng.normal(0, 0.035, 2) / (
        width,
        height,
    )  # perspective: up to a tenth of the size at the corners
    return np.asarray(middle @ turn @ np.linalg.inv(middle), np.float64)


def measure_sheet(matrix: Matrix, size_px: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the origin (x, y) and the size (height, width) of the sheet that fills the picture."""
    height, width = size_px
    if np.array_equal(matrix, np.eye(3)):
        return (0, 0), size_px
    corners = np.array([[[0, 0], [width, 0], [0, height], [width, height]]], float)
    seen = cv2.perspectiveTransform(corners, np.linalg.inv(matrix))[0]
    low = np.minimum(np.floor(seen.min(axis=0)) - 1, 0).astype(int)
    high = np.maximum(np.ceil(seen.max(axis=0)) + 1, (width, height)).astype(int)
    return (int(low[0]), int(low[1])), (int(high[1] - low[1]), int(high[0] - low[0]))


def take_picture(sheet: Sheet, matrix: Matrix, *, kind: str, rng: np.random.Generator) -> SynthPage:
    """Take the picture of a sheet, with boxes in its pixels.

    Args:
        sheet: All its ink is dry.
        matrix: From `aim_camera`.
        kind: Of the page.
        rng: Source of all chance.
    """
    image = sheet.surface
    if not np.array_equal(matrix, np.eye(3)):
        shift = np.array([[1, 0, sheet.origin[0]], [0, 1, sheet.origin[1]], [0, 0, 1]], float)
        # Pixel middles are at +0.5 for us and at 0 for OpenCV.
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], float)
        warp = np.linalg.inv(half) @ matrix @ shift @ half
        image = np.asarray(
            cv2.warpPerspective(image, warp, sheet.size_px[::-1], borderMode=cv2.BORDER_REPLICATE), np.float32
        )
    signs, text = describe_signs(sheet.signs, matrix, sheet.size_px)
    return SynthPage(expose(image, rng=rng), signs, kind, text)


def describe_signs(
    placed: Sequence[PlacedSign], matrix: Matrix, size_px: tuple[int, int]
) -> tuple[tuple[SynthSign, ...], str]:
    """Turn what was placed into ground truth.

    Returns:
        The signs in reading order, and the text.
    """
    seen = [
        (sign, clipped)
        for sign in sorted(placed, key=lambda sign: sign.line)
        if (clipped := _clip_sign(sign, matrix, size_px)) is not None
    ]
    # What remains of a number may be its point alone: that is no number.
    have_digit = {sign.number for sign, (label, _) in seen if label.isdigit()} - {NO_NUMBER}
    names: dict[int, int] = {}
    lines: dict[int, dict[int, str]] = {}
    signs: list[SynthSign] = []
    for sign, (label, box) in seen:
        number = NO_NUMBER
        if label and sign.number in have_digit:
            number = names.setdefault(sign.number, len(names))
            words = lines.setdefault(sign.line, {})
            words[number] = words.get(number, "") + label
        signs.append(SynthSign(label, box, number))
    text = "\n".join(
        " ".join(words[number] for number in sorted(words)) for _, words in sorted(lines.items())
    )
    return tuple(signs), text


def _clip_sign(sign: PlacedSign, matrix: Matrix, size_px: tuple[int, int]) -> tuple[str, FloatBox] | None:
    """Return the label and the visible box of a sign in the picture, or None if nothing is to be seen."""
    seen = cv2.perspectiveTransform(sign.hull[None], matrix)[0]
    low, high = seen.min(axis=0), seen.max(axis=0)
    inner_low, inner_high = np.maximum(low, 0), np.minimum(high, size_px[::-1])
    inner = inner_high - inner_low
    if inner.min() < min(LEAST_PX, float((high - low).min())):
        return None
    is_whole = float(np.prod(inner / np.maximum(high - low, 1e-6))) >= MIN_VISIBLE
    box = (float(inner_low[0]), float(inner_low[1]), float(inner[0]), float(inner[1]))
    return (sign.label if is_whole else ""), box


def expose(image: npt.NDArray[np.float32], *, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Light a scene, blur it, add noise, reduce its resolution and store it, (H, W) or (H, W, 3) uint8."""
    if rng.random() < 0.3:
        image = np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    size = image.shape[:2]
    if rng.random() < 0.55:
        light = _light(size, rng)
        image = image * (light if image.ndim == 2 else light[..., None])
    image = _soften(image, rng)
    if rng.random() < 0.6:
        noise = cut_noise((size[0], size[1]), cell=int(rng.random() < 0.25), rng=rng)
        noise = noise * np.float32(rng.gamma(1.3, 2.0))
        image = image + (noise if image.ndim == 2 else noise[..., None])
    picture = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = int(np.clip(rng.normal(65, 22), 18, 96))
        bgr = picture[..., ::-1] if picture.ndim == 3 else picture
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)
        picture = np.ascontiguousarray(decoded[..., ::-1] if decoded.ndim == 3 else decoded)
    return picture


def _soften(image: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Blur, or take the picture smaller and enlarge it again."""
    chance = float(rng.random())
    height, width = image.shape[:2]
    if chance < 0.3:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.35, 1.3))), np.float32)
    if chance < 0.5:
        part = float(rng.uniform(0.5, 0.9))
        small = cv2.resize(image, (round(width * part), round(height * part)), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    if chance < 0.57:  # sharpened by the camera: light rims around strokes
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        return np.asarray(image + np.float32(rng.uniform(0.3, 1.2)) * (image - soft), np.float32)
    return image


def _light(size: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the part of the light that reaches each pixel: a slope, sometimes the edge of a shadow."""
    y = np.linspace(-1, 1, size[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :]
    angle = float(rng.uniform(0, 2 * np.pi))
    toward = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    light = 1 - np.float32(rng.uniform(0, 0.25)) * (toward + 1) / 2
    if rng.random() < 0.35:
        reach = np.float32(rng.uniform(0.04, 0.5))
        edge = np.clip(0.5 + (toward - rng.uniform(-0.7, 0.7) + 0.1 * np.sin(3 * x)) / reach, 0, 1)
        light = light * (1 - np.float32(rng.uniform(0.1, 0.55)) * edge)
    if rng.random() < 0.25:
        light = light * (1 - np.float32(rng.uniform(0.05, 0.35)) * (x * x + y * y) / 2)
    return np.asarray(light * np.float32(rng.uniform(0.75, 1.03)), np.float32)
