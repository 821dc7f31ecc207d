"""What people do with jobs: submit, look, cancel."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy.orm import Session

from app.contracts.jobs import ACTIVE, FINAL, Kind, State
from app.core import broker
from app.core.database import after_commit
from app.core.errors import Conflict, NotFound
from app.core.settings import Settings
from app.jobs import ledger, queries
from app.jobs.cost import units_of
from app.jobs.forecast import plans
from app.jobs.models import Job
from app.jobs.schemas import JobOut, JobPage, Person, Progress, TaughtConcept
from app.usage.service import must_have_room
from app.web.request_id import request_id


def submit(session: Session, job: Job, kind: Kind, settings: Settings) -> None:
    """Queue a job, and wake a worker once the transaction has committed."""
    must_have_room(session, job.team_id, kind, settings)
    job.attempts_max = settings.attempts_max
    job.base_model, job.units = str(job.spec["base_model"]), units_of(kind, job.spec)
    job.request_id = request_id()
    ledger.submit(session, job, kind)
    after_commit(session, lambda: broker.wake(settings, kind, job.id))


def get(session: Session, team_id: str, job_id: str) -> Job:
    """One job of the team."""
    job = queries.by_id(session, team_id, job_id)
    if job is None:
        raise NotFound("There is no such job. It may have been removed.")
    return job


def cancel(session: Session, team_id: str, job_id: str, *, keep: bool) -> Job:
    """Stop a job of the team. Stopping twice is fine; stopping what has ended is not."""
    job = get(session, team_id, job_id)
    if job.state in FINAL:
        raise Conflict(f"This job has already {_ENDED[job.state]}, so there is nothing to cancel.", code="job-ended")
    ledger.cancel(session, job, keep=keep and job.kind == "training")
    return job


def page(
    session: Session,
    team_id: str,
    *,
    state: State | None,
    active: bool,
    kind: Kind | None,
    cursor: str | None,
    limit: int,
) -> JobPage:
    """The team's jobs, newest first."""
    jobs = queries.page(session, team_id, state=state, active=active, kind=kind, before=cursor, limit=limit + 1)
    more = len(jobs) > limit
    return JobPage(items=describe_all(session, jobs[:limit]), next=jobs[limit - 1].id if more else None)


def describe(session: Session, job: Job) -> JobOut:
    """A job as its team sees it."""
    return describe_all(session, [job])[0]


def describe_all(session: Session, jobs: Sequence[Job]) -> list[JobOut]:
    """Jobs as their team sees them; a page costs a few queries, however long it is."""
    names = queries.names(session, {job.user_id for job in jobs})
    taught = queries.taught_by(session, {job.version_id for job in jobs if job.version_id})
    return [_describe(session, job, names, taught) for job in jobs]


def _describe(session: Session, job: Job, names: dict[str, str], taught: dict[str, TaughtConcept]) -> JobOut:
    plan = plans(session)[cast("Kind", job.kind)] if job.state in ACTIVE else None
    ahead = None
    if job.state == "queued" and plan is not None:
        ahead = plan.places[job.id] if job.id in plan.places else queries.ahead(session, job)
    estimate = None if plan is None else plan.of(job, ahead)
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state,
        title=job.title,
        attempt=job.attempt,
        attempts_max=job.attempts_max,
        ahead=ahead,
        starts_at=None if estimate is None else estimate.starts_at,
        ends_at=None if estimate is None else estimate.ends_at,
        cancel=job.cancel,
        progress=None if job.progress is None else Progress.model_validate(job.progress),
        error=job.error,
        concept=taught.get(job.version_id or ""),
        generation_id=job.generation_id,
        created_by=Person(id=job.user_id, name=names.get(job.user_id, "")),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


_ENDED = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}
