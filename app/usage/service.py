"""The quotas of a team, checked when a job is submitted: all work that costs GPU time or storage is a job."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.contracts.jobs import Kind
from app.core.database import now
from app.core.errors import Forbidden, TooMany
from app.core.settings import Settings
from app.jobs import hooks
from app.jobs import queries as jobs
from app.jobs.forecast import seconds_until_next
from app.usage import queries

WINDOW: Final = timedelta(days=30)
MEASURED_EVERY_SECONDS: Final = 10.0
GIGABYTE: Final = 1e9


@hooks.before_submit
def check_quotas(session: Session, team_id: str, kind: Kind, settings: Settings) -> None:
    """Raise TooMany or Forbidden if the team has used up one of its quotas."""
    waiting = jobs.waiting(session, team_id, settings.count_max)
    if waiting >= settings.queued_jobs_max:
        raise TooMany(
            f"Your team already has {waiting} jobs waiting, and at most {settings.queued_jobs_max} may wait at once. "
            "Try again when some are done, or cancel some.",
            code="queue-full",
            retry_after=seconds_until_next(session, team_id),
        )
    if kind != "import" and settings.team_gpu_seconds_max:
        _check_gpu_seconds(session, team_id, settings.team_gpu_seconds_max)
    check_storage(session, team_id, settings)


def check_storage(session: Session, team_id: str, settings: Settings) -> None:
    """Raise Forbidden if the team's pictures take all the room that they may."""
    if settings.team_storage_bytes_max:
        stored = _stored(session, team_id)
        if stored >= settings.team_storage_bytes_max:
            limit = settings.team_storage_bytes_max / GIGABYTE
            raise Forbidden(
                f"Your team's pictures take {stored / GIGABYTE:.2f} GB, and its limit is {limit:g} GB. Delete drawings "
                "or words that nobody needs and empty the bin, or ask the administrator of this studio for more.",
                code="storage-quota",
            )


def _check_gpu_seconds(session: Session, team_id: str, limit: float) -> None:
    moment = now(session)
    days = queries.gpu_seconds(session, team_id, f"{moment - WINDOW:%Y-%m-%d}")
    used = sum(days.values())
    if used < limit:
        return
    free_at = moment
    for day, seconds in days.items():  # the oldest day leaves the window first
        used -= seconds
        free_at = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + WINDOW + timedelta(days=1)
        if used < limit:
            break
    raise TooMany(
        f"Your team has used the {limit / 3600:.1f} GPU hours that it may use in 30 days. It can use more from "
        f"{free_at:%-d %B %Y} on, or if the administrator of this studio raises the limit.",
        code="gpu-quota",
        retry_after=max(1.0, (free_at - moment).total_seconds()),
    )


_measured: WeakKeyDictionary[Engine, dict[str, tuple[float, int]]] = WeakKeyDictionary()


def _stored(session: Session, team_id: str) -> int:
    """The bytes that the team's pictures take. The sum is cached for ten seconds."""
    known = _measured.setdefault(session.get_bind().engine, {})
    measured_at, stored = known.get(team_id, (float("-inf"), 0))
    if time.monotonic() - measured_at > MEASURED_EVERY_SECONDS:
        stored, _ = queries.stored_bytes(session, team_id)
        known[team_id] = (time.monotonic(), stored)
    return stored
