"""What an exported model says about itself: metadata inside the file, and a model card beside it.

Owns: their content. Leaves to others: where each format keeps it (to_*).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from inkdigits.export.onnx import get_versions
from inkdigits.export.picture_graph import LEAST_SIDE_PX, MOST_SIDE_PX
from inkdigits.export.proof import TOLERANCE, Parity
from inkdigits.export.recogniser import INPUTS, OUTPUTS, Form, Source

_TAKES: Final = {
    Form.bare: "(N, 28, 28) float32 in [0, 1], ink = 1 and paper = 0, in MNIST's form: longer side 20 px, centre "
    "of mass in the middle",
    Form.picture: f"(N, H, W) float32 grey values in [0, 255], one glyph a picture, dark on light or light on "
    f"dark, H and W from {LEAST_SIDE_PX} to {MOST_SIDE_PX}",
}
_GIVES: Final = {
    "probs": "(N, C) float32, calibrated probability of each label, rows sum to 1",
    "none": "(N,) float32, probability that the ink is no digit; 1 for a blank picture",
}


def describe(source: Source, form: Form, *, target: str, precision: str = "float32") -> str:
    """Return the metadata of an exported file: those of the bundle, and what was made of it.

    Args:
        source: The bundle.
        form: What the model takes.
        target: Such as "onnx".
        precision: "float32" or "int8".

    Returns:
        A JSON object. The labels are those of the columns of "probs".
    """
    outputs = OUTPUTS[:1] if target == "keras" and form is Form.bare else OUTPUTS
    export = {
        "target": target,
        "form": form.value,
        "precision": precision,
        "input": {"name": INPUTS[form], "is": _TAKES[form]},
        "outputs": {name: _GIVES[name] for name in outputs},
        "versions": get_versions(),
    }
    everything = {**source.metadata.everything, "labels": list(source.classifier.labels), "export": export}
    return json.dumps(everything, ensure_ascii=False, sort_keys=True)


def write_card(source: Source, target: str, proofs: Sequence[tuple[Path, Form, Parity]]) -> str:
    """Return the model card of what was exported, Markdown.

    Args:
        source: The bundle.
        target: Such as "onnx".
        proofs: Files, their forms and how they compared.
    """
    raw = source.metadata.everything
    lines = [
        f"# {source.metadata.name}, exported to {target}",
        "",
        str(raw.get("description", "")),
        "",
        "| file | takes | equal labels | largest difference of a probability |",
        "| --- | --- | --- | --- |",
        *(_row(path, form, parity) for path, form, parity in proofs),
        "",
        f"Compared with the bundle in the target's own runtime, on {proofs[0][2].digits:,} digits "
        f"({_origin(proofs[0][2])}). Files in float32 are written only if all labels are equal and no probability "
        f"differs by more than {TOLERANCE}; in int8 if 99.5 % of the labels are equal.",
        "",
        "## In and out",
        "",
        *(
            f"- `{INPUTS[form]}` ({form.value}): {_TAKES[form]}."
            for form in dict.fromkeys(f for _, f, _ in proofs)
        ),
        *(f"- `{name}`: {text}." for name, text in _GIVES.items()),
        *(["- The bare Keras model gives `probs` alone."] if target == "keras" else []),
        f"- Labels: {', '.join(source.classifier.labels)}.",
        *_describe_model(raw, parameters=source.metadata.parameters, temperature=source.metadata.temperature),
        *_describe_use(source.classifier.knows_none),
    ]
    return "\n".join(lines) + "\n"


def _row(path: Path, form: Form, parity: Parity) -> str:
    return f"| {path.name} | {form.value} | {100 * parity.equal_labels:.2f} % | {parity.difference:.1e} |"


def _origin(parity: Parity) -> str:
    return "of the pen simulator" if parity.digits_from == "made" else f"the first of {parity.digits_from}"


def _describe_model(raw: Any, *, parameters: int, temperature: float) -> list[str]:  # noqa: ANN401
    metrics = raw.get("metrics", {})
    return [
        "",
        "## Model",
        "",
        f"- {parameters:,} weights; calibrated with temperature {temperature:.3f}, which is part of the file.",
        f"- Trained on: {', '.join(raw.get('data', ())) or 'not told'}.",
        f"- Metrics: {', '.join(f'{name} {value:.6g}' for name, value in metrics.items()) or 'not told'}.",
        f"- Licence: {raw.get('licence') or 'not told'}.",
        f"- Made: {raw.get('created') or 'not told'}, commit {raw.get('commit') or 'not told'}.",
    ]


def _describe_use(knows_none: bool) -> list[str]:
    none = "It has a class for ink that is no digit, whose probability is `none`."
    return [
        "",
        "## Intended use",
        "",
        "One handwritten digit at a time: drawn on a screen, scanned or photographed. "
        + (none if knows_none else "It has no class for ink that is no digit: every sign is given a digit."),
        "",
        "## Limits",
        "",
        "- Pages, numbers and touching digits need InkDigits' reader, which finds digits first.",
        "- The picture form expects one glyph on even paper. Shadows with hard edges, ruled lines and dirt as "
        "large as strokes are taken for ink; the reader in Python removes them.",
        "- A confident answer can be wrong. Where an error is costly, have people check answers with a low "
        "probability or a high `none`.",
    ]
