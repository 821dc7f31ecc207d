"""Thin tasks: claim -> run -> finish, until nothing waits.

A message only wakes a worker up. Which job it runs is the ledger's choice.
"""

from functools import lru_cache, partial

import structlog
from sqlalchemy.orm import Session

from app.errors import LeaseLost
from app.jobs import ledger
from app.jobs.models import Job
from app.jobs.states import Kind
from worker import drawing, importing, lease, teaching
from worker.celery_app import celery_app, settings, stopping
from worker.presence import Presence, kinds_of
from worker.studio import Studio

log = structlog.get_logger(__name__)


@lru_cache(maxsize=1)
def open_studio() -> Studio:
    """This process's studio; made in the child, after the fork."""
    return Studio.from_settings(settings)


@lru_cache(maxsize=1)
def presence() -> Presence:
    """This process's row among the workers."""
    return Presence(open_studio(), kinds_of(list(celery_app.amqp.queues.consume_from)))


@celery_app.task(name="oneword.train")  # type: ignore[untyped-decorator]
def train(job_id: str) -> None:
    """Teach whatever waits to be taught. `job_id` is only what the message was sent for."""
    _work("training")


@celery_app.task(name="oneword.generate")  # type: ignore[untyped-decorator]
def generate(job_id: str) -> None:
    """Draw whatever waits to be drawn."""
    _work("generation")


@celery_app.task(name="oneword.import")  # type: ignore[untyped-decorator]
def import_(job_id: str) -> None:
    """Read whatever embedding files wait to be imported."""
    _work("import")


def _work(kind: Kind) -> None:
    studio = open_studio()
    while not stopping.is_set():
        jobs = lease.write(studio.database, partial(_claim, studio, kind))
        if not jobs:
            return
        _run(studio, kind, jobs)


def _claim(studio: Studio, kind: Kind, session: Session) -> list[Job]:
    settings = studio.settings
    leader = ledger.claim(session, kind, studio.name, settings.lease_seconds)
    if leader is None:
        return []
    if kind != "generation":
        return [leader]
    room = settings.batch_pictures_max - int(leader.spec["count"])
    return [leader, *ledger.claim_mates(session, leader, studio.name, settings.lease_seconds, room)]


def _run(studio: Studio, kind: Kind, jobs: list[Job]) -> None:
    log.info("claimed", kind=kind, jobs=[job.id for job in jobs], attempts=[job.attempt for job in jobs])
    try:
        if kind == "training":
            teaching.teach(studio, jobs[0], stopping)
        elif kind == "import":
            importing.import_embedding(studio, jobs[0])
        else:
            drawing.draw_batch(studio, jobs, stopping)
    except LeaseLost as lost:
        log.warning("lease lost; wrote nothing more", reason=str(lost))
