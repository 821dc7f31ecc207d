"""Leases and fencing on the worker's side: a thread renews the leases of running jobs, and every write survives a
database that is unreachable for a while.

A thread renews, so that a long step does not lose a job. A process that is suspended loses its jobs, as it should.
"""

import threading
from collections.abc import Callable
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

DATABASE_RETRY_SECONDS = 90.0
RENEW_SECONDS = 1.0


class LeaseRenewal:
    """Renews leases in the background, from `with` to its end, and learns which jobs were cancelled."""

    def __init__(self, database: Database, lease_seconds: float) -> None:
        self._database = database
        self._seconds = lease_seconds
        self._cancellations: dict[Lease, str | None] = {}
        self._lost: set[Lease] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-renewal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def cancellation(self, lease: Lease) -> str | None:
        """How a person cancelled the job: None, `discard` or `keep`. Raises LeaseLost."""
        with self._lock:
            if lease in self._lost:
                raise LeaseLost(f"job {lease.job_id} was taken over")
            return self._cancellations[lease]

    def add(self, lease: Lease) -> None:
        """Renew another lease from now on."""
        with self._lock:
            self._cancellations[lease] = None

    def remove(self, lease: Lease) -> None:
        """Stop renewing a lease, because its job has ended."""
        with self._lock:
            self._cancellations.pop(lease, None)

    def renew_all(self) -> None:
        """Renew every lease once."""
        with self._lock:
            leases = [lease for lease in self._cancellations if lease not in self._lost]
        for lease in leases:
            try:
                with self._database.transaction() as session:
                    cancellation = ledger.renew(session, lease, self._seconds)
            except LeaseLost:
                with self._lock:
                    self._lost.add(lease)
            except SQLAlchemyError as error:
                # The lease is still valid for a while; the next renewal may succeed.
                log.warning("lease not renewed", job=lease.job_id, error=str(error))
            else:
                with self._lock:
                    if lease in self._cancellations:
                        self._cancellations[lease] = cancellation

    def _run(self) -> None:
        interval = min(RENEW_SECONDS, self._seconds / 4)
        while not self._over.wait(interval):
            self.renew_all()


def read(database: Database, query: Callable[[Session], Result]) -> Result:
    """Run `query` in a session that only reads, and repeat it for up to 90 s while the database is unreachable."""
    for attempt in _retrying():
        with attempt, database.reading() as session:
            return query(session)
    raise AssertionError("unreachable: tenacity returns or raises")


def write(database: Database, change: Callable[[Session], Result]) -> Result:
    """Run `change` in a transaction, and repeat it for up to 90 s while the database is unreachable.

    Raises LeaseLost at once.
    A repeated change may have been committed the first time, with only the answer lost, so it has to be idempotent.
    """
    for attempt in _retrying():
        with attempt, database.transaction() as session:
            return change(session)
    raise AssertionError("unreachable: tenacity returns or raises")


def _retrying() -> Retrying:
    return Retrying(
        retry=retry_if_exception(_is_unreachable),
        wait=wait_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(DATABASE_RETRY_SECONDS),
        before_sleep=_log_retry,
        reraise=True,
    )


def _is_unreachable(error: BaseException) -> bool:
    """Whether the database was unreachable, full or busy, as opposed to given a wrong statement."""
    if isinstance(error, OperationalError | InterfaceError | TimeoutError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("database unreachable; trying again", attempt=state.attempt_number, error=str(error))
