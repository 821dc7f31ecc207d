"""All reading SQL of the ledger. What a person asks for is always asked within a team."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import User
from app.concepts.models import Concept, Version
from app.contracts.jobs import ACTIVE, Kind, State
from app.jobs.models import Job, JobEvent, UsageCounter
from app.jobs.pace import SAMPLES, Sample
from app.jobs.schemas import TaughtConcept

# Written out, not bound: only then does a database see that its index of the waiting (running) jobs is enough.
WAITS: Final = Job.state == literal_column("'queued'")
EVENTS_AT_ONCE: Final = 5000
RUNS: Final = Job.state == literal_column("'running'")


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


def drawing_report(session: Session, team_id: str, concept_id: str, version_id: str) -> Job | None:
    """The job that draws the report of a version of a concept again, while it waits or runs."""
    of_version = and_(Job.concept_id == concept_id, Job.version_id == version_id, Job.kind == "report")
    query = select(Job).where(Job.team_id == team_id, of_version, or_(WAITS, RUNS))
    return session.scalars(query.order_by(Job.id).limit(1)).one_or_none()


def ahead(session: Session, job: Job) -> int:
    """How many waiting jobs of its kind a worker will take before this one. Of other teams only the number shows.

    Its team's n-th waiting job by seat goes at the team's n-th turn, whoever holds that turn now.
    """
    ours = and_(Job.team_id == job.team_id, Job.kind == job.kind, WAITS)
    before = select(func.count()).where(ours, tuple_(Job.user_start_tag, Job.id) < tuple_(job.user_start_tag, job.id))
    place = session.execute(before).scalar_one()
    tags = select(Job.team_start_tag, Job.id).where(ours).order_by(Job.team_start_tag, Job.id).offset(place).limit(1)
    tag = session.execute(tags).one_or_none()
    if tag is None:  # claimed a moment ago
        return 0
    query = select(func.count()).where(Job.kind == job.kind, WAITS, tuple_(Job.team_start_tag, Job.id) < tuple_(*tag))
    return session.execute(query).scalar_one()


def waiting(session: Session, team_id: str) -> int:
    """How many jobs the team has in the queue."""
    query = select(func.count()).where(Job.team_id == team_id, WAITS, Job.kind.in_(get_args(Kind)))
    return session.execute(query).scalar_one()


def waiting_ids(session: Session, team_id: str) -> set[str]:
    """What the team has in the queue."""
    query = select(Job.id).where(Job.team_id == team_id, WAITS, Job.kind.in_(get_args(Kind)))
    return set(session.scalars(query))


def assign_start_tags(session: Session, team_id: str, user_id: str, kind: Kind) -> tuple[int, int]:
    """Where a new job goes: its team's turn among teams, and its owner's seat within the team.

    Start-time fair queueing (Goyal, Vin, Cheng 1996) with equal weights, twice: a team that sends 200 jobs puts them
    at 200 consecutive turns, and another team's first job goes beside the first of them that still waits. In the same
    way people of one team share its turns. A claim takes the first turn, and of that turn's team the first seat.
    """
    everybody, team, person = Job.kind == kind, Job.team_id == team_id, Job.user_id == user_id
    team_start_tag = _behind(session, Job.team_start_tag, everybody, and_(everybody, team))
    user_start_tag = _behind(session, Job.user_start_tag, and_(everybody, team), and_(everybody, team, person))
    return team_start_tag, user_start_tag


def _behind(
    session: Session, column: InstrumentedAttribute[int], everybody: ColumnElement[bool], own: ColumnElement[bool]
) -> int:
    """One behind one's own last; else beside the head of the queue; else beside what runs, which may come back."""
    for query, step in (
        (select(column).where(own, WAITS).order_by(column.desc()).limit(1), 1),
        (select(column).where(everybody, WAITS).order_by(column).limit(1), 0),
        (select(func.max(column)).where(everybody, RUNS), 0),
    ):
        found = session.execute(query).scalar_one_or_none()
        if found is not None:
            return found + step
    return 0


@dataclass(frozen=True)
class ClaimCandidate:
    """As much of a waiting job as a claim has to know: a claim is made often, and a whole row is long."""

    id: str
    team_id: str
    team_start_tag: int
    attempt: int
    error: dict[str, Any] | None
    base_model: str | None


@dataclass(frozen=True)
class Head:
    """The head of a queue: who holds the first turn, and who of the same team has the first seat."""

    holder: ClaimCandidate
    first: ClaimCandidate
    silent: bool  # whether a running job has a lease that has run out, or is longer than one can be


_CANDIDATE: Final = (
    Job.id,
    Job.team_id,
    Job.team_start_tag,
    Job.attempt,
    Job.error,
    Job.spec["base_model"].as_string().label("base_model"),
)


def _first(query: Select[Any], *order: InstrumentedAttribute[Any]) -> CTE:
    return (
        query.where(Job.kind == bindparam("kind"), WAITS)
        .order_by(*order)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte()
    )


def _head() -> Select[Any]:
    holder = _first(select(*_CANDIDATE), Job.team_start_tag, Job.id)
    ours = select(*_CANDIDATE).where(Job.team_id == select(holder.c.team_id).scalar_subquery())
    first = _first(ours, Job.user_start_tag, Job.id)
    # Of any kind, and each end by itself, so that it is two looks into the index of leases however many jobs run.
    late, long = Job.lease_until < bindparam("moment"), Job.lease_until > bindparam("longest")
    silent = or_(exists().where(RUNS, late), exists().where(RUNS, long)).label("silent")
    return select(silent, *holder.c, *first.c).select_from(holder.join(first, true()))


_HEAD: Final = _head()  # built once: building it takes as long as asking


def head(session: Session, kind: Kind, moment: datetime, longest: datetime) -> Head | None:
    """Both jobs locked, so that no two workers look at the same ones; None when nothing waits that is not locked."""
    row = session.execute(_HEAD, {"kind": kind, "moment": moment, "longest": longest}).one_or_none()
    if row is None:
        return None
    width = len(_CANDIDATE)
    return Head(ClaimCandidate(*row[1 : 1 + width]), ClaimCandidate(*row[1 + width :]), row[0])


def silent(kind: Kind | None, moment: datetime, longest: datetime) -> Select[Job]:
    """Running jobs whose lease has run out, or runs for longer than a lease can, locked."""
    query = select(Job).where(RUNS, or_(Job.lease_until < moment, Job.lease_until > longest))
    if kind is not None:
        query = query.where(Job.kind == kind)
    return query.with_for_update(skip_locked=True)


def claimable(session: Session, kinds: Sequence[Kind], moment: datetime) -> list[Kind]:
    """Those of the kinds of which a job waits, or runs on a lease that has run out."""
    silent = set(session.scalars(select(Job.kind).where(RUNS, Job.lease_until < moment)))
    return [
        kind
        for kind in kinds
        if kind in silent or session.execute(select(exists().where(Job.kind == kind, WAITS))).scalar_one()
    ]


def batch_mates(session: Session, leader: Job, limit: int) -> list[tuple[ClaimCandidate, int]]:
    """Waiting jobs that can share the leader's denoising loop and never went wrong, in turn, with their pictures."""
    query = (
        select(*_CANDIDATE, Job.spec["count"].as_integer())
        .where(Job.kind == leader.kind, WAITS, Job.batch_key == leader.batch_key, Job.id != leader.id)
        .where(Job.error.is_(None))
        .order_by(Job.team_start_tag, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(ClaimCandidate(*row[:-1]), int(row[-1])) for row in session.execute(query)]


@dataclass(frozen=True)
class Queue:
    """One kind's queue in figures."""

    waiting: int
    oldest: datetime | None  # when the job that has waited longest was asked for
    running: int
    lease_until: datetime | None  # of the running job that was renewed longest ago


def queue_of(session: Session, kind: Kind) -> Queue:
    """The figures of one kind's queue, of all teams."""
    waiting = session.execute(select(func.count(), func.min(Job.created_at)).where(Job.kind == kind, WAITS)).one()
    running = session.execute(select(func.count(), func.min(Job.lease_until)).where(Job.kind == kind, RUNS)).one()
    return Queue(waiting[0], waiting[1], running[0], running[1])


@dataclass(frozen=True)
class Waiting:
    """What a forecast has to know of a waiting job."""

    id: str
    team_id: str
    team_start_tag: int
    user_start_tag: int
    units: float
    base_model: str
    loop: str  # equal for jobs that can be done at once
    count: int  # pictures of a drawing; 1 otherwise


@dataclass(frozen=True)
class Running:
    """What a forecast has to know of a running job."""

    id: str
    units: float
    share: float
    base_model: str
    claimed_at: datetime | None
    progress: dict[str, Any] | None
    worker: str


def waiting_all(session: Session, kind: Kind) -> list[Waiting]:
    """The whole queue of a kind, of all teams, in no order."""
    loop = {"generation": Job.batch_key, "training": Job.base_model}.get(kind, Job.id)
    count = Job.spec["count"].as_integer() if kind == "generation" else literal_column("1")
    columns = (Job.id, Job.team_id, Job.team_start_tag, Job.user_start_tag, Job.units, Job.base_model, loop, count)
    return [Waiting(*row) for row in session.execute(select(*columns).where(Job.kind == kind, WAITS))]


def running_all(session: Session, kind: Kind) -> list[Running]:
    """Everything of a kind that runs, of all teams."""
    columns = (Job.id, Job.units, Job.share, Job.base_model, Job.claimed_at, Job.progress, Job.worker)
    return [Running(*row) for row in session.execute(select(*columns).where(Job.kind == kind, RUNS))]


def samples(session: Session, kind: Kind) -> list[Sample]:
    """How long the newest loops of a kind took; each loop once, however many jobs shared it."""
    columns = (Job.worker, Job.claimed_at, Job.finished_at, Job.base_model, Job.units, Job.share)
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


def is_drawn_by(session: Session, workers: Sequence[str]) -> bool:
    """Whether these workers draw something, or are about to because something waits to be drawn."""
    drawn = and_(Job.kind == "generation", or_(WAITS, and_(RUNS, Job.worker.in_(workers))))
    return session.execute(select(Job.id).where(drawn).limit(1)).scalar_one_or_none() is not None


def usage_counters(session: Session) -> Sequence[UsageCounter]:
    """How many jobs of all teams have ended how."""
    return session.scalars(
        select(UsageCounter).order_by(UsageCounter.kind, UsageCounter.state, UsageCounter.reason)
    ).all()


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is sent: its data stays the text that the database has."""

    id: int
    job_id: str
    type: str
    data: str


def events_after(session: Session, places: dict[str, int]) -> list[StoredEvent]:
    """For several jobs at once: the events of each behind the last one its watcher has seen (`job id -> event id`).

    However many jobs there are, it is one statement with one parameter, and one step into an index for each of them.
    """
    if not places:
        return []
    written = literal(json.dumps(places), Text)
    sqlite = session.get_bind().dialect.name == "sqlite"
    each = func.json_each(written) if sqlite else func.json_each_text(cast(written, JSON))
    place = each.table_valued("key", "value")
    query = (
        select(JobEvent.id, JobEvent.job_id, JobEvent.type, cast(JobEvent.data, Text))
        .join(place, and_(JobEvent.job_id == place.c.key, JobEvent.id > cast(place.c.value, BigInteger)))
        .order_by(JobEvent.id)
        .limit(EVENTS_AT_ONCE)
    )
    return [StoredEvent(*row) for row in session.execute(query)]


def names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """The names of those who asked for jobs."""
    return {row[0]: row[1] for row in session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))}


def taught_by(session: Session, version_ids: Collection[str]) -> dict[str, TaughtConcept]:
    """By version: the concept that a job teaches or imports."""
    query = (
        select(Version.id, Concept.id, Concept.name, Concept.placeholder, Version.number)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.id.in_(version_ids))
    )
    return {
        version_id: TaughtConcept(id=concept_id, name=name, placeholder=placeholder, version=number)
        for version_id, concept_id, name, placeholder, number in session.execute(query)
    }


def remove_previews(session: Session, team_id: str, job_id: str) -> None:
    """Remove the preview events of a job of the team. They are large, and only the newest are of use."""
    ours = select(Job.id).where(Job.team_id == team_id, Job.id == job_id)
    session.execute(
        delete(JobEvent).where(JobEvent.type == "preview", JobEvent.job_id.in_(ours)),
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
    query = select(Job.id).where(Job.kind == kind, WAITS).order_by(Job.team_start_tag, Job.id).limit(limit)
    return session.scalars(query).all()
