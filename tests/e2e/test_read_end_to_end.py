"""`inkdigits read` as its users run it: a process, files, standard streams."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkdigits

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED: dict[str, str] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
# What makes starting slow, and belongs to other commands.
HEAVY = {
    "torch",
    "sklearn",
    "skl2onnx",
    "onnx",
    "matplotlib",
    "scipy",
    "pandas",
    "optuna",
    "pypdfium2",
    "rich.progress",
}
PROGRAM = "from inkdigits.cli import main; main()"


def run_python(*arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)


def read(*arguments: str, data: bytes | None = None) -> str:
    """Run `inkdigits read`; it must succeed without a word on standard error."""
    done = run_python("-c", PROGRAM, "read", *arguments, data=data)
    assert done.stderr.decode() == ""
    assert done.returncode == 0
    return done.stdout.decode()


def lines_of(text: str) -> str:
    """What the command prints for this text."""
    return f"{text}\n" if text else ""


@pytest.mark.parametrize("name", EXPECTED)
def test_every_example_is_read(name: str) -> None:
    assert read(str(EXAMPLES / name)) == lines_of(EXPECTED[name])


def test_every_example_has_its_expected_text() -> None:
    pictures = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".png", ".jpg")}
    assert pictures == set(EXPECTED)


def test_the_folder_at_once_agrees_with_the_single_pictures() -> None:
    single = {name: inkdigits.read(EXAMPLES / name).text for name in EXPECTED}
    found: dict[str, list[str]] = {}
    for line in read(str(EXAMPLES)).splitlines():
        source, _, text = line.partition("\t")
        found.setdefault(Path(source).name, []).append(text)
    assert {name: "\n".join(texts) for name, texts in found.items()} == single


def test_the_installed_command() -> None:
    script = Path(sys.executable).parent / ("inkdigits.exe" if sys.platform == "win32" else "inkdigits")
    command = [str(script), "read", str(EXAMPLES / "digit.png")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stdout.split() == [EXPECTED["digit.png"].encode()]
    assert done.stderr == b""


def test_standard_input() -> None:
    data = (EXAMPLES / "amount.jpg").read_bytes()
    assert read("-", data=data) == lines_of(EXPECTED["amount.jpg"])


def test_json_follows_its_schema() -> None:
    form = json.loads(read(str(EXAMPLES / "list.png"), "--format", "json"))
    assert list(form) == ["schema", "source", "text", "pages", "numbers", "rows", "review", "rejected"]
    assert form["schema"] == 1
    assert form["source"] == str(EXAMPLES / "list.png")
    with Image.open(EXAMPLES / "list.png") as picture:
        assert form["pages"] == [{"width": picture.width, "height": picture.height}]
    assert len(form["numbers"]) == 5
    for line, number in enumerate(form["numbers"]):
        assert list(number) == [
                "text", "value", "kind", "confidence", "box", "line", "page", "digits", "marks", "seen", "violates",
            ]  # fmt: skip
        assert (number["line"], number["page"]) == (line, 0)
        assert number["text"] == "".join(digit["label"] for digit in number["digits"])
        for digit in number["digits"]:
            assert list(digit) == ["label", "confidence", "box", "alternatives", "is_sure"]
            assert len(digit["box"]) == 4
            assert len(digit["alternatives"]) == 9
            total = digit["confidence"] + sum(other["confidence"] for other in digit["alternatives"])
            assert 0 < total <= 1 + 1e-5  # the rest is the probability that it is no digit
    assert form["text"] == "\n".join(number["text"] for number in form["numbers"])


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(read(str(EXAMPLES / "amount.jpg"), "--format", "csv"))))
    assert [row["text"] for row in rows] == [EXPECTED["amount.jpg"]]
    assert 0 < float(rows[0]["confidence"]) <= 1
    assert (rows[0]["page"], rows[0]["line"]) == ("1", "1")


def test_annotate_writes_a_picture(tmp_path: Path) -> None:
    done = run_python("-c", PROGRAM, "read", str(EXAMPLES / "digit.png"), "--annotate", str(tmp_path / "out"))
    assert done.stdout.decode() == lines_of(EXPECTED["digit.png"])  # what was written is told elsewhere
    assert done.stderr.decode().startswith("Wrote ")
    (path,) = (tmp_path / "out").iterdir()
    with Image.open(path) as marked, Image.open(EXAMPLES / "digit.png") as original:
        assert marked.format == "PNG"
        assert marked.size[0] % original.size[0] == 0
        assert (np.asarray(marked) == (0, 158, 115)).all(axis=-1).any()  # a frame in the colour of "sure"


def list_modules(program: str) -> set[str]:
    done = run_python("-c", f"{program}\nimport sys\nprint(*sys.modules, file=sys.stderr)")
    assert done.returncode == 0, done.stderr.decode()
    return set(done.stderr.decode().split())


@pytest.mark.parametrize(
    "program",
    [
        "import inkdigits",
        "import inkdigits.reader",
        "import inkdigits.cli",
        "from inkdigits import Reader; Reader()",
        f"from inkdigits.cli import app; app(['read', {str(EXAMPLES / 'digit.png')!r}], standalone_mode=False)",
    ],
    ids=["package", "reader", "commands", "Reader()", "read"],
)
def test_reading_loads_nothing_heavy(program: str) -> None:
    assert list_modules(program) & HEAVY == set()


def test_the_package_alone_loads_neither_opencv_nor_onnx_runtime() -> None:
    assert list_modules("import inkdigits") & {"cv2", "onnxruntime", "PIL"} == set()


def test_a_closed_pipe_is_no_error() -> None:
    program = f"import sys, os; sys.argv = ['inkdigits', 'read', {str(EXAMPLES / 'digit.png')!r}]; {PROGRAM}"
    command = [sys.executable, "-W", "error", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0
