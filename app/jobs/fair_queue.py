"""The order in which waiting jobs are claimed: start-time fair queueing, among teams and again within each team.

P. Goyal, H. M. Vin and H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996, with equal weights. A job gets two start
tags when it is submitted:

- `team_start_tag`: one more than that of its team's last waiting job. If the team has none waiting, the tag of the head
  of the queue; if the queue is empty, the highest tag of the running jobs, which may be queued again; otherwise 0.
- `user_start_tag`: the same rule among the jobs of one team, with its users in place of the teams.

A claim finds the job with the lowest (team_start_tag, id): its team is served next, at that tag. Of that team the claim
takes the job with the lowest (user_start_tag, id). If these are two jobs, they swap their team start tags.

Example: in an empty queue, Ada of team A submits a1 and a2, then Bob of team A submits b1, then team C submits c1.

    job   team tag  user tag
    a1    0         0         the queue is empty
    a2    1         1         behind a1, for team A and for Ada
    b1    2         0         behind a2 for team A; level with a1, the head of the team's jobs, for Bob
    c1    0         0         team C has none waiting: level with a1, the head of the queue

    claim 1   lowest team tag 0: a1 (its id is lower than c1's)  a1 is claimed
    claim 2   lowest team tag 0: c1                              c1 is claimed
    claim 3   lowest team tag 1: a2, so team A is served         b1 has the lower user tag: it is claimed at team tag 1,
                                                                 and a2 gets b1's team tag 2
    claim 4   lowest team tag 2: a2                              a2 is claimed

Team C did not wait for team A's three jobs, and Bob did not wait for Ada's second one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.contracts.jobs import Kind
from app.jobs.models import Job
from app.jobs.queries import RUNS, WAITS, Waiting


def assign_start_tags(session: Session, team_id: str, user_id: str, kind: Kind) -> tuple[int, int]:
    """The (team, user) start tags of a new job, by the rule in this module's docstring."""
    of_kind, of_team, of_user = Job.kind == kind, Job.team_id == team_id, Job.user_id == user_id
    team_start_tag = _next_tag(session, Job.team_start_tag, of_kind, and_(of_kind, of_team))
    user_start_tag = _next_tag(session, Job.user_start_tag, and_(of_kind, of_team), and_(of_kind, of_team, of_user))
    return team_start_tag, user_start_tag


def _next_tag(
    session: Session, tag: InstrumentedAttribute[int], everybody: ColumnElement[bool], own: ColumnElement[bool]
) -> int:
    """The tag after the owner's last waiting job; else that of the queue's head; else the highest of the running."""
    for query, step in (
        (select(tag).where(own, WAITS).order_by(tag.desc()).limit(1), 1),
        (select(tag).where(everybody, WAITS).order_by(tag).limit(1), 0),
        (select(func.max(tag)).where(everybody, RUNS), 0),
    ):
        found = session.execute(query).scalar_one_or_none()
        if found is not None:
            return found + step
    return 0


@dataclass(frozen=True)
class ClaimCandidate:
    """The columns of a waiting job that a claim reads. Claims are frequent, and a whole row is long."""

    id: str
    team_id: str
    team_start_tag: int
    attempt: int
    error: dict[str, Any] | None
    base_model: str | None


@dataclass(frozen=True)
class Head:
    """The head of a kind's queue."""

    lowest_tag: ClaimCandidate  # the job with the lowest team start tag; its team is served next
    next_job: ClaimCandidate  # the job of that team with the lowest user start tag, which is claimed
    leases_expired: bool  # whether a running job's lease has run out, or ends later than any lease can


_CLAIM_COLUMNS: Final = (
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
    lowest_tag = _first(select(*_CLAIM_COLUMNS), Job.team_start_tag, Job.id)
    of_team = select(*_CLAIM_COLUMNS).where(Job.team_id == select(lowest_tag.c.team_id).scalar_subquery())
    next_job = _first(of_team, Job.user_start_tag, Job.id)
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

    In the order of their team start tags, and locked.
    """
    query = (
        select(*_CLAIM_COLUMNS, Job.spec["count"].as_integer())
        .where(Job.kind == leader.kind, WAITS, Job.batch_key == leader.batch_key, Job.id != leader.id)
        .where(Job.error.is_(None))
        .order_by(Job.team_start_tag, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(ClaimCandidate(*row[:-1]), int(row[-1])) for row in session.execute(query)]


def ahead(session: Session, job: Job) -> int:
    """How many waiting jobs of its kind are claimed before this one. Of other teams only their number is read.

    If the job is n-th of its team by user start tag, it is claimed at the team's n-th team start tag, whichever job has
    that tag now.
    """
    of_team = and_(Job.team_id == job.team_id, Job.kind == job.kind, WAITS)
    before = select(func.count()).where(
        of_team, tuple_(Job.user_start_tag, Job.id) < tuple_(job.user_start_tag, job.id)
    )
    n = session.execute(before).scalar_one()
    tags = select(Job.team_start_tag, Job.id).where(of_team).order_by(Job.team_start_tag, Job.id).offset(n).limit(1)
    tag = session.execute(tags).one_or_none()
    if tag is None:  # claimed a moment ago
        return 0
    query = select(func.count()).where(Job.kind == job.kind, WAITS, tuple_(Job.team_start_tag, Job.id) < tuple_(*tag))
    return session.execute(query).scalar_one()


def in_order(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Waiting jobs in the order in which workers claim them: teams by team start tag, within a team by user's."""
    by_user_tag: dict[str, list[Waiting]] = defaultdict(list)
    for job in sorted(waiting, key=lambda job: (job.user_start_tag, job.id), reverse=True):
        by_user_tag[job.team_id].append(job)
    slots = sorted(waiting, key=lambda job: (job.team_start_tag, job.id))
    return [by_user_tag[slot.team_id].pop() for slot in slots]
