"""Tables of the processes that compute."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class Worker(Base):
    """A worker process, as it last said of itself. One that is silent is dead."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    kinds: Mapped[dict[str, Any]]  # of the jobs it takes -> how many pictures or words it can do at once
    device: Mapped[str] = mapped_column(String(200))  # equal for workers that share a GPU or a machine's processor
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    clock_at: Mapped[datetime]  # its own clock when it was seen, beside the database's
    metrics: Mapped[dict[str, Any]]  # what /metrics shows of it
