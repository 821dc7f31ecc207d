"""The queries of the ledger. Queries for people are always scoped to a team.

`app.jobs.fair_queue` has the order of the queue; `app.jobs.ledger` writes the rows of jobs.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.contracts.jobs import ACTIVE, Kind, State
from app.jobs.cost import PIXELS_IN_A_UNIT, pass_units
from app.jobs.models import Job, JobEvent
from app.jobs.pace import SAMPLES, Sample

# Literals and not bound parameters, so that a database can use its partial index of the waiting (running) jobs.
WAITS: Final = Job.state == literal_column("'queued'")
RUNS: Final = Job.state == literal_column("'running'")
EVENTS_AT_ONCE: Final = 5000


def by_id(session: Session, team_id: str, job_id: str) -> Job | None:
    """One job of the team."""
    return session.scalars(select(Job).where(Job.team_id == team_id, Job.id == job_id)).one_or_none()


def states(session: Session, team_id: str, job_ids: Collection[str]) -> dict[str, str]:
    """The states of these jobs of the team."""
    query = select(Job.id, Job.state).where(Job.team_id == team_id, Job.id.in_(job_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def page(
    session: Session,
    team_id: str,
    *,
    state: State | None,
    active: bool,
    kind: Kind | None,
    before: str | None,
    limit: int,
) -> Sequence[Job]:
    """The team's jobs, newest first, `limit` at most, older than the id `before`."""
    query = select(Job).where(Job.team_id == team_id).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Job.state == state)
    if active:
        query = query.where(or_(WAITS, RUNS))
    if kind is not None:
        query = query.where(Job.kind == kind)
    if before is not None:
        query = query.where(Job.id < before)
    return session.scalars(query).all()


def drawing_of(session: Session, team_id: str, user_id: str) -> Job | None:
    """The generation job of a person that runs, or else the one that waits first. The oldest, if several run."""
    query = select(Job).where(
        Job.team_id == team_id, Job.user_id == user_id, Job.kind == "generation", or_(WAITS, RUNS)
    )
    return session.scalars(query.order_by(Job.state.desc(), Job.id).limit(1)).one_or_none()


def newest_preview(session: Session, team_id: str, job_id: str) -> dict[str, Any] | None:
    """The data of the newest preview event of a job of the team."""
    query = (
        select(JobEvent.data)
        .join(Job, Job.id == JobEvent.job_id)
        .where(JobEvent.job_id == job_id, JobEvent.type == "preview", Job.team_id == team_id)
        .order_by(JobEvent.id.desc())
    )
    return session.scalars(query.limit(1)).one_or_none()


def drawing_report(session: Session, team_id: str, concept_id: str, version_id: str) -> Job | None:
    """The job that draws the report of a version of a concept again, while it waits or runs."""
    of_version = and_(Job.concept_id == concept_id, Job.version_id == version_id, Job.kind == "report")
    query = select(Job).where(Job.team_id == team_id, of_version, or_(WAITS, RUNS))
    return session.scalars(query.order_by(Job.id).limit(1)).one_or_none()


def waiting(session: Session, team_id: str, pictures_max: int) -> int:
    """How many jobs of the team wait. A generation with more than `pictures_max` pictures counts as many as would be
    needed with so many each."""
    pictures = func.coalesce(Job.spec["pictures_left"].as_integer(), Job.spec["count"].as_integer())
    counts = case((Job.kind == "generation", (pictures + (pictures_max - 1)) // pictures_max), else_=1)
    query = select(func.coalesce(func.sum(counts), 0)).where(
        Job.team_id == team_id, WAITS, Job.kind.in_(get_args(Kind))
    )
    return int(session.execute(query).scalar_one())


def waiting_ids(session: Session, team_id: str) -> set[str]:
    """The ids of the team's waiting jobs."""
    query = select(Job.id).where(Job.team_id == team_id, WAITS, Job.kind.in_(get_args(Kind)))
    return set(session.scalars(query))


def expired_leases(session: Session, kind: Kind | None, moment: datetime, longest: datetime) -> Sequence[Job]:
    """Running jobs of a kind, or of all, whose lease has run out or ends later than any lease can. Locked."""
    query = select(Job).where(RUNS, or_(Job.lease_until < moment, Job.lease_until > longest))
    if kind is not None:
        query = query.where(Job.kind == kind)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def claimable(session: Session, kinds: Sequence[Kind], moment: datetime) -> list[Kind]:
    """The kinds, out of `kinds`, with a waiting job or a running job whose lease has expired."""
    expired = set(session.scalars(select(Job.kind).where(RUNS, Job.lease_until < moment)))
    return [
        kind
        for kind in kinds
        if kind in expired or session.execute(select(exists().where(Job.kind == kind, WAITS))).scalar_one()
    ]


@dataclass(frozen=True)
class Queue:
    """The figures of one kind's queue."""

    waiting: int
    oldest: datetime | None  # when the job that has waited longest was submitted
    running: int
    lease_until: datetime | None  # the earliest end of a lease among the running jobs


def queue_of(session: Session, kind: Kind) -> Queue:
    """The figures of one kind's queue, of all teams."""
    waiting = session.execute(select(func.count(), func.min(Job.created_at)).where(Job.kind == kind, WAITS)).one()
    running = session.execute(select(func.count(), func.min(Job.lease_until)).where(Job.kind == kind, RUNS)).one()
    return Queue(waiting[0], waiting[1], running[0], running[1])


@dataclass(frozen=True)
class Waiting:
    """The columns of a waiting job that a forecast reads."""

    id: str
    team_id: str
    team_finish_tag: int
    user_finish_tag: int
    units: float  # that are left
    base_model: str
    loop: str  # equal for jobs that can run in one loop
    count: int  # pictures of a generation; 1 for other kinds


@dataclass(frozen=True)
class Running:
    """The columns of a running job that a forecast reads."""

    id: str
    team_id: str
    team_finish_tag: int
    user_finish_tag: int
    units: float  # that were left when its present pass began
    pass_units: float  # of this pass
    share: float
    base_model: str
    claimed_at: datetime | None  # when this pass began
    progress: dict[str, Any] | None
    worker: str


def waiting_all(session: Session, kind: Kind) -> list[Waiting]:
    """The whole queue of a kind, of all teams, in no order."""
    loop = {"generation": Job.batch_key, "training": Job.base_model}.get(kind, Job.id)
    count = Job.spec["count"].as_integer() if kind == "generation" else literal_column("1")
    units = _units_left(kind)
    columns = (Job.id, Job.team_id, Job.team_finish_tag, Job.user_finish_tag, units, Job.base_model, loop, count)
    return [Waiting(*row) for row in session.execute(select(*columns).where(Job.kind == kind, WAITS))]


def running_all(session: Session, kind: Kind) -> list[Running]:
    """The running jobs of a kind, of all teams."""
    units = _units_left(kind).label("units")
    rows = session.execute(select(Job, units).where(Job.kind == kind, RUNS)).all()
    return [
        Running(
            id=job.id,
            team_id=job.team_id,
            team_finish_tag=job.team_finish_tag,
            user_finish_tag=job.user_finish_tag,
            units=left,
            pass_units=pass_units(kind, job.spec, left),
            share=job.share,
            base_model=job.base_model,
            claimed_at=job.claimed_at,
            progress=job.progress,
            worker=job.worker or "",
        )
        for job, left in rows
    ]


def _units_left(kind: Kind) -> ColumnElement[Any]:
    """Units of what is left of a job, or of its last pass once it has ended."""
    if kind == "generation":
        return Job.cost / float(PIXELS_IN_A_UNIT)
    return Job.units.expression


def samples(session: Session, kind: Kind) -> list[Sample]:
    """How long the newest loops of a kind took; each loop once, however many jobs shared it."""
    columns = (Job.worker, Job.claimed_at, Job.finished_at, Job.base_model, _units_left(kind), Job.share)
    query = (
        select(*columns)
        .where(Job.kind == kind, Job.state == "succeeded", Job.attempt == 1)
        .order_by(Job.finished_at.desc())
        .limit(4 * SAMPLES)
    )
    loops: dict[tuple[str | None, datetime], Sample] = {}
    for worker, claimed_at, finished_at, base_model, units, share in session.execute(query):
        if claimed_at is not None and finished_at is not None and share > 0:
            seconds = (finished_at - claimed_at).total_seconds()
            loops.setdefault((worker, claimed_at), Sample(base_model, units / share, seconds))
    return list(loops.values())


def newest_trained(
    session: Session, team_id: str, base_model: str, limit: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The specification and the last progress of the team's newest trainings on a base model that succeeded."""
    query = (
        select(Job.spec, Job.progress)
        .where(Job.team_id == team_id, Job.kind == "training", Job.state == "succeeded", Job.base_model == base_model)
        .where(Job.cancel.is_(None))  # nobody stopped it
        .order_by(Job.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query) if row[1]]


def is_drawn_by(session: Session, workers: Sequence[str]) -> bool:
    """Whether these workers draw something, or are about to because something waits to be drawn."""
    drawn = and_(Job.kind == "generation", or_(WAITS, and_(RUNS, Job.worker.in_(workers))))
    return session.execute(select(Job.id).where(drawn).limit(1)).scalar_one_or_none() is not None


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is sent: `data` stays the JSON text that the database stores."""

    id: int
    job_id: str
    type: str
    data: str


def events_after(session: Session, last_seen: dict[str, int]) -> list[StoredEvent]:
    """The events of several jobs, each after the last event that its watcher has seen (`job id -> event id`).

    One statement with one parameter, and one step into an index for each job, however many jobs there are.
    """
    if not last_seen:
        return []
    written = literal(json.dumps(last_seen), Text)
    sqlite = session.get_bind().dialect.name == "sqlite"
    each = func.json_each(written) if sqlite else func.json_each_text(cast(written, JSON))
    last_events = each.table_valued("key", "value")
    query = (
        select(JobEvent.id, JobEvent.job_id, JobEvent.type, cast(JobEvent.data, Text))
        .join(
            last_events, and_(JobEvent.job_id == last_events.c.key, JobEvent.id > cast(last_events.c.value, BigInteger))
        )
        .order_by(JobEvent.id)
        .limit(EVENTS_AT_ONCE)
    )
    return [StoredEvent(*row) for row in session.execute(query)]


def remove_previews(session: Session, team_id: str, job_id: str) -> None:
    """Remove the preview events of a job of the team. They are large, and only the newest are of use."""
    of_team = exists().where(Job.id == JobEvent.job_id, Job.team_id == team_id)
    session.execute(
        delete(JobEvent).where(JobEvent.job_id == job_id, JobEvent.type == "preview", of_team),
        execution_options={"synchronize_session": False},
    )


def remove_previews_of_ended(session: Session) -> None:
    """Remove the preview events that workers left behind when they died while they drew."""
    ended = select(Job.id).where(Job.kind == "generation", Job.state.not_in(ACTIVE))
    session.execute(
        delete(JobEvent).where(JobEvent.type == "preview", JobEvent.job_id.in_(ended)),
        execution_options={"synchronize_session": False},
    )


def first_queued(session: Session, kind: Kind, limit: int) -> Sequence[str]:
    """Ids of the first waiting jobs of a kind, of all teams."""
    query = select(Job.id).where(Job.kind == kind, WAITS).order_by(Job.team_finish_tag, Job.id).limit(limit)
    return session.scalars(query).all()
