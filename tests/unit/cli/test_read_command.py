"""`inkdigits read` in one process: arguments, batches, files that it writes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from inkdigits import reader
from inkdigits.cli import app
from inkdigits.errors import BundleError, OutputError, UsageError
from inkdigits.types import Probs

RUNNER = CliRunner()


class AlwaysOne:
    labels = ("0", "1")

    def predict_proba(self, images: npt.NDArray[Any]) -> Probs:
        return np.tile(np.array([0.2, 0.8], np.float32), (len(images), 1))


@pytest.fixture(autouse=True)
def known_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reader, "load_classifier", lambda name: AlwaysOne())
    monkeypatch.chdir(tmp_path)


def save(name: str, digits: int) -> str:
    """Save a picture with so many upright strokes."""
    page = np.full((140, 300), 240, np.uint8)
    for i in range(digits):
        cv2.line(page, (50 + 40 * i, 40), (50 + 40 * i, 100), 20, 7)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page).save(name)
    return name


def run(*arguments: str, data: bytes | None = None, code: int = 0) -> Result:
    result = RUNNER.invoke(app, ["read", *arguments], input=data, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def test_one_picture() -> None:
    result = run(save("a.png", 3))
    assert result.stdout == "111\n"
    assert result.stderr == ""


def test_a_blank_picture_is_a_success_without_output() -> None:
    assert run(save("a.png", 0)).stdout == ""


def test_several_pictures_keep_their_order() -> None:
    names = [save("b.png", 2), save("a.png", 1), save("c.png", 0)]
    assert run(*names).stdout == "b.png\t11\na.png\t1\nc.png\t\n"


def test_a_folder_and_a_pattern() -> None:
    for name, digits in (("scans/2.png", 1), ("scans/10.png", 2), ("scans/deep/x.jpg", 3)):
        save(name, digits)
    assert [line.split("\t")[1] for line in run("scans").stdout.splitlines()] == ["1", "11", "111"]
    assert [line.split("\t")[1] for line in run("scans/*.png").stdout.splitlines()] == ["1", "11"]


def test_standard_input() -> None:
    assert run("-", data=Path(save("a.png", 2)).read_bytes()).stdout == "11\n"


def test_json() -> None:
    form = json.loads(run(save("a.png", 2), "--format", "json").stdout)
    assert list(form) == ["schema", "source", "text", "pages", "numbers", "rows", "review", "rejected"]
    assert (form["text"], form["source"], form["pages"]) == ("11", "a.png", [{"width": 300, "height": 140}])


def test_json_lines() -> None:
    lines = run(save("a.png", 2), save("b.png", 1), "-f", "jsonl").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["11", "1"]


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(run(save("a.png", 2), "-f", "csv").stdout)))
    assert [(row["source"], row["text"], row["confidence"]) for row in rows] == [("a.png", "11", "0.6400")]


def test_output_goes_to_a_file() -> None:
    result = run(save("a.png", 2), "--output", "out/numbers.txt")
    assert result.stdout == ""
    assert Path("out/numbers.txt").read_text() == "11\n"
    assert result.stderr.strip() == f"Wrote {Path('out/numbers.txt')}"
    assert len(list(Path("out").iterdir())) == 1


def test_annotated_pictures_do_not_replace_each_other() -> None:
    run(save("x/a.png", 1), save("y/a.png", 2), "--annotate", "marked")
    assert sorted(path.name for path in Path("marked").iterdir()) == ["a-png-2.png", "a-png.png"]
    with Image.open("marked/a-png.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (600, 280)  # enlarged twice, since it is small


def test_annotated_pages_of_one_document() -> None:
    pages = [Image.open(save(f"{n}.png", n)) for n in (1, 2)]
    pages[0].save("both.tif", save_all=True, append_images=pages[1:])
    assert run("both.tif", "--annotate", "marked").stdout == "1\n11\n"
    assert sorted(path.name for path in Path("marked").iterdir()) == [
        "both-tif-page1.png",
        "both-tif-page2.png",
    ]


def test_annotated_standard_input_has_a_name() -> None:
    run("-", "--annotate", "marked", data=Path(save("a.png", 2)).read_bytes())
    assert [path.name for path in Path("marked").iterdir()] == ["stdin.png"]


@pytest.mark.parametrize(("least", "text"), [("0.8", "1\n"), ("0.81", "?\n")])
def test_least_confidence(least: str, text: str) -> None:
    assert run(save("a.png", 1), "--min-confidence", least).stdout == text


def test_a_field_decides_and_is_told() -> None:
    form = json.loads(run(save("a.png", 3), "--field", "allow=0", "-f", "json").stdout)
    (number,) = form["numbers"]
    assert (number["text"], number["seen"], number["violates"]) == ("000", "111", "")
    assert number["confidence"] == pytest.approx(0.2**3)
    form = json.loads(run("a.png", "--field", "length=5", "-f", "json").stdout)
    assert form["numbers"][0]["violates"] == "it has 3 digits instead of 5"
    assert [item["reason"] for item in form["review"]] == ["violates"]


def test_a_bad_field_stops_before_reading() -> None:
    with pytest.raises(UsageError, match="describes no field"):
        run("absent.png", "--field", "size=5")


def test_a_table_is_written_as_one() -> None:
    page = np.full((300, 300), 240, np.uint8)
    for x, y in ((50, 40), (70, 40), (200, 40), (55, 170), (205, 170), (225, 170)):
        cv2.line(page, (x, y), (x, y + 60), 20, 7)
    Image.fromarray(page).save("a.png")
    assert run("a.png", "--format", "csv").stdout == "11,1\n1,11\n"
    assert run("a.png", "--format", "csv", "--min-confidence", "0.9").stdout == "??,?\n?,??\n"


def test_one_bad_file_among_good_ones() -> None:
    Path("bad.png").write_bytes(b"no picture")
    result = run(save("a.png", 1), "bad.png", save("c.png", 2), code=3)
    assert result.stdout == "a.png\t1\nc.png\t11\n"
    assert result.stderr.count("inkdigits:") == 1
    assert "bad.png" in result.stderr


def test_the_first_bad_file_gives_the_code_and_output_is_still_written() -> None:
    Path("bad.png").write_bytes(b"")
    run("bad.png", save("a.png", 1), "--output", "numbers.txt", code=3)
    assert Path("numbers.txt").read_text() == "a.png\t1\n"


def test_annotations_that_cannot_be_written_lose_no_numbers() -> None:
    Path("taken").write_text("a file")
    result = run(save("a.png", 1), "--annotate", "taken", code=8)
    assert result.stdout == "1\n"
    assert "can't be written" in result.stderr


def test_a_folder_as_output() -> None:
    Path("folder").mkdir()
    with pytest.raises(OutputError, match="folder"):
        run(save("a.png", 1), "--output", "folder")


def test_an_impossible_confidence_stops_before_reading() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        run("absent.png", "--min-confidence", "2")


def test_an_unknown_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(BundleError, match="there is no model 'klingon'"):
        run("absent.png", "--model", "klingon")


@pytest.mark.parametrize("count", [100, 205])
def test_long_batches_tell_how_far_they_are(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name = save("a.png", 1)
    monkeypatch.setattr("inkdigits.images.expand_paths", lambda files: [name] * count)
    result = run("a.png")
    assert len(result.stdout.splitlines()) == count
    wanted = [f"Reading: {done} of {count}" for done in range(100, count + 1, 100)]
    assert result.stderr.splitlines() == wanted
