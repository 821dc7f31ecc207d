"""When waiting jobs will begin and end: from the order of the queue, the workers that are alive and the measured pace.

One plan of the whole queue serves every request of this process for two seconds, so its cost does not grow with the
number of people who look. The plan covers every team's jobs; a view shows a team the estimates of its own jobs alone.
"""

import heapq
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, get_args
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.contracts.jobs import Kind
from app.core.database import now
from app.jobs import queries
from app.jobs.fair_queue import in_order
from app.jobs.models import Job
from app.jobs.pace import Pace, Sample, measured
from app.jobs.queries import Running, Waiting
from app.workers import queries as workers

FRESH_SECONDS: Final = 2.0
OVERDUE: Final = 0.1  # a job that is overdue is expected to need this part of its expected duration more


@dataclass(frozen=True)
class Estimate:
    """When a job is expected to begin (None once it runs) and to end."""

    starts_at: datetime | None
    ends_at: datetime


@dataclass
class QueuePlan:
    """One kind's queue, simulated until every waiting job has ended."""

    moment: datetime
    samples: Sequence[Sample]
    ahead: dict[str, int] = field(default_factory=dict)  # job id -> number of jobs that are claimed before it
    starts: list[datetime] = field(default_factory=list)  # by the number of jobs ahead
    estimates: dict[str, Estimate] = field(default_factory=dict)
    free_at: datetime | None = None  # when the first worker has nothing more to do; None without workers

    def of(self, job: Job, ahead: int | None) -> Estimate | None:
        """The estimate of a job; for a job that is newer than the plan, from the number of waiting jobs ahead of it."""
        known = self.estimates.get(job.id)
        if job.state == "running":
            return None if known is None else Estimate(None, known.ends_at)
        if job.state != "queued" or (known is not None and known.starts_at is not None):
            return known if job.state == "queued" else None
        pace = measured(self.samples, job.base_model)
        if self.free_at is None or pace is None or ahead is None:
            return None
        starts = self.starts[ahead] if ahead < len(self.starts) else self.free_at
        return Estimate(starts, starts + timedelta(seconds=pace.seconds(job.units)))


def plan(
    moment: datetime,
    waiting: Sequence[Waiting],
    running: Sequence[Running],
    rooms: Sequence[int],
    samples: Sequence[Sample],
) -> QueuePlan:
    """Simulate the queue: each worker takes the next loop when it is free.

    `rooms` has the number of pictures or concepts that each live worker takes at once.
    """
    queue_plan = QueuePlan(moment, samples)
    interrupted = {job.id: job for job in running if _is_overtaken(job, waiting)}
    order = in_order([*waiting, *map(_rest, interrupted.values())])
    queue_plan.ahead = {job.id: number for number, job in enumerate(order)}
    busy: dict[str, float] = {}
    for job in running:
        units = job.pass_units if job.id in interrupted else job.units
        left = _left(job, units, moment, measured(samples, job.base_model))
        if left is not None:
            queue_plan.estimates[job.id] = Estimate(None, moment + timedelta(seconds=left))
            busy[job.worker] = max(left, busy.get(job.worker, 0.0))
    if not rooms:
        return queue_plan
    free = [*busy.values(), *[0.0] * (len(rooms) - len(busy))][: len(rooms)]
    heapq.heapify(free)
    _serve(queue_plan, order, free, max(rooms))
    for job_id in interrupted.keys() & queue_plan.estimates.keys():  # it has begun
        queue_plan.estimates[job_id] = Estimate(None, queue_plan.estimates[job_id].ends_at)
    queue_plan.free_at = moment + timedelta(seconds=free[0])
    return queue_plan


def _serve(queue_plan: QueuePlan, order: Sequence[Waiting], free: list[float], room: int) -> None:
    """Take loop after loop in order. Jobs that can share the first job's loop, and fit, run with it."""
    same_loop: dict[str, list[Waiting]] = defaultdict(list)
    for job in reversed(order):
        same_loop[job.loop].append(job)
    paces: dict[str, Pace | None] = {}
    starts: dict[str, float] = {}
    for leader in order:
        if leader.id in starts:
            continue
        mates: list[Waiting] = []
        left = room
        while same_loop[leader.loop] and (not mates or same_loop[leader.loop][-1].count <= left):
            mates.append(same_loop[leader.loop].pop())
            left -= mates[-1].count
        if leader.base_model not in paces:
            paces[leader.base_model] = measured(queue_plan.samples, leader.base_model)
        pace = paces[leader.base_model]
        begin = heapq.heappop(free)
        end = begin + (0.0 if pace is None else pace.seconds(sum(job.units for job in mates)))
        heapq.heappush(free, end)
        for job in mates:
            starts[job.id] = begin
            if pace is not None:
                moments = (queue_plan.moment + timedelta(seconds=begin), queue_plan.moment + timedelta(seconds=end))
                queue_plan.estimates[job.id] = Estimate(*moments)
    queue_plan.starts = [queue_plan.moment + timedelta(seconds=starts[job.id]) for job in order]


def _is_overtaken(job: Running, waiting: Sequence[Waiting]) -> bool:
    """Whether the job gives way after its present pass, as `fair_queue.is_overtaken` decides then."""
    return job.units > job.pass_units and any(
        each.user_finish_tag < job.user_finish_tag
        if each.team_id == job.team_id
        else each.team_finish_tag < job.team_finish_tag
        for each in waiting
    )


def _rest(job: Running) -> Waiting:
    """The passes of a running job that wait."""
    return Waiting(
        id=job.id,
        team_id=job.team_id,
        team_finish_tag=job.team_finish_tag,
        user_finish_tag=job.user_finish_tag,
        units=job.units - job.pass_units,
        base_model=job.base_model,
        loop=job.id,
        count=1,
    )


def _left(job: Running, units: float, moment: datetime, pace: Pace | None) -> float | None:
    """Seconds until so many units of a running job are done. The worker's own estimate is the upper limit; None when
    nothing is known."""
    reported = (job.progress or {}).get("seconds_left")
    if pace is None or job.claimed_at is None:
        return None if reported is None else float(reported)
    whole = pace.seconds(units / max(job.share, 1e-3))
    left = whole - (moment - job.claimed_at).total_seconds()
    left = left if left > 0 else OVERDUE * whole
    return left if reported is None else min(left, float(reported))


_plans: WeakKeyDictionary[Engine, tuple[float, dict[Kind, QueuePlan]]] = WeakKeyDictionary()
_planning = threading.Lock()


def plans(session: Session) -> dict[Kind, QueuePlan]:
    """The plan of each kind's queue, at most two seconds old. While one thread makes a new one, others use the old."""
    engine = session.get_bind().engine
    cached = _plans.get(engine)
    if cached is not None and (time.monotonic() - cached[0] < FRESH_SECONDS or not _planning.acquire(blocking=False)):
        return cached[1]
    if cached is None:
        _planning.acquire()
    try:
        fresh = {kind: _plan(session, kind) for kind in get_args(Kind)}
        _plans[engine] = (time.monotonic(), fresh)
        return fresh
    finally:
        _planning.release()


def seconds_until_next(session: Session, team_id: str) -> float:
    """Seconds until the first of a team's waiting jobs is expected to be claimed; 60 when that is unknown."""
    ids, moment = queries.waiting_ids(session, team_id), now(session)
    starts = [
        queue_plan.estimates[id_].starts_at
        for queue_plan in plans(session).values()
        for id_ in ids & queue_plan.estimates.keys()
    ]
    known = [(start - moment).total_seconds() for start in starts if start is not None]
    return max(1.0, min(known)) if known else 60.0


def _plan(session: Session, kind: Kind) -> QueuePlan:
    moment = now(session)
    rooms = [int(worker.kinds[kind]) for worker in workers.alive(session, moment) if kind in worker.kinds]
    samples = queries.samples(session, kind)
    return plan(moment, queries.waiting_all(session, kind), queries.running_all(session, kind), rooms, samples)
