"""The life of a job on a worker, written once for every kind: claim -> prepare -> compute -> finish, or release.

A handler supplies what differs between kinds, in five methods. Which job runs is the ledger's choice; how a job ends is
decided in `worker.job_run`.

Example: two generations of one picture each wait with the same size and scheduler. `run_next("generation")` claims the
first, and `claim_mates` of the handler the second. Both are prepared, each by itself: the concept of the second was
deleted, so that one fails with a message for the user. `compute` draws the first, and `finish` ends it as succeeded.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.concepts import queries as concepts
from app.contracts.jobs import Kind, State
from app.core.errors import NotFound
from app.jobs import ledger
from app.jobs.models import Job
from worker.context import WorkerContext
from worker.job_run import JobRun
from worker.lease import LeaseRenewal, write
from worker.shutdown import Shutdown

log = structlog.get_logger(__name__)

Work = TypeVar("Work")
Admit = Callable[[str], JobRun[Work] | None]


class Handler(Protocol[Work]):
    """The part of running a job that differs between kinds. `Work` is a handler's form of a job's specification."""

    kind: Kind

    def claim_mates(self, session: Session, leader: Job) -> list[Job]:
        """Claim waiting jobs that share the computation of `leader`, in the transaction that claimed it."""
        ...

    def prepare(self, run: JobRun[Work]) -> Work:
        """Load everything that the job names. A UserError or OnewordError fails this job alone."""
        ...

    def compute(self, runs: list[JobRun[Work]], admit: Admit[Work]) -> None:
        """Do the work of prepared jobs, each job's own part under `run.guard`.

        `admit(base_model)` claims and prepares one more job for the same base model, or returns None.
        """
        ...

    def finish(self, session: Session, run: JobRun[Work]) -> None:
        """Write the result, in the fenced transaction that ends the job as succeeded."""
        ...

    def release(self, session: Session, run: JobRun[Work], state: State) -> None:
        """Remove what the attempt leaves behind, in the transaction that ends it as `state`.

        `run.work` is unset if `prepare` failed.
        """
        ...


@dataclass(frozen=True)
class Runner:
    """Runs jobs of every kind that this worker takes, one computation at a time."""

    context: WorkerContext
    handlers: Mapping[Kind, Handler[Any]]
    shutdown: Shutdown

    def run_next(self, kind: Kind) -> bool:
        """Run the first job of a kind, with those that share its computation. Returns whether there was one."""
        handler = self.handlers[kind]
        jobs = write(self.context.database, partial(self._claim, handler))
        if jobs:
            log.info("claimed", kind=kind, jobs=[job.id for job in jobs], attempts=[job.attempt for job in jobs])
            with _naming_requests(jobs):
                self._run(handler, jobs)
        return bool(jobs)

    def _claim(self, handler: Handler[Any], session: Session) -> list[Job]:
        leader = ledger.claim(session, handler.kind, self.context.name, self.context.settings.lease_seconds)
        return [] if leader is None else [leader, *handler.claim_mates(session, leader)]

    def _run(self, handler: Handler[Any], jobs: list[Job]) -> None:
        with LeaseRenewal(self.context.database, self.context.settings.lease_seconds) as renewal:
            runs = [self._open(handler, renewal, job) for job in jobs]
            try:
                ready = [run for run in runs if run.guard(partial(self._prepare, run))]
                if ready:
                    handler.compute(ready, partial(self._admit, handler, renewal, runs))
            except Exception as error:  # an error outside of `guard` ends every job of the computation
                for run in runs:
                    run.end(error)
                return
            for run in runs:
                run.guard(run.finish)

    def _open(self, handler: Handler[Work], renewal: LeaseRenewal, job: Job) -> JobRun[Work]:
        run = JobRun(self.context, handler, job, renewal, self.shutdown)
        renewal.add(run.lease)
        return run

    def _prepare(self, run: JobRun[Any]) -> None:
        run.raise_if_stopped()
        if run.job.version_id is not None:
            team_id, version_id = run.job.team_id, run.job.version_id
            if run.read(partial(concepts.version_in_library, team_id=team_id, version_id=version_id)) is None:
                raise NotFound(
                    "The concept was deleted before this job ran, so there is nothing left to do.",
                    code="concept-deleted",
                )
        run.work = run.handler.prepare(run)

    def _admit(
        self, handler: Handler[Any], renewal: LeaseRenewal, runs: list[JobRun[Any]], base_model: str
    ) -> JobRun[Any] | None:
        """Claim one more job for a computation that runs. None when none may join, or when the one that was claimed
        ended at once."""
        claim = partial(
            ledger.claim,
            kind=handler.kind,
            worker=self.context.name,
            lease_seconds=self.context.settings.lease_seconds,
            base_model=base_model,
        )
        try:
            job = write(self.context.database, claim)
        except SQLAlchemyError as error:  # the computation that runs needs no further job
            log.warning("nothing admitted", error=str(error))
            return None
        if job is None:
            return None
        log.info("admitted", job=job.id, admitted_by=job.request_id)
        run = self._open(handler, renewal, job)
        runs[:] = [each for each in runs if not each.over]  # a busy batch may never become empty
        runs.append(run)
        return run if run.guard(partial(self._prepare, run)) else None


def _naming_requests(jobs: list[Job]) -> AbstractContextManager[Any]:
    """Inside the block, every log line names the requests that submitted these jobs."""
    requests = ",".join(job.request_id for job in jobs if job.request_id)
    return structlog.contextvars.bound_contextvars(request_id=requests or None)
