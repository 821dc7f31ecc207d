"""Tables of the ledger. A job's row is the truth; a message in the broker is only a wake-up call."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, new_id, utc_now

WAITING, RUNNING = "state = 'queued'", "state = 'running'"


def _of_waiting(name: str, *columns: str) -> Index:
    """An index of the waiting jobs alone: it stays small however many jobs have ended, and a claimed job leaves it."""
    return Index(name, *columns, sqlite_where=text(WAITING), postgresql_where=text(WAITING))


class Job(Base):
    """Work for a worker. `attempt` is the fencing token: a write that names an older attempt changes nothing."""

    __tablename__ = "jobs"
    __table_args__ = (
        # Waiting jobs in the order in which workers claim them; see fair_queue.assign_finish_tags.
        _of_waiting("ix_jobs_finish_tags", "kind", "team_finish_tag", "id"),
        _of_waiting("ix_jobs_team_finish_tags", "team_id", "kind", "team_finish_tag", "id"),
        _of_waiting("ix_jobs_user_finish_tags", "team_id", "kind", "user_finish_tag", "id"),
        # Waiting generations that can share a denoising loop.
        _of_waiting("ix_jobs_alike", "kind", "batch_key", "team_finish_tag", "id"),
        Index("ix_jobs_running", "lease_until", sqlite_where=text(RUNNING), postgresql_where=text(RUNNING)),
        Index("ix_jobs_team_id", "team_id", "id"),
        Index("ix_jobs_ended", "kind", "state", "finished_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(12))  # training | generation | import | report
    state: Mapped[str] = mapped_column(String(10), default="queued")
    title: Mapped[str] = mapped_column(String(200))
    base_model: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # Virtual finish times of the fair queue, among teams and within the team; see fair_queue.assign_finish_tags.
    team_finish_tag: Mapped[int] = mapped_column(BigInteger, default=0)
    user_finish_tag: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    units: Mapped[float] = mapped_column(default=1.0, server_default="1")  # amount of work; see app.jobs.cost
    cost: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")  # of what is left of it
    batch_key: Mapped[str] = mapped_column(
        String(200), default=""
    )  # generations with equal keys share a denoising loop
    spec: Mapped[dict[str, Any]]
    attempt: Mapped[int] = mapped_column(default=0)
    attempts_max: Mapped[int]
    worker: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    cancel: Mapped[str | None] = mapped_column(String(10))  # discard | keep
    progress: Mapped[dict[str, Any] | None]
    checkpoint_key: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[dict[str, Any] | None]
    claimed_at: Mapped[datetime | None]  # when the newest attempt began
    share: Mapped[float] = mapped_column(default=1.0, server_default="1")  # share of the worker's time, 0..1
    gpu_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")  # sum over all attempts
    request_id: Mapped[str | None] = mapped_column(String(64))  # of the request that created the job, for the logs
    concept_id: Mapped[str | None] = mapped_column(String(26), index=True)
    version_id: Mapped[str | None] = mapped_column(String(26))
    generation_id: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class JobEvent(Base):
    """An event of a job, for its watchers."""

    __tablename__ = "job_events"
    __table_args__ = (
        Index("ix_job_events_job_id", "job_id", "id"),
        Index("ix_job_events_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    type: Mapped[str] = mapped_column(String(12))  # state | progress | preview | image | warning
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
