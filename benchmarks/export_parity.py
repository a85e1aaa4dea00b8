"""Do exported models answer like their bundle, and does the normalisation in the graph see what the reader sees?

    python benchmarks/export_parity.py onnx torch keras tflite     # proves each target, keeps its rows
    python benchmarks/export_parity.py agreement                   # labels of graph and reader
    python benchmarks/export_parity.py clean                       # the .h5 in an environment of its own
    python benchmarks/export_parity.py --write                     # puts what is kept into docs/results.md

Each part leaves its rows in benchmarks/export-parity when it ends, so the parts can be run one after the other, and
--write refuses a target of which a file has no row. Targets whose libraries are missing fail with the command that
installs them. Parity is that of `inkdigits export`: 1,000 MNIST test digits, for the picture form as pictures of 28
to 512 px in both polarities. Times are medians over single glyphs, one thread, in the target's own runtime.
Agreement compares the labels of `latin` for the 28x28 form out of the graph with those for the largest glyph that
`inkdigits.ink` finds; the test digits choose nothing here.
"clean" makes an environment that holds Keras and TensorFlow alone (or takes the Python that `--python` names), and
scores both forms of the .h5 there on MNIST's test digits.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from _machine import describe_machine
from _output import write_results
from inkdigits import load_classifier
from inkdigits.datasets.decode import decode_gray
from inkdigits.datasets.load import load_dataset
from inkdigits.datasets.pictures import load_pictures
from inkdigits.errors import UsageError
from inkdigits.export.deliver import ARTIFACTS, INT8, Artifact, Target, export_bundle
from inkdigits.export.picture_graph import MOST_SIDE_PX, PictureGraph
from inkdigits.export.proof import Run
from inkdigits.export.recogniser import Form, Source
from inkdigits.export.tensors_torch import TorchTensors
from inkdigits.files import write_text
from inkdigits.ink import extract_ink, find_glyphs, normalize_glyph
from inkdigits.types import Gray, Ink

ROWS = Path(__file__).parent / "export-parity"
CALLS = 60
AGREEMENT = "agreement"
CLEAN = "clean"
CLEAN_PICTURES = 1000
# Runs without this package: what anybody would write who has the file and Keras.
SCORE = """
import json, sys, numpy as np, keras
assert __import__("importlib.util").util.find_spec("inkdigits") is None
data = np.load(sys.argv[2])
images, labels = data["images"][: int(sys.argv[3])], data["labels"][: int(sys.argv[3])]
model = keras.models.load_model(sys.argv[1])
is_picture = model.input_shape[1] is None
pixels = np.pad(images, ((0, 0), (6, 6), (6, 6))) * 1.0 if is_picture else images / 255
answer = model.predict(pixels.astype("float32"), verbose=0)
probs = answer[0] if is_picture else answer
print(json.dumps({"keras": keras.__version__, "backend": keras.backend.backend(),
                  "accuracy": float((probs.argmax(axis=1) == labels).mean())}))
"""
MNIST_SIZES = (28, 64, 200, 512)
MNIST_DIGITS = 250  # of each size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--python", help='for "clean": the Python of an environment without InkDigits')
    parser.add_argument("--write", action="store_true", help="Write docs/results.md.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for part in arguments.parts:
        if part == CLEAN:
            rows = measure_clean(arguments.python)
        else:
            rows = measure_agreement() if part == AGREEMENT else measure_target(Target(part))
        write_text(
            ROWS / f"{part}.json", json.dumps({"machine": describe_machine(), "rows": rows}, indent=1) + "\n"
        )
        print(json.dumps(rows, indent=1), flush=True)
    if arguments.write:
        write_results("export", make_section())


def measure_target(target: Target) -> list[dict[str, Any]]:
    source = Source.open(load_classifier("latin").path)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = export_bundle(source, target, Path(folder), with_int8=target is Target.onnx)
        for file in files:
            artifact = find_artifact(target, file.path.name)
            run = artifact.load(artifact.opener)(file.path, file.form, source)  # type: ignore[arg-type, unused-ignore]
            rows.append(
                {
                    "file": file.path.name,
                    "form": file.form.value,
                    "megabytes": file.path.stat().st_size / 1e6,
                    "equal_labels": file.parity.equal_labels,
                    "difference": file.parity.difference,
                    "digits": f"{file.parity.digits} of {file.parity.digits_from}",
                    "milliseconds": time_call(run, file.form),  # type: ignore[arg-type, unused-ignore]
                    "mnist_accuracy": judge(run, file.form),  # type: ignore[arg-type, unused-ignore]
                }
            )
    return rows


def list_files(target: Target) -> list[str]:
    """Return the names of all files that a target has, of both forms."""
    artifacts = (*ARTIFACTS[target], *((INT8,) if target is Target.onnx else ()))
    return [
        f"latin-{form.value}{artifact.ending}"
        for form in Form
        for artifact in artifacts
        if form in artifact.forms
    ]


def check_rows(target: Target, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a table with a file that is missing, or with one that is no more made."""
    if sorted(row["file"] for row in rows) != sorted(list_files(target)):
        raise UsageError(
            f"the rows of {target.value} are not those of {', '.join(list_files(target))}",
            remedy=f"Measure them: python benchmarks/export_parity.py {target.value}.",
        )


def find_artifact(target: Target, name: str) -> Artifact:
    candidates = (INT8, *ARTIFACTS[target])
    return next(artifact for artifact in candidates if name.endswith(artifact.ending))


def judge(run: Run, form: Form) -> float | None:
    """Accuracy on MNIST's 10,000 test digits, of the bare form; the bundle itself has 99.58 % (README)."""
    if form is not Form.bare:
        return None
    digits = load_dataset("mnist", "test")
    batches = np.split(digits.images.astype(np.float32) / np.float32(255), 20)
    labels = np.concatenate([run(batch)[0].argmax(axis=1) for batch in batches])
    return float((labels == digits.labels).mean())


def time_call(run: Run, form: Form) -> float:
    """Milliseconds for one glyph: 28x28, or a picture of 128x128."""
    size = (28, 28) if form is Form.bare else (128, 128)
    batch = np.random.default_rng(0).random((1, *size)).astype(np.float32) * (1 if form is Form.bare else 255)
    times = []
    for call in range(CALLS + 5):
        start_s = time.perf_counter()
        run(batch)
        if call >= 5:
            times.append(time.perf_counter() - start_s)
    return 1000 * statistics.median(times)


def measure_clean(python: str | None) -> list[dict[str, Any]]:
    """Score the .h5 where nothing but Keras is installed, beside the bundle."""
    from inkdigits.export.to_keras import write_h5

    source = Source.open(load_classifier("latin").path)
    digits = load_dataset("mnist", "test")
    probs = source.classifier.predict_proba(digits.images)
    bundle = float((probs.argmax(axis=1) == digits.labels).mean())
    with tempfile.TemporaryDirectory() as folder:
        if python is None:
            python = make_environment(Path(folder) / "clean")
        np.savez(Path(folder) / "digits.npz", images=digits.images, labels=digits.labels)
        rows = []
        for form, count in ((Form.bare, len(digits.labels)), (Form.picture, CLEAN_PICTURES)):
            name = f"latin-{form.value}.h5"
            write_h5(source, form, Path(folder) / name)
            command = [
                python,
                "-I",
                "-c",
                SCORE,
                str(Path(folder) / name),
                str(Path(folder) / "digits.npz"),
                str(count),
            ]
            done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
            answer = json.loads(done.stdout.splitlines()[-1])
            rows.append({"file": name, "digits": count, "bundle_accuracy": bundle, **answer})
    return rows


def make_environment(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    constraints = str(Path(__file__).parent.parent / "constraints.txt")
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", constraints, "keras", "tensorflow"], check=True
    )
    return python


def measure_agreement() -> list[dict[str, Any]]:
    pictures = load_pictures("own-handwriting")
    sets: list[tuple[str, list[Gray], list[int]]] = []
    for kind in sorted({picture.kind for picture in pictures}):
        chosen = [picture for picture in pictures if picture.kind == kind]
        grays = [limit(decode_gray(picture.data)) for picture in chosen]
        sets.append((f"own-handwriting, {kind}", grays, [int(picture.text) for picture in chosen]))
    digits = load_dataset("mnist", "test")
    rng = np.random.default_rng(0)
    for side in MNIST_SIZES:
        chosen_digits = rng.choice(len(digits.images), MNIST_DIGITS, replace=False)
        grays = [enlarge(digits.images[i], side, is_dark=bool(rng.random() < 0.5)) for i in chosen_digits]
        sets.append((f"mnist/test at {side} px", grays, digits.labels[chosen_digits].tolist()))
    return [compare(name, grays, truth) for name, grays, truth in sets]


def limit(gray: Gray) -> Gray:
    scale = MOST_SIDE_PX / max(gray.shape)
    if scale >= 1:
        return gray
    size = tuple(max(1, round(side * scale)) for side in gray.shape[::-1])
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def enlarge(digit: npt.NDArray[np.uint8], side: int, *, is_dark: bool) -> Gray:
    large = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return (255 - large).astype(np.uint8) if is_dark else large


def compare(name: str, grays: Sequence[Gray], truth: Sequence[int]) -> dict[str, Any]:
    classifier = load_classifier("latin")
    readers, graphs = (
        np.stack([normalize(g) for g in grays]),
        np.stack([normalize_in_graph(g) for g in grays]),
    )
    by_reader, by_graph = (classifier.predict_proba(forms).argmax(axis=1) for forms in (readers, graphs))
    return {
        "set": name,
        "pictures": len(grays),
        "equal_labels": float((by_reader == by_graph).mean()),
        "reader_accuracy": float((by_reader == np.array(truth)).mean()),
        "graph_accuracy": float((by_graph == np.array(truth)).mean()),
    }


def normalize(gray: Gray) -> Ink:
    glyphs, _ = find_glyphs(extract_ink(gray))
    if not glyphs:
        return np.zeros((28, 28), np.float32)
    return normalize_glyph(max(glyphs, key=lambda glyph: glyph.box.width * glyph.box.height).ink)


def normalize_in_graph(gray: Gray) -> Ink:
    with torch.inference_mode():
        forms, _ = PictureGraph(TorchTensors()).build(torch.from_numpy(gray.astype(np.float32)[None]))
    ink: Ink = forms[0].numpy()
    return ink


def make_section() -> str:
    kept = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(ROWS.glob("*.json"))}
    lines = [
        "## Exported models",
        "",
        "Written by `benchmarks/export_parity.py`. `latin` through each target's own runtime against the bundle, "
        "one thread; ms are medians for one glyph, of 128x128 px in the picture form, while the machine did other "
        "work too. Files in float32 that differ by more than 1e-4 are never written; in int8 labels must be equal "
        "on 99.5 %; in the picture form it gains nothing and is not offered.",
        "",
        "| file | equal labels | largest difference of a probability | digits | MNIST test | MB | ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for target in Target:
        rows = kept.get(target.value, {}).get("rows", [])
        check_rows(target, rows)
        for row in rows:
            accuracy = row.get("mnist_accuracy")
            cells = [
                row["file"],
                f"{100 * row['equal_labels']:.2f} %",
                f"{row['difference']:.1e}",
                row["digits"],
                "" if accuracy is None else f"{100 * accuracy:.2f} %",
                f"{row['megabytes']:.2f}",
                f"{row['milliseconds']:.2f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    for row in kept.get(CLEAN, {}).get("rows", []):
        lines += [
            "",
            f"`{row['file']}` in an environment of its own (Keras {row['keras']} on {row['backend']}): "
            f"{100 * row['accuracy']:.2f} % of {row['digits']:,} MNIST test digits"
            + ("" if row["digits"] < 10_000 else f"; the bundle itself {100 * row['bundle_accuracy']:.2f} %")
            + ".",
        ]
    if AGREEMENT in kept:
        lines += [
            "",
            "Normalisation in the graph against the reader's (`inkdigits.ink`, largest glyph), same classifier:",
            "",
            "| pictures | n | equal labels | right: reader | right: graph |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {row['set']} | {row['pictures']} | {100 * row['equal_labels']:.2f} % | "
            f"{100 * row['reader_accuracy']:.2f} % | {100 * row['graph_accuracy']:.2f} % |"
            for row in kept[AGREEMENT]["rows"]
        ]
    machines = {json.dumps(entry["machine"]) for entry in kept.values()}
    return "\n".join([*lines, "", *(f"Machine: `{machine}`" for machine in sorted(machines))])


if __name__ == "__main__":
    main()
