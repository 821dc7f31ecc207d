"""Tables of the ledger. A job's row is the truth; a message in the broker is only a wake-up call."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, utc_now

ACTIVE = "state IN ('queued', 'running')"


class Job(Base):
    """Something a worker does. `attempt` is the fencing token: a write of an older attempt changes nothing."""

    __tablename__ = "jobs"
    __table_args__ = (
        # What a worker may claim, in the order it should.
        Index(
            "ix_jobs_waiting",
            "kind",
            "state",
            "turn",
            "id",
            sqlite_where=text(ACTIVE),
            postgresql_where=text(ACTIVE),
        ),
        Index("ix_jobs_team_id", "team_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(12))  # training | generation | import
    state: Mapped[str] = mapped_column(String(10), default="queued")
    title: Mapped[str] = mapped_column(String(200))
    turn: Mapped[int] = mapped_column(BigInteger, default=0)  # place in the fair queue; see queries.next_turn
    batch_key: Mapped[str] = mapped_column(String(200), default="")  # generations with equal keys share one loop
    spec: Mapped[dict[str, Any]]
    attempt: Mapped[int] = mapped_column(default=0)
    attempts_max: Mapped[int]
    worker: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    cancel: Mapped[str | None] = mapped_column(String(10))  # discard | keep
    progress: Mapped[dict[str, Any] | None]
    checkpoint_key: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[dict[str, Any] | None]
    concept_id: Mapped[str | None] = mapped_column(String(26), index=True)
    version_id: Mapped[str | None] = mapped_column(String(26))
    generation_id: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class JobEvent(Base):
    """Something that happened to a job, for whoever watches it."""

    __tablename__ = "job_events"
    __table_args__ = (Index("ix_job_events_job_id", "job_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    type: Mapped[str] = mapped_column(String(12))  # state | progress | preview | image | warning
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Submission(Base):
    """An `Idempotency-Key` that a team has used, what it was used for, and what came of it."""

    __tablename__ = "submissions"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
