"""The Celery tasks. A message only wakes this worker: it then runs whatever waits, not just the job of the message."""

from collections.abc import Iterable
from functools import lru_cache

from worker import foreign_files
from worker.celery_app import celery_app, settings, shutdown
from worker.context import WorkerContext
from worker.heartbeat import WorkerHeartbeat, kinds_of
from worker.poller import JobPoller
from worker.work_loop import WorkLoop

_loop: WorkLoop | None = None  # made by `begin`
_threads: list[WorkerHeartbeat | JobPoller] = []


@lru_cache(maxsize=1)
def open_context() -> WorkerContext:
    """The context of this process; made in the child, after the fork."""
    return WorkerContext.from_settings(settings)


def begin(queues: Iterable[str]) -> None:
    """Start the heartbeat, the poller and the warm-up of a worker that consumes these queues."""
    global _loop
    context = open_context()
    _loop = WorkLoop.of(context, kinds_of(list(queues)), shutdown)
    _threads.append(WorkerHeartbeat(context, _loop.kinds))
    _threads.append(JobPoller(context.database, _loop.kinds, _loop.run_waiting, shutdown, settings.sweep_seconds))
    for thread in _threads:
        thread.begin()
    _loop.warm_up(context)


def leave() -> None:
    """Stop in order: hand back the running job first, and remove the worker's row last."""
    while _threads:
        _threads.pop().end()
    foreign_files.pool().close()


def _run_waiting() -> None:
    if _loop is not None:
        _loop.run_waiting()


@celery_app.task(name="oneword.train")  # type: ignore[untyped-decorator]
def train(job_id: str) -> None:
    """Wake up for a training. `job_id` is only what the message was sent for."""
    _run_waiting()


@celery_app.task(name="oneword.generate")  # type: ignore[untyped-decorator]
def generate(job_id: str) -> None:
    """Wake up for a generation."""
    _run_waiting()


@celery_app.task(name="oneword.report")  # type: ignore[untyped-decorator]
def report(job_id: str) -> None:
    """Wake up for a report."""
    _run_waiting()


@celery_app.task(name="oneword.import")  # type: ignore[untyped-decorator]
def import_(job_id: str) -> None:
    """Wake up for an import."""
    _run_waiting()
