import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets import archives, load_dataset, load_pictures, registry
from inkdigits.datasets.archives import open_archive, read_member, read_table
from inkdigits.datasets.decode import decode_gray, make_thumbnail
from inkdigits.datasets.pictures import Cell
from inkdigits.datasets.registry import parse_dataset
from inkdigits.errors import DataCorruptError, DataNotFoundError, UsageError
from inkdigits.types import Box

Install = Callable[..., None]


def make_png(value: int = 200, *, size: tuple[int, int] = (6, 4)) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full(size, value, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def make_zip(path: Path, members: dict[str, bytes | str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that registers a set of pictures "photos" and writes its archive."""

    def do(members: dict[str, bytes | str], packaging: str, count: int, **entry: object) -> None:
        path = tmp_path / "photos" / "images.zip"
        path.parent.mkdir(exist_ok=True)
        make_zip(path, members)
        table = {
            "title": "Photos", "kind": "pictures", "source": "https://example.org", "licence": "none",
            "may_train": False, "script": "latin", "polarity": "mixed", "splits": {"all": {"count": count}},
            "packagings": [{"format": packaging, "files": [{"name": "images.zip", "role": "archive"}]}],
        } | entry  # fmt: skip
        monkeypatch.setattr(registry, "_load_registry", lambda: {"photos": parse_dataset("photos", table)})
        monkeypatch.setenv("INKDIGITS_DATA", str(tmp_path))
        monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))

    return do


def test_labelled_zip_keeps_all_columns(install: Install) -> None:
    table = "file,text,writer,kind,boxes,source\na/1.png,12|3,7,photo,1 2 3 4;5 6 7 8,somewhere\n"
    install({"labels.csv": table, "a/1.png": make_png()}, "zip-labels", 1)
    (picture,) = load_pictures("photos")
    assert (picture.name, picture.text, picture.writer, picture.kind) == ("a/1.png", "12\n3", 7, "photo")
    assert picture.boxes == (Box(1, 2, 3, 4), Box(5, 6, 7, 8))
    assert picture.extra == {"source": "somewhere"}
    assert picture.data == make_png()


@pytest.mark.parametrize("column", ["label", "letter", "text"])
def test_text_may_be_a_label_or_a_letter(install: Install, column: str) -> None:
    install({"labels.csv": f"file,{column}\n1.png,5\n", "1.png": make_png()}, "zip-labels", 1)
    picture = load_pictures("photos")[0]
    assert (picture.text, picture.kind, picture.writer, picture.boxes) == ("5", "photo", None, ())


def test_folders_names_and_omniglot(install: Install) -> None:
    install({"3/3_1.jpg": make_png(), "4/4_1.jpg": make_png(), "readme.txt": "x"}, "zip-folders", 2)
    assert [(picture.text, picture.kind) for picture in load_pictures("photos")] == [
        ("3", "crop"),
        ("4", "crop"),
    ]
    install({"001_0378.png": make_png()}, "zip-names", 1)
    assert load_pictures("photos")[0].text == "0378"
    install({"set/Greek/character01/0108_07.png": make_png()}, "zip-omniglot", 1)
    picture = load_pictures("photos")[0]
    assert (picture.text, picture.writer) == ("Greek/character01", 7)


def test_tables_have_cells(install: Install) -> None:
    rows = "image,row,column,text,kind\nt.png,2,1,3.5,number\nt.png,1,2,A,grade\nt.png,1,1,21,number\n"
    install({"labels.csv": rows, "t.png": make_png()}, "zip-tables", 1)
    (table,) = load_pictures("photos")
    assert table.cells == (Cell(1, 1, "21", "number"), Cell(1, 2, "A", "grade"), Cell(2, 1, "3.5", "number"))
    assert table.text == "21\n3.5"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("file,text\n1.png,5\nabsent.png,6\n", "no member"),
        ("name,text\n1.png,5\n", "lacks"),
        ("file,other\n1.png,5\n", "no text"),
        ("file,text,writer\n1.png,5,me\n", "instead of a number"),
        ("file,text,boxes\n1.png,5,1 2 3\n", "malformed box"),
        ("file,text\n", "instead of"),
        (b"\xff\xfe\xff", "no table"),
    ],
)
def test_damaged_tables_are_told_apart(install: Install, table: bytes | str, words: str) -> None:
    install({"labels.csv": table, "1.png": make_png()}, "zip-labels", 2)
    with pytest.raises(DataCorruptError, match=words):
        load_pictures("photos")


def test_wrong_hash_names_both(install: Install) -> None:
    files = [{"name": "images.zip", "role": "archive", "sha256": "0" * 64}]
    packagings = [{"format": "zip-folders", "files": files}]
    install({"3/3.png": make_png()}, "zip-folders", 1, packagings=packagings)
    with pytest.raises(DataCorruptError, match=r"sha256 [0-9a-f]{64} instead of 0{64}"):
        load_pictures("photos")


def test_absent_set_tells_where_to_get_it(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install({"3/3.png": make_png()}, "zip-folders", 1, manual="ask the makers")
    monkeypatch.setenv("INKDIGITS_DATA", "/nonexistent")
    with pytest.raises(DataNotFoundError, match="ask the makers") as caught:
        load_pictures("photos")
    assert "images.zip" in caught.value.remedy


def test_pictures_of_one_size_are_a_data_set(install: Install) -> None:
    members: dict[str, bytes | str] = {"a/A/x/1_1.png": make_png(255), "a/A/y/2_2.png": make_png(0)}
    install(members, "zip-omniglot", 2, size=[6, 4], polarity="dark-on-light")
    data = load_dataset("photos", "all")
    assert data.label_names == ("A/x", "A/y")
    assert data.images.shape == (2, 6, 4)
    assert data.images[:, 0, 0].tolist() == [0, 255]  # ink is bright
    assert data.writers is not None
    assert data.writers.tolist() == [1, 2]


def test_wrong_room_is_told(install: Install) -> None:
    install({"3/3.png": make_png()}, "zip-folders", 1)
    with pytest.raises(UsageError, match="load_pictures"):
        load_dataset("photos", "all")
    with pytest.raises(UsageError, match="all"):
        load_pictures("photos", "train")
    install({}, "idx", 1, kind="glyphs")
    with pytest.raises(UsageError, match="load_dataset"):
        load_pictures("photos")


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png"])
def test_names_that_leave_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    make_zip(tmp_path / "a.zip", {name: b"x"})
    with pytest.raises(DataCorruptError, match="unsafe"), open_archive(tmp_path / "a.zip"):
        pass


@pytest.mark.parametrize("limit", ["MAX_MEMBERS", "MAX_MEMBER_BYTES", "MAX_TOTAL_BYTES"])
def test_zip_bombs_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    make_zip(tmp_path / "a.zip", {"a": bytes(10_000), "b": b""})
    monkeypatch.setattr(archives, limit, 1)
    with pytest.raises(DataCorruptError, match="more than is allowed"), open_archive(tmp_path / "a.zip"):
        pass


def test_understated_size_does_not_read_more(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    make_zip(path, {"a": bytes(50_000)})
    data = path.read_bytes().replace((50_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(DataCorruptError), open_archive(path) as archive:
        read_member(archive, "a")


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: b"no zip", lambda data: b""])
def test_damaged_archives_are_corrupt(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    make_zip(tmp_path / "a.zip", {"a": b"x" * 100})
    (tmp_path / "b.zip").write_bytes(damage((tmp_path / "a.zip").read_bytes()))
    with pytest.raises(DataCorruptError), open_archive(tmp_path / "b.zip"):
        pass


def test_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"x" * 100)
    path.write_bytes(path.read_bytes().replace(b"xxxx", b"xyxx", 1))
    with pytest.raises(DataCorruptError), open_archive(path) as opened:
        read_member(opened, "a")


def test_table_columns_are_required(tmp_path: Path) -> None:
    make_zip(tmp_path / "a.zip", {"t.csv": "a,b\n1\n"})
    with pytest.raises(DataCorruptError, match="a, b"), open_archive(tmp_path / "a.zip") as archive:
        read_table(archive, "t.csv", columns=("a", "b"))


@pytest.mark.parametrize("paper", [255, 90, 0])
def test_thumbnails_have_bright_ink(paper: int) -> None:
    ink = 20 if paper else 255
    picture = np.full((40, 20), paper, np.uint8)
    picture[10:30, 8:12] = ink
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    thumbnail = make_thumbnail(stream.getvalue(), size_px=32)
    assert thumbnail.shape == (32, 32)
    assert thumbnail[16, 16] > thumbnail[2, 16]
    assert (thumbnail[:, 0] == 0).all()  # the margin


@pytest.mark.parametrize("data", [b"", b"no picture", make_png(size=(50, 50))[:60]])
def test_damaged_pictures_are_corrupt(data: bytes) -> None:
    with pytest.raises(DataCorruptError):
        decode_gray(data)


def test_huge_pictures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkdigits.datasets.decode.MAX_PIXELS", 10)
    with pytest.raises(DataCorruptError, match="more than 10 pixels"):
        decode_gray(make_png())
