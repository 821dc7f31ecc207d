"""The sweep: sends again what the broker lost, takes jobs from dead workers, removes blobs that nobody refers to.

Needs no torch and holds nothing in memory; any number of sweeps may run at once. `oneword sweep` runs it forever.
"""

import signal
import threading
from typing import get_args

import structlog
from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError

from app import queue
from app.db import Database
from app.jobs import ledger
from app.jobs.models import Job
from app.jobs.states import Kind
from app.log import configure_logging
from app.settings import Settings
from worker.blobs import remove_orphans
from worker.studio import Studio

log = structlog.get_logger(__name__)

ORPHANS_EVERY_SECONDS = 3600.0
WAKE_UPS = 8


def sweep(database: Database, settings: Settings) -> int:
    """Reclaim and re-send once. Returns how many wake-ups were sent."""
    with database.transaction() as session:
        for job in ledger.reclaim(session):
            log.warning("reclaimed", job=job.id, attempt=job.attempt, state=job.state)
    with database.reading() as session:
        waiting = {kind: list(session.scalars(_first_waiting(kind))) for kind in get_args(Kind)}
    return sum(_send_again(settings, kind, job_ids) for kind, job_ids in waiting.items() if job_ids)


def run(studio: Studio, over: threading.Event) -> None:
    """Sweep until `over` is set."""
    settings, waited = studio.settings, ORPHANS_EVERY_SECONDS
    while not over.wait(settings.sweep_seconds):
        waited += settings.sweep_seconds
        try:
            sweep(studio.database, settings)
            if waited >= ORPHANS_EVERY_SECONDS:
                waited = 0.0
                remove_orphans(studio)
        except DBAPIError as error:
            log.warning("database away; sweeping later", error=str(error.orig))


def main() -> None:
    """Sweep until SIGTERM."""
    settings, over = Settings(), threading.Event()
    configure_logging(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    run(Studio.from_settings(settings), over)


def _first_waiting(kind: Kind) -> Select[str]:
    return select(Job.id).where(Job.kind == kind, Job.state == "queued").order_by(Job.turn, Job.id).limit(WAKE_UPS)


def _send_again(settings: Settings, kind: Kind, job_ids: list[str]) -> int:
    """Jobs wait and the broker holds no message: either every worker is busy, or messages were lost. Send some.

    One wake-up makes a worker take everything that waits, so a handful is enough, and none while some are there.
    """
    if queue.depth(settings, kind) != 0:
        return 0
    return sum(1 for job_id in job_ids if queue.wake(settings, kind, job_id))


if __name__ == "__main__":
    main()
