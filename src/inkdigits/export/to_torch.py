"""The torch target: a `torch.export` program, and the weights alone as safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inkdigits.bundles import METADATA_KEY
from inkdigits.errors import MissingExtraError
from inkdigits.export.facts import describe
from inkdigits.export.picture_graph import LEAST_SIDE_PX, MOST_SIDE_PX
from inkdigits.export.proof import Answer, Run
from inkdigits.export.recogniser import Form, Recogniser, Source


def write_program(source: Source, form: Form, path: Path) -> None:
    """Write a program for `torch.export.load`; its `module()` takes any number of glyphs, any size of picture.

    Args:
        source: The bundle.
        form: What the program takes.
        path: The file, ".pt2".
    """
    count = torch.export.Dim("N", min=1, max=4096)
    sides = {name: torch.export.Dim(name, min=LEAST_SIDE_PX, max=MOST_SIDE_PX) for name in ("H", "W")}
    axes = {0: count} if form is Form.bare else {0: count, 1: sides["H"], 2: sides["W"]}
    example = torch.zeros(2, 28, 28) if form is Form.bare else torch.rand(2, 40, 36) * 255
    program = torch.export.export(Recogniser(source, form), (example,), dynamic_shapes=(axes,))
    torch.export.save(
        program, path, extra_files={f"{METADATA_KEY}.json": describe(source, form, target="torch")}
    )


def open_program(path: Path, form: Form, source: Source) -> Run:
    """Open a written program; only for files that this process has written itself."""
    return _runner(torch.export.load(path).module())


def write_weights(source: Source, form: Form, path: Path) -> None:
    """Write the weights by name; the network is that of the program.

    Args:
        source: The bundle.
        form: What the program takes.
        path: The file, ".safetensors".

    Raises:
        MissingExtraError: If safetensors is not installed.
    """
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise MissingExtraError("safetensors", extra="train") from error
    weights = {name: value.contiguous() for name, value in Recogniser(source, form).state_dict().items()}
    save_file(weights, path, metadata={METADATA_KEY: describe(source, form, target="torch")})


def open_weights(path: Path, form: Form, source: Source) -> Run:
    """Fill a fresh network, whose own weights are zero, with written ones."""
    from safetensors.torch import load_file

    recogniser = Recogniser(source, form)
    for value in recogniser.state_dict().values():
        value.zero_()
    recogniser.load_state_dict(load_file(path))
    return _runner(recogniser)


def _runner(module: nn.Module) -> Run:
    def run(batch: npt.NDArray[np.float32]) -> Answer:
        with torch.inference_mode():
            probs, none = module(torch.from_numpy(batch))
        return probs.numpy(), none.numpy()

    return run
