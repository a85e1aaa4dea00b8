"""A bundle becomes the files of a target, all of them proven, or none at all.

Owns: which files a target has, their names, the order of steps. Leaves to others: writing and running each (to_*).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from inkdigits.errors import UsageError
from inkdigits.export.facts import write_card
from inkdigits.export.proof import COUNT, Parity, Run, prove
from inkdigits.export.recogniser import Form, Source
from inkdigits.files import replacing, write_text

Report: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, files done, and all files."""


class Target(StrEnum):
    """Where a model goes."""

    onnx = "onnx"
    tflite = "tflite"
    keras = "keras"
    torch = "torch"


class Write(Protocol):
    """Writes a file of a target."""

    def __call__(self, source: Source, form: Form, path: Path) -> None:
        """Write `path`."""
        ...


class Open(Protocol):
    """Opens a written file in the target's own runtime."""

    def __call__(self, path: Path, form: Form, source: Source) -> Run:
        """Return what runs it; the source tells the network where the file holds weights alone."""
        ...


@dataclass(frozen=True, slots=True)
class Artifact:
    """One kind of file of a target.

    Attributes:
        ending: Of its name, after bundle and form.
        module: Of `inkdigits.export`, imported when it is needed.
        writer: Name of its `Write`.
        opener: Name of its `Open`.
        is_int8: Whether its labels alone must be equal.
        forms: Those that the file can hold.
    """

    ending: str
    module: str
    writer: str
    opener: str
    is_int8: bool = False
    forms: tuple[Form, ...] = tuple(Form)

    def load(self, name: str) -> Write | Open:
        """Import one of its functions."""
        function: Write | Open = getattr(import_module(f"inkdigits.export.{self.module}"), name)
        return function


ARTIFACTS: Final[Mapping[Target, tuple[Artifact, ...]]] = {
    Target.onnx: (Artifact(".onnx", "to_onnx", "write_onnx", "open_onnx"),),
    Target.keras: (
        Artifact(".keras", "to_keras", "write_keras", "open_keras"),
        Artifact(".h5", "to_keras", "write_h5", "open_keras"),
    ),
    Target.tflite: (Artifact(".tflite", "to_tflite", "write_tflite", "open_tflite"),),
    Target.torch: (
        Artifact(".pt2", "to_torch", "write_program", "open_program"),
        Artifact(".safetensors", "to_torch", "write_weights", "open_weights"),
    ),
}
# In the picture form the normalisation takes the time: eight bits gain nothing there (docs/results.md).
INT8: Final = Artifact(
    "-int8.onnx", "to_onnx", "write_onnx_int8", "open_onnx", is_int8=True, forms=(Form.bare,)
)


@dataclass(frozen=True, slots=True)
class Exported:
    """One written file.

    Attributes:
        path: Where it is.
        form: What it takes.
        parity: How it compared with its bundle.
    """

    path: Path
    form: Form
    parity: Parity


def export_bundle(
    source: Source,
    target: Target,
    folder: Path,
    *,
    forms: Sequence[Form] = tuple(Form),
    with_int8: bool = False,
    report: Report | None = None,
    digits: int = COUNT,
) -> list[Exported]:
    """Write a bundle's files for a target, and a model card beside them.

    Args:
        source: The bundle.
        target: Where it goes.
        folder: Made if it is not there.
        forms: Which forms.
        with_int8: Write the bare form in eight bits too; for ONNX.
        report: Is told how far it is.
        digits: How many digits prove each file.

    Returns:
        The files, without the card. They appear together at the end: if one is not proven, none is there.

    Raises:
        ExportError: If a written file answers other than the bundle does.
        MissingExtraError: If the target's library is not installed.
        OutputError: If a file can't be written.
        UsageError: If int8 is asked for and the target or the form has none.
    """
    if with_int8 and target is not Target.onnx:
        raise UsageError(f"int8 is not made for {target.value}", remedy="Use --to onnx, or leave --int8 out.")
    if with_int8 and Form.bare not in forms:
        raise UsageError(
            "int8 is made in the bare form, where it is faster",
            remedy="Use --form both or bare, or leave --int8 out.",
        )
    artifacts = (*ARTIFACTS[target], *((INT8,) if with_int8 else ()))
    jobs = [(form, artifact) for form in forms for artifact in artifacts if form in artifact.forms]
    done: list[Exported] = []
    with ExitStack() as stack:
        for number, (form, artifact) in enumerate(jobs):
            path = folder / f"{source.metadata.name}-{form.value}{artifact.ending}"
            if report:
                report("Writing and proving files", number, len(jobs))
            part = stack.enter_context(replacing(path))
            artifact.load(artifact.writer)(source, form, part)
            run = artifact.load(artifact.opener)(part, form, source)
            done.append(
                Exported(path, form, prove(run, source, form, is_int8=artifact.is_int8, count=digits))
            )
    card = write_card(source, target.value, [(file.path, file.form, file.parity) for file in done])
    write_text(folder / f"{source.metadata.name}-{target.value}.md", card)
    return done
