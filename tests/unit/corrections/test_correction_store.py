"""Answers are kept, judged, listed and forgotten, on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra corrections is not installed")

from sqlalchemy import text
from sqlalchemy.orm import configure_mappers

from inkdigits.corrections import Counts, JudgedDigit, NewAnswer
from inkdigits.corrections.database import find_revision, open_engine, parse_place
from inkdigits.corrections.records import CorrectionsError, UnknownAnswerError
from inkdigits.corrections.store import CorrectionStore
from inkdigits.corrections.tables import Base
from inkdigits.errors import MissingExtraError, UsageError

READING = {"schema": 1, "text": "17", "numbers": [{"text": "17", "confidence": 0.5}]}
DIGITS = (JudgedDigit("1", 0.98, b"form 1"), JudgedDigit("7", 0.5, None))


def make(
    name: str = "answer-1", *, labels: tuple[str, ...] | None = None, picture: bytes | None = None
) -> NewAnswer:
    return NewAnswer(name, READING, DIGITS, labels, picture, model="latin", model_hash="ab", version="1")


def test_an_answer_comes_back_as_it_was_kept(place: str) -> None:
    configure_mappers()
    store = CorrectionStore(place)
    kept, is_new = store.save(make(picture=b"\x89PNG\0\xff", labels=("1", "2")))
    assert is_new
    assert (kept.state, kept.id, kept.reading, kept.has_picture) == ("corrected", "answer-1", READING, True)
    assert [digit.correction for digit in kept.digits] == ["1", "2"]
    assert [digit.form for digit in kept.digits] == [b"form 1", None]
    assert abs(datetime.now(UTC) - kept.created_at) < timedelta(minutes=1)
    store.close()
    again = CorrectionStore(place)  # as after a restart
    assert again.find("answer-1") == kept
    assert again.load_picture("answer-1") == b"\x89PNG\0\xff"
    assert again.count() == Counts(corrected=1)
    again.close()


def test_sending_it_again_changes_nothing(place: str) -> None:
    store = CorrectionStore(place)
    first, _ = store.save(make(labels=("1", "7")))
    second, is_new = store.save(make(labels=("1", "7")))
    assert not is_new
    assert replace(second, updated_at=first.updated_at) == first
    assert store.count() == Counts(confirmed=1)
    late, _ = store.save(make())  # a message of the queue that was overtaken
    assert late.state == "confirmed"
    longer = replace(make(), digits=(*DIGITS, JudgedDigit("3", 0.4)), labels=("1", "7", "none"))
    assert [digit.correction for digit in store.save(longer)[0].digits] == ["1", "7", "none"]
    assert len(store.save(replace(make(labels=("1",)), digits=DIGITS[:1]))[0].digits) == 1
    store.close()


def test_the_queue_is_judged_page_by_page(place: str) -> None:
    store = CorrectionStore(place)
    for index in range(7):
        store.save(make(f"answer-{index}"))
    first = store.list_answers(["open"], limit=3)
    second = store.list_answers(["open"], limit=3, before=first.next)
    third = store.list_answers(["open"], limit=3, before=second.next)
    names = [answer.id for page in (first, second, third) for answer in page.items]
    assert names == [f"answer-{index}" for index in reversed(range(7))]
    assert third.next is None
    assert store.decide("answer-3", ["1", "7"]).state == "confirmed"
    assert store.decide("answer-4", ["1", "none"]).state == "corrected"
    assert store.decide("answer-4", ["4", "none"]).digits[0].correction == "4"
    assert store.count() == Counts(open=5, confirmed=1, corrected=1)
    judged = [answer.id for answer in store.go_through(["confirmed", "corrected"])]
    assert judged == ["answer-3", "answer-4"]
    store.delete("answer-3")
    with pytest.raises(UnknownAnswerError):
        store.find("answer-3")
    assert store.delete_all() == 6
    assert store.count() == Counts()
    assert store.save(make())[0].number > 7  # a page of a list that is open somewhere stays right
    store.close()


def test_what_does_not_fit_is_refused(place: str) -> None:
    store = CorrectionStore(place)
    store.save(make())
    for labels, words in ((["1"], "don't fit"), (["1", "x"], "no label"), (["1", "17"], "no label")):
        with pytest.raises(UsageError, match=words):
            store.decide("answer-1", labels)
    for call in (store.find, store.load_picture, store.delete):
        with pytest.raises(UnknownAnswerError):
            call("nobody")
    with pytest.raises(UnknownAnswerError):
        store.decide("nobody", ["1"])
    assert store.find("answer-1").state == "open"
    store.close()


def test_many_may_write_at_once(place: str) -> None:
    stores = [CorrectionStore(place) for _ in range(2)]

    def save(index: int) -> bool:
        return stores[index % 2].save(make(f"answer-{index % 20}", labels=("1", "7")))[1]

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(save, range(80))) == 20
    assert stores[0].count() == Counts(confirmed=20)
    for store in stores:
        store.close()


def test_migrations_make_the_tables_that_the_code_expects(place: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ThreadPoolExecutor(3) as threads:  # as several workers do
        engines = list(threads.map(open_engine, [place] * 3))
    with engines[0].connect() as connection:
        assert find_revision(connection) == "0001"
        context = MigrationContext.configure(connection, opts={"version_table": "inkdigits_version"})
        assert compare_metadata(context, Base.metadata) == []
    for engine in engines:
        engine.dispose()


def test_a_newer_database_is_left_alone(place: str) -> None:
    engine = open_engine(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE inkdigits_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CorrectionsError, match="newer version"):
        open_engine(place)


def test_files_that_are_no_database_are_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary " * 200)
    with pytest.raises(CorrectionsError, match="not a database"):
        CorrectionStore(str(notes))
    assert notes.read_text() == "dear diary " * 200
    with pytest.raises(CorrectionsError, match="can't be kept in"):
        CorrectionStore(str(tmp_path))


def test_the_file_is_private_durable_and_really_forgets(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "corrections.db"
    store = CorrectionStore(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    secret = b"\x89PNG the only picture of its kind"
    store.save(make(picture=secret))
    store.delete_all()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert secret not in left
    store.close()
    assert sqlite3.connect(path).execute("SELECT count(*) FROM inkdigits_answers").fetchone() == (0,)


@pytest.mark.parametrize(
    "place", ["", " ", ":memory:", "a\0b", "mysql://host/x", "postgresql//", "sqlite://", "://", "http://[/x"]
)
def test_other_places_are_refused(place: str) -> None:
    if "//" in place and ":" not in place:
        assert parse_place(place).get_backend_name() == "sqlite"  # a path, however odd
        return
    with pytest.raises(UsageError):
        parse_place(place)


def test_addresses_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert parse_place("~/x.db").database == str(Path("~/x.db").expanduser())
    assert parse_place(f"sqlite:///{tmp_path}/x.db").database == f"{tmp_path}/x.db"
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        url = parse_place(f"{scheme}://me:secret@host/digits")
        assert url.drivername == "postgresql+psycopg"
        assert "secret" not in str(url)
    monkeypatch.setattr("inkdigits.corrections.database.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="psycopg"):
        parse_place("postgresql://host/digits")


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(CorrectionsError, match="fails") as error:
        CorrectionStore("postgresql://me:secret@127.0.0.1:1/digits")
    assert "secret" not in str(error.value)
