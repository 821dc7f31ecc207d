"""All SQL of the bin: deleted concepts and generations that can still be restored, and their removal for good."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, exists, literal, or_, select, union_all, update
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Picture, Version
from app.contracts.jobs import FINAL
from app.core.database import UtcDateTime
from app.generation.models import Generation, Image
from app.jobs.models import Job, JobEvent

LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Binned:
    """A row of the bin. `label` is a concept's placeholder or a generation's prompt."""

    kind: str
    id: str
    label: str
    owner_id: str
    created_at: datetime
    deleted_at: datetime
    deleted_by: str


def page(session: Session, team_id: str, *, before: tuple[datetime, str] | None, limit: int) -> Sequence[Binned]:
    """At most `limit` things in the team's bin, last deleted first; with `before`, only those after that row."""
    concepts = select(
        literal("concept").label("kind"),
        Concept.id,
        Concept.placeholder.label("label"),
        Concept.owner_id,
        Concept.created_at,
        Concept.deleted_at,
        Concept.deleted_by,
        Concept.team_id,
    ).where(Concept.team_id == team_id, Concept.deleted_at.is_not(None), Concept.deleted_by.is_not(None))
    drawings = select(
        literal("generation"),
        Generation.id,
        Generation.prompt,
        Generation.user_id,
        Generation.created_at,
        Generation.deleted_at,
        Generation.deleted_by,
        Generation.team_id,
    ).where(Generation.team_id == team_id, Generation.deleted_at.is_not(None), Generation.deleted_by.is_not(None))
    rows = union_all(concepts, drawings).subquery().c
    columns = [column for column in rows if column.name != "team_id"]
    query = select(*columns).where(rows.team_id == team_id).order_by(rows.deleted_at.desc(), rows.id.desc())
    if before is not None:
        moment = literal(before[0], UtcDateTime())
        query = query.where(or_(rows.deleted_at < moment, and_(rows.deleted_at == moment, rows.id < before[1])))
    return [Binned(*row) for row in session.execute(query.limit(limit))]


def concept(session: Session, team_id: str, concept_id: str) -> Concept | None:
    """One concept in the team's bin."""
    query = select(Concept).where(
        Concept.team_id == team_id,
        Concept.id == concept_id,
        Concept.deleted_at.is_not(None),
        Concept.deleted_by.is_not(None),
    )
    return session.scalars(query).one_or_none()


def generation(session: Session, team_id: str, generation_id: str) -> Generation | None:
    """One generation in the team's bin."""
    query = select(Generation).where(
        Generation.team_id == team_id,
        Generation.id == generation_id,
        Generation.deleted_at.is_not(None),
        Generation.deleted_by.is_not(None),
    )
    return session.scalars(query).one_or_none()


def expired_concepts(session: Session, before: datetime, limit: int) -> Sequence[tuple[str, str, str]]:
    """Team id, id and placeholder of up to `limit` concepts that were deleted before a moment."""
    query = select(Concept.team_id, Concept.id, Concept.placeholder).where(Concept.deleted_at < before).limit(limit)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def expired_generations(session: Session, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """Team id and id of up to `limit` generations that were deleted before a moment and whose jobs have ended."""
    ended = exists().where(Job.id == Generation.job_id, Job.state.not_in(FINAL))
    query = select(Generation.team_id, Generation.id).where(Generation.deleted_at < before, ~ended).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def remove_concept(session: Session, team_id: str, concept_id: str) -> set[str]:
    """Remove a concept for good: its versions, pictures, previews and ended jobs. Returns the pictures' blob keys.

    The row of a job that still runs stays: its worker notices the cancellation, and `remove_jobs` removes the row.
    """
    jobs = select(Job.id).where(Job.team_id == team_id, Job.concept_id == concept_id)
    pictures = select(Picture.key, Picture.mask_key).join(Version, Version.id == Picture.version_id)
    found = session.execute(pictures.where(Picture.team_id == team_id, Version.concept_id == concept_id)).all()
    previews = delete(Image).where(Image.team_id == team_id, Image.generation_id.is_(None), Image.job_id.in_(jobs))
    session.execute(previews.execution_options(synchronize_session=False))
    # Versions, pictures, search terms and the links of generations go with the concept's row.
    gone = delete(Concept).where(Concept.team_id == team_id, Concept.id == concept_id)
    session.execute(gone.execution_options(synchronize_session=False))
    ended = session.scalars(jobs.where(Job.state.in_(FINAL))).all()
    _remove_jobs(session, ended)
    return {key for row in found for key in row if key is not None}


def remove_generations(session: Session, team_id: str, generation_ids: Collection[str]) -> None:
    """Remove generations for good, with their pictures and ended jobs.

    A generation whose job still runs is out of reach at once, and removed by the sweep when the job has ended: the
    worker may be writing a picture of it.
    """
    running = select(Job.id).where(Job.team_id == team_id, Job.state.not_in(FINAL))
    session.execute(
        update(Generation)
        .where(Generation.team_id == team_id, Generation.id.in_(generation_ids), Generation.job_id.in_(running))
        .values(deleted_at=LONG_AGO, deleted_by=None)
        .execution_options(synchronize_session=False)
    )
    query = select(Generation.id, Generation.job_id).where(Generation.job_id.not_in(running))
    ended = session.execute(query.where(Generation.team_id == team_id, Generation.id.in_(generation_ids))).all()
    gone = delete(Generation).where(Generation.team_id == team_id, Generation.id.in_([row[0] for row in ended]))
    session.execute(gone.execution_options(synchronize_session=False))
    _remove_jobs(session, [row[1] for row in ended])


def remove_jobs(session: Session, limit: int) -> int:
    """Remove up to `limit` ended jobs about concepts or generations that were removed for good."""
    concept_gone = and_(Job.concept_id.is_not(None), ~exists().where(Concept.id == Job.concept_id))
    generation_gone = and_(Job.generation_id.is_not(None), ~exists().where(Generation.job_id == Job.id))
    query = select(Job.id).where(Job.state.in_(FINAL), or_(concept_gone, generation_gone)).limit(limit)
    job_ids = session.scalars(query).all()
    _remove_jobs(session, job_ids)
    return len(job_ids)


def _remove_jobs(session: Session, job_ids: Collection[str]) -> None:
    for table, column in ((Image, Image.job_id), (JobEvent, JobEvent.job_id), (Job, Job.id)):
        session.execute(delete(table).where(column.in_(job_ids)).execution_options(synchronize_session=False))
