import re
from urllib.parse import urlsplit

import pytest

from inkdigits.datasets import DatasetInfo, get_info, list_datasets
from inkdigits.datasets.pictures import PICTURE_READERS
from inkdigits.datasets.readers import GLYPH_READERS
from inkdigits.datasets.registry import FileInfo, parse_dataset
from inkdigits.errors import DataNotFoundError

ALL = [pytest.param(info, id=info.name) for info in list_datasets()]
JUDGES = {
    "dida", "emnist-digits", "greek-letters", "grid-scans-0to7", "hoda-persian", "hwd-1000", "in4085-forms",
    "mark-tables-sample", "number-photos", "orand-car-a", "own-handwriting", "semeion", "tibetan-mnist",
    "usps",
}  # fmt: skip


def test_names_are_sorted_and_known() -> None:
    names = [info.name for info in list_datasets()]
    assert names == sorted(names)
    assert {"mnist", "fashion-mnist", "kmnist", "emnist-digits", "emnist-letters", "qmnist"} <= set(names)


def test_sets_that_judge_are_never_trained_on() -> None:
    assert {info.name for info in list_datasets() if not info.may_train} == JUDGES


@pytest.mark.parametrize("info", ALL)
def test_entry_is_complete(info: DatasetInfo) -> None:
    assert info.title
    assert info.licence
    assert info.source.startswith(("https://", "http://", "public repositories"))
    assert info.splits
    assert all(split.count > 0 for split in info.splits.values())
    assert info.can_fetch or info.manual, "nobody could know where to get it"
    assert info.polarity in {"light-on-dark", "dark-on-light", "mixed"}
    assert info.kind == "pictures" or info.label_names
    assert info.kind == "pictures" or info.size or all(split.size for split in info.splits.values())


@pytest.mark.parametrize("info", ALL)
def test_every_split_has_a_packaging_with_a_reader(info: DatasetInfo) -> None:
    readers = PICTURE_READERS if info.kind == "pictures" else GLYPH_READERS
    for packaging in info.packagings:
        assert packaging.format in readers
        roles = [(file.role, split) for file in packaging.files for split in file.splits]
        assert len(roles) == len(set(roles)), "two files with one role in one split"
        assert {split for file in packaging.files for split in file.splits} <= set(info.splits)
    for split in info.splits:
        assert any(packaging.files_of(split) for packaging in info.packagings)


@pytest.mark.parametrize("info", ALL)
def test_addresses_are_https_and_hashes_well_formed(info: DatasetInfo) -> None:
    for file in (file for packaging in info.packagings for file in packaging.files):
        assert all(urlsplit(url).scheme == "https" for url in file.urls)
        assert re.fullmatch(r"|[0-9a-f]{64}", file.sha256)
        assert re.fullmatch(r"|[0-9a-f]{32}", file.md5)
    for split in info.splits.values():
        assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in split.sha256.values())


@pytest.mark.parametrize("info", ALL)
def test_what_can_be_fetched_can_be_verified(info: DatasetInfo) -> None:
    for packaging in info.packagings:
        for file in packaging.files:
            has_content_hash = all(info.splits[split].sha256 for split in file.splits)
            assert not file.urls or file.known_hash or has_content_hash


def test_unknown_name_tells_the_nearest() -> None:
    with pytest.raises(DataNotFoundError, match="Did you mean mnist"):
        get_info("mnsit")
    with pytest.raises(DataNotFoundError, match="inkdigits data list"):
        get_info("???")


def test_known_hash_prefers_sha256() -> None:
    assert FileInfo("a", "images", ("all",), sha256="5", md5="6").known_hash == "sha256:5"
    assert FileInfo("a", "images", ("all",), md5="6").known_hash == "md5:6"
    assert FileInfo("a", "images", ("all",)).known_hash == ""


def test_unknown_keys_are_refused() -> None:
    table = {
        "title": "T",
        "kind": "glyphs",
        "source": "s",
        "licence": "l",
        "may_train": True,
        "script": "latin",
    }
    good = {**table, "polarity": "mixed", "splits": {"all": {"count": 1}}}
    assert parse_dataset("t", good).folder == "t"
    with pytest.raises(TypeError, match="may_tain"):
        parse_dataset("t", {**good, "may_tain": True})


def test_plain_form_is_json() -> None:
    import json

    for info in list_datasets():
        assert json.loads(json.dumps(info.to_dict()))["splits"]


def test_importing_stays_light() -> None:
    import subprocess
    import sys

    heavy = "{'pooch', 'sklearn', 'matplotlib', 'torch', 'requests', 'rich'}"
    code = f"import sys, inkdigits.datasets; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
