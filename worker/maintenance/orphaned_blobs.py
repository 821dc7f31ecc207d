"""Removes blobs that no row refers to: what a dead attempt, a deleted concept or a broken upload left behind."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from app.concepts.models import Concept, Picture, Version
from app.contracts.jobs import ACTIVE
from app.core.database import utc_now
from app.generation.models import Generation, GenerationUpload, Image
from app.jobs.models import Job, JobEvent
from worker.context import WorkerContext

log = structlog.get_logger(__name__)

_DRAWN = select(Job.id).where(Job.kind == "generation", Job.state.not_in(ACTIVE))


def remove_orphans(context: WorkerContext) -> int:
    """Delete every unreferenced blob that is old enough that no transaction can still be about to name it.

    Also what a writer that died left half-written, which no listing shows, and the glimpses of drawings that ended
    without a word of their worker. Returns how many blobs were removed.
    """
    before = utc_now() - timedelta(seconds=context.settings.orphan_seconds)
    unfinished = context.storage.remove_unfinished(before)
    with context.database.transaction() as session:
        session.execute(delete(JobEvent).where(JobEvent.type == "preview", JobEvent.job_id.in_(_DRAWN)))
    old = {blob.key for blob in context.storage.list("") if blob.modified_at < before}
    with context.database.reading() as session:
        orphans = old - set(referenced(session))
    for key in orphans:
        context.storage.delete(key)
    if orphans or unfinished:
        log.info("removed orphaned blobs", count=len(orphans), unfinished=unfinished)
    return len(orphans) + unfinished


def referenced(session: Session) -> Iterator[str]:
    """The key of every blob that a row names. A row of something deleted names nothing any more."""
    alive = Concept.deleted_at.is_(None)
    of_concept = Concept.id == Version.concept_id
    pictures = select(Picture.key, Picture.mask_key).join(Version, Version.id == Picture.version_id)
    for keys in session.execute(pictures.join(Concept, of_concept).where(alive)):
        yield from (key for key in keys if key is not None)
    images = (
        select(Image.key)
        .outerjoin(Generation, Generation.id == Image.generation_id)
        .outerjoin(Version, and_(Version.job_id == Image.job_id, Image.generation_id.is_(None)))
        .outerjoin(Concept, of_concept)
    )
    yield from session.scalars(images.where(Generation.deleted_at.is_(None), alive))
    sent = select(GenerationUpload.key).join(Generation, Generation.id == GenerationUpload.generation_id)
    yield from session.scalars(sent.where(Generation.deleted_at.is_(None)))
    for files, report in session.execute(select(Version.files, Version.report).join(Concept, of_concept).where(alive)):
        yield from (file["key"] for file in files.values())
        if report is not None:
            yield from (drawing["key"] for drawing in report["drawings"])
            yield from (checkpoint["oneword"]["key"] for checkpoint in report["checkpoints"])
    active = session.execute(select(Job.checkpoint_key, Job.spec).where(Job.state.in_(ACTIVE)))
    for checkpoint_key, spec in active:
        yield from (key for key in (checkpoint_key, spec.get("init_image_key"), spec.get("mask_key")) if key)
        yield from (file["key"] for file in spec.get("files", ()))
