"""Opens a bundle and runs it with ONNX Runtime; safe to share between threads.

Owns: the session, batching, softmax. Leaves to others: metadata's form (metadata).
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.metadata import METADATA_KEY, NO_DIGIT, BundleMetadata
from inkdigits.bundles.runtime import onnxruntime
from inkdigits.errors import BundleError, ImageFormatError
from inkdigits.types import Probs

FOLDER = Path(__file__).parent
DEFAULT = "latin"
# Rows given to the runtime at once: larger batches gain nothing and their activations leave the cache
# (measured on 2 cores: 64 to 512 are equal within noise).
BATCH = 256


class BundleClassifier:
    """A classifier read from one ONNX file; unchanging after it is built, shared by threads.

    Args:
        path: The ONNX file.
        threads: Threads for one call; 1 is fastest for single glyphs and leaves the cores to other requests.

    Raises:
        BundleError: If the file is missing, damaged, or no bundle.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 1) -> None:
        self.path = Path(path)
        self._session, self.metadata = open_bundle(self.path, threads=threads)
        _check_shapes(self._session, self.metadata, name=self.path.name)
        self._input = self._session.get_inputs()[0].name

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `predict_proba`; "none" is not among them."""
        return self.metadata.labels[:-1] if self.knows_none else self.metadata.labels

    @property
    def knows_none(self) -> bool:
        """True if the network has a class for ink that is no digit."""
        return self.metadata.labels[-1] == NO_DIGIT

    def predict_logits(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the network's raw outputs.

        Args:
            images: (N, 28, 28), (28, 28) for one; float32 in [0, 1] with ink = 1, or uint8 with ink = 255.

        Returns:
            (N, C) float32 logits, before the temperature; that of "none" last where the network has it.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        ink = as_ink(images, size=self.metadata.input_size)
        if len(ink) <= BATCH:
            return self._run(ink) if len(ink) else np.zeros((0, len(self.metadata.labels)), np.float32)
        return np.concatenate([self._run(ink[i : i + BATCH]) for i in range(0, len(ink), BATCH)])

    def predict(self, images: npt.NDArray[Any]) -> tuple[Probs, npt.NDArray[np.float32]]:
        """Return which digit each glyph is if it is one, and how probable it is that it is none.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, C) float32, rows sum to 1; (N,) float32 in [0, 1], all 0 if the network has no such class.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        logits = self.predict_logits(images) / np.float32(self.metadata.temperature)
        if not self.knows_none:
            return softmax(logits), np.zeros(len(logits), np.float32)
        none: npt.NDArray[np.float32] = softmax(logits)[:, -1]
        return softmax(logits[:, :-1]), none

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        """Return calibrated probabilities; see `inkdigits.types.Classifier`.

        Args:
            images: (N, 28, 28) float32 in [0, 1] with ink = 1, or uint8 in [0, 255] with ink = 255.

        Returns:
            (N, C) float32, rows sum to 1.

        Raises:
            ImageFormatError: If shape or dtype is another.
        """
        return self.predict(images)[0]

    def _run(self, ink: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        logits: npt.NDArray[np.float32] = self._session.run(None, {self._input: ink})[0]
        return logits

    def __repr__(self) -> str:
        return f"BundleClassifier({self.metadata.name!r}, {len(self.labels)} classes)"


def as_ink(images: npt.NDArray[Any], *, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Check the input of a classifier and bring it to float32 in [0, 1].

    Args:
        images: (N, H, W) or (H, W), uint8 or floating.
        size: (H, W) that the classifier takes.

    Returns:
        (N, H, W) float32, contiguous.

    Raises:
        ImageFormatError: If shape or dtype is another.
    """
    array = np.asarray(images)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.shape[1:] != size:
        raise ImageFormatError(
            f"a classifier takes arrays of shape (N, {size[0]}, {size[1]}), got {array.shape}",
            remedy="Bring glyphs into that form with inkdigits.ink.normalize_glyph, or read whole pictures "
            "with Reader.read.",
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array, np.float32) / np.float32(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageFormatError(
            f"a classifier takes uint8 or floating arrays, got {array.dtype}",
            remedy="Convert with array.astype('uint8') (ink = 255) or to float32 in [0, 1].",
        )
    return np.ascontiguousarray(array, np.float32)


def softmax(logits: npt.NDArray[np.float32]) -> Probs:
    """Turn logits into probabilities.

    Args:
        logits: (N, C) float32.

    Returns:
        (N, C) float32, rows sum to 1.
    """
    if not len(logits):
        return logits
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs: Probs = exponents / exponents.sum(axis=1, keepdims=True)
    return probs


def list_bundles() -> tuple[str, ...]:
    """Return the names of the models that ship with this package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.onnx")))


def load_classifier(name: str | os.PathLike[str] = DEFAULT, *, threads: int = 1) -> BundleClassifier:
    """Open a model that ships, by name, or any bundle, by path.

    Args:
        name: Such as "latin", or the path of an ONNX file.
        threads: Threads for one call.

    Raises:
        BundleError: If there is no such bundle or it can't be opened.
    """
    text = os.fspath(name)
    if text in list_bundles():
        return BundleClassifier(FOLDER / f"{text}.onnx", threads=threads)
    if Path(text).suffix == ".onnx":
        return BundleClassifier(text, threads=threads)
    near = difflib.get_close_matches(text, list_bundles(), n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise BundleError(
        f"there is no model {text!r}",
        remedy=f"{hint}Those that ship: {', '.join(list_bundles())}; or give the path of an .onnx file.",
    )


def _check_shapes(session: onnxruntime.InferenceSession, metadata: BundleMetadata, *, name: str) -> None:
    """Raise BundleError if the network doesn't take the glyphs or give the classes that its metadata tell."""
    takes = [list(place.shape[1:]) for place in session.get_inputs()]
    gives = session.get_outputs()[0].shape
    if takes != [list(metadata.input_size)] or len(gives) != 2 or gives[1] != len(metadata.labels):
        raise BundleError(
            f"the network in {name} does not fit its metadata", remedy="It may be damaged: take a fresh copy."
        )


def open_bundle(path: Path, *, threads: int) -> tuple[onnxruntime.InferenceSession, BundleMetadata]:
    """Open a bundle of any task.

    Args:
        path: The ONNX file.
        threads: Threads for one call.

    Returns:
        The session and what the bundle says about itself.

    Raises:
        BundleError: If the file is missing, damaged, or no bundle.
    """
    session = _open(path, threads=threads)
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise BundleError(
            f"{path.name} is an ONNX file, but no InkDigits bundle",
            remedy="Export it with 'inkdigits train', which adds labels and calibration.",
        )
    return session, BundleMetadata.from_json(text)


def _open(path: Path, *, threads: int) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise BundleError(f"there is no bundle at {path}", remedy="Check the path, or train one first.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # By default, idle threads spin for some time after each call: a view of a page takes 1.4 times the processor
    # time then, and up to twice as long where other programs want the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # errors reach the user as exceptions, not as lines on the terminal
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own classes, one for each status code
        raise BundleError(
            f"{path.name} can't be opened as a model", remedy="It may be damaged: take a fresh copy."
        ) from error
