"""The database engine and its transactions, the same on SQLite and PostgreSQL.

`with database.transaction() as session:` commits at the end of the block and then runs the callbacks that were passed
to `after_commit`. This module knows no table.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import JSON, CursorResult, DateTime, Dialect, Engine, Result, create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql import func
from sqlalchemy.types import TypeDecorator
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed
from ulid import ULID

READ_ONLY = "oneword_read_only"
BRIEF = "oneword_brief"
SQLITE_BUSY_SECONDS: Final = 30  # how long a connection waits for another writer
BRIEF_SECONDS: Final = 0.05  # the same in a brief transaction
# Connections stay open for 10; the 40 threads of the endpoints and the 8 that look people up have one each.
_SQLITE_POOL: Final = {"pool_size": 10, "max_overflow": 40}


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp in UTC. Python sees aware datetimes on every database, also on SQLite, which stores no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. Raises ValueError for a naive datetime, which is a bug in the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The declarative base of every table."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012


def new_id() -> str:
    """An opaque id. Ids sort in the order of their creation."""
    return str(ULID()).lower()


def utc_now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


class Database:
    """One engine and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block and then runs the `after_commit` callbacks."""
        with self._sessions() as session:
            with session.begin():
                yield session
            for callback in session.info.pop("after_commit", ()):
                callback()

    @contextmanager
    def brief_transaction(self) -> Iterator[Session]:
        """A transaction for what need not be stored. Raises OperationalError after BRIEF_SECONDS of waiting for another
        writer."""
        with self._sessions() as session, session.begin():
            session.connection(execution_options={BRIEF: True})
            if self.engine.dialect.name == "postgresql":
                session.execute(text(f"SET LOCAL lock_timeout = {round(BRIEF_SECONDS * 1000)}"))
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that takes no write lock and never commits. Its rows stay readable after the block."""
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
    """The number of rows that an UPDATE or DELETE changed."""
    return cast("CursorResult[Any]", result).rowcount


def count_up(session: Session, table: type[Base], key: dict[str, Any], amounts: dict[str, float]) -> None:
    """Add `amounts` to one row of a table of counters. A missing row is created and starts at zero."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    upsert = insert(table).values(**key, **amounts)
    sums = {name: getattr(table, name) + upsert.excluded[name] for name in amounts}
    session.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=sums))


_CLOCK: Final = select(func.clock_timestamp())


def now(session: Session) -> datetime:
    """The time by the database's clock, so that the leases of all machines follow one clock."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    moment: datetime = session.execute(_CLOCK).scalar_one()
    return moment.astimezone(UTC)


# With these timeouts the client notices a vanished server within seconds. The defaults of TCP take hours.
_POSTGRES_TIMEOUTS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
}


def _create_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(
            parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=_POSTGRES_TIMEOUTS
        )
        event.listen(engine, "connect", _prepare_postgres)
        return engine
    connect_args = {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(parsed, connect_args=connect_args, **_SQLITE_POOL)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    """End transactions that are idle for 60 s.

    A client that freezes between two statements loses its locks, and another worker can take over its job.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # no implicit BEGIN by the driver: _begin_sqlite sends it
    cursor = connection.cursor()
    # FULL: a committed transaction, and with it an accepted job, survives a power cut.
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _enable_wal(cursor)
    cursor.close()


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


@retry(
    retry=retry_if_exception(_is_busy),
    wait=wait_fixed(0.01),
    stop=stop_after_delay(SQLITE_BUSY_SECONDS),
    reraise=True,
)
def _enable_wal(cursor: sqlite3.Cursor) -> None:
    """Switch the file to WAL mode, if it is not in it yet.

    SQLite's busy timeout does not cover this switch, so the retries wait for other connections that switch the same
    file.
    """
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction fails at its first write if another connection has written meanwhile. A transaction that
    # begins as a writer waits for the lock instead.
    options = connection.get_execution_options()
    if not options.get(BRIEF, False):
        connection.exec_driver_sql("BEGIN" if options.get(READ_ONLY, False) else "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(BRIEF_SECONDS * 1000)}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {SQLITE_BUSY_SECONDS * 1000}")
