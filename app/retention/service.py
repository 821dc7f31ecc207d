"""Keeping drawn pictures, removing training pictures, and the removal of old rows that keeps a studio from growing.

This module removes rows; the sweep then removes the blobs that no row names any more. Training pictures are personal,
so their blobs are removed at once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.accounts.principal import Principal
from app.audit import queries as audit
from app.audit import service as audit_service
from app.bin import queries as bin_queries
from app.bin import service as bin_service
from app.bin.service import delete_blobs
from app.concepts import queries as concepts
from app.concepts.models import Concept
from app.core.database import Database, after_commit, now, utc_now
from app.core.errors import Conflict, NotFound
from app.core.settings import Settings
from app.core.storage import Storage
from app.generation import service as generations
from app.generation.models import Image
from app.retention import queries
from app.uploads import queries as uploads
from app.webhooks import queries as webhooks
from app.workers import queries as workers

log = structlog.get_logger(__name__)

KEYS_DAYS: Final = 7  # no client repeats a request after a week
DELIVERIES_DAYS: Final = 30


def keep(session: Session, principal: Principal, image_id: str) -> None:
    """Keep a drawn picture for good."""
    image = _drawn(session, principal.team_id, image_id)
    if image.kept_at is None:
        image.kept_at = utc_now()
        audit_service.record(session, principal, "image.kept", image.id)


def let_go(session: Session, principal: Principal, image_id: str) -> None:
    """Treat a drawn picture like the others again. Raises Forbidden for another person's drawing."""
    image = _drawn(session, principal.team_id, image_id)
    generations.get_to_change(session, principal, image.generation_id or "")
    if image.kept_at is not None:
        image.kept_at = None
        audit_service.record(session, principal, "image.let-go", image.id)


def forget_pictures(session: Session, storage: Storage, concept: Concept) -> int:
    """Remove the training pictures of every version of a concept. The concept and its drawings stay.

    Returns how many pictures were removed.
    """
    versions = concepts.versions(session, concept.team_id, [concept.id])
    if any(version.state == "training" for version in versions):
        raise Conflict(
            f"{concept.placeholder} is being taught from its pictures. Wait until that is done, or cancel it first.",
            code="already-training",
        )
    keys: set[str] = set()
    pictures = queries.pictures(session, concept.team_id, concept.id)
    for picture in pictures:
        keys |= {key for key in (picture.key, picture.mask_key) if key is not None}
        session.delete(picture)
    session.flush()
    after_commit(session, lambda: delete_blobs(storage, keys))
    return len({picture.key for picture in pictures})


def tidy(database: Database, settings: Settings) -> None:
    """Remove the rows that are older than the settings allow, a few at a time."""
    with database.reading() as session:
        moment = now(session)
    days = settings.drawings_days
    steps: dict[str, Callable[[Session], int]] = {
        "the bin": lambda session: bin_service.remove_expired(session, settings, moment, queries.BATCH),
        "jobs": lambda session: bin_queries.remove_jobs(session, queries.BATCH),
        "progress": lambda session: queries.remove_progress(session, moment - timedelta(days=settings.progress_days)),
        "uploads": lambda session: uploads.remove_expired(session, moment, queries.BATCH),
        "keys": lambda session: queries.remove_keys(session, moment - timedelta(days=KEYS_DAYS)),
        "deliveries": lambda session: webhooks.remove_before(session, moment - timedelta(days=DELIVERIES_DAYS)),
        "expired credentials": lambda session: accounts.remove_expired(session, moment),
        "stale workers": lambda session: workers.remove_stale_workers(session, moment),
    }
    if days:
        steps["old drawings"] = lambda session: queries.remove_drawings(session, moment - timedelta(days=days))
    if settings.audit_days:
        steps["audit"] = lambda session: audit.remove_before(
            session, moment - timedelta(days=settings.audit_days), queries.BATCH
        )
    for what, step in steps.items():
        removed = 0
        while True:
            with database.transaction() as session:
                count = step(session)
            removed += count
            if count < queries.BATCH:
                break
        if removed:
            log.info("tidied up", what=what, removed=removed)


def _drawn(session: Session, team_id: str, image_id: str) -> Image:
    image = queries.drawn(session, team_id, image_id)
    if image is None:
        raise NotFound("There is no such drawn picture. It may have been deleted.")
    return image
