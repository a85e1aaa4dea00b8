"""A picture becomes the detector's view inside a graph, with the detector behind it: one ONNX model for pages.

Owns: that view in tensors, and the model that a browser runs. Leaves to others: decoding the answer, choosing the
scale, grouping (whoever runs it: `apps/browser`).

The view is that of `inkdigits.ink.make_view` on a fixed canvas: contrast in parts of that of the pen nearby, thin
pens widened, 40 px of paper around. The caller chooses `step`, pixels of the picture per pixel of the view, so that
digits are about 24 px high.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor as TorchTensor
from torch import nn

from inkdigits.errors import MissingExtraError
from inkdigits.export.picture_graph import COARSE_PX, PictureGraph
from inkdigits.export.tensors import Tensor
from inkdigits.export.tensors_torch import TorchTensors
from inkdigits.export.to_onnx import OPSET, merge_constants
from inkdigits.ink.view import LEAST_PEN_PX

PAGE_PX: Final = 256
"""Side of the canvas; a picture of 176 px on it has the detector's margin of 40 px on every side."""
PAPER_WINDOW: Final = 15  # five pens of digits that are 24 px high
PEN_WINDOW: Final = 25  # and eight


class PageGraph(PictureGraph):
    """Builds the view out of one framework's tensors."""

    def build_view(self, picture: Tensor, step: Tensor) -> Tensor:
        """Return what the detector sees.

        Args:
            picture: (1, H, W) float32 grey values in [0, 255], either polarity.
            step: (1, 1, 1) float32, pixels of the picture per pixel of the view.

        Returns:
            (1, 1, 256, 256) float32 in [0, 1]; the middle of the picture lies in its middle.
        """
        t = self._t
        height = t.total(t.ones_like(t.first(picture, 2)), (1,))
        width = t.total(t.ones_like(t.first(picture, 1)), (2,))
        whole = t.maximum(height, width) * (1 / COARSE_PX)
        is_light = self._is_light_on_dark(
            *self._look(picture, height * 0.5, width * 0.5, whole, side=COARSE_PX)
        )
        gray, seen = self._look(picture, height * 0.5, width * 0.5, step, side=PAGE_PX)
        gray = gray + is_light * (255.0 - gray * 2.0)
        contrast, level = self._measure(gray, seen, side=PAGE_PX, window=PAPER_WINDOW, pen_window=PEN_WINDOW)
        strength = self._clip(contrast / level) * seen
        lacking = self._ramp(LEAST_PEN_PX - self._measure_stroke(strength, side=PAGE_PX), 0.0, 1.0)
        widened = t.maximum(t.max_window(strength, 3, 1), t.max_window(strength, 1, 3))
        return t.expand(strength + (widened - strength) * lacking, 1)


class _Page(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._graph = PageGraph(TorchTensors())

    def forward(self, picture: TorchTensor, step: TorchTensor) -> TorchTensor:
        view: TorchTensor = self._graph.build_view(picture, step)
        return view


def write_page_model(detector: Path, path: Path) -> None:
    """Write "picture", "step" -> "signs": the view and the detector in one ONNX file, weights in 16 bits.

    Args:
        detector: The detector's bundle.
        path: The file.

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
        from onnx import compose
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    view = onnx.load_model_from_string(_trace())
    merge_constants(view)
    network = onnx.load(str(detector))
    del network.metadata_props[:]
    network.ir_version = view.ir_version = max(network.ir_version, view.ir_version)
    network = compose.add_prefix(network, "net/", rename_inputs=False, rename_outputs=False)
    model = compose.merge_models(view, network, io_map=[("view", "ink")])
    halve_weights(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def halve_weights(model: Any) -> None:  # noqa: ANN401
    """Keep large constants in 16 bits, and let the graph widen them when it is opened: half the download.

    Args:
        model: An ONNX model; changed in place.
    """
    import onnx
    from onnx import numpy_helper

    casts = []
    for entry in model.graph.initializer:
        values = numpy_helper.to_array(entry)
        if values.dtype != np.float32 or values.size < 64:
            continue
        name, short = entry.name, f"{entry.name}/half"
        entry.CopyFrom(numpy_helper.from_array(values.astype(np.float16), short))
        casts.append(onnx.helper.make_node("Cast", [short], [name], to=onnx.TensorProto.FLOAT))
    for node in model.graph.node:
        if node.op_type != "Constant":
            continue
        values = numpy_helper.to_array(node.attribute[0].t)
        if values.dtype == np.float32 and values.size >= 64:
            name = node.output[0]
            node.output[0] = f"{name}/half"
            node.attribute[0].t.CopyFrom(numpy_helper.from_array(values.astype(np.float16)))
            casts.append(onnx.helper.make_node("Cast", [f"{name}/half"], [name], to=onnx.TensorProto.FLOAT))
    constants = [node for node in model.graph.node if node.op_type == "Constant"]
    others = [node for node in model.graph.node if node.op_type != "Constant"]
    del model.graph.node[:]
    model.graph.node.extend([*constants, *casts, *others])


def _trace() -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "view.onnx"
        torch.onnx.export(
            _Page().eval(), (torch.rand(1, 60, 50) * 255, torch.ones(1, 1, 1)), str(path),
            input_names=["picture", "step"], output_names=["view"],
            dynamic_axes={"picture": {1: "H", 2: "W"}}, opset_version=OPSET, do_constant_folding=True, dynamo=False,
        )  # fmt: skip
        return path.read_bytes()
