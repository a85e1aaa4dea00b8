"""A real PostgreSQL for tests, on a socket of its own: no port, no network, gone when they end."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

USERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root
DEBIAN = Path("/usr/lib/postgresql")
_numbers = itertools.count()


class PostgresServer:
    """A server that listens on a Unix socket only.

    Args:
        folder: Where its data and its socket are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = next((name for name in USERS if _exists(name)), None) if os.getuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses='' -k {folder}"
        self._run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "-o", options)

    def make_database(self) -> str:
        """Make an empty database and return its URL."""
        import psycopg

        name = f"corrections_{next(_numbers)}"
        with psycopg.connect(
            f"host={self._folder} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def stop(self) -> None:
        """End it at once."""
        self._run("pg_ctl", "stop", "--mode", "immediate")

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [str(find_program(command)), "--pgdata", str(self._folder / "data"), *arguments],
            user=self._user,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,  # not a pipe: the server would inherit it and keep it open
        )


def _exists(name: str) -> bool:
    import pwd  # not on Windows

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def find_program(name: str) -> Path | None:
    """Find a program of PostgreSQL: on the path, or where Debian hides it."""
    found = shutil.which(name)
    return Path(found) if found else next(iter(sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)), None)


def find_reason_against() -> str:
    """Return why there can be no PostgreSQL here, or ""."""
    missing = [name for name in ("initdb", "pg_ctl") if find_program(name) is None]
    if missing:
        return f"no {' and '.join(missing)} on this machine; on Debian: apt-get install postgresql"
    return ""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server, made once."""
    if reason := find_reason_against():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has at most 107 characters
    server = PostgresServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where corrections are kept: a new file, then a new database of a real PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path / "corrections.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.make_database()
