"""What augmentation does to digits, one change at a time: for the eye, not for training.

Owns: the rows of the picture. Leaves to others: the changes (`augment`) and drawing (`inkdigits.evaluation`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inkdigits.training.augment import augment, mixup
from inkdigits.training.sections import AugmentSection

_ALONE: Final = tuple(key.name for key in fields(AugmentSection) if key.name != "elastic_smooth_px")
"""All changes; the smoothness of the elastic displacement is none by itself."""
_MIXED: Final = 2
"""Rows of all changes together: each is another draw."""


@dataclass(frozen=True)
class PreviewRow:
    """One row of the picture.

    Attributes:
        title: What was done, such as "rotation_deg 12".
        images: (N, 28, 28) uint8, ink bright, in the order of the originals.
    """

    title: str
    images: npt.NDArray[np.uint8]


def preview_augmentation(
    images: npt.NDArray[np.uint8], settings: AugmentSection, *, seed: int = 0
) -> list[PreviewRow]:
    """Return the originals, each change alone at half and at full strength, and all of them together.

    Strengths are limits within which training draws, for each digit another one: so it is here.

    Args:
        images: (N, H, W) uint8, ink bright; N at least 1.
        settings: The recipe's; what is 0 there has no row.
        seed: The same seed gives the same picture.
    """
    rows = [PreviewRow("as they are", images)]
    for name in _ALONE:
        strength = getattr(settings, name)
        if not strength:
            continue
        for share in (0.5, 1.0):
            nothing = AugmentSection(elastic_smooth_px=settings.elastic_smooth_px)
            alone = replace(nothing, **{name: share * strength})
            rows.append(PreviewRow(f"{name} {share * strength:.3g}", _change(images, alone, seed=seed)))
    if len(rows) > 1:
        rows += [PreviewRow("all together", _change(images, settings, seed=seed + i)) for i in range(_MIXED)]
    return rows


def _change(images: npt.NDArray[np.uint8], settings: AugmentSection, *, seed: int) -> npt.NDArray[np.uint8]:
    generator = torch.Generator().manual_seed(seed)
    ink = torch.from_numpy(images).unsqueeze(1).float() / 255  # (N, H, W) -> (N, 1, H, W)
    changed = augment(ink, settings, generator=generator)
    if settings.mixup:
        changed, _ = mixup(changed, torch.zeros(len(changed), 1), alpha=settings.mixup, generator=generator)
    result: npt.NDArray[np.uint8] = (changed.squeeze(1) * 255).round().byte().numpy()
    return result
