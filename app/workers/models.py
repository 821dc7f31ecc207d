"""The table of worker processes."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class Worker(Base):
    """A worker process as of its last heartbeat. A worker without a recent heartbeat counts as dead."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    kinds: Mapped[dict[str, Any]]  # kind of job -> pictures or concepts that it takes at once
    device: Mapped[str] = mapped_column(String(200))  # equal for workers that share a GPU or a machine's processor
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    clock_at: Mapped[datetime]  # the worker's own clock at seen_at, which is the database's
    metrics: Mapped[dict[str, Any]]  # shown by /metrics
