"""Tables of GPU seconds by team and day, and of ended jobs. Their rows stay when the jobs are removed."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class DayOfUse(Base):
    """GPU seconds of one team on one day (UTC)."""

    __tablename__ = "days_of_use"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # 2026-11-25
    gpu_seconds: Mapped[float] = mapped_column(default=0.0)


class UsageCounter(Base):
    """Ended jobs of all teams since the studio was set up, by kind, final state and kind of problem."""

    __tablename__ = "usage_counters"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), primary_key=True)
    reason: Mapped[str] = mapped_column(String(60), primary_key=True)  # the problem's code of a failed job, or ""
    jobs: Mapped[int] = mapped_column(BigInteger, default=0)
    units: Mapped[float] = mapped_column(default=0.0)
    gpu_seconds: Mapped[float] = mapped_column(default=0.0)
