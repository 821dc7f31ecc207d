"""The sweep: re-sends lost wake-ups, reclaims jobs from dead workers, and removes blobs that no row names.

`oneword sweep` runs the sweep until SIGTERM. Any number of sweeps may run at once. They do not import torch.
"""

import signal
import threading
import time
from datetime import datetime
from typing import get_args

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.contracts.jobs import Kind
from app.core.database import Database, now
from app.core.errors import OnewordError
from app.core.log import configure_logging
from app.core.parent_watch import end_with_parent
from app.core.settings import Settings
from app.jobs import ledger, wake_up
from app.jobs import queries as jobs
from app.retention.service import tidy
from app.webhooks.sender import Sender
from worker.context import WorkerContext
from worker.lease import RENEW_SECONDS
from worker.maintenance.orphaned_blobs import remove_orphans

log = structlog.get_logger(__name__)

ORPHANS_EVERY_SECONDS = 3600.0
WAKE_UPS = 8


def sweep(database: Database, settings: Settings) -> int:
    """Reclaim expired leases and re-send wake-ups, once. Returns how many wake-ups were sent."""
    with database.transaction() as session:
        for job in ledger.reclaim(session, settings.lease_seconds):
            log.warning("reclaimed", job=job.id, attempt=job.attempt, state=job.state)
    with database.reading() as session:
        waiting = {kind: list(jobs.first_queued(session, kind, WAKE_UPS)) for kind in get_args(Kind)}
    return sum(_resend(settings, kind, job_ids) for kind, job_ids in waiting.items() if job_ids)


class ClockJump:
    """Detects jumps of the ledger's clock: somebody set it, or the whole machine slept.

    After a jump forward every lease looks expired. If the sweep waits, live workers renew their leases within a second.
    """

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def seconds(self, moment: datetime, monotonic: float) -> float:
        """The seconds by which the clock moved ahead of the monotonic clock since the last call; 0 at the first call.

        For 5 s that passed and a clock that moved on by 605 s, the result is 600. It is negative for a jump backward.
        """
        before, self._last = self._last, (moment, monotonic)
        return 0.0 if before is None else (moment - before[0]).total_seconds() - (monotonic - before[1])


def run(context: WorkerContext, over: threading.Event) -> None:
    """Sweep until `over` is set."""
    settings, waited, clock_jump = context.settings, ORPHANS_EVERY_SECONDS, ClockJump()
    while not over.wait(settings.sweep_seconds):
        waited += settings.sweep_seconds
        try:
            with context.database.reading() as session:
                jumped = clock_jump.seconds(now(session), time.monotonic())
            if jumped > settings.lease_seconds / 2:
                log.warning("the clock jumped forward; waiting for workers to renew their leases", seconds=jumped)
                over.wait(RENEW_SECONDS * 2)
            sweep(context.database, settings)
            if waited >= ORPHANS_EVERY_SECONDS:
                waited = 0.0
                tidy(context.database, settings)
                remove_orphans(context)
        except SQLAlchemyError as error:
            log.warning("database unreachable; sweeping later", error=str(error))
        except OnewordError as error:
            log.warning("storage unreachable; removing orphans later", error=error.detail)


def main() -> None:
    """Sweep until SIGTERM."""
    end_with_parent()
    settings, over = Settings(), threading.Event()
    configure_logging(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    context = WorkerContext.from_settings(settings)
    sender = Sender(context.database, settings)
    sender.begin()
    run(context, over)
    sender.end()


def _resend(settings: Settings, kind: Kind, job_ids: list[str]) -> int:
    """Send wake-ups for waiting jobs, unless the broker still holds some. Returns how many were sent.

    If the broker holds none, either every worker is busy or messages were lost. One wake-up makes a worker take all
    waiting jobs, so a few are enough.
    """
    if wake_up.waiting_messages(settings, kind) != 0:
        return 0
    return sum(1 for job_id in job_ids if wake_up.wake(settings, kind, job_id))


if __name__ == "__main__":
    main()
