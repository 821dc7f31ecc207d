"""Jobs as their team sees them. A page of jobs costs a few queries, however long it is."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.concepts import queries as concepts
from app.concepts.queries import TrainedConcept
from app.contracts.jobs import ACTIVE, Kind, State
from app.jobs import fair_queue, queries
from app.jobs.forecast import plans
from app.jobs.models import Job
from app.jobs.schemas import JobOut, JobPage, Person, Progress, TaughtConcept


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
    """Jobs of one team as that team sees them."""
    if not jobs:
        return []
    names = accounts.names(session, {job.user_id for job in jobs})
    version_ids = {job.version_id for job in jobs if job.version_id}
    trained = concepts.trained_concepts(session, jobs[0].team_id, version_ids)
    return [_describe(session, job, names, trained) for job in jobs]


def _describe(session: Session, job: Job, names: dict[str, str], trained: dict[str, TrainedConcept]) -> JobOut:
    plan = plans(session)[cast("Kind", job.kind)] if job.state in ACTIVE else None
    ahead = None
    if job.state == "queued" and plan is not None:
        ahead = plan.ahead[job.id] if job.id in plan.ahead else fair_queue.ahead(session, job)
    estimate = None if plan is None else plan.of(job, ahead)
    concept = trained.get(job.version_id or "")
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
        concept=None if concept is None else TaughtConcept.model_validate(concept, from_attributes=True),
        generation_id=job.generation_id,
        created_by=Person(id=job.user_id, name=names.get(job.user_id, "")),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
