"""All SQL about worker processes. They serve every team."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.database import now, rows_changed
from app.workers.models import Worker

ALIVE_SECONDS: Final = 30.0
STALE_AFTER: Final = timedelta(days=1)


def every(session: Session) -> Sequence[Worker]:
    """Every known worker, also those without a recent heartbeat."""
    return session.scalars(select(Worker).order_by(Worker.name)).all()


def alive(session: Session, moment: datetime) -> Sequence[Worker]:
    """Workers with a heartbeat in the last 30 s."""
    since = moment - timedelta(seconds=ALIVE_SECONDS)
    return session.scalars(select(Worker).where(Worker.seen_at > since).order_by(Worker.name)).all()


def neighbours(session: Session, device: str, kind: str) -> list[str]:
    """Names of the live workers of a kind on one device."""
    return [each.name for each in alive(session, now(session)) if each.device == device and kind in each.kinds]


def remove(session: Session, name: str) -> None:
    """Remove a worker that has stopped."""
    session.execute(delete(Worker).where(Worker.name == name))


def remove_stale_workers(session: Session, moment: datetime) -> int:
    """Remove the workers without a heartbeat for a day. Returns how many."""
    return rows_changed(session.execute(delete(Worker).where(Worker.seen_at < moment - STALE_AFTER)))
