import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inkdigits.cli.data import _print_table, app
from inkdigits.datasets import list_datasets
from inkdigits.datasets.idx import write_idx
from inkdigits.errors import DataNotFoundError, MissingExtraError, OutputError, UsageError
from inkdigits.evaluation import plots_data
from inkdigits.types import LabelledImages

RUNNER = CliRunner()
SHARES = (3, 9, 0, 5, 5, 5, 5, 5, 5, 6)


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("INKDIGITS_DATA", raising=False)


def run(*arguments: str) -> str:
    result = RUNNER.invoke(app, [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def make_data() -> LabelledImages:
    labels = np.repeat(np.arange(10), SHARES)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return LabelledImages(images, labels.astype(np.int64), tuple("0123456789"), "toy/all")


def test_list_as_text_has_one_line_per_set() -> None:
    lines = run("list").splitlines()
    fields = {line.split("\t")[0]: line.split("\t") for line in lines}
    assert fields["mnist"][1:6] == ["latin", "28x28", "train 60,000, test 10,000", "train", "no"]
    assert fields["dida"][4:6] == ["judge", "by hand"]


def test_list_as_json() -> None:
    sets = {item["name"]: item for item in json.loads(run("list", "--format", "json"))}
    assert sets["mnist"]["splits"] == {"train": 60000, "test": 10000}
    assert sets["mnist"]["present"] is False
    assert sets["optdigits"]["present_splits"] == ["test8x8"]


@pytest.mark.parametrize(("columns", "has_licence"), [("80", False), ("160", True)])
def test_list_on_a_terminal_is_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str, *, has_licence: bool
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _print_table(list_datasets())
    out = capsys.readouterr().out
    assert ("Licence" in out) is has_licence
    assert "cmaterdb-devanagari" in out


def test_fetch_stops_at_a_misspelt_name_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkdigits.datasets.fetch_dataset", lambda *_, **__: pytest.fail("it started"))
    with pytest.raises(DataNotFoundError, match="mnist"):
        RUNNER.invoke(app, ["fetch", "usps", "mnits"], catch_exceptions=False)


def test_fetch_prints_the_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[bool] = []

    def fake(name: str, *, force: bool) -> Path:
        forced.append(force)
        return Path("cache") / name

    monkeypatch.setattr("inkdigits.datasets.fetch_dataset", fake)
    assert run("fetch", "mnist", "usps", "--force").split() == [
        str(Path("cache", n)) for n in ("mnist", "usps")
    ]
    assert forced == [True, True]


def test_fetch_by_hand_tells_where() -> None:
    with pytest.raises(DataNotFoundError, match="maintainers"):
        RUNNER.invoke(app, ["fetch", "dida"], catch_exceptions=False)


def test_show_writes_two_pictures(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    printed = run("show", "optdigits", "--output", str(tmp_path / "sheets"), "--samples", "3").split()
    assert [Path(line).name for line in printed] == ["optdigits-samples.png", "optdigits-classes.png"]
    for line in printed:
        with Image.open(line) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 200
    assert len(list((tmp_path / "sheets").iterdir())) == 2  # no temporary file is left


def test_show_takes_a_file_name(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    run("show", "optdigits", "--split", "test8x8", "-n", "1", "-o", str(tmp_path / "a.png"))
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["a-classes.png", "a.png"]


def test_show_of_an_unknown_split() -> None:
    with pytest.raises(UsageError, match="train, test"):
        RUNNER.invoke(app, ["show", "mnist", "--split", "validation"], catch_exceptions=False)


def test_show_of_an_absent_set() -> None:
    with pytest.raises(DataNotFoundError, match="inkdigits data fetch mnist"):
        RUNNER.invoke(app, ["show", "mnist"], catch_exceptions=False)


def test_show_cuts_all_splits_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[LabelledImages] = []
    monkeypatch.setattr("inkdigits.datasets.load_dataset", lambda name, split: make_data())
    monkeypatch.setattr(plots_data, "save_contact_sheet", lambda data, path, **_: seen.append(data))
    monkeypatch.setattr(plots_data, "save_class_distribution", lambda data, path: seen.append(data))
    run("show", "mnist", "--train-size", "60", "--seed", "1", "-o", str(tmp_path))
    assert [len(data) for data in seen] == [60, 60]
    assert "mnist/all" in seen[0].name


def test_contact_sheet_shows_ink_dark_on_white(tmp_path: Path) -> None:
    plots_data.save_contact_sheet(make_data(), tmp_path / "sheet.png", samples=4)
    pixels = np.asarray(Image.open(tmp_path / "sheet.png").convert("L"))
    assert (pixels[:, -3:] > 250).all()
    assert (pixels < 20).sum() > 1000


def test_sheets_repeat(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        plots_data.save_contact_sheet(make_data(), tmp_path / name, samples=2, seed=5)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_charts_of_few_and_of_many_classes(tmp_path: Path) -> None:
    plots_data.save_class_distribution(make_data(), tmp_path / "few.png")
    plots_data.save_count_chart({f"name {n}": n for n in range(40)}, tmp_path / "many.png", title="Many")
    with Image.open(tmp_path / "many.png") as many, Image.open(tmp_path / "few.png") as few:
        assert many.height > few.height


def test_picture_sheet(tmp_path: Path) -> None:
    thumbnails = [("12", np.zeros((20, 20), np.uint8))] * 11
    plots_data.save_picture_sheet(thumbnails, tmp_path / "sheet.png", title="Numbers")
    assert (tmp_path / "sheet.png").exists()


def test_nothing_to_draw(tmp_path: Path) -> None:
    empty = LabelledImages(np.zeros((0, 2, 2), np.uint8), np.zeros(0, np.int64), ("0",))
    with pytest.raises(DataNotFoundError):
        plots_data.save_contact_sheet(empty, tmp_path / "a.png")
    with pytest.raises(DataNotFoundError):
        plots_data.save_picture_sheet([], tmp_path / "a.png")
    with pytest.raises(DataNotFoundError):
        plots_data.save_count_chart({}, tmp_path / "a.png", title="x")


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        plots_data.save_class_distribution(make_data(), tmp_path / "file" / "a.png")


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"inkdigits\[report\]"):
        plots_data.save_class_distribution(make_data(), tmp_path / "a.png")


@pytest.mark.parametrize("name", ["dida", "mnist"])
def test_show_reads_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).mkdir()
    write_idx(tmp_path / name / "train-images-idx3-ubyte.gz", np.zeros((1, 28, 28), np.uint8))
    monkeypatch.setenv("INKDIGITS_DATA", str(tmp_path))
    with pytest.raises(DataNotFoundError):
        RUNNER.invoke(app, ["show", name], catch_exceptions=False)


def test_synth_draws_made_pages(tmp_path: Path) -> None:
    sheet = tmp_path / "sheets" / "pages.png"
    arguments = ["synth", "--kind", "comb", "--count", "3", "--pens-only", "--output", str(sheet)]
    assert run(*arguments).strip() == str(sheet)
    first = sheet.read_bytes()
    run(*arguments)
    assert sheet.read_bytes() == first
    with Image.open(sheet) as picture:
        assert picture.size == (2 * 772, 2 * 260)


def test_synth_names_an_unknown_kind() -> None:
    with pytest.raises(UsageError, match="poster"):
        run("synth", "--kind", "poster")
