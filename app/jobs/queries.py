"""All reading SQL of the ledger. What a person asks for is always asked within a team."""

from collections.abc import Sequence
from typing import get_args

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.concepts.models import Concept, Version
from app.jobs.models import Job, JobEvent
from app.jobs.states import Kind, State


def by_id(session: Session, team_id: str, job_id: str) -> Job | None:
    """One job of the team."""
    return session.scalars(select(Job).where(Job.team_id == team_id, Job.id == job_id)).one_or_none()


def page(
    session: Session, team_id: str, *, state: State | None, kind: Kind | None, before: str | None, limit: int
) -> Sequence[Job]:
    """The team's jobs, newest first, `limit` at most, older than the id `before`."""
    query = select(Job).where(Job.team_id == team_id).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Job.state == state)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if before is not None:
        query = query.where(Job.id < before)
    return session.scalars(query).all()


def ahead(session: Session, job: Job) -> int:
    """How many waiting jobs of its kind a worker will take before this one. Of other teams only the number shows."""
    query = select(func.count()).where(
        Job.kind == job.kind, Job.state == "queued", tuple_(Job.turn, Job.id) < tuple_(job.turn, job.id)
    )
    return session.execute(query).scalar_one()


def waiting(session: Session, team_id: str) -> int:
    """How many jobs the team has in the queue."""
    query = select(func.count()).where(Job.team_id == team_id, Job.state == "queued", Job.kind.in_(_KINDS))
    return session.execute(query).scalar_one()


def next_turn(session: Session, team_id: str, kind: Kind) -> int:
    """Place for a team's new job so that teams take turns: one behind its own last, but never before the queue's head.

    Start-time fair queueing (Goyal, Vin, Cheng 1996) with equal weights: a team that sends 200 jobs puts them at
    200 consecutive turns, and another team's first job goes beside the first of them that still waits.
    """
    waits = and_(Job.kind == kind, Job.state == "queued")
    head = session.execute(select(func.min(Job.turn)).where(waits)).scalar_one()
    own = session.execute(select(func.max(Job.turn)).where(waits, Job.team_id == team_id)).scalar_one()
    if own is not None:
        return int(own) + 1
    if head is not None:
        return int(head)
    latest = session.execute(select(func.max(Job.turn)).where(Job.kind == kind, Job.state == "running")).scalar_one()
    return int(latest or 0)


def next_queued(kind: Kind) -> Select[Job]:
    """The waiting job whose turn it is, locked so that no two workers look at the same one."""
    return (
        select(Job)
        .where(Job.kind == kind, Job.state == "queued")
        .order_by(Job.turn, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def batch_mates(leader: Job, limit: int) -> Select[Job]:
    """Waiting jobs that can share the leader's denoising loop, in turn."""
    return (
        select(Job)
        .where(Job.kind == leader.kind, Job.state == "queued", Job.batch_key == leader.batch_key, Job.id != leader.id)
        .order_by(Job.turn, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def events_after(session: Session, places: dict[str, int]) -> Sequence[JobEvent]:
    """For several jobs at once: the events of each behind the last one its watcher has seen (`job id -> event id`)."""
    if not places:
        return []
    wanted: list[ColumnElement[bool]] = [
        and_(JobEvent.job_id == job_id, JobEvent.id > last) for job_id, last in places.items()
    ]
    return session.scalars(select(JobEvent).where(or_(*wanted)).order_by(JobEvent.id).limit(2000)).all()


def owner_name(session: Session, job: Job) -> str:
    """Name of who asked for the job."""
    return session.execute(select(User.name).where(User.id == job.user_id)).scalar_one()


def concept_of(session: Session, job: Job) -> tuple[Concept, Version] | None:
    """The concept and version that a training job teaches."""
    if job.version_id is None:
        return None
    query = select(Concept, Version).join(Version, Version.concept_id == Concept.id)
    row = session.execute(query.where(Version.id == job.version_id)).one_or_none()
    return None if row is None else (row[0], row[1])


_KINDS: tuple[Kind, ...] = get_args(Kind)
