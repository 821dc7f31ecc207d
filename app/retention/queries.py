"""All SQL about keeping and removing rows. Removal serves every team; what a person asks for is within a team."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Delete, Select, delete, exists, or_, select
from sqlalchemy.orm import Session
from ulid import ULID

from app.bin.queries import remove_jobs_of
from app.concepts.models import Picture, Version
from app.contracts.jobs import ACTIVE, FINAL
from app.core.database import rows_changed
from app.core.idempotency import Submission
from app.gallery.models import BoardImage
from app.generation.models import Generation, GenerationUpload, Image
from app.jobs.models import Job, JobEvent
from app.uploads.models import StoredUpload

BATCH = 500  # rows of one transaction, so that it is short


def drawn(session: Session, team_id: str, image_id: str) -> Image | None:
    """A drawn picture of the team that is not deleted."""
    query = (
        select(Image)
        .join(Generation, Generation.id == Image.generation_id)
        .where(Image.team_id == team_id, Image.id == image_id)
        .where(Image.deleted_at.is_(None), Generation.deleted_at.is_(None))
    )
    return session.scalars(query).one_or_none()


def pictures(session: Session, team_id: str, concept_id: str) -> Sequence[Picture]:
    """The training pictures of every version of a concept."""
    query = select(Picture).join(Version, Version.id == Picture.version_id)
    return session.scalars(query.where(Picture.team_id == team_id, Version.concept_id == concept_id)).all()


def remove_drawings(session: Session, before: datetime) -> int:
    """Remove up to BATCH drawings made before a moment, except the pictures that a person keeps or has put on a board.

    A generation is removed with its last picture. Returns how many generations were looked at.
    """
    wanted = or_(Image.kept_at.is_not(None), exists().where(BoardImage.image_id == Image.id))
    unkept = exists().where(Image.generation_id == Generation.id, ~wanted)
    kept = exists().where(Image.generation_id == Generation.id, wanted)
    old = _ended().where(Generation.id < _first_id(before), or_(unkept, ~kept))
    found = session.execute(old.order_by(Generation.id).limit(BATCH)).all()
    generation_ids = [row[0] for row in found]
    session.execute(
        delete(Image)
        .where(Image.generation_id.in_(generation_ids), ~wanted)
        .execution_options(synchronize_session=False)
    )
    empty = select(Generation.id, Generation.job_id).where(Generation.id.in_(generation_ids), ~kept)
    _forget(session, [(row[0], row[1]) for row in session.execute(empty)])
    return len(found)


def remove_progress(session: Session, before: datetime) -> int:
    """Remove progress and warnings of jobs that are older than a moment. States, previews and images stay."""
    old = select(JobEvent.id).where(JobEvent.created_at < before, JobEvent.type.in_(("progress", "warning")))
    return _removed(session, delete(JobEvent).where(JobEvent.id.in_(old.limit(10 * BATCH))))


def remove_keys(session: Session, before: datetime) -> int:
    """Remove idempotency keys that were used before a moment."""
    return _removed(session, delete(Submission).where(Submission.created_at < before))


def _ended() -> Select[str, str]:
    return select(Generation.id, Generation.job_id).join(Job, Job.id == Generation.job_id).where(Job.state.in_(FINAL))


def _forget(session: Session, drawings: Sequence[tuple[str, str]]) -> None:
    """Remove generations, their pictures, and the jobs that drew them with all their events."""
    session.execute(delete(Generation).where(Generation.id.in_([each[0] for each in drawings])))
    remove_jobs_of(session, [each[1] for each in drawings])


def _first_id(moment: datetime) -> str:
    """A bound on ids, which are in the order of time: every id made before the moment is smaller."""
    return str(ULID.from_datetime(moment))[:10].lower()


def _removed(session: Session, statement: Delete) -> int:
    return rows_changed(session.execute(statement.execution_options(synchronize_session=False)))


def blob_keys(session: Session) -> Iterator[str]:
    """The key of every blob that a row names, of all teams. What is in the bin keeps its blobs."""
    for keys in session.execute(select(Picture.key, Picture.mask_key)):
        yield from (key for key in keys if key is not None)
    yield from session.scalars(select(Image.key))
    yield from session.scalars(select(GenerationUpload.key))
    yield from session.scalars(select(StoredUpload.key))
    for files, report in session.execute(select(Version.files, Version.report)):
        yield from (file["key"] for file in files.values())
        if report is not None:
            yield from (drawing["key"] for drawing in report["drawings"])
            yield from (checkpoint["oneword"]["key"] for checkpoint in report["checkpoints"])
    active = session.execute(select(Job.checkpoint_key, Job.spec).where(Job.state.in_(ACTIVE)))
    for checkpoint_key, spec in active:
        yield from (key for key in (checkpoint_key, spec.get("init_image_key"), spec.get("mask_key")) if key)
        yield from (file["key"] for file in spec.get("files", ()))
