"""A worker inside the test's own process: the real runner and handlers, without Celery."""

from collections.abc import Callable
from typing import TypeVar

from app.contracts.jobs import Kind
from app.jobs.models import Job
from app.services import Services
from worker.context import WorkerContext
from worker.generation_priority import no_yield
from worker.job_run import JobRun
from worker.lease import LeaseRenewal
from worker.runner import Handler, Runner
from worker.shutdown import SharedFlag, Shutdown
from worker.work_loop import handlers

Work = TypeVar("Work")


def runner(
    context: WorkerContext,
    *,
    shutdown: Shutdown | None = None,
    yield_to_generation: Callable[[], None] = no_yield,
) -> Runner:
    """A runner for every kind of job."""
    return Runner(context, handlers(context, yield_to_generation), shutdown or SharedFlag())


def run_next(context: WorkerContext, kind: Kind, *, shutdown: Shutdown | None = None) -> bool:
    """Run the first job of a kind, with those that share its computation. Returns whether there was one."""
    return runner(context, shutdown=shutdown).run_next(kind)


def run_all(context: WorkerContext, kind: Kind) -> None:
    """Run jobs of a kind until none waits."""
    while run_next(context, kind):
        pass


def run_import(services: Services) -> None:
    """Run the import job that waits."""
    assert run_next(WorkerContext(services.settings, services.database, services.storage), "import")


def opened(context: WorkerContext, handler: Handler[Work], job: Job) -> JobRun[Work]:
    """A claimed job as the runner opens it, not yet prepared."""
    renewal = LeaseRenewal(context.database, 60.0)
    run = JobRun(context, handler, job, renewal, SharedFlag())
    renewal.add(run.lease)
    return run
