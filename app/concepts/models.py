"""Tables of the library: concepts, their versions, and their training pictures."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.core.database import Base, new_id, utc_now

IN_BIN = "deleted_at IS NOT NULL"
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Concept(Base):
    """A concept that the team has trained or imported, or is about to."""

    __tablename__ = "concepts"
    __table_args__ = (
        Index(
            "uq_concepts_team_placeholder",
            "team_id",
            "placeholder",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_concepts_team_id", "team_id", "id"),
        Index("ix_concepts_team_name", "team_id", "sort_name", "id"),
        Index("ix_concepts_deleted_at", "deleted_at", sqlite_where=text(IN_BIN), postgresql_where=text(IN_BIN)),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100))
    # `app.concepts.search_terms` keeps it: the name in lower case, compared byte by byte as on every database.
    sort_name: Mapped[str] = mapped_column(
        String(200).with_variant(String(200, collation="C"), "postgresql"), default="", server_default=""
    )
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)
    placeholder: Mapped[str] = mapped_column(String(64))
    initializer: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))  # object | style
    base_model: Mapped[str] = mapped_column(String(200))
    family: Mapped[str] = mapped_column(String(20))
    current_version: Mapped[int | None]  # number of the version that `<placeholder>` means; None until one is ready
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    deleted_at: Mapped[datetime | None]  # in the bin since then
    deleted_by: Mapped[str | None] = mapped_column(String(26))  # None: not by a person, so it cannot be restored


class Version(Base):
    """The result of one training or import of a concept. A version never changes once it is ready."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("concept_id", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    concept_id: Mapped[str] = mapped_column(ForeignKey("concepts.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="training")  # training | ready | failed | cancelled
    job_id: Mapped[str | None] = mapped_column(String(26), index=True)
    base_model: Mapped[str] = mapped_column(String(200))
    base_model_hash: Mapped[str | None] = mapped_column(String(64))
    initializer: Mapped[str] = mapped_column(String(200))
    vectors: Mapped[int]
    steps: Mapped[int | None]
    evaluation: Mapped[float | None]  # loss of the kept rows on the fixed validation batch
    seconds: Mapped[float | None]
    # format -> {key, bytes, sha256, widths}; drawing reads the format "oneword"
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sample_image_id: Mapped[str | None] = mapped_column(String(26))
    # None for a trained version; {imported_from, imported_as, note} of an import; {version, step, drawing} of a
    # checkpoint
    origin: Mapped[dict[str, Any] | None]
    # Written by `worker.handlers.report_files`. Deferred: a page of the library does not need these few KB.
    report: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull, deferred=True)
    has_report: Mapped[bool] = column_property(report.is_not(None))
    # Of the report's drawings; 0 for a version made of a checkpoint, whose report shares them.
    report_bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    # Likeness times editability of what was kept, from its report; None without one, or without a scorer.
    score: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]

    @property
    def report_is_complete(self) -> bool:
        """Whether there is a report that did not fail. Loads the deferred `report`."""
        return self.report is not None and not self.report.get("failed")

    def set_report(self, report: dict[str, Any] | None) -> None:
        """Store a report, the score of the checkpoint that it chose, and the number of bytes of its drawings."""
        self.report = report
        self.score = score_of(report)
        self.report_bytes = sum(drawing["bytes"] for drawing in (report or {}).get("drawings", ()))


def score_of(report: dict[str, Any] | None) -> float | None:
    """Likeness times editability of the checkpoint that a report chose, or None where it has no scores."""
    if report is None:
        return None
    for each in report.get("checkpoints", ()):
        if each["step"] == report["chosen"] and each.get("likeness") is not None:
            return float(each["likeness"] * each["editability"])
    return None


class Picture(Base):
    """A clean picture that a version is trained on."""

    __tablename__ = "pictures"
    __table_args__ = (UniqueConstraint("version_id", "position"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(200), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    # A grey picture of the same size, white where training looks; None: training looks at the whole picture.
    mask_key: Mapped[str | None] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(default=0, server_default="0")
    # What it shows beside the concept, which the concept does not learn. `{}` in it stands for the concept.
    caption: Mapped[str] = mapped_column(Text, default="", server_default="")

    def copy(self) -> "Picture":
        """A row for another version that shares this one's blobs. The shared bytes are counted once, here."""
        same = ("team_id", "position", "key", "sha256", "media_type", "width", "height", "mask_key", "caption")
        return Picture(**{name: getattr(self, name) for name in same})


class SearchTerm(Base):
    """A term that finds a concept; a tag is stored as `#tag`. `app.concepts.search_terms` keeps the rows up to date."""

    __tablename__ = "search_terms"
    __table_args__ = (Index("ix_search_terms_team_term", "team_id", "term", "concept_id"),)

    concept_id: Mapped[str] = mapped_column(ForeignKey("concepts.id", ondelete="CASCADE"), primary_key=True)
    # Compared byte by byte, so that a prefix is a range on every database.
    term: Mapped[str] = mapped_column(
        String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True
    )
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
