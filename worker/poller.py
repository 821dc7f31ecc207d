"""Polls the ledger for jobs that no message announced.

A message is only the fast way to a job. With a broker that is unreachable, or that accepts messages and never delivers
them, a job starts some seconds later and is done all the same. Knows nothing of what jobs compute.
"""

import threading
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.contracts.jobs import Kind
from app.core.database import Database, now
from app.jobs import queries
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)


class JobPoller:
    """A thread that calls `run_waiting` whenever a job of one of the kinds can be claimed."""

    def __init__(
        self,
        database: Database,
        kinds: Sequence[Kind],
        run_waiting: Callable[[], None],
        shutdown: Shutdown,
        interval: float,
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._run_waiting = run_waiting
        self._shutdown = shutdown
        self._interval = interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def begin(self) -> None:
        """Poll from now on, every `interval` seconds."""
        self._thread.start()

    def end(self) -> None:
        """Stop polling; returns once the running job has been handed back."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._interval) and not self._shutdown.is_set():
            try:
                if self._claimable():
                    self._run_waiting()
            except SQLAlchemyError as error:
                log.warning("database away; polling later", error=str(error))
            except Exception as error:  # whatever it is, the next job must not wait for a message
                log.error("work failed", exc_info=error)

    def _claimable(self) -> bool:
        with self._database.reading() as session:
            return bool(queries.claimable(session, self._kinds, now(session)))
