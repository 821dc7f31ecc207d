"""Looks into the ledger for work that nobody told this worker about.

A wake-up is only the fast way to a job: with a broker that is away, or that accepts and never delivers, a job takes
some seconds longer and is done all the same. Knows nothing of what the work is.
"""

import threading
from collections.abc import Callable, Iterable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.contracts.jobs import Kind
from app.core.database import Database, now
from app.jobs import queries
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)


class JobPoller:
    """A thread that lets `work(kind)` run whenever a job of a kind waits."""

    def __init__(
        self, database: Database, kinds: Iterable[Kind], work: Callable[[Kind], None], shutdown: Shutdown, every: float
    ) -> None:
        self._database = database
        self._kinds = tuple(kinds)
        self._work = work
        self._shutdown = shutdown
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def end(self) -> None:
        """Look no more; returns once the job that runs has been handed over."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._every) and not self._shutdown.is_set():
            try:
                for kind in self._waiting():
                    self._work(kind)
            except SQLAlchemyError as error:
                log.warning("database away; looking later", error=str(error))
            except Exception as error:  # whatever it is, the next job must not wait for a message
                log.error("work failed", exc_info=error)

    def _waiting(self) -> list[Kind]:
        with self._database.reading() as session:
            return queries.claimable(session, self._kinds, now(session))
