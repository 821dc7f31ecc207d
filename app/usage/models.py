"""Table of what teams have used."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base


class DayOfUse(Base):
    """GPU seconds of one team on one day (UTC). Stays when the jobs themselves are gone."""

    __tablename__ = "days_of_use"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # 2026-11-25
    gpu_seconds: Mapped[float] = mapped_column(default=0.0)
