"""Tables of boards: named collections of drawn pictures that a team shares."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.concepts.models import IN_BIN
from app.core.database import Base, new_id, utc_now

NAME_MAX = 80


class Board(Base):
    """A named collection of a team's pictures."""

    __tablename__ = "boards"
    __table_args__ = (
        Index("ix_boards_team_id", "team_id", "id"),
        Index("ix_boards_deleted_at", "deleted_at", sqlite_where=text(IN_BIN), postgresql_where=text(IN_BIN)),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]  # in the bin since then
    deleted_by: Mapped[str | None] = mapped_column(String(26))


class BoardImage(Base):
    """A picture on a board. A picture may be on several."""

    __tablename__ = "board_images"

    board_id: Mapped[str] = mapped_column(ForeignKey("boards.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True, index=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
