"""Crops that end where the ink ends: which are so, the paper around them, whether their polarity is in doubt."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.ink.tight import add_border, is_balanced, is_tight
from inkdigits.types import Gray


def crop(*, light: int, dark: int, columns: int) -> Gray:
    """16x16 pixels, of which the first columns are light."""
    gray = np.full((16, 16), dark, np.uint8)
    gray[:, :columns] = light
    return gray


@pytest.mark.parametrize(
    ("light", "dark", "columns", "wanted"),
    [
        (230, 20, 8, True),
        (230, 20, 7, True),
        (230, 20, 4, False),  # the fewer ones are ink
        (120, 60, 8, False),  # two shades of paper
    ],
)
def test_a_crop_is_balanced_where_light_and_dark_are_far_apart_and_take_equal_parts(
    light: int, dark: int, columns: int, *, wanted: bool
) -> None:
    assert is_balanced(crop(light=light, dark=dark, columns=columns)) is wanted


def test_a_crop_is_tight_where_ink_lies_on_its_border() -> None:
    gray = crop(light=230, dark=20, columns=8)
    assert is_tight(gray, light_on_dark=True)
    assert is_tight(gray, light_on_dark=False)
    inside = np.full((16, 16), 230, np.uint8)
    inside[4:12, 4:12] = 20
    assert not is_tight(inside, light_on_dark=False)
    assert is_tight(inside, light_on_dark=True)


@pytest.mark.parametrize(("light_on_dark", "paper"), [(False, 230), (True, 20)])
def test_the_border_is_of_paper(*, light_on_dark: bool, paper: int) -> None:
    gray = crop(light=230, dark=20, columns=8)
    framed = add_border(gray, 4, light_on_dark=light_on_dark)
    assert framed.shape == (24, 24)
    assert (framed[4:-4, 4:-4] == gray).all()
    assert set(np.concatenate([framed[:4].ravel(), framed[:, -4:].ravel()]).tolist()) == {paper}
