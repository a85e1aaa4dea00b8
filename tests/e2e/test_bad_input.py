"""Every kind of bad input ends in the right exit code and one sentence, never in a traceback.

Most rows run the command line in this process, as the installed command does; three are real processes.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from inkdigits.cli import main
from inkdigits.datasets.idx import write_idx

USAGE, IMAGE, DATA, BUNDLE, RECIPE, OUTPUT = 2, 3, 4, 5, 6, 8
Maker = Callable[[Path], list[str]]


class Case(NamedTuple):
    """One kind of bad input: how it is made in an empty folder, and how the command must end."""

    name: str
    make: Maker
    code: int
    fragment: str
    stdin: bytes | None = None


class Ending(NamedTuple):
    """How the command ended."""

    code: int
    out: str
    err: str


def make_page() -> Image.Image:
    page = np.full((120, 160), 240, np.uint8)
    page[30:90, 70:77] = 20
    return Image.fromarray(page)


def encode(kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    make_page().save(stream, kind, **options)
    return stream.getvalue()


def picture(name: str, content: bytes) -> Maker:
    """Read a file with this content."""

    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return ["read", str(folder / name)]

    return make


def good(*options: str) -> Maker:
    """Read a good picture with these options; FOLDER stands for the folder."""

    def make(folder: Path) -> list[str]:
        (folder / "good.png").write_bytes(encode("PNG"))
        return [
            "read",
            str(folder / "good.png"),
            *(option.replace("FOLDER", str(folder)) for option in options),
        ]

    return make


def args(*arguments: str) -> Maker:
    """These arguments; FOLDER stands for the folder."""
    return lambda folder: [argument.replace("FOLDER", str(folder)) for argument in arguments]


def recipe(text: str) -> Maker:
    """Train by a recipe of this text."""

    def make(folder: Path) -> list[str]:
        (folder / "recipe.toml").write_text(text, encoding="utf-8")
        return ["train", str(folder / "recipe.toml"), "--output", str(folder / "run")]

    return make


def make_bomb() -> bytes:
    """A PNG of 60 bytes that claims 50,000 x 50,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def make_locked_pdf() -> bytes:
    """A PDF with a standard security handler whose keys fit no empty password."""
    objects = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>endobj\n"
    )
    offsets = [objects.index(b"%d 0 obj" % number) for number in (1, 2, 3, 4)]
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    trailer = b"trailer<</Root 1 0 R/Size 5/Encrypt 4 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF"
    return objects + table + trailer % len(objects)


def make_huge_file(folder: Path) -> list[str]:
    with (folder / "huge.png").open("wb") as file:
        file.write(encode("PNG"))
        file.truncate(2**26 + 1)  # the rest is a hole: it takes no room on the disk
    return ["read", str(folder / "huge.png")]


def make_empty_folder(folder: Path) -> list[str]:
    (folder / "texts").mkdir()
    (folder / "texts" / "notes.txt").write_text("no picture")
    return ["read", str(folder / "texts")]


def make_folder_as_output(folder: Path) -> list[str]:
    (folder / "taken").mkdir()
    return good("--output", "FOLDER/taken")(folder)


def make_file_as_folder(*options: str) -> Maker:
    def make(folder: Path) -> list[str]:
        (folder / "taken").write_text("a file")
        return good(*options)(folder)

    return make


def make_plain_onnx(*, labels: int | None) -> Maker:
    """A model that only flattens, (N, 28, 28) -> (N, 784), with metadata of so many labels, or without."""

    def make(folder: Path) -> list[str]:
        graph = helper.make_graph(
            [helper.make_node("Flatten", ["ink"], ["logits"], axis=1)],
            "plain",
            [helper.make_tensor_value_info("ink", TensorProto.FLOAT, ["N", 28, 28])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 784])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        if labels is not None:
            names = [str(i) for i in range(labels)]
            facts = {"name": "x", "labels": names, "input_size": [28, 28], "temperature": 1,
                     "rejection_threshold": 0}  # fmt: skip
            helper.set_model_props(model, {"inkdigits": json.dumps(facts)})
        onnx.save(model, folder / "plain.onnx")
        return good("--model", "FOLDER/plain.onnx")(folder)

    return make


def make_text_as_onnx(folder: Path) -> list[str]:
    (folder / "text.onnx").write_text("weights, honestly")
    return good("--model", "FOLDER/text.onnx")(folder)


def make_mnist(change: Callable[[Path], object]) -> Maker:
    """Evaluate on MNIST's files with one of them changed."""

    def make(folder: Path) -> list[str]:
        home = folder / "data" / "mnist"
        home.mkdir(parents=True)
        write_idx(home / "t10k-images-idx3-ubyte.gz", np.zeros((3, 28, 28), np.uint8))
        write_idx(home / "t10k-labels-idx1-ubyte.gz", np.zeros(3, np.uint8))
        change(home / "t10k-images-idx3-ubyte.gz")
        return ["evaluate", "--data", "mnist"]

    return make


def cut_in_two(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def cut_inside(path: Path) -> None:
    with gzip.open(path) as file:
        data = file.read()
    path.write_bytes(gzip.compress(data[:-5]))


PNG, JPEG, PDF = encode("PNG"), encode("JPEG"), encode("PDF")
CASES = [
    Case("no such file", args("read", "FOLDER/absent.png"), IMAGE, "There is no file"),
    Case("a folder without pictures", make_empty_folder, IMAGE, "holds no pictures"),
    Case("a pattern without match", args("read", "FOLDER/*.png"), IMAGE, "There is no file"),
    Case("an empty name", args("read", ""), IMAGE, "There is no file"),
    Case("a name with a zero byte", args("read", "a\0b.png"), IMAGE, "There is no file"),
    Case("a name of 5,000 signs", args("read", "n" * 5000), IMAGE, "can't be read"),
    Case("an empty file", picture("a.png", b""), IMAGE, "is empty"),
    Case("a text named .png", picture("a.png", b"hello, world\n" * 9), IMAGE, "no picture of a supported kind"),
    Case("a web page named .jpg", picture("a.jpg", b"<!doctype html><p>404"), IMAGE, "no picture of a"),
    Case("a truncated PNG", picture("a.png", PNG[: len(PNG) // 2]), IMAGE, "truncated"),
    Case("a PNG that ends in its header", picture("a.png", PNG[:20]), IMAGE, "truncated"),
    Case("a truncated JPEG", picture("a.jpg", JPEG[: len(JPEG) // 2]), IMAGE, "truncated"),
    Case("a JPEG of three bytes", picture("a.jpg", JPEG[:3]), IMAGE, "can't be decoded as JPEG"),
    Case("a truncated TIFF", picture("a.tif", encode("TIFF")[:200]), IMAGE, "can't be decoded as TIFF"),
    Case("a truncated GIF", picture("a.gif", encode("GIF")[:15]), IMAGE, "can't be decoded as GIF"),
    Case("a damaged WebP", picture("a.webp", encode("WEBP")[:30] + b"\0" * 60), IMAGE, "decoded as WebP"),
    Case("a decompression bomb", picture("a.png", make_bomb()), IMAGE, "50000 x 50000 pixels"),
    Case("too many bytes", make_huge_file, IMAGE, "over 64 MiB"),
    Case("a corrupt PDF", picture("a.pdf", b"%PDF-1.7\nrubbish"), IMAGE, "can't be decoded as PDF"),
    Case("a truncated PDF", picture("a.pdf", PDF[: len(PDF) // 2]), IMAGE, "can't be decoded as PDF"),
    Case("a PDF with a password", picture("a.pdf", make_locked_pdf()), IMAGE, "protected by a password"),
    Case("SVG", picture("a.svg", b'<?xml version="1.0"?><svg xmlns="x"/>'), IMAGE, "SVG, which isn't supported"),
    Case("HEIC", picture("a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 40), IMAGE, "HEIC, which isn't supported"),
    Case("AVIF", picture("a.avif", b"\0\0\0\x18ftypavif" + b"\0" * 40), IMAGE, "AVIF, which isn't supported"),
    Case("empty standard input", args("read", "-"), IMAGE, "Standard input is empty", b""),
    Case("text on standard input", args("read", "-"), IMAGE, "Standard input is no picture", b"1250\n"),
    Case("an output in a folder that can't be", make_file_as_folder("-o", "FOLDER/taken/out.txt"), OUTPUT,
         "can't be written"),
    Case("an output that is a folder", make_folder_as_output, OUTPUT, "can't be written: is a directory"),
    Case("annotations in a file", make_file_as_folder("--annotate", "FOLDER/taken"), OUTPUT, "can't be written"),
    Case("a confidence above 1", good("--min-confidence", "2"), USAGE, "between 0 and 1, got 2"),
    Case("a confidence that is no number", good("--min-confidence", "nan"), USAGE, "between 0 and 1, got nan"),
    Case("an unknown model", good("--model", "latn"), BUNDLE, "Did you mean 'latin'?"),
    Case("a model that isn't there", good("--model", "FOLDER/none.onnx"), BUNDLE, "there is no bundle at"),
    Case("a model that is no ONNX", make_text_as_onnx, BUNDLE, "can't be opened as a model"),
    Case("a model without metadata", make_plain_onnx(labels=None), BUNDLE, "no InkDigits bundle"),
    Case("a model with other classes", make_plain_onnx(labels=10), BUNDLE, "does not fit its metadata"),
    Case("an unknown data set", args("evaluate", "--data", "mnits"), DATA, "mnist"),
    Case("an unknown data set to fetch", args("data", "fetch", "mnits"), DATA, "mnist"),
    Case("a data set that isn't here", args("evaluate", "--data", "mnist"), DATA, "inkdigits data fetch mnist"),
    Case("an unknown split", args("evaluate", "--data", "mnist", "--split", "dev"), USAGE, "train, test"),
    Case("a truncated IDX", make_mnist(cut_inside), DATA, "t10k-images"),
    Case("a truncated gzip", make_mnist(cut_in_two), DATA, "t10k-images"),
    Case("an empty data file", make_mnist(lambda path: path.write_bytes(b"")), DATA, "t10k-images"),
    Case("data of another origin", make_mnist(lambda path: path), DATA, "mnist/test"),
    Case("no recipe", args("train", "FOLDER/absent.toml"), RECIPE, "No such file"),
    Case("a recipe that is a folder", args("train", "FOLDER"), RECIPE, "Can't read the recipe"),
    Case("a recipe that is no TOML", recipe("[train\nepochs"), RECIPE, "no valid TOML"),
    Case("an unknown key", recipe("[train]\nepoch = 3\n"), RECIPE, "Did you mean 'epochs'?"),
    Case("an unknown section", recipe("[trian]\nepochs = 3\n"), RECIPE, "Did you mean 'train'?"),
    Case("a value out of range", recipe("[train]\nwarmup = 2.0\n"), RECIPE, "between 0 and 0.99"),
    Case("a value of another type", recipe('[train]\nepochs = "ten"\n'), RECIPE, "must be a whole number"),
    Case("an unknown optimizer", recipe('[train]\noptimizer = "adamm"\n'), RECIPE, "Did you mean 'adam'?"),
    Case("an unknown network", recipe('[model]\nname = "cn"\n'), RECIPE, "cnn"),
    Case("a recipe with unknown data", recipe('[data]\nsets = ["mnits"]\n'), DATA, "mnist"),
    Case("a seed below 0", lambda folder: [*recipe("")(folder), "--seed", "-1"], RECIPE, "train.seed is -1"),
]  # fmt: skip
USAGE_CASES = [
    Case("an unknown format", good("--format", "nonsense"), USAGE, "nonsense"),
    Case("an unknown option", good("--colour"), USAGE, "--colour"),
    Case("an unknown command", args("raed", "a.png"), USAGE, "raed"),
    Case("no file to read", args("read"), USAGE, "files"),
    Case("a word for a number", good("--min-confidence", "high"), USAGE, "--min-confidence"),
    Case("an option without its value", good("--output"), USAGE, "--output"),
    Case("no data set", args("evaluate"), USAGE, "--data"),
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which data sets are looked for too; messages are one long line."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("INKDIGITS_DATA", str(folder / "data"))
    monkeypatch.setenv("INKDIGITS_CACHE", str(folder / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ending]:
    """The command line in this process."""

    def do(arguments: Sequence[str], stdin: bytes | None = None) -> Ending:
        monkeypatch.setattr(sys, "argv", ["inkdigits", *arguments])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        return Ending(code if isinstance(code, int) else int(code is not None), *capsys.readouterr())

    return do


def list_files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def check_sentence(ending: Ending, case: Case) -> None:
    """One line for a person: what is wrong and what to do about it."""
    assert "Traceback" not in ending.out + ending.err
    lines = ending.err.splitlines()
    assert len(lines) == 1, ending.err
    assert lines[0].startswith("inkdigits: ")
    assert lines[0].endswith((".", "?"))
    assert case.fragment in lines[0]
    assert ending.code == case.code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_sentence_and_the_exit_code(run: Callable[..., Ending], place: Path, case: Case) -> None:
    arguments = case.make(place)
    before = list_files(place)
    ending = run(arguments, case.stdin)
    check_sentence(ending, case)
    assert list_files(place) == before  # nothing is left behind
    is_read = case.name == "annotations in a file"  # what was read is told even if its picture can't be saved
    assert bool(ending.out) is is_read


@pytest.mark.parametrize("case", USAGE_CASES, ids=lambda case: case.name)
def test_wrong_options_show_the_usage(run: Callable[..., Ending], place: Path, case: Case) -> None:
    ending = run(case.make(place))
    assert ending.code == case.code
    assert ending.out == ""
    assert "Error" in ending.err
    assert case.fragment in ending.err.lower()  # Typer's own words, which differ between its versions
    assert "Traceback" not in ending.err


def test_names_of_the_rows_are_unique() -> None:
    names = [case.name for case in (*CASES, *USAGE_CASES)]
    assert len(names) == len(set(names)) > 50


def test_one_bad_file_does_not_stop_the_others(run: Callable[..., Ending], place: Path) -> None:
    for name in ("1.png", "3.png"):
        (place / name).write_bytes(PNG)
    (place / "2.png").write_bytes(PNG[:90])
    ending = run(["read", "1.png", "2.png", "3.png"])
    assert ending.code == IMAGE
    assert [line.split("\t")[0] for line in ending.out.splitlines()] == ["1.png", "3.png"]
    assert ending.err.count("inkdigits:") == 1
    assert "2.png" in ending.err


def test_the_same_in_a_folder_with_json(run: Callable[..., Ending], place: Path) -> None:
    for name in ("1.png", "3.png"):
        (place / name).write_bytes(PNG)
    (place / "2.png").write_bytes(b"")
    ending = run(["read", ".", "--format", "json", "--output", "out.json"])
    assert ending.code == IMAGE
    assert [form["source"] for form in json.loads((place / "out.json").read_text())] == ["1.png", "3.png"]


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_a_failed_write_keeps_the_old_file(
    run: Callable[..., Ending], place: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (place / "a.png").write_bytes(PNG)
    (place / "out").write_text("old")
    before = list_files(place)

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", fail)
    ending = run(["read", "a.png", "--output", "out", "--format", form])
    assert ending.code == OUTPUT
    assert "no space left on device" in ending.err
    assert list_files(place) == before
    assert (place / "out").read_text() == "old"


def test_an_interrupt_is_no_traceback(run: Callable[..., Ending], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("inkdigits.images.expand_paths", interrupt)
    ending = run(["read", "a.png"])
    assert ending.code == 130
    assert "Traceback" not in ending.err


@pytest.mark.parametrize("name", ["a decompression bomb", "a model that is no ONNX", "empty standard input"])
def test_real_processes_end_alike(place: Path, name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    program = "from inkdigits.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", program, *case.make(place)]
    done = subprocess.run(command, input=case.stdin or b"", capture_output=True, timeout=60, check=False)
    check_sentence(Ending(done.returncode, done.stdout.decode(), done.stderr.decode()), case)
