"""Opens the region classifier's bundle and runs it: which digit stands in a box on a view, if any.

Owns: the session. Leaves to others: the geometry of regions (ink.region), the network (models).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inkdigits.bundles.bundle import FOLDER, open_bundle, softmax
from inkdigits.errors import BundleError
from inkdigits.ink.region import cut_regions
from inkdigits.types import Ink, Probs

DEFAULT_REGIONS = "regions"
TASK = "classify-regions"
"""What the metadata of a region classifier name as its task."""
BATCH = 128
LEAST_SPLIT = 24  # so many regions take 2 ms: handing half of them to another thread is worth its 0.1 ms


class BundleRegions:
    """A region classifier read from one ONNX file; unchanging after it is built, shared by threads.

    Args:
        path: The ONNX file.
        threads: Threads for one call.

    Raises:
        BundleError: If the file is missing, damaged, or no region classifier.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int = 2) -> None:
        self.path, self.threads = Path(path), threads
        # One digit is most of what is asked: its three regions are answered soonest by the thread that asks. Many
        # are shared out here.
        self._session, self.metadata = open_bundle(self.path, threads=1)
        if self.metadata.everything.get("task") != TASK:
            raise BundleError(
                f"{self.path.name} does not classify regions",
                remedy="Take the bundle that ships, or train one with 'inkdigits train-regions'.",
            )
        self._input = self._session.get_inputs()[0].name

    def run(self, regions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the network's logits.

        Args:
            regions: (N, 2, 40, 40) float32 in [0, 1] as `inkdigits.ink.region.cut_regions` makes them.

        Returns:
            (N, 11) float32; "none" comes last.
        """
        count = len(regions)
        if not count:
            return np.zeros((0, len(self.metadata.labels)), np.float32)
        if count < LEAST_SPLIT or self.threads == 1:
            return np.concatenate([self._run(regions[i : i + BATCH]) for i in range(0, count, BATCH)])
        size = min(BATCH, -(-count // self.threads))
        with ThreadPoolExecutor(self.threads) as pool:
            return np.concatenate(list(pool.map(self._run, np.split(regions, range(size, count, size)))))

    def _run(self, regions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        logits: npt.NDArray[np.float32] = self._session.run(None, {self._input: regions})[0]
        return logits

    def predict(
        self, view: Ink, boxes: Sequence[tuple[float, float, float, float]]
    ) -> tuple[Probs, npt.NDArray[np.float32]]:
        """Return which digit stands in each box if one does, and how probable it is that none does.

        Args:
            view: (H, W) float32 in [0, 1] as `inkdigits.ink.make_view` makes it.
            boxes: x, y, width, height in pixels of the view.

        Returns:
            (N, 10) float32, rows sum to 1; (N,) float32 in [0, 1].
        """
        logits = self.run(cut_regions(view, boxes)) / np.float32(self.metadata.temperature)
        none: npt.NDArray[np.float32] = softmax(logits)[:, -1]
        return softmax(logits[:, :-1]), none


def load_regions(name: str | os.PathLike[str] = DEFAULT_REGIONS, *, threads: int = 2) -> BundleRegions:
    """Open the region classifier that ships, or one by path.

    Args:
        name: "regions", or the path of an ONNX file.
        threads: Threads for one call.

    Raises:
        BundleError: If there is no such bundle or it can't be opened.
    """
    text = os.fspath(name)
    path = FOLDER / "detectors" / f"{text}.onnx" if Path(text).suffix != ".onnx" else Path(text)
    return BundleRegions(path, threads=threads)
