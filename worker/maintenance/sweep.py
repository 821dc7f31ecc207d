"""The sweep: sends again what the broker lost, takes jobs from dead workers, removes blobs that nobody refers to.

Needs no torch; any number of sweeps may run at once. `oneword sweep` runs it forever.
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
    """Reclaim and re-send once. Returns how many wake-ups were sent."""
    with database.transaction() as session:
        for job in ledger.reclaim(session, settings.lease_seconds):
            log.warning("reclaimed", job=job.id, attempt=job.attempt, state=job.state)
    with database.reading() as session:
        waiting = {kind: list(jobs.first_queued(session, kind, WAKE_UPS)) for kind in get_args(Kind)}
    return sum(_send_again(settings, kind, job_ids) for kind, job_ids in waiting.items() if job_ids)


class Leap:
    """Notices when the ledger's clock leapt forward: it was set, or the whole machine slept.

    Every lease looks dead then. Workers that live renew theirs within a second, if they are let.
    """

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def since_last(self, moment: datetime, steady: float) -> float:
        """By how many seconds more than really passed the clock went forward since the last look."""
        before, self._last = self._last, (moment, steady)
        return 0.0 if before is None else (moment - before[0]).total_seconds() - (steady - before[1])


def run(context: WorkerContext, over: threading.Event) -> None:
    """Sweep until `over` is set."""
    settings, waited, leap = context.settings, ORPHANS_EVERY_SECONDS, Leap()
    while not over.wait(settings.sweep_seconds):
        waited += settings.sweep_seconds
        try:
            with context.database.reading() as session:
                leapt = leap.since_last(now(session), time.monotonic())
            if leapt > settings.lease_seconds / 2:
                log.warning("the clock leapt forward; waiting for the living to renew their leases", seconds=leapt)
                over.wait(RENEW_SECONDS * 2)
            sweep(context.database, settings)
            if waited >= ORPHANS_EVERY_SECONDS:
                waited = 0.0
                tidy(context.database, settings)
                remove_orphans(context)
        except SQLAlchemyError as error:
            log.warning("database away; sweeping later", error=str(error))
        except OnewordError as error:
            log.warning("storage away; removing orphans later", error=error.detail)


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


def _send_again(settings: Settings, kind: Kind, job_ids: list[str]) -> int:
    """Jobs wait and the broker holds no message: either every worker is busy, or messages were lost. Send some.

    One wake-up makes a worker take everything that waits, so a handful is enough, and none while some are there.
    """
    if wake_up.waiting_messages(settings, kind) != 0:
        return 0
    return sum(1 for job_id in job_ids if wake_up.wake(settings, kind, job_id))


if __name__ == "__main__":
    main()
