"""Letters of other scripts: forms that can be written, and none that hands write like a digit."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.allographs import ALLOGRAPHS, parse_form
from inkdigits.datasets.synth.scripts import SCRIPTS
from inkdigits.datasets.synth.shapes import render_shape, write_form


@pytest.mark.parametrize("name", SCRIPTS)
def test_forms_can_be_written(name: str) -> None:
    for form in SCRIPTS[name]:
        paths = write_form(form, rng=np.random.default_rng(0))
        drawn = render_shape(paths, height_px=40, pen_px=4)
        assert min(drawn.shape) >= 4
        assert (drawn > 128).sum() > 60


def test_letters_that_look_like_digits_are_left_out() -> None:
    alike = {"omicron", "iota", "ieung", "giyeok", "rieul", "ayin", "daleth", "waw", "resh", "pe", "beth"}
    assert not alike & set(SCRIPTS)


def test_no_form_is_that_of_a_digit() -> None:
    digits = {str(parse_form(form)) for forms in ALLOGRAPHS.values() for form in forms}
    assert not digits & {str(parse_form(form)) for forms in SCRIPTS.values() for form in forms}
