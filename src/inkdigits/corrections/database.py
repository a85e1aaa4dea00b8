"""Opens the database of corrections, SQLite or PostgreSQL, and brings its tables to this version.

Owns: addresses, connections, durability, migrations. Leaves to others: what is asked (store).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from inkdigits.corrections.records import CorrectionsError
from inkdigits.corrections.tables import VERSION_TABLE
from inkdigits.errors import MissingExtraError, UsageError

WRITES: Final = "inkdigits_writes"
"""Execution option of transactions that write: on SQLite they take the lock at once, not in the middle."""
BUSY_S: Final = 10.0
"""How long a process waits while another one writes; writing one answer takes milliseconds."""
CONNECT_S: Final = 5
MOST_REASON_CHARS: Final = 200
MIGRATION_LOCK: Final = 0x1_4B_D1_61_75
"""Number of PostgreSQL's advisory lock, so that several processes that start together migrate one by one."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_REMEDY: Final = "Check that the database runs, that its disk has room, and who may write to it."


def parse_place(place: str) -> URL:
    """Understand where corrections are kept.

    Args:
        place: Path of an SQLite file, which is made if it isn't there; or a URL such as
            "postgresql://user:password@host/database".

    Raises:
        UsageError: If it is neither.
        MissingExtraError: If it is PostgreSQL and its driver is not installed.
    """
    if "://" not in place:
        if not place.strip() or "\0" in place or place == ":memory:":
            raise UsageError(f"{place!r} is no file to keep corrections in", remedy="Name a file.")
        return URL.create("sqlite", database=str(Path(place).expanduser().absolute()))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise UsageError("The address of the database can't be understood", remedy=_examples()) from error
    name = url.drivername.partition("+")[0]
    if name == "sqlite" and url.database not in (None, "", ":memory:"):
        return parse_place(str(url.database))
    if name not in ("postgresql", "postgres"):
        raise UsageError(f"Corrections can't be kept in {name!r}", remedy=_examples())
    if find_spec("psycopg") is None:
        raise MissingExtraError("psycopg", extra="corrections")
    return url.set(drivername="postgresql+psycopg")


def _examples() -> str:
    return "Give the path of an SQLite file, or postgresql://USER:PASSWORD@HOST/DATABASE."


def open_engine(place: str) -> Engine:
    """Open the database and bring its tables to this version.

    Args:
        place: As for `parse_place`.

    Returns:
        An engine whose commits are on the disk when they return.

    Raises:
        UsageError: If the place can't be understood.
        CorrectionsError: If it can't be opened, or was made by a newer version.
        MissingExtraError: If the driver of PostgreSQL is not installed.
    """
    url = parse_place(place)
    engine = _make_sqlite(url) if url.get_backend_name() == "sqlite" else _make_postgresql(url)
    try:
        with telling_problems(), engine.execution_options(**{WRITES: True}).begin() as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(
            os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        )  # pictures of one person's hand: not for others
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise CorrectionsError(f"Corrections can't be kept in {path}: {reason}", remedy=_REMEDY) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # Python's driver would begin transactions when it likes
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # in WAL mode the default may lose the last commits when the power fails
            "foreign_keys=ON",
            "secure_delete=ON",  # what a person deletes is overwritten
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make_postgresql(url: URL) -> Engine:
    options = {"connect_timeout": CONNECT_S, "application_name": "inkdigits"}
    engine = create_engine(url, connect_args=options, pool_pre_ping=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A server may be set up to acknowledge before it has written.
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO on")

    return engine


def migrate(connection: Connection) -> None:
    """Take all steps that this database has not taken yet.

    Args:
        connection: In a transaction; it is not committed.

    Raises:
        CorrectionsError: If the database was made by a newer version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    head = ScriptDirectory.from_config(config).get_current_head()
    if find_revision(connection) == head:
        return  # Alembic would begin to work; most starts need nothing
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise CorrectionsError(
            "The database of corrections was made by a newer version of InkDigits",
            remedy="Upgrade with: pip install --upgrade inkdigits.",
        ) from error


def find_revision(connection: Connection) -> str | None:
    """Return the newest step that a database has taken; None for a new one.

    Args:
        connection: To the database.
    """
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    row = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).first()  # noqa: S608 - a constant
    return None if row is None else str(row[0])


@contextmanager
def telling_problems() -> Iterator[None]:
    """Turn what a database raises into one sentence.

    Raises:
        IntegrityError: If two transactions write the same.
        CorrectionsError: In place of the driver's other errors. Its reason may name the host: not for strangers.
    """
    try:
        yield
    except IntegrityError:
        raise  # for whoever can try again
    except DBAPIError as error:
        lines = str(error.orig).strip().splitlines() or ["no reason told"]
        raise CorrectionsError(
            f"The database of corrections fails: {lines[0].rstrip('.')[:MOST_REASON_CHARS]}", remedy=_REMEDY
        ) from error
    except SQLAlchemyError as error:
        raise CorrectionsError("The database of corrections fails", remedy=_REMEDY) from error
