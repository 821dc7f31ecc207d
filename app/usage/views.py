"""Builds the response about a team's usage."""

from typing import Final

from sqlalchemy.orm import Session

from app.core.database import now
from app.core.settings import Settings
from app.jobs import queries as jobs
from app.usage import queries
from app.usage.schemas import Quota, UsageOut
from app.usage.service import WINDOW

NEAR: Final = 0.8  # share of a limit


def describe(session: Session, team_id: str, settings: Settings) -> UsageOut:
    """The team's usage and its limits."""
    stored, binned = queries.stored_bytes(session, team_id)
    since = f"{now(session) - WINDOW:%Y-%m-%d}"
    return UsageOut(
        queued_jobs=_quota(jobs.waiting(session, team_id, settings.count_max), settings.queued_jobs_max),
        gpu_seconds=_quota(sum(queries.gpu_seconds(session, team_id, since).values()), settings.team_gpu_seconds_max),
        storage_bytes=_quota(stored, settings.team_storage_bytes_max),
        bin_bytes=binned,
    )


def _quota(used: float, limit: float) -> Quota:
    return Quota(used=used, limit=limit or None, near=bool(limit) and used >= NEAR * limit)
