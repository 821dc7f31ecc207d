"""All SQL of generations and their pictures. Every query is scoped to a team."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Version
from app.generation.models import Generation, GenerationConcept, GenerationUpload, Image


def by_id(session: Session, team_id: str, generation_id: str) -> Generation | None:
    """One generation of the team."""
    query = select(Generation).where(
        Generation.team_id == team_id, Generation.id == generation_id, Generation.deleted_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def by_job(session: Session, team_id: str, job_id: str) -> Generation | None:
    """The generation that a job draws."""
    query = select(Generation).where(
        Generation.team_id == team_id, Generation.job_id == job_id, Generation.deleted_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def page(
    session: Session, team_id: str, *, concept: str | None, before: str | None, limit: int
) -> Sequence[Generation]:
    """The team's generations, newest first, `limit` at most, older than the id `before`; those with a concept."""
    query = select(Generation).where(Generation.team_id == team_id, Generation.deleted_at.is_(None))
    if concept is not None:
        query = (
            query.join(GenerationConcept, GenerationConcept.generation_id == Generation.id)
            .join(Concept, Concept.id == GenerationConcept.concept_id)
            .where(GenerationConcept.concept_id == concept, Concept.deleted_at.is_(None))
        )
    if before is not None:
        query = query.where(Generation.id < before)
    return session.scalars(query.order_by(Generation.id.desc()).limit(limit)).all()


def images_drawn(session: Session, team_id: str, generation_id: str) -> Sequence[Image]:
    """Every picture that a generation has, also those in the bin: a worker draws none of them again."""
    query = select(Image).where(Image.team_id == team_id, Image.generation_id == generation_id)
    return session.scalars(query.order_by(Image.position)).all()


def grids(session: Session, team_id: str, *, before: str | None, limit: int) -> Sequence[Generation]:
    """The team's grids, newest first, `limit` at most, older than the id `before`."""
    query = select(Generation).where(Generation.team_id == team_id, Generation.deleted_at.is_(None))
    query = query.where(Generation.grid.is_not(None))
    if before is not None:
        query = query.where(Generation.id < before)
    return session.scalars(query.order_by(Generation.id.desc()).limit(limit)).all()


def move_images(session: Session, team_id: str, generation_id: str, job_id: str) -> None:
    """Write that another job owns the pictures of a generation, so that they go with it and not with the one before."""
    session.execute(
        update(Image).where(Image.team_id == team_id, Image.generation_id == generation_id).values(job_id=job_id),
        execution_options={"synchronize_session": False},
    )


def images(
    session: Session, team_id: str, generation_ids: Collection[str], first: Mapping[str, int] | None = None
) -> Sequence[Image]:
    """The pictures of these generations without the ones in the bin, in order; of those in `first`, as many as it
    says."""
    query = select(Image).where(Image.team_id == team_id, Image.generation_id.in_(generation_ids))
    query = query.where(Image.deleted_at.is_(None))
    if first:
        query = query.where(or_(Image.generation_id.not_in(first), Image.position < max(first.values())))
    return session.scalars(query.order_by(Image.position)).all()


def image(session: Session, team_id: str, image_id: str) -> Image | None:
    """One drawn picture of the team: of a generation, or a preview of a concept, unless that was deleted."""
    query = (
        select(Image)
        .outerjoin(Generation, Generation.id == Image.generation_id)
        .outerjoin(Version, and_(Version.job_id == Image.job_id, Image.generation_id.is_(None)))
        .outerjoin(Concept, Concept.id == Version.concept_id)
        .where(Image.team_id == team_id, Image.id == image_id, Image.deleted_at.is_(None))
        .where(Generation.deleted_at.is_(None), Concept.deleted_at.is_(None))
        .where(or_(Generation.id.is_not(None), Concept.id.is_not(None)))
    )
    return session.scalars(query).one_or_none()


def previews_shown(session: Session, team_id: str, job_ids: Collection[str]) -> Sequence[Row[str, str, int]]:
    """Three columns of the previews that these training jobs drew, by step: (job id, image id, step)."""
    query = select(Image.job_id, Image.id, Image.position)
    query = query.where(Image.team_id == team_id, Image.job_id.in_(job_ids), Image.generation_id.is_(None))
    return session.execute(query.order_by(Image.position)).all()


def upload(session: Session, team_id: str, upload_id: str) -> GenerationUpload | None:
    """A picture that the team sent for a generation, unless that was deleted."""
    query = (
        select(GenerationUpload)
        .join(Generation, Generation.id == GenerationUpload.generation_id)
        .where(GenerationUpload.team_id == team_id, GenerationUpload.id == upload_id, Generation.deleted_at.is_(None))
    )
    return session.scalars(query).one_or_none()


def add_generated(session: Session, team_id: str, image: Image) -> bool:
    """Add a picture of a generation, in place of the one at the same position that an earlier attempt drew.

    Returns False if this very picture is there already.
    """
    query = select(Image).where(Image.team_id == team_id, Image.generation_id == image.generation_id)
    earlier = session.scalars(query.where(Image.position == image.position)).all()
    if any(each.id == image.id for each in earlier):
        return False
    for each in earlier:
        session.delete(each)
    session.add(image)
    return True


def add_preview(session: Session, team_id: str, image: Image) -> bool:
    """Add a picture that a job drew of its concept. Returns False if it is there already."""
    query = select(Image.id).where(Image.team_id == team_id, Image.id == image.id)
    if session.execute(query).one_or_none() is not None:
        return False
    session.add(image)
    session.flush()
    return True
