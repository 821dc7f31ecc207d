"""All SQL of the audit. Entries are only added; the sweep removes those that are older than the settings allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from ulid import ULID

from app.audit.models import AuditEntry
from app.audit.who import Who
from app.core.database import rows_changed


@dataclass(frozen=True)
class Matching:
    """Which entries to show; None leaves a filter out. `subject` is an object's id or its label."""

    person: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(session: Session, team_id: str, matching: Matching, *, before: str | None, limit: int) -> Sequence[AuditEntry]:
    """At most `limit` of the team's entries that match, newest first; with `before`, only those older than that id."""
    query = select(AuditEntry).where(AuditEntry.team_id == team_id)
    if matching.person is not None:
        query = query.where(AuditEntry.user_id == matching.person)
    if matching.action is not None:
        query = query.where(AuditEntry.action == matching.action)
    if matching.subject is not None:
        subject = matching.subject
        query = query.where(or_(AuditEntry.subject_id == subject, AuditEntry.subject_label == subject))
    if matching.since is not None:
        query = query.where(AuditEntry.at >= matching.since)
    if matching.until is not None:
        query = query.where(AuditEntry.at < matching.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def is_downloaded(session: Session, team_id: str, who: Who, concept_id: str, version: int, since: datetime) -> bool:
    """Whether the same credential has downloaded a version of a concept since a moment."""
    first_id = str(ULID.from_datetime(since))[:10].lower()  # ids are in the order of time
    query = select(AuditEntry.details).where(
        AuditEntry.team_id == team_id,
        AuditEntry.id >= first_id,
        AuditEntry.action == "concept.downloaded",
        AuditEntry.subject_id == concept_id,
        AuditEntry.user_id == who.user_id,
        AuditEntry.credential == who.credential,
        AuditEntry.token_name == who.token_name if who.token_name else AuditEntry.token_name.is_(None),
    )
    return any(details.get("version") == version for details in session.scalars(query))


def remove_before(session: Session, moment: datetime, limit: int) -> int:
    """Remove up to `limit` entries that are older than a moment. Returns how many."""
    old = select(AuditEntry.id).where(AuditEntry.at < moment).limit(limit)
    return rows_changed(session.execute(delete(AuditEntry).where(AuditEntry.id.in_(old))))
