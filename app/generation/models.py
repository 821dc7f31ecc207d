"""Tables of what was drawn."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.concepts.models import IN_BIN
from app.core.database import Base, new_id, utc_now

JSON_OR_NULL: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Generation(Base):
    """One request to draw."""

    __tablename__ = "generations"
    __table_args__ = (
        Index("ix_generations_team_id", "team_id", "id"),
        Index("ix_generations_deleted_at", "deleted_at", sqlite_where=text(IN_BIN), postgresql_where=text(IN_BIN)),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    job_id: Mapped[str] = mapped_column(String(26), index=True)
    prompt: Mapped[str] = mapped_column(Text)
    recipe: Mapped[dict[str, Any]]
    count: Mapped[int]
    # Title and axes of a grid, whose cells are the pictures; see app.grids. NULL for other generations.
    grid: Mapped[dict[str, Any] | None] = mapped_column(JSON_OR_NULL)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]  # in the bin since then
    deleted_by: Mapped[str | None] = mapped_column(String(26))


class GenerationUpload(Base):
    """A picture that somebody sent for one generation to start from, or its mask. Goes with that generation."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    generation_id: Mapped[str] = mapped_column(ForeignKey("generations.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(10))  # init_image | mask
    key: Mapped[str] = mapped_column(String(200), index=True)
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class GenerationConcept(Base):
    """A concept in a drawing."""

    __tablename__ = "generation_concepts"

    concept_id: Mapped[str] = mapped_column(ForeignKey("concepts.id", ondelete="CASCADE"), primary_key=True)
    generation_id: Mapped[str] = mapped_column(
        ForeignKey("generations.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))


class GenerationTerm(Base):
    """A search term of a generation's prompt. `app.generation.search_terms` writes the rows."""

    __tablename__ = "generation_terms"
    __table_args__ = (Index("ix_generation_terms_team_id", "team_id", "term"),)

    generation_id: Mapped[str] = mapped_column(ForeignKey("generations.id", ondelete="CASCADE"), primary_key=True)
    term: Mapped[str] = mapped_column(String(64), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))


class Image(Base):
    """A drawn picture: of a generation, or a preview that a training drew (then `generation_id` is None)."""

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_created_at", "created_at"),
        Index("ix_images_deleted_at", "deleted_at", sqlite_where=text(IN_BIN), postgresql_where=text(IN_BIN)),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[str] = mapped_column(String(26), index=True)
    generation_id: Mapped[str | None] = mapped_column(ForeignKey("generations.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]  # of a preview: the step it was drawn at
    key: Mapped[str] = mapped_column(String(200), index=True)
    seed: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    kept_at: Mapped[datetime | None]  # somebody wants it kept when old pictures are removed
    recipe: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]  # in the bin since then, by itself; its generation may be in the bin too
    deleted_by: Mapped[str | None] = mapped_column(String(26))
