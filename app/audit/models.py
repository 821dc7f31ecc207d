"""The table of the audit: who did what to what, from where."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, new_id, utc_now


class AuditEntry(Base):
    """One action. Triggers on both databases refuse to change an entry, and to delete one that is not 30 days old.

    A migration that recreates this table on SQLite has to create the triggers again; `0011` has them.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_team_id", "team_id", "id"),
        Index("ix_audit_entries_at", "at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    # No foreign keys: an entry outlives the person and the object that it is about.
    user_id: Mapped[str | None] = mapped_column(String(26))
    user_name: Mapped[str] = mapped_column(String(100))  # at that time
    credential: Mapped[str] = mapped_column(String(12))  # session | token | command-line | system
    token_name: Mapped[str | None] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str | None] = mapped_column(String(40))
    subject_label: Mapped[str] = mapped_column(String(200))  # at that time
    details: Mapped[dict[str, Any]]
