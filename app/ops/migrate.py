"""Brings a database to the newest schema, and back. For `oneword serve`, `oneword migrate` and the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from app.core.database import Database
from app.core.settings import REPOSITORY

ONE_AT_A_TIME: Final = 220801618  # any number that no other program locks


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every revision up to `revision`."""
    _run(database, command.upgrade, revision)


def downgrade(database: Database, revision: str) -> None:
    """Undo every revision after `revision` (`base`: all of them)."""
    _run(database, command.downgrade, revision)


def is_current(database: Database) -> bool:
    """Whether the database has the newest schema."""
    with database.engine.connect() as connection:
        applied = MigrationContext.configure(connection).get_current_revision()
    return applied == ScriptDirectory.from_config(_config()).get_current_head()


def exists(database_url: str) -> bool:
    """Whether a database has a schema of ours, also an old one. Creates no file and no folder."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return False
    database = Database(database_url)
    try:
        with database.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() is not None
    finally:
        database.dispose()


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _run(database: Database, verb: Callable[[Config, str], None], revision: str) -> None:
    config = _config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite itself admits one writer at a time
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        config.attributes["connection"] = connection
        verb(config, revision)
