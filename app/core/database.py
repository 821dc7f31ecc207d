"""Engine and unit of work, the same on SQLite and PostgreSQL.

A transaction is `with database.transaction() as session:`; it commits at the end of the block and then runs what was
handed to `after_commit`. Knows no table.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import JSON, CursorResult, DateTime, Dialect, Engine, Result, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql import func
from sqlalchemy.types import TypeDecorator
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed
from ulid import ULID

READ_ONLY = "oneword_read_only"
SQLITE_PATIENCE_SECONDS: Final = 30  # with somebody else who writes


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; aware on both sides, also on SQLite, which stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware moments only: a naive one is a bug of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The declarative base of every table."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012


def new_id() -> str:
    """An opaque id whose order is the order of creation."""
    return str(ULID()).lower()


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


class Database:
    """One engine, and transactions on it."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, and then runs what `after_commit` was given."""
        with self._sessions() as session:
            with session.begin():
                yield session
            for callback in session.info.pop("after_commit", ()):
                callback()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that takes no write lock and never commits. What it loaded stays readable afterwards."""
        with self._sessions() as session:
            session.connection(execution_options={READ_ONLY: True})
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def after_commit(session: Session, callback: Callable[[], object]) -> None:
    """Run `callback` once the session's transaction has committed; never if it is rolled back."""
    session.info.setdefault("after_commit", []).append(callback)


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE changed."""
    return cast("CursorResult[Any]", result).rowcount


def count_up(session: Session, table: type[Base], key: dict[str, Any], amounts: dict[str, float]) -> None:
    """Add amounts to the row of a table of counters; a row that is not there yet begins at zero."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    adding = insert(table).values(**key, **amounts)
    columns = {name: getattr(table, name) + adding.excluded[name] for name in amounts}
    session.execute(adding.on_conflict_do_update(index_elements=list(key), set_=columns))


_CLOCK: Final = select(func.clock_timestamp())


def now(session: Session) -> datetime:
    """The database's clock, so that leases of several machines are measured by one."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    moment: datetime = session.execute(_CLOCK).scalar_one()
    return moment.astimezone(UTC)


# A server that vanished without a word is noticed within seconds, instead of after the hours that TCP would wait.
_PATIENCE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
}


def _create_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=_PATIENCE)
        event.listen(engine, "connect", _prepare_postgres)
        return engine
    engine = create_engine(parsed, connect_args={"timeout": SQLITE_PATIENCE_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    """A client that is frozen between two statements loses its locks, so that its job can be taken over."""
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own idea of when to begin is wrong for us; see _begin_sqlite
    cursor = connection.cursor()
    # FULL: what was committed is still there after a power cut; an accepted job must be.
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


@retry(
    retry=retry_if_exception(_is_busy),
    wait=wait_fixed(0.01),
    stop=stop_after_delay(SQLITE_PATIENCE_SECONDS),
    reraise=True,
)
def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """A file that is not in WAL mode yet is put into it by whoever opens it first. SQLite does not wait for the others
    who are about to, as it does for everything else, so this does."""
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that turns into a writer fails at once when somebody else wrote meanwhile. One that
    # begins as a writer waits its turn.
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
