"""Removes blobs that no row refers to: what a dead attempt, a deleted concept or a broken upload left behind."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.concepts.models import Picture, Version
from app.db import utc_now
from app.generation.models import Image
from app.jobs.models import Job
from app.jobs.states import ACTIVE
from worker.studio import Studio

log = structlog.get_logger(__name__)


def remove_orphans(studio: Studio) -> int:
    """Delete every unreferenced blob that is old enough that no transaction can still be about to name it."""
    before = utc_now() - timedelta(seconds=studio.settings.orphan_seconds)
    old = {blob.key for blob in studio.storage.list("") if blob.modified_at < before}
    with studio.database.reading() as session:
        orphans = old - set(_referenced(session))
    for key in orphans:
        studio.storage.delete(key)
    if orphans:
        log.info("removed orphaned blobs", count=len(orphans))
    return len(orphans)


def _referenced(session: Session) -> Iterator[str]:
    yield from session.scalars(select(Picture.key))
    yield from session.scalars(select(Image.key))
    for files in session.scalars(select(Version.files)):
        yield from (file["key"] for file in files.values())
    active = session.execute(select(Job.checkpoint_key, Job.spec).where(Job.state.in_(ACTIVE)))
    for checkpoint_key, spec in active:
        yield from (key for key in (checkpoint_key, spec.get("init_image_key"), spec.get("mask_key")) if key)
