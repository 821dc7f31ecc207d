"""Thin tasks: claim -> run -> finish, until nothing waits.

A message only wakes a worker up. Which job it runs is the ledger's choice.
"""

import threading
from collections.abc import Iterable
from functools import lru_cache, partial

import structlog
from sqlalchemy.orm import Session

from app.errors import LeaseLost
from app.jobs import ledger
from app.jobs.models import Job
from app.jobs.states import Kind
from worker import drawing, importing, lease, teaching
from worker.celery_app import celery_app, settings, stopping
from worker.lookout import Lookout
from worker.presence import Presence, kinds_of
from worker.studio import Studio

log = structlog.get_logger(__name__)

_device = threading.Lock()  # a message and the lookout may both want it; one job runs at a time
_threads: list[Presence | Lookout] = []


@lru_cache(maxsize=1)
def open_studio() -> Studio:
    """This process's studio; made in the child, after the fork."""
    return Studio.from_settings(settings)


def begin(queues: Iterable[str]) -> None:
    """Join the workers: say so, and look out for work of the kinds that come through these queues."""
    kinds = kinds_of(list(queues))
    _threads.append(Presence(open_studio(), kinds))
    _threads.append(Lookout(open_studio().database, kinds, _work, stopping, settings.sweep_seconds))
    for thread in _threads:
        thread.begin()


def leave() -> None:
    """Leave in good order: hand over what runs, and only then say so."""
    while _threads:
        _threads.pop().end()


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
    with _device:
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
