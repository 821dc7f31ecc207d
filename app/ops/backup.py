"""`oneword backup FOLDER`: a copy of a studio on one machine, made while it runs.

The copy has the layout of a data folder, so copying it back restores the studio.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from app.core.errors import NotFound, OnewordError
from app.core.private_folder import keep_private
from app.core.settings import Settings
from app.core.storage import Storage, open_storage

DATABASE = "oneword.sqlite3"


class CannotCopy(OnewordError):
    """This command cannot copy the studio; the message says what can."""


def back_up(settings: Settings, folder: Path) -> int:
    """Bring the copy in `folder` up to date. Returns how many blobs were new.

    The database is copied first: each blob that its copy names was stored before, and is removed a day after its row at
    the earliest. The exception is a training's checkpoint, which is removed when the next one is stored; a restored
    training without its checkpoint starts again from step 0.
    """
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() != "sqlite":
        raise CannotCopy(
            "This studio keeps its rows in PostgreSQL: copy them with pg_dump. docs/production.md says how."
        )
    if settings.resolved_storage_url.startswith("s3://"):
        raise CannotCopy(
            "This studio keeps its pictures in S3: copy the bucket with its own tools, after the database."
        )
    keep_private(folder)
    _copy_database(Path(url.database or ""), folder / DATABASE)
    return _mirror(open_storage(settings.resolved_storage_url), folder / "blobs")


def _copy_database(source: Path, target: Path) -> None:
    """A consistent copy, also while other processes write."""
    if not source.is_file():
        raise CannotCopy(f"There is no studio to copy: {source} does not exist. Is ONEWORD_DATA_DIR right?")
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(fresh)) as writing:
        reading.backup(writing)
    fresh.replace(target)


def _mirror(storage: Storage, folder: Path) -> int:
    """Copy the new blobs, and remove those that are gone. Blobs never change. Returns the number of new ones."""
    stored = {blob.key: blob.size for blob in storage.list("")}
    copied = 0
    for key, size in stored.items():
        target = folder / key
        if target.is_file() and target.stat().st_size == size:
            continue
        try:
            content = storage.get(key)
        except NotFound:  # removed after it was listed
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        copied += 1
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in stored:
            path.unlink()
    return copied
