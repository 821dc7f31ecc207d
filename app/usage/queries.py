"""All SQL about the usage of teams."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Picture, Version
from app.generation.models import Generation, GenerationUpload, Image
from app.usage.models import DayOfUse, UsageCounter


def gpu_seconds(session: Session, team_id: str, since: str) -> dict[str, float]:
    """GPU seconds by day (UTC), from the day `since` on, in order."""
    query = select(DayOfUse.day, DayOfUse.gpu_seconds).where(DayOfUse.team_id == team_id, DayOfUse.day >= since)
    return {day: seconds for day, seconds in session.execute(query.order_by(DayOfUse.day))}


def stored_bytes(session: Session, team_id: str) -> int:
    """Bytes of the team's drawings, previews, report drawings, training pictures and initial pictures of generations.

    Deleted pictures do not count.
    """
    drawn = (
        select(func.sum(Image.bytes))
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id, Generation.deleted_at.is_(None))
    )
    previews = (
        select(func.sum(Image.bytes))
        .join(Version, and_(Version.job_id == Image.job_id, Image.generation_id.is_(None)))
        .join(Concept, Concept.id == Version.concept_id)
        .where(Image.team_id == team_id, Concept.deleted_at.is_(None))
    )
    training_pictures = (
        select(func.sum(Picture.bytes))
        .join(Version, Version.id == Picture.version_id)
        .join(Concept, Concept.id == Version.concept_id)
        .where(Picture.team_id == team_id, Concept.deleted_at.is_(None))
    )
    init_images = (
        select(func.sum(GenerationUpload.bytes))
        .join(Generation, Generation.id == GenerationUpload.generation_id)
        .where(GenerationUpload.team_id == team_id, Generation.deleted_at.is_(None))
    )
    reports = (
        select(func.sum(Version.report_bytes))
        .join(Concept, Concept.id == Version.concept_id)
        .where(Version.team_id == team_id, Concept.deleted_at.is_(None))
    )
    queries = (drawn, previews, training_pictures, init_images, reports)
    return sum(int(session.execute(query).scalar_one() or 0) for query in queries)


def usage_counters(session: Session) -> Sequence[UsageCounter]:
    """Ended jobs of all teams by kind, state and reason."""
    query = select(UsageCounter).order_by(UsageCounter.kind, UsageCounter.state, UsageCounter.reason)
    return session.scalars(query).all()
