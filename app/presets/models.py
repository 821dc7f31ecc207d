"""Tables of what a team keeps for its prompts: presets of the drawing form, and lists that prompts take lines from."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base, utc_now


class Preset(Base):
    """Fields of a request to draw, under a name."""

    __tablename__ = "presets"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))  # who saved it last
    fields: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class PromptList(Base):
    """Lines that a prompt takes one of where it writes `__name__`."""

    __tablename__ = "prompt_lists"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))  # who saved it last
    lines: Mapped[list[Any]]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
