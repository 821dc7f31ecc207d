"""Removes blobs that no row names: blobs of abandoned attempts, of deleted concepts and of deleted generations."""

from datetime import timedelta

import structlog

from app.core.database import utc_now
from app.jobs import queries as jobs
from app.retention import queries
from worker.context import WorkerContext

log = structlog.get_logger(__name__)


def remove_orphans(context: WorkerContext) -> int:
    """Delete every blob without a row that is older than `orphan_seconds`. No transaction can still add its row.

    Also deletes the partial files of dead writers, which no listing shows, and the preview events of generations whose
    worker died. Returns how many blobs and partial files were removed.
    """
    before = utc_now() - timedelta(seconds=context.settings.orphan_seconds)
    unfinished = context.storage.remove_unfinished(before)
    with context.database.transaction() as session:
        jobs.remove_previews_of_ended(session)
    old = {blob.key for blob in context.storage.list("") if blob.modified_at < before}
    with context.database.reading() as session:
        orphans = old - set(queries.blob_keys(session))
    for key in orphans:
        context.storage.delete(key)
    if orphans or unfinished:
        log.info("removed orphaned blobs", count=len(orphans), unfinished=unfinished)
    return len(orphans) + unfinished
