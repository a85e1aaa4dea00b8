"""From a torch network that looks at pages to the bytes of its bundle.

Owns: tracing and metadata, shared by the detector and the region classifier. Leaves to others: the proof that the
bundle answers like the network.
"""

from __future__ import annotations

import inspect
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch

from inkdigits.bundles import METADATA_KEY
from inkdigits.bundles.metadata import SCHEMA
from inkdigits.errors import MissingExtraError
from inkdigits.export.onnx import BundleFacts

_OPSET: Final = 17


def convert(
    network: torch.nn.Module,
    example: torch.Tensor,
    facts: BundleFacts,
    *,
    axes: Mapping[str, Mapping[int, str]],
    task: str,
    input_size: tuple[int, int],
) -> bytes:
    """Return a bundle.

    Args:
        network: In evaluation mode.
        example: An input.
        facts: What the bundle knows about itself.
        axes: Names of the input and of the output, in this order, each with those of its axes whose length is free.
        task: What the network does.
        input_size: (height, width) that the metadata tell.

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", extra="train") from error
    model = onnx.load_model_from_string(_trace(network, example, axes))
    model.producer_version = ""
    entry = model.metadata_props.add()
    entry.key = METADATA_KEY
    entry.value = json.dumps(
        {"schema": SCHEMA, **asdict(facts), "input_size": list(input_size), "task": task},
        ensure_ascii=False, sort_keys=True,
    )  # fmt: skip
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _trace(network: torch.nn.Module, example: torch.Tensor, axes: Mapping[str, Mapping[int, str]]) -> bytes:
    options: dict[str, Any] = {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    into, out = axes
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            network, (example,), str(path), input_names=[into], output_names=[out],
            dynamic_axes={name: dict(free) for name, free in axes.items()}, opset_version=_OPSET,
            do_constant_folding=True, **options,
        )  # fmt: skip
        return path.read_bytes()
