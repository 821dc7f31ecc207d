"""Every write to a job's row: submit, claim, renew, record, finish, hand back, cancel.

A worker holds a job by a `Lease`: the job's id and the attempt it was claimed with. Each of its writes names both, and
one that changes no row raises LeaseLost: somebody else runs the job now. Knows nothing of brokers, blobs or tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.contracts.jobs import FINAL, Kind, State
from app.core.database import now, rows_changed
from app.core.errors import LeaseLost
from app.jobs import queries
from app.jobs.models import Job, JobEvent
from app.jobs.queries import ClaimCandidate
from app.usage import accounting
from app.webhooks.outbox import announce

_BLIND: Final[dict[str, Any]] = {"synchronize_session": False}  # nothing that is loaded has to follow

# Built once, because building a statement costs more than running it.
_TAKE: Final = (
    update(Job)
    .where(Job.id == bindparam("job"), Job.state == "queued", Job.attempt == bindparam("seen"))
    .values(
        state="running",
        attempt=Job.attempt + 1,
        worker=bindparam("by"),
        lease_until=bindparam("until"),
        claimed_at=bindparam("moment"),
        share=1.0,
        started_at=func.coalesce(Job.started_at, bindparam("moment")),
        team_start_tag=bindparam("at"),
    )
    .returning(Job)
)
_TELL: Final = insert(cast("Table", JobEvent.__table__)).inline()


@dataclass(frozen=True)
class Lease:
    """The right to run a job and to write its outcome, for as long as nobody claims it again."""

    job_id: str
    attempt: int


def submit(session: Session, job: Job, kind: Kind) -> None:
    """Put a new job in the queue, at its team's next turn."""
    job.kind = kind
    job.state = "queued"
    job.team_start_tag, job.user_start_tag = queries.assign_start_tags(session, job.team_id, job.user_id, kind)
    session.add(job)
    session.flush()
    _log(session, job, "state", {"state": "queued", "attempt": 0})


def claim(
    session: Session, kind: Kind, worker: str, lease_seconds: float, *, base_model: str | None = None
) -> Job | None:
    """Take the job whose turn it is; None when nothing waits.

    With `base_model` the job is to join others that run: None as well when it is for another model, or when it went
    wrong before, because then it runs alone: one that kills its workers takes no other with it.

    Reclaims what dead workers left first, so that work goes on even when no sweep runs.
    """
    moment = now(session)
    longest = moment + timedelta(seconds=lease_seconds)
    head = queries.head(session, kind, moment, longest)
    if (head is None or head.silent) and reclaim(session, lease_seconds, kind, moment):
        head = queries.head(session, kind, moment, longest)
    if head is None:
        return None
    holder, job = head.holder, head.first
    if base_model is not None and (job.error is not None or job.base_model != base_model):
        return None
    # Whoever of the team goes first goes at this turn; who held it goes at the other's.
    if job.id != holder.id:
        session.execute(
            update(Job).where(Job.id == holder.id).values(team_start_tag=job.team_start_tag), execution_options=_BLIND
        )
    return _start(session, job, worker, moment, lease_seconds, team_start_tag=holder.team_start_tag)


def claim_mates(session: Session, leader: Job, worker: str, lease_seconds: float, pictures_max: int) -> list[Job]:
    """Take waiting generations that can be drawn in the leader's loop, up to `pictures_max` pictures more.

    A job that has gone wrong before runs alone, so that one that kills its workers takes no other with it.
    """
    if leader.error is not None:
        return []
    mates, room, moment = [], pictures_max, now(session)
    for job, pictures in queries.batch_mates(session, leader, limit=max(pictures_max, 0)):
        if pictures > room:
            break
        started = _start(session, job, worker, moment, lease_seconds, team_start_tag=job.team_start_tag)
        if started is not None:
            mates.append(started)
            room -= pictures
    share_loop(session, [leader, *mates])
    return mates


def share_loop(session: Session, jobs: Sequence[Job]) -> None:
    """Say of jobs that one worker does together which part of its time each takes."""
    together = sum(job.units for job in jobs)
    for job in jobs:
        job.share = job.units / together if together > 0 else 1 / len(jobs)
    session.flush()


def renew(session: Session, lease: Lease, lease_seconds: float) -> str | None:
    """Say that the worker is alive. Returns what a person wants of the job meanwhile: None, `discard` or `keep`."""
    _fenced(session, lease, lease_until=now(session) + timedelta(seconds=lease_seconds))
    return session.execute(select(Job.cancel).where(Job.id == lease.job_id)).scalar_one()


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

    `share` is the part of its worker's time since the claim that was the job's own.
    """
    values: dict[str, Any] = {"attempt": lease.attempt}  # writes nothing new, but takes the row and proves the lease
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


def finish(session: Session, lease: Lease, state: State, *, error: dict[str, Any] | None = None) -> None:
    """Write the outcome. In the same transaction the caller moves the visible pointers."""
    if state not in FINAL:
        raise ValueError(f"{state} is not a final state")
    _fenced(session, lease, state=state, error=error, lease_until=None, finished_at=now(session))
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    accounting.spend(session, job)
    _settle(session, job)


def try_again(session: Session, lease: Lease, error: dict[str, Any]) -> None:
    """An attempt went wrong in a way that another may not: back to the queue, or `failed` if it was the last."""
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    if job.attempt >= job.attempts_max:
        finish(session, lease, "failed", error=error)
    else:
        _fenced(session, lease, state="queued", lease_until=None, worker=None, error=error)
        session.refresh(job)
        accounting.spend(session, job)
        _log(session, job, "state", {"state": "queued", "attempt": lease.attempt})


def hand_back(session: Session, lease: Lease) -> None:
    """Put a running job back at its place in the queue. An orderly stop does not count as an attempt."""
    _fenced(session, lease, state="queued", lease_until=None, worker=None, attempts_max=Job.attempts_max + 1)
    job = session.get_one(Job, lease.job_id, populate_existing=True)
    accounting.spend(session, job)
    _log(session, job, "state", {"state": "queued"})


def cancel(session: Session, job: Job, *, keep: bool) -> None:
    """Ask for a job to stop. A waiting one ends here; a running one when its worker next looks."""
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "queued")
        .values(state="cancelled", cancel="discard", error=None, finished_at=now(session))
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(ended):
        session.execute(
            update(Job)
            .where(Job.id == job.id, Job.state == "running")
            .values(cancel="keep" if keep else "discard")
            .execution_options(synchronize_session=False)
        )
    session.refresh(job)
    if rows_changed(ended):
        _settle(session, job)


def reclaim(
    session: Session, lease_seconds: float, kind: Kind | None = None, moment: datetime | None = None
) -> list[Job]:
    """Take running jobs from workers that have been silent for longer than their lease.

    A job goes back to the queue; to `cancelled` if that was asked for; to `failed` after its last attempt. A lease that
    runs for longer than any worker can have taken it was measured before the clock stepped back: it is cut to a whole
    lease from now, which its worker renews if it lives.
    """
    moment = moment or now(session)
    longest = moment + timedelta(seconds=lease_seconds)
    reclaimed = []
    for job in session.scalars(queries.silent(kind, moment, longest)).all():
        if job.lease_until is not None and job.lease_until > longest:
            job.lease_until = longest
        else:
            _take_away(session, job, moment)
            reclaimed.append(job)
    session.flush()
    return reclaimed


def _take_away(session: Session, job: Job, moment: datetime) -> None:
    accounting.spend(session, job)
    job.lease_until = job.worker = None
    if job.cancel == "discard":
        job.state, job.finished_at, job.error = "cancelled", moment, None
    elif job.attempt >= job.attempts_max:
        job.state, job.finished_at, job.error = "failed", moment, _worn_out(job.attempt)
    else:
        job.state, job.error = "queued", _lost("It is tried again.")
    session.flush()
    if job.state in FINAL:
        _settle(session, job)
    else:
        _log(session, job, "state", {"state": "queued", "attempt": job.attempt})


def _start(
    session: Session, job: ClaimCandidate, worker: str, moment: datetime, lease_seconds: float, *, team_start_tag: int
) -> Job | None:
    taken = {
        "job": job.id,
        "seen": job.attempt,
        "by": worker,
        "until": moment + timedelta(seconds=lease_seconds),
        "moment": moment,
        "at": team_start_tag,
    }
    started = session.scalars(_TAKE, taken, execution_options=_BLIND | {"populate_existing": True}).one_or_none()
    if started is not None:
        _log(session, started, "state", {"state": "running", "attempt": started.attempt})
    return started


def _fenced(session: Session, lease: Lease, **values: Any) -> None:
    written = session.execute(
        update(Job)
        .where(Job.id == lease.job_id, Job.attempt == lease.attempt, Job.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(written):
        raise LeaseLost(f"attempt {lease.attempt} of job {lease.job_id} is no longer the one that counts")


def _settle(session: Session, job: Job) -> None:
    """Tell watchers about a final state; a version that was not made ready ends as its job did.

    A word that could not be imported leaves the library with it: there is nothing to draw with and nothing to learn
    from. Why is in its job, which the queue shows.
    """
    if job.version_id is not None and job.state != "succeeded":
        session.execute(
            update(Version)
            .where(Version.id == job.version_id, Version.state == "training")
            .values(state=job.state, finished_at=job.finished_at)
            .execution_options(synchronize_session="fetch")
        )
    if job.kind == "import" and job.state != "succeeded":
        session.execute(
            update(Concept)
            .where(Concept.id == job.concept_id, Concept.deleted_at.is_(None))
            .values(deleted_at=job.finished_at)
            .execution_options(synchronize_session="fetch")
        )
    _log(session, job, "state", {"state": job.state, "attempt": job.attempt, "error": job.error})
    accounting.close(session, job)
    announce(session, job)


def _log(session: Session, job: Job, type_: str, data: dict[str, Any]) -> None:
    session.flush()
    session.execute(_TELL, {"job_id": job.id, "attempt": job.attempt, "type": type_, "data": data})


def _worn_out(attempts: int) -> dict[str, Any]:
    times = "once" if attempts == 1 else f"{attempts} times"
    return _lost(f"It was tried {times} and is not tried again. Look at the worker's log, then start the job again.")


def _lost(what_follows: str) -> dict[str, Any]:
    return {
        "type": "/problems/worker-lost",
        "title": "The worker died",
        "status": 500,
        "detail": "The worker that ran this job ended without a word, most likely for lack of memory or because its "
        f"machine was switched off. {what_follows}",
    }
