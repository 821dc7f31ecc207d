"""Heartbeat and fencing: keeps claimed jobs ours while they run, and hears when they should stop.

A thread renews the leases, so that a long step does not lose them; a process that is stopped loses them, as it should.
"""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import Session
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from app.core.database import Database
from app.core.errors import LeaseLost
from app.jobs import ledger
from app.jobs.ledger import Lease

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

DATABASE_PATIENCE_SECONDS = 90.0
HEARTBEAT_SECONDS = 1.0


class LeaseRenewal:
    """Renews leases in the background, from `with` to its end."""

    def __init__(self, database: Database, leases: Iterable[Lease], lease_seconds: float) -> None:
        self._database = database
        self._seconds = lease_seconds
        self._wanted: dict[Lease, str | None] = dict.fromkeys(leases)
        self._lost: set[Lease] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def wanted(self, lease: Lease) -> str | None:
        """What a person wants of the job: None, `discard` or `keep`. Raises LeaseLost."""
        with self._lock:
            if lease in self._lost:
                raise LeaseLost(f"job {lease.job_id} was taken over")
            return self._wanted[lease]

    def add(self, lease: Lease) -> None:
        """Renew another lease from now on."""
        with self._lock:
            self._wanted[lease] = None

    def drop(self, lease: Lease) -> None:
        """Stop renewing a lease whose job has ended."""
        with self._lock:
            self._wanted.pop(lease, None)

    def beat(self) -> None:
        """Renew every lease once."""
        with self._lock:
            leases = [lease for lease in self._wanted if lease not in self._lost]
        for lease in leases:
            try:
                with self._database.transaction() as session:
                    wanted = ledger.renew(session, lease, self._seconds)
            except LeaseLost:
                with self._lock:
                    self._lost.add(lease)
            except SQLAlchemyError as error:
                # The lease runs on for a while without us; the next beat may get through.
                log.warning("heartbeat missed", job=lease.job_id, error=str(error))
            else:
                with self._lock:
                    if lease in self._wanted:
                        self._wanted[lease] = wanted

    def _run(self) -> None:
        interval = min(HEARTBEAT_SECONDS, self._seconds / 4)
        while not self._over.wait(interval):
            self.beat()


def write(database: Database, change: Callable[[Session], Result]) -> Result:
    """Run `change` in a transaction, again and again while the database is away. Raises LeaseLost at once."""
    for attempt in Retrying(
        retry=retry_if_exception(_away),
        wait=wait_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(DATABASE_PATIENCE_SECONDS),
        before_sleep=_tell,
        reraise=True,
    ):
        with attempt, database.transaction() as session:
            return change(session)
    raise AssertionError("unreachable: tenacity returns or raises")


def _away(error: BaseException) -> bool:
    """Whether the database was away, full or busy, rather than asked for something wrong."""
    if isinstance(error, OperationalError | InterfaceError | TimeoutError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("database away; trying again", attempt=state.attempt_number, error=str(error))
