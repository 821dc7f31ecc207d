"""Counts the GPU seconds of each team and day, and the ended jobs of all teams.

Both are written in the transaction that ends the attempt or the job, so nothing is counted twice or left out.
"""

from sqlalchemy.orm import Session

from app.core.database import count_up, now
from app.jobs import hooks
from app.jobs.models import Job
from app.usage.models import DayOfUse, UsageCounter


@hooks.on_attempt_over
def count_gpu_seconds(session: Session, job: Job, seconds: float) -> None:
    """Add the GPU seconds of an attempt to its team's row of the day."""
    day = job.finished_at or now(session)
    count_up(session, DayOfUse, {"team_id": job.team_id, "day": f"{day:%Y-%m-%d}"}, {"gpu_seconds": seconds})


@hooks.on_final_state
def count_ended_job(session: Session, job: Job) -> None:
    """Add an ended job to the counters of its kind, state and problem. Only work that succeeded counts as units."""
    problem = (job.error or {}).get("type", "") if job.state == "failed" else ""
    units = job.units if job.state == "succeeded" else 0.0
    count_up(
        session,
        UsageCounter,
        {"kind": job.kind, "state": job.state, "reason": problem.rpartition("/")[2][:60]},
        {"jobs": 1, "units": units, "gpu_seconds": job.gpu_seconds},
    )
