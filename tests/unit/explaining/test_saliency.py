"""Which ink matters: a classifier whose reasons are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from inkdigits.bundles import load_classifier
from inkdigits.errors import ImageFormatError, UsageError
from inkdigits.explaining import occlusion_saliency
from inkdigits.types import LabelledImages, Probs


class CornerReader:
    """Says "a" by the ink in the upper left quarter, "b" by that in the lower right one."""

    labels = ("a", "b")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        self.calls.append(len(images))
        a, b = images[:, :14, :14].sum(axis=(1, 2)), images[:, 14:, 14:].sum(axis=(1, 2))
        p = 1 / (1 + np.exp((b - a).astype(np.float64) / 10))
        return np.stack([p, 1 - p], axis=1).astype(np.float32)


@pytest.fixture
def form() -> npt.NDArray[np.float32]:
    ink = np.zeros((28, 28), np.float32)
    ink[5:8, 5:8] = 1  # for "a"
    ink[20:23, 20:23] = 1  # against it
    ink[5:8, 20:23] = 1  # says nothing
    return ink


def test_ink_for_against_and_without_meaning(form: npt.NDArray[np.float32]) -> None:
    reader = CornerReader()
    saliency = occlusion_saliency(reader, form, "a")
    assert saliency.shape == (28, 28)
    assert saliency.dtype == np.float32
    assert saliency[5:8, 5:8].min() > 0.1
    assert saliency[20:23, 20:23].max() < -0.1
    np.testing.assert_allclose(saliency[5:8, 20:23], 0, atol=1e-6)
    assert not saliency[form == 0].any()
    np.testing.assert_allclose(occlusion_saliency(reader, form, "b"), -saliency, atol=1e-5)


def test_a_spot_gets_the_change_of_the_log_odds(form: npt.NDArray[np.float32]) -> None:
    form[20:23, 20:23] = 0
    whole = occlusion_saliency(CornerReader(), form, "a", spot_px=28, step_px=28)
    np.testing.assert_allclose(whole[5:8, 5:8], 0.9, atol=1e-4)  # nine pixels of ink, a tenth each


def test_one_call_asks_about_spots_with_ink_alone(form: npt.NDArray[np.float32]) -> None:
    reader = CornerReader()
    occlusion_saliency(reader, form, "a")
    assert len(reader.calls) == 1
    assert reader.calls[0] < 60  # of 256 spots


def test_bytes_and_floats_give_the_same(form: npt.NDArray[np.float32]) -> None:
    np.testing.assert_allclose(
        occlusion_saliency(CornerReader(), (form * 255).astype(np.uint8), "a"),
        occlusion_saliency(CornerReader(), form, "a"),
    )


def test_paper_has_no_saliency() -> None:
    reader = CornerReader()
    assert not occlusion_saliency(reader, np.zeros((28, 28), np.float32), "a").any()
    assert not reader.calls


def test_sure_answers_keep_their_differences(small_digits: LabelledImages) -> None:
    """1 - p of a sure answer rounds to 0; its log-odds must not."""
    classifier = load_classifier("latin")
    index = int(classifier.predict_proba(small_digits.images[:100]).max(axis=1).argmax())
    form = small_digits.images[index]
    label = classifier.labels[int(classifier.predict_proba(form[None])[0].argmax())]
    saliency = occlusion_saliency(classifier, form, label)
    assert len(np.unique(saliency[form > 0])) > 20
    assert saliency.max() > 1


@pytest.mark.parametrize("options", [{"spot_px": 0}, {"step_px": 0}, {"spot_px": 3, "step_px": 4}])
def test_gaps_between_spots_are_refused(form: npt.NDArray[np.float32], options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="px apart"):
        occlusion_saliency(CornerReader(), form, "a", **options)


def test_other_labels_and_shapes_are_refused(form: npt.NDArray[np.float32]) -> None:
    with pytest.raises(UsageError, match="a, b"):
        occlusion_saliency(CornerReader(), form, "7")
    with pytest.raises(ImageFormatError, match="28"):
        occlusion_saliency(CornerReader(), form[None], "a")


@pytest.mark.parametrize(("spot_px", "step_px"), [(5, 2), (5, 5), (1, 1), (4, 3), (28, 9)])
def test_spots_leave_no_pixel_out(spot_px: int, step_px: int) -> None:
    full = np.ones((28, 28), np.float32)
    saliency = occlusion_saliency(CornerReader(), full, "a", spot_px=spot_px, step_px=step_px)
    if spot_px < 14:
        assert (saliency[:9, :9] > 0).all()
        assert (saliency[19:, 19:] < 0).all()
    else:
        assert np.isfinite(saliency).all()
