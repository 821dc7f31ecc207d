"""All SQL of uploads. Every query is scoped to a team, but the removal of those that have expired."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core.database import rows_changed
from app.uploads.models import StoredUpload


def by_ids(session: Session, team_id: str, upload_ids: Collection[str], moment: datetime) -> Sequence[StoredUpload]:
    """Those of these uploads of the team that are there and have not expired."""
    query = select(StoredUpload).where(StoredUpload.team_id == team_id, StoredUpload.id.in_(upload_ids))
    return session.scalars(query.where(StoredUpload.expires_at > moment)).all()


def prolong(session: Session, team_id: str, upload_ids: Collection[str], expires_at: datetime) -> None:
    """Keep these uploads of the team until then."""
    used = update(StoredUpload).where(StoredUpload.team_id == team_id, StoredUpload.id.in_(upload_ids))
    session.execute(used.values(expires_at=expires_at).execution_options(synchronize_session=False))


def remove_expired(session: Session, moment: datetime, limit: int) -> int:
    """Remove up to `limit` uploads that have expired. The sweep then removes their blobs."""
    expired = select(StoredUpload.id).where(StoredUpload.expires_at <= moment).limit(limit)
    gone = delete(StoredUpload).where(StoredUpload.id.in_(expired))
    return rows_changed(session.execute(gone.execution_options(synchronize_session=False)))
