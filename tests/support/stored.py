"""What a studio holds: rows of its tables, and blobs."""

from sqlalchemy import func, select

from app.rooms import metadata
from app.services import Services


def blobs(services: Services) -> set[str]:
    return {blob.key for blob in services.storage.list("")}


def written(services: Services) -> dict[str, int]:
    """Rows of every table, and blobs."""
    with services.database.reading() as session:
        counts = {
            t.name: session.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables
        }
    return {**counts, "blobs": len(list(services.storage.list("")))}
