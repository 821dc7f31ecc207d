"""The operations on jobs: submit, find, cancel."""

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.audit import service as audit
from app.contracts.embeddings import BulkImportSpec, ImportSpec
from app.contracts.jobs import FINAL, Kind
from app.contracts.reports import ReportSpec
from app.contracts.training import TrainingSpec
from app.core import idempotency
from app.core.database import after_commit, new_id
from app.core.errors import Conflict, NotFound
from app.core.log import request_id
from app.core.settings import Settings
from app.jobs import hooks, ledger, queries, wake_up
from app.jobs.cost import cost_of, units_of
from app.jobs.models import Job


def about_version(principal: Principal, title: str, spec: TrainingSpec | ImportSpec | ReportSpec) -> Job:
    """A new job about a version. The caller submits it."""
    return Job(
        id=new_id(),
        team_id=principal.team_id,
        user_id=principal.user_id,
        title=title,
        spec=spec.model_dump(mode="json"),
        concept_id=spec.concept_id,
        version_id=spec.version_id,
    )


def about_many(principal: Principal, title: str, spec: BulkImportSpec) -> Job:
    """A new job about the versions of many concepts. The caller submits it."""
    return Job(
        id=new_id(),
        team_id=principal.team_id,
        user_id=principal.user_id,
        title=title,
        spec=spec.model_dump(mode="json"),
    )


def submit(session: Session, job: Job, kind: Kind, settings: Settings) -> None:
    """Queue a job, and wake a worker once the transaction has committed. Raises what a `before_submit` hook raises."""
    hooks.run_before_submit(session, job.team_id, kind, settings)
    job.attempts_max = settings.attempts_max
    job.base_model, job.units = str(job.spec["base_model"]), units_of(kind, job.spec)
    job.request_id = request_id()
    ledger.submit(session, job, kind, cost_of(kind, job.spec))
    after_commit(session, lambda: wake_up.wake(settings, kind, job.id))


def earlier_job(session: Session, team_id: str, key: str | None, request_hash: str) -> Job | None:
    """The job that the same request made before, or None.

    Raises Conflict if the `Idempotency-Key` came with a different request.
    """
    made_id = idempotency.earlier_id(session, team_id, key, request_hash)
    if made_id is None:
        return None
    job = queries.by_id(session, team_id, made_id)
    if job is None:
        raise idempotency.key_reused()
    return job


def remember_job(session: Session, key: str | None, request_hash: str, job: Job) -> None:
    """Write down which job an `Idempotency-Key` was used for."""
    idempotency.remember_id(session, job.team_id, key, request_hash, job.id)


def get(session: Session, team_id: str, job_id: str) -> Job:
    """One job of the team."""
    job = queries.by_id(session, team_id, job_id)
    if job is None:
        raise NotFound("There is no such job. It may have been removed.")
    return job


def cancel(session: Session, principal: Principal, job_id: str, *, keep: bool) -> Job:
    """Cancel a job. A second cancellation is no error.

    Raises Conflict if the job has ended, and Forbidden for another person's job, unless an administrator cancels it.
    """
    job = get(session, principal.team_id, job_id)
    require_owner(session, principal, job.user_id, "This job")
    if job.state in FINAL:
        raise Conflict(f"This job has already {_ENDED[job.state]}, so there is nothing to cancel.", code="job-ended")
    if ledger.cancel(session, job, keep=keep and job.kind == "training"):
        audit.record(session, principal, "job.cancelled", job.id, job.title, kind=job.kind)
    return job


_ENDED = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}
