"""All SQL about the usage of teams."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Picture, Version
from app.generation.models import Generation, GenerationUpload, Image
from app.uploads.models import StoredUpload
from app.usage.models import DayOfUse, UsageCounter


def gpu_seconds(session: Session, team_id: str, since: str) -> dict[str, float]:
    """GPU seconds by day (UTC), from the day `since` on, in order."""
    query = select(DayOfUse.day, DayOfUse.gpu_seconds).where(DayOfUse.team_id == team_id, DayOfUse.day >= since)
    return {day: seconds for day, seconds in session.execute(query.order_by(DayOfUse.day))}


def stored_bytes(session: Session, team_id: str) -> tuple[int, int]:
    """Bytes of the team's drawings, previews, report drawings, training pictures, initial pictures of generations, and
    uploads for later use.

    Two sums: of everything, and of what is in the bin. What is in the bin counts, since it is still stored.
    """
    drawn = (
        select(*_sums(Image.bytes, func.coalesce(Image.deleted_at, Generation.deleted_at)))
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id)
    )
    previews = (
        select(*_sums(Image.bytes, Concept.deleted_at))
        .join(Version, and_(Version.job_id == Image.job_id, Image.generation_id.is_(None)))
        .join(Concept, Concept.id == Version.concept_id)
        .where(Image.team_id == team_id)
    )
    training_pictures = (
        select(*_sums(Picture.bytes, Concept.deleted_at))
        .join(Version, Version.id == Picture.version_id)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Picture.team_id == team_id)
    )
    init_images = (
        select(*_sums(GenerationUpload.bytes, Generation.deleted_at))
        .join(Generation, Generation.id == GenerationUpload.generation_id)
        .where(GenerationUpload.team_id == team_id)
    )
    reports = (
        select(*_sums(Version.report_bytes, Concept.deleted_at))
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.team_id == team_id)
    )
    uploads = select(func.sum(StoredUpload.bytes), literal(0)).where(StoredUpload.team_id == team_id)
    every = (drawn, previews, training_pictures, init_images, reports, uploads)
    rows = [session.execute(query).one() for query in every]
    return sum(int(row[0] or 0) for row in rows), sum(int(row[1] or 0) for row in rows)


def _sums(size: Any, deleted_at: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The sum of a column over all rows, and over those in the bin."""
    return func.sum(size), func.sum(size).filter(deleted_at.is_not(None))


def usage_counters(session: Session) -> Sequence[UsageCounter]:
    """Ended jobs of all teams by kind, state and reason."""
    query = select(UsageCounter).order_by(UsageCounter.kind, UsageCounter.state, UsageCounter.reason)
    return session.scalars(query).all()
