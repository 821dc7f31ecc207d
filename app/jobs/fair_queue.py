"""The order in which waiting jobs are claimed: by virtual finish time, among teams and again within each team.

A. Demers, S. Keshav and S. Shenker, "Analysis and Simulation of a Fair Queueing Algorithm", SIGCOMM 1989, with equal
weights, the virtual time of P. Goyal, H. M. Vin and H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996, and jobs that
give way between two passes. Job.cost is the cost of what is left of a job. A job gets two tags when it is submitted:

- `team_finish_tag`: its virtual start time plus its cost. It starts after the jobs of its team that cost no more, ended
  ones included; and not before the virtual time, which is the earliest start (tag - cost) of all jobs that wait or
  run. If none does, the virtual time is the highest tag of the jobs that ended last. The jobs of its team that wait or
  run and have a higher tag than this start cost more. The new job goes before them, so its cost is added to their tags.
- `user_finish_tag`: the same rule among the jobs of one team, with its users in place of the teams.

So the jobs of a team lie one behind the other, the smallest first, in whichever order they are submitted: fifty
orders never start at the same time. A job that is cancelled or fails counts as far as it was drawn: it ends at its
start (tag - cost). When it is cancelled, the jobs that start behind it move up by what was left of it.

A claim finds the job with the lowest (team_finish_tag, id): its team is served next, in that slot. Of that team the
claim takes the job with the lowest (user_finish_tag, id). If these are two jobs, the second starts where the slot
starts, and the first gets the second's team finish tag.

**A small order is never more than one pass behind a larger one.** A generation is drawn in passes. After each pass the
worker writes what is left, and hands the job back if a waiting job has a lower tag. Let v be the virtual time when a
job of cost c arrives, whose team and user have nothing else in the queue. Each job that waits or runs and has more than
c left starts at v or later, so its tag is above v + c, and the new job goes first: before every such job that waits,
and after the present pass of one that runs. The large order does not starve either: the jobs of another team or user
that keeps drawing start behind each other, and their tags pass the tag of the order that waits. A person's own smaller
orders go before their larger ones, however many they send.

Example: pictures cost 1, and passes have 4 pictures. In an empty queue Ada of team A submits `big` of 16 pictures.
While its first pass runs, team C submits c of one picture, Bob of team A submits b of 2, and Ada submits a of one.

    job   cost  team tag  user tag
    big   16    16        16        the queue is empty: starts at 0
    c     1     1         1         the virtual time is the start of big, 16 - 16 = 0
    b     2     2         2         the start of c is 0; b goes before big of its team: big gets the team tag 18
    a     1     1         1         goes before b and big of its team: they get the team tags 3 and 19; and before big
                                    of the same user: big gets the user tag 17

    the pass ends  12 pictures of big are left; c has a lower tag: big is handed back, and waits with tag 19
    claim 1        lowest team tag 1: c (its id is lower than a's)
    claim 2        lowest team tag 1: a
    claim 3        lowest team tag 3: b
    claim 4        big, whose remaining three passes follow each other unless somebody else submits

A second picture of Ada would start behind a, at 1, also after a has ended.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import (
    CTE,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.contracts.jobs import FINAL, Kind
from app.contracts.queues import QUEUES
from app.jobs.models import Job
from app.jobs.queries import RUNS, WAITS, Waiting


def assign_finish_tags(session: Session, team_id: str, user_id: str, kind: Kind, cost: int) -> tuple[int, int]:
    """The (team, user) finish tags of a new job, by the rule in this module's docstring.

    Adds the job's cost to the tags of the jobs that it goes before.
    """
    active, team_start, user_start = _starts(session, team_id, user_id, kind, cost)
    behind_in_team = [each.id for each in active if each.team_tag > team_start]
    behind_of_user = [each.id for each in active if each.user_id == user_id and each.user_tag > user_start]
    _shift(session, Job.team_finish_tag, behind_in_team, cost)
    _shift(session, Job.user_finish_tag, behind_of_user, cost)
    return team_start + cost, user_start + cost


def prospective_ahead(session: Session, team_id: str, user_id: str, kind: Kind, cost: int) -> int:
    """How many of the waiting jobs would be claimed before a job that is queued now. Writes nothing."""
    _, team_start, user_start = _starts(session, team_id, user_id, kind, cost)
    others = and_(Job.team_id != team_id, Job.team_finish_tag <= team_start + cost)
    own = and_(
        Job.team_id == team_id,
        or_(
            and_(Job.user_id != user_id, Job.user_finish_tag <= user_start + cost),
            and_(Job.user_id == user_id, Job.user_finish_tag <= user_start),
        ),
    )
    query = select(func.count()).where(Job.kind == kind, WAITS, or_(others, own))
    return session.execute(query).scalar_one()


def _starts(session: Session, team_id: str, user_id: str, kind: Kind, cost: int) -> tuple[list["_Use"], int, int]:
    """The team's jobs that wait or run, and the (team, user) start tags of a new job."""
    active, ended = _active(session, team_id, kind), _ended(session, team_id, kind)
    no_larger = [each for each in (*active, *ended) if each.cost <= cost]
    team_time = _virtual_time(session, kind)
    if team_time is None:
        newest = select(Job.team_finish_tag).where(Job.kind == kind, Job.state == "succeeded")
        team_time = max(session.scalars(newest.order_by(Job.finished_at.desc()).limit(_ENDED)), default=0)
    user_time = min((each.user_tag - each.cost for each in active), default=None)
    if user_time is None:
        user_time = max((each.user_tag for each in ended), default=0)
    team_start = max([team_time, *(each.team_tag for each in no_larger)])
    user_start = max([user_time, *(each.user_tag for each in no_larger if each.user_id == user_id)])
    return active, team_start, user_start


def withdraw(session: Session, job: Job) -> None:
    """Move the jobs behind a cancelled job up by what is left of it."""
    active = _active(session, job.team_id, cast("Kind", job.kind))
    behind_in_team = [each.id for each in active if each.team_tag - each.cost >= job.team_finish_tag]
    of_user = [each for each in active if each.user_id == job.user_id]
    behind_of_user = [each.id for each in of_user if each.user_tag - each.cost >= job.user_finish_tag]
    _shift(session, Job.team_finish_tag, behind_in_team, -job.cost)
    _shift(session, Job.user_finish_tag, behind_of_user, -job.cost)


NEWEST: Final = 100  # jobs of a team that count as its use once they have ended
_ENDED: Final = 20  # jobs of all teams whose tags say how far the queue has come


@dataclass(frozen=True)
class _Use:
    """The columns of a job that says how much of the queue its team and its user have."""

    id: str
    user_id: str
    cost: int
    team_tag: int
    user_tag: int


_USE_COLUMNS: Final = (Job.id, Job.user_id, Job.cost, Job.team_finish_tag, Job.user_finish_tag)


def _active(session: Session, team_id: str, kind: Kind) -> list[_Use]:
    """The team's jobs that wait or run, however many."""
    of_team = select(*_USE_COLUMNS).where(Job.team_id == team_id, Job.kind == kind)
    return [_Use(*row) for state in (WAITS, RUNS) for row in session.execute(of_team.where(state))]


def _ended(session: Session, team_id: str, kind: Kind) -> list[_Use]:
    """The newest jobs of the team that have ended. One that did not succeed ends where what is left of it starts."""
    query = select(Job.kind, Job.state, Job.attempt, *_USE_COLUMNS).where(Job.team_id == team_id)
    used = []
    for row in session.execute(query.order_by(Job.id.desc()).limit(NEWEST)):
        its_kind, state, attempt = row[:3]
        use = _Use(*row[3:])
        if its_kind != kind or state not in FINAL or not attempt:
            continue
        if state != "succeeded":
            use = replace(use, cost=0, team_tag=use.team_tag - use.cost, user_tag=use.user_tag - use.cost)
        used.append(use)
    return used


def _shift(session: Session, tag: InstrumentedAttribute[int], job_ids: Sequence[str], cost: int) -> None:
    """Add a cost to a tag of these jobs. A job that another transaction is just writing keeps its tag: nothing waits
    here, so two transactions never wait for each other."""
    if not job_ids:
        return
    free = select(Job.id).where(Job.id.in_(job_ids)).with_for_update(skip_locked=True, key_share=True)
    session.execute(
        update(Job).where(Job.id.in_(session.scalars(free).all()), or_(WAITS, RUNS)).values({tag: tag + cost}),
        execution_options={"synchronize_session": False},
    )


def _virtual_time(session: Session, kind: Kind) -> int | None:
    """The earliest start of the jobs that wait or run; None if there are none."""
    earliest = [
        session.execute(select(func.min(Job.team_finish_tag - Job.cost)).where(Job.kind == kind, state)).scalar_one()
        for state in (WAITS, RUNS)
    ]
    return min((start for start in earliest if start is not None), default=None)


def is_overtaken(session: Session, job: Job) -> bool:
    """Whether a waiting job is to run before the next pass of a running one.

    That is a job of the kind with a lower tag, or one of another kind that only the same workers run: a drawing does
    not hold up an import of one second.
    """
    lower_tag = or_(
        and_(Job.team_id != job.team_id, Job.team_finish_tag < job.team_finish_tag),
        and_(Job.team_id == job.team_id, Job.user_finish_tag < job.user_finish_tag),
    )
    beside = [kind for kind, queue in QUEUES.items() if queue == QUEUES[cast("Kind", job.kind)] and kind != job.kind]
    first = or_(and_(Job.kind == job.kind, lower_tag), Job.kind.in_(beside))
    return session.execute(select(exists().where(WAITS, first))).scalar_one()


@dataclass(frozen=True)
class ClaimCandidate:
    """The columns of a waiting job that a claim reads. Claims are frequent, and a whole row is long."""

    id: str
    team_id: str
    team_finish_tag: int
    cost: int
    attempt: int
    error: dict[str, Any] | None
    base_model: str | None


@dataclass(frozen=True)
class Head:
    """The head of a kind's queue."""

    lowest_tag: ClaimCandidate  # the job with the lowest team finish tag; its team is served next
    next_job: ClaimCandidate  # the job of that team with the lowest user finish tag, which is claimed
    leases_expired: bool  # whether a running job's lease has run out, or ends later than any lease can


_CLAIM_COLUMNS: Final = (
    Job.id,
    Job.team_id,
    Job.team_finish_tag,
    Job.cost,
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
    lowest_tag = _first(select(*_CLAIM_COLUMNS), Job.team_finish_tag, Job.id)
    of_team = select(*_CLAIM_COLUMNS).where(Job.team_id == select(lowest_tag.c.team_id).scalar_subquery())
    next_job = _first(of_team, Job.user_finish_tag, Job.id)
    # Leases of every kind. The two conditions are separate so that each is one step into the index of leases, however
    # many jobs run.
    expired, too_long = Job.lease_until < bindparam("moment"), Job.lease_until > bindparam("longest")
    leases_expired = or_(exists().where(RUNS, expired), exists().where(RUNS, too_long)).label("leases_expired")
    return select(leases_expired, *lowest_tag.c, *next_job.c).select_from(lowest_tag.join(next_job, true()))


_HEAD: Final = _head()  # built once, because building this statement takes as long as running it


def head(session: Session, kind: Kind, moment: datetime, longest: datetime) -> Head | None:
    """The head of a kind's queue with both jobs locked, so that no two workers consider the same ones.

    None when no job waits that another worker has not locked. `longest` is the latest moment at which a lease that is
    taken now can end.
    """
    row = session.execute(_HEAD, {"kind": kind, "moment": moment, "longest": longest}).one_or_none()
    if row is None:
        return None
    width = len(_CLAIM_COLUMNS)
    return Head(ClaimCandidate(*row[1 : 1 + width]), ClaimCandidate(*row[1 + width :]), row[0])


def batch_mates(session: Session, leader: Job, limit: int) -> list[tuple[ClaimCandidate, int]]:
    """Waiting jobs that can share the leader's denoising loop and never failed, with the pictures that each asks for.

    In the order of their team finish tags, and locked.
    """
    query = (
        select(*_CLAIM_COLUMNS, Job.spec["count"].as_integer())
        .where(Job.kind == leader.kind, WAITS, Job.batch_key == leader.batch_key, Job.id != leader.id)
        .where(Job.error.is_(None))
        .order_by(Job.team_finish_tag, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(ClaimCandidate(*row[:-1]), int(row[-1])) for row in session.execute(query)]


def ahead(session: Session, job: Job) -> int:
    """How many waiting jobs of its kind are claimed before this one. Of other teams only their number is read.

    If the job is n-th of its team by user finish tag, it is claimed in the team's n-th slot by team finish tag,
    whichever job has that slot now.
    """
    of_team = and_(Job.team_id == job.team_id, Job.kind == job.kind, WAITS)
    before = select(func.count()).where(
        of_team, tuple_(Job.user_finish_tag, Job.id) < tuple_(job.user_finish_tag, job.id)
    )
    n = session.execute(before).scalar_one()
    tags = select(Job.team_finish_tag, Job.id).where(of_team).order_by(Job.team_finish_tag, Job.id).offset(n).limit(1)
    tag = session.execute(tags).one_or_none()
    if tag is None:  # claimed a moment ago
        return 0
    query = select(func.count()).where(Job.kind == job.kind, WAITS, tuple_(Job.team_finish_tag, Job.id) < tuple_(*tag))
    return session.execute(query).scalar_one()


def in_order(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Waiting jobs in the order in which workers claim them: teams by team tag, within a team by user tag."""
    by_user_tag: dict[str, list[Waiting]] = defaultdict(list)
    for job in sorted(waiting, key=lambda job: (job.user_finish_tag, job.id), reverse=True):
        by_user_tag[job.team_id].append(job)
    slots = sorted(waiting, key=lambda job: (job.team_finish_tag, job.id))
    return [by_user_tag[slot.team_id].pop() for slot in slots]
