"""The page model finds digits where they stand, in either polarity and with halved weights."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from inkdigits.bundles.bundle import FOLDER
from inkdigits.bundles.detector import decode
from inkdigits.export.page_graph import PAGE_PX, write_page_model
from inkdigits.export.proof import make_digits


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> onnxruntime.InferenceSession:
    path = tmp_path_factory.mktemp("models") / "page.onnx"
    detector = FOLDER / "detectors" / "detector.onnx"
    write_page_model(detector, path)
    assert path.stat().st_size < 2.5 * 2**20  # it is downloaded by telephones
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("is_dark", [True, False])
def test_two_digits_are_found_at_their_places(session: onnxruntime.InferenceSession, is_dark: bool) -> None:
    picture = np.zeros((90, 200), np.float32)
    places = {3: (20, 30), 8: (110, 34)}  # label -> left, top
    digits = make_digits(10, seed=5)
    for label, (x, y) in places.items():
        picture[y : y + 28, x : x + 28] = digits[label]
    picture = 15 + picture * 0.9
    gray = (255 - picture if is_dark else picture).astype(np.float32)
    step = np.full((1, 1, 1), 20 / 24, np.float32)  # digits are 20 px high
    signs = session.run(None, {"picture": gray[None], "step": step})[0][0]
    assert signs.shape == (20, PAGE_PX // 4, PAGE_PX // 4)
    found = decode(signs, channel=0, names=slice(2, 12), least_score=0.5)
    assert len(found) == 2
    for spotted in found:
        label = int(spotted.probs.argmax())
        center_x = (spotted.x + spotted.width / 2 - PAGE_PX / 2) * step.item() + 100
        center_y = (spotted.y + spotted.height / 2 - PAGE_PX / 2) * step.item() + 45
        assert abs(center_x - places[label][0] - 14) < 4
        assert abs(center_y - places[label][1] - 14) < 4


def test_a_blank_picture_holds_nothing(session: onnxruntime.InferenceSession) -> None:
    gray, step = np.full((1, 80, 80), 200, np.float32), np.ones((1, 1, 1), np.float32)
    signs = session.run(None, {"picture": gray, "step": step})[0][0]
    assert decode(signs, channel=0, names=slice(2, 12), least_score=0.3) == []
