"""Thin tasks: claim -> run -> finish, until nothing waits.

A message only wakes a worker up. Which job it runs is the ledger's choice.
"""

from collections import deque
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.contracts.jobs import Kind
from app.core.errors import LeaseLost
from app.jobs import ledger
from app.jobs.models import Job
from worker import lease
from worker.celery_app import celery_app, settings, shutdown
from worker.compute_thread import ComputeThread
from worker.context import WorkerContext
from worker.generation_priority import GenerationPriority, to_neighbours
from worker.handlers import embeddings, generation, reports, training
from worker.heartbeat import WorkerHeartbeat, kinds_of
from worker.poller import JobPoller

log = structlog.get_logger(__name__)

FIRST: Final[tuple[Kind, ...]] = ("import", "generation", "report", "training")

_device = ComputeThread("device")  # a message and the lookout may both want it; one job runs at a time
_threads: list[WorkerHeartbeat | JobPoller] = []
_kinds: list[Kind] = []  # that this worker takes


@lru_cache(maxsize=1)
def open_context() -> WorkerContext:
    """This process's studio; made in the child, after the fork."""
    return WorkerContext.from_settings(settings)


def begin(queues: Iterable[str]) -> None:
    """Join the workers: say so, and look out for work of the kinds that come through these queues."""
    _kinds[:] = sorted(kinds_of(list(queues)), key=FIRST.index)
    _threads.append(WorkerHeartbeat(open_context(), _kinds))
    _threads.append(JobPoller(open_context().database, _kinds, lambda _: _work(), shutdown, settings.sweep_seconds))
    for thread in _threads:
        thread.begin()


def leave() -> None:
    """Leave in good order: hand over what runs, and only then say so."""
    while _threads:
        _threads.pop().end()


@celery_app.task(name="oneword.train")  # type: ignore[untyped-decorator]
def train(job_id: str) -> None:
    """Do whatever waits to be taught. `job_id` is only what the message was sent for."""
    _work()


@celery_app.task(name="oneword.generate")  # type: ignore[untyped-decorator]
def generate(job_id: str) -> None:
    """Draw whatever waits to be drawn."""
    _work()


@celery_app.task(name="oneword.report")  # type: ignore[untyped-decorator]
def report(job_id: str) -> None:
    """Draw whatever reports could not be drawn before."""
    _work()


@celery_app.task(name="oneword.import")  # type: ignore[untyped-decorator]
def import_(job_id: str) -> None:
    """Read whatever embedding files wait to be imported."""
    _work()


def _work() -> None:
    _device.run(_run_all)


def _run_all() -> None:
    """Run what waits for this worker until nothing does; kinds take turns, so that none of them starves."""
    context, kinds, idle = open_context(), deque(_kinds), 0
    while idle < len(kinds) and not shutdown.is_set():
        idle = 0 if _run_next(context, kinds[0]) else idle + 1
        kinds.rotate(-1)


def _run_next(context: WorkerContext, kind: Kind) -> bool:
    """Run the job of a kind whose turn it is, with those that share its loop. Returns whether there was one."""
    jobs = lease.write(context.database, partial(_claim, context, kind))
    if jobs:
        _run(context, kind, jobs)
    return bool(jobs)


def _give_way(context: WorkerContext) -> GenerationPriority:
    """How long work of this worker lets drawings pass: it draws them itself if they are its business too."""
    if "generation" in _kinds:
        return GenerationPriority(lambda: _draw_between(context))
    return GenerationPriority(to_neighbours(context, shutdown.is_set))


def _draw_between(context: WorkerContext) -> None:
    if not shutdown.is_set():
        _run_next(context, "import")
        _run_next(context, "generation")


def _claim(context: WorkerContext, kind: Kind, session: Session) -> list[Job]:
    settings = context.settings
    leader = ledger.claim(session, kind, context.name, settings.lease_seconds)
    if leader is None:
        return []
    if kind != "generation":
        return [leader]
    room = settings.batch_pictures_max - int(leader.spec["count"])
    return [leader, *ledger.claim_mates(session, leader, context.name, settings.lease_seconds, room)]


def _run(context: WorkerContext, kind: Kind, jobs: list[Job]) -> None:
    """Run claimed jobs. What is logged meanwhile names the requests that asked for them."""
    requests = ",".join(job.request_id for job in jobs if job.request_id)
    with structlog.contextvars.bound_contextvars(request_id=requests or None):
        _run_kind(context, kind, jobs)


def _run_kind(context: WorkerContext, kind: Kind, jobs: list[Job]) -> None:
    log.info("claimed", kind=kind, jobs=[job.id for job in jobs], attempts=[job.attempt for job in jobs])
    try:
        if kind == "training":
            training.teach(context, jobs[0], shutdown, _give_way(context).between_steps)
        elif kind == "import":
            embeddings.import_embedding(context, jobs[0])
        elif kind == "report":
            reports.draw_again(context, jobs[0], shutdown, _give_way(context).between_steps)
        else:
            generation.draw_batch(context, jobs, shutdown)
    except LeaseLost as lost:
        log.warning("lease lost; wrote nothing more", reason=str(lost))
