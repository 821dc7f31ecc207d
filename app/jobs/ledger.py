"""Every write to a job's row: submit, claim, renew, record, finish, hand back, cancel, reclaim.

A worker holds a job by a `Lease`: the job's id and the attempt it was claimed with. The attempt is a fencing token:
each write of the worker names both, and changes the row only while the job is running with exactly that attempt. A
write that changes no row raises LeaseLost. An example with leases of 30 seconds:

    12:00:00  Worker A claims job 7. The row says state running, attempt 1, lease until 12:00:30. A holds Lease(7, 1).
    12:00:10  A renews: `... WHERE id = 7 AND attempt = 1 AND state = 'running'` changes one row. Lease until 12:00:40.
    12:00:11  A's machine stops for a minute.
    12:00:41  The lease has run out. `reclaim` puts the job back: state queued, attempt 1.
    12:00:42  Worker B claims it: state running, attempt 2. B holds Lease(7, 2).
    12:01:11  A goes on and calls finish(Lease(7, 1), "succeeded"). No row has attempt 1 now, so no row changes, and A
              gets LeaseLost. Its transaction is rolled back with everything else that A wrote in it.
    12:01:30  B calls finish(Lease(7, 2), "succeeded"). One row changes. The job has one outcome, that of attempt 2.

The ledger knows no broker, no blob, no tensor and no room above it. What follows from a final state is registered in
`app.jobs.hooks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.contracts.jobs import FINAL, Kind, State
from app.core.database import now, rows_changed
from app.core.errors import LeaseLost
from app.jobs import fair_queue, hooks, queries
from app.jobs.cost import ON_A_GPU
from app.jobs.fair_queue import ClaimCandidate
from app.jobs.models import Job, JobEvent

WORKER_LOST: Final = "/problems/worker-lost"
_UNSYNCHRONISED: Final[dict[str, Any]] = {"synchronize_session": False}  # no loaded object has to follow the update

# Both statements are built once, because building one costs more than running it.
_CLAIM: Final = (
    update(Job)
    .where(Job.id == bindparam("job"), Job.state == "queued", Job.attempt == bindparam("previous_attempt"))
    .values(
        state="running",
        attempt=Job.attempt + 1,
        worker=bindparam("by"),
        lease_until=bindparam("until"),
        claimed_at=bindparam("moment"),
        share=1.0,
        started_at=func.coalesce(Job.started_at, bindparam("moment")),
        team_finish_tag=bindparam("at"),
    )
    .returning(Job)
)
_INSERT_EVENT: Final = insert(cast("Table", JobEvent.__table__)).inline()


@dataclass(frozen=True)
class Lease:
    """The right to run a job and to write its outcome, until the job is claimed again."""

    job_id: str
    attempt: int


def submit(session: Session, job: Job, kind: Kind, cost: int = 1) -> None:
    """Put a new job in the queue. Its cost and its finish tags say when it is claimed; see `app.jobs.fair_queue`."""
    job.kind = kind
    job.state = "queued"
    job.cost = cost
    job.team_finish_tag, job.user_finish_tag = fair_queue.assign_finish_tags(
        session, job.team_id, job.user_id, kind, cost
    )
    session.add(job)
    session.flush()
    _log_state(session, job, {"state": "queued", "attempt": 0})


def claim(
    session: Session, kind: Kind, worker: str, lease_seconds: float, *, base_model: str | None = None
) -> Job | None:
    """Take the next job of a kind; None when nothing waits.

    Leases that have run out are reclaimed first, so that work goes on even while no sweep runs.

    With `base_model` the job is to join jobs that this worker runs already. The answer is then also None if the next
    job is for another base model, or if an earlier attempt at it failed: such a job runs alone, so that a job that
    kills its workers takes no other job with it.
    """
    moment = now(session)
    longest = moment + timedelta(seconds=lease_seconds)
    head = fair_queue.head(session, kind, moment, longest)
    if (head is None or head.leases_expired) and reclaim(session, lease_seconds, kind, moment):
        head = fair_queue.head(session, kind, moment, longest)
    if head is None:
        return None
    lowest_tag, job = head.lowest_tag, head.next_job
    if base_model is not None and (job.error is not None or job.base_model != base_model):
        return None
    # Run the team's first job from the start of the team's first slot, and give the slot's previous holder the tag of
    # the job that moved up.
    if job.id != lowest_tag.id:
        session.execute(
            update(Job).where(Job.id == lowest_tag.id).values(team_finish_tag=job.team_finish_tag),
            execution_options=_UNSYNCHRONISED,
        )
    start = lowest_tag.team_finish_tag - lowest_tag.cost
    return _start(session, job, worker, moment, lease_seconds, team_finish_tag=start + job.cost)


def claim_mates(session: Session, leader: Job, worker: str, lease_seconds: float, pictures_max: int) -> list[Job]:
    """Take waiting generations that can share the leader's denoising loop, up to `pictures_max` more pictures.

    A job with a failed attempt runs alone, so that a job that kills its workers takes no other job with it.
    """
    if leader.error is not None:
        return []
    mates, room, moment = [], pictures_max, now(session)
    for job, pictures in fair_queue.batch_mates(session, leader, limit=max(pictures_max, 0)):
        if pictures > room:
            break
        started = _start(session, job, worker, moment, lease_seconds, team_finish_tag=job.team_finish_tag)
        if started is not None:
            mates.append(started)
            room -= pictures
    share_loop(session, [leader, *mates])
    return mates


def end_pass(session: Session, lease: Lease, cost: int) -> bool:
    """Write between two passes of a running job what is left of it. Returns whether a waiting job goes first.

    The caller then hands the job back, and it waits with the tags that it has.
    """
    _fenced(session, lease, cost=cost)
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    _end_attempt(session, job)  # its seconds so far
    job.claimed_at = now(session)
    session.flush()
    return fair_queue.is_overtaken(session, job)


def share_loop(session: Session, jobs: Sequence[Job]) -> None:
    """Write each job's share (0..1) of the time of the worker that runs them together, in proportion to their units."""
    together = sum(job.units for job in jobs)
    for job in jobs:
        job.share = job.units / together if together > 0 else 1 / len(jobs)
    session.flush()


def renew(session: Session, lease: Lease, lease_seconds: float) -> str | None:
    """Extend the lease. Returns whether a person has asked for the job to stop: None, `discard` or `keep`."""
    _fenced(session, lease, lease_until=now(session) + timedelta(seconds=lease_seconds))
    return session.execute(select(Job.cancel).where(Job.id == lease.job_id)).scalar_one()


def lock(session: Session, lease: Lease) -> None:
    """Lock the job's row and check the lease, before anything else is written. Raises LeaseLost."""
    _fenced(session, lease, attempt=lease.attempt)


def record(
    session: Session,
    lease: Lease,
    events: Sequence[tuple[str, dict[str, Any]]],
    *,
    progress: dict[str, Any] | None = None,
    checkpoint_key: str | None = None,
    share: float | None = None,
) -> None:
    """Write events, progress and the newest checkpoint of a running job, all or nothing.

    `share` (0..1) is the job's share of its worker's time since the claim.
    """
    # The attempt keeps its value, so that an update without other values locks the row and checks the lease as well.
    values: dict[str, Any] = {"attempt": lease.attempt}
    if progress is not None:
        values["progress"] = progress
    if checkpoint_key is not None:
        values["checkpoint_key"] = checkpoint_key
    if share is not None:
        values["share"] = share
    _fenced(session, lease, **values)
    session.add_all(
        JobEvent(job_id=lease.job_id, attempt=lease.attempt, type=type_, data=data) for type_, data in events
    )


def finish(session: Session, lease: Lease, state: State, *, error: dict[str, Any] | None = None) -> State:
    """Write the outcome, and run what follows from it. Returns the state.

    The caller makes its results visible in the same transaction.
    """
    if state not in FINAL:
        raise ValueError(f"{state} is not a final state")
    _fenced(session, lease, state=state, error=error, lease_until=None, finished_at=now(session))
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    _end_attempt(session, job)
    _end_job(session, job)
    return state


def try_again(session: Session, lease: Lease, error: dict[str, Any]) -> State:
    """Put a job back in the queue after an attempt that failed, or end it as `failed` if that was the last attempt.

    Returns the state that the job has now.
    """
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    if job.attempt >= job.attempts_max:
        return finish(session, lease, "failed", error=error)
    _fenced(session, lease, state="queued", lease_until=None, worker=None, error=error)
    session.refresh(job)
    _end_attempt(session, job)
    _log_state(session, job, {"state": "queued", "attempt": lease.attempt})
    return "queued"


def hand_back(session: Session, lease: Lease) -> State:
    """Put a running job back in the queue with its finish tags, and return its state.

    Neither an orderly stop nor the end of a pass counts as an attempt. A job that a person has cancelled meanwhile ends
    as `cancelled`.
    """
    lock(session, lease)
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    if job.cancel == "discard":
        return finish(session, lease, "cancelled")
    _fenced(session, lease, state="queued", lease_until=None, worker=None, attempts_max=Job.attempts_max + 1)
    session.refresh(job)
    _end_attempt(session, job)
    _log_state(session, job, {"state": "queued"})
    return "queued"


def cancel(session: Session, job: Job, *, keep: bool) -> bool:
    """Ask for a job to stop. A waiting job ends here; a running job ends when its worker next renews the lease.

    Returns whether that is news: not if the same was asked for before, or if the job has ended.

    With `keep`, a training ends with the best embedding that it has so far, if an attempt has come that far.
    """
    how = "keep" if keep else "discard"
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "queued")
        .values(state="cancelled", cancel=how, error=None, finished_at=now(session)),
        execution_options=_UNSYNCHRONISED,
    )
    changed = bool(rows_changed(ended))
    if not changed:
        asked = session.execute(
            update(Job)
            .where(Job.id == job.id, Job.state == "running", Job.cancel.is_distinct_from(how))
            .values(cancel=how),
            execution_options=_UNSYNCHRONISED,
        )
        changed = bool(rows_changed(asked))
    session.refresh(job)
    if rows_changed(ended):
        _end_job(session, job)
    return changed


def reclaim(
    session: Session, lease_seconds: float, kind: Kind | None = None, moment: datetime | None = None
) -> list[Job]:
    """Take running jobs whose lease has run out from their workers. Returns those jobs.

    A job goes back to the queue; to `cancelled` if a person asked for that; to `failed` after its last attempt. A lease
    that ends later than a lease taken now was written before the clock was set back. It is shortened to a whole lease
    from now, and its worker, if alive, renews it.
    """
    moment = moment or now(session)
    longest = moment + timedelta(seconds=lease_seconds)
    reclaimed = []
    for job in queries.expired_leases(session, kind, moment, longest):
        if job.lease_until is not None and job.lease_until > longest:
            job.lease_until = longest
        else:
            _take_away(session, job, moment)
            reclaimed.append(job)
    session.flush()
    return reclaimed


def _take_away(session: Session, job: Job, moment: datetime) -> None:
    _end_attempt(session, job)
    job.lease_until = job.worker = None
    if job.cancel == "discard":
        job.state, job.finished_at, job.error = "cancelled", moment, None
    elif job.attempt >= job.attempts_max:
        job.state, job.finished_at, job.error = "failed", moment, _worn_out(job.attempt)
    else:
        job.state, job.error = "queued", _lost("It is tried again.")
    session.flush()
    if job.state in FINAL:
        _end_job(session, job)
    else:
        _log_state(session, job, {"state": "queued", "attempt": job.attempt})


def _start(
    session: Session, job: ClaimCandidate, worker: str, moment: datetime, lease_seconds: float, *, team_finish_tag: int
) -> Job | None:
    taken = {
        "job": job.id,
        "previous_attempt": job.attempt,
        "by": worker,
        "until": moment + timedelta(seconds=lease_seconds),
        "moment": moment,
        "at": team_finish_tag,
    }
    started = session.scalars(
        _CLAIM, taken, execution_options=_UNSYNCHRONISED | {"populate_existing": True}
    ).one_or_none()
    if started is not None:
        _log_state(session, started, {"state": "running", "attempt": started.attempt})
    return started


def _fenced(session: Session, lease: Lease, **values: Any) -> None:
    written = session.execute(
        update(Job)
        .where(Job.id == lease.job_id, Job.attempt == lease.attempt, Job.state == "running")
        .values(**values),
        execution_options=_UNSYNCHRONISED,
    )
    if not rows_changed(written):
        raise LeaseLost(f"attempt {lease.attempt} of job {lease.job_id} is no longer the one that counts")


def _end_attempt(session: Session, job: Job) -> None:
    """Add the GPU seconds of the attempt to the job: its share of the worker's time since the claim."""
    if job.claimed_at is None:
        return
    moment = job.finished_at or now(session)
    seconds = max(0.0, (moment - job.claimed_at).total_seconds()) * job.share
    if job.finished_at is None:
        job.claimed_at = None
    if job.kind in ON_A_GPU:
        job.gpu_seconds += seconds
        session.flush()
        hooks.run_attempt_over(session, job, seconds)


def _end_job(session: Session, job: Job) -> None:
    """Tell the watchers about a final state, and run what the rooms above have registered."""
    _log_state(session, job, {"state": job.state, "attempt": job.attempt, "error": job.error})
    if job.state == "cancelled":
        fair_queue.withdraw(session, job)
    hooks.run_final_state(session, job)


def _log_state(session: Session, job: Job, data: dict[str, Any]) -> None:
    session.flush()
    session.execute(_INSERT_EVENT, {"job_id": job.id, "attempt": job.attempt, "type": "state", "data": data})


def _worn_out(attempts: int) -> dict[str, Any]:
    times = "once" if attempts == 1 else f"{attempts} times"
    return _lost(f"It was tried {times} and is not tried again. Look at the worker's log, then start the job again.")


def _lost(what_follows: str) -> dict[str, Any]:
    return {
        "type": WORKER_LOST,
        "title": "The worker died",
        "status": 500,
        "detail": "The worker stopped without reporting an error, most likely because it ran out of memory or its "
        f"machine was switched off. {what_follows}",
    }
