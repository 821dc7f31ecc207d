"""What a job leaves behind beside its outcome: the seconds its team used, and one more ended job in the figures.

Written in the transaction that ends an attempt, so that neither is ever counted twice or forgotten.
"""

from typing import Final

from sqlalchemy.orm import Session

from app.core.database import count_up, now
from app.jobs.models import Job, UsageCounter
from app.usage.models import DayOfUse

ON_A_GPU: Final = ("training", "generation", "report")


def spend(session: Session, job: Job) -> None:
    """An attempt is over: its part of its worker's time since the claim is used."""
    if job.claimed_at is None:
        return
    moment = job.finished_at or now(session)
    seconds = max(0.0, (moment - job.claimed_at).total_seconds()) * job.share
    job.claimed_at = job.claimed_at if job.finished_at else None
    if job.kind not in ON_A_GPU:
        return
    job.gpu_seconds += seconds
    session.flush()
    count_up(session, DayOfUse, {"team_id": job.team_id, "day": f"{moment:%Y-%m-%d}"}, {"gpu_seconds": seconds})


def close(session: Session, job: Job) -> None:
    """A job has ended."""
    problem = (job.error or {}).get("type", "") if job.state == "failed" else ""
    done = job.units if job.state == "succeeded" else 0.0
    amounts = {"jobs": 1, "units": done, "gpu_seconds": job.gpu_seconds}
    count_up(
        session,
        UsageCounter,
        {"kind": job.kind, "state": job.state, "reason": problem.rpartition("/")[2][:60]},
        amounts,
    )
