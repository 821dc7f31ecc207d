"""Pictures for later use: stored once, and named by `upload_id` in any number of requests until they expire.

An upload is kept as clean pixels with their transparency, so that a request that names it reads the same picture as one
that brings it along: training takes the transparent area as a mask, a drawing puts the picture on white.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts.permission import require_owner
from app.accounts.principal import Principal
from app.core.database import after_commit, new_id, utc_now
from app.core.errors import InvalidInput, NotFound
from app.core.settings import Settings
from app.core.storage import Storage, savepoint
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.services import Services
from app.uploads import queries
from app.uploads.models import StoredUpload


def store(services: Services, principal: Principal, upload: UploadedFile) -> StoredUpload:
    """Clean a picture and keep it. Raises PictureError."""
    picture = services.pictures.decode(upload, decoding.kept_picture, "image")
    key = f"uploads/{new_id()}.png"
    with savepoint(services.storage) as blobs:
        blobs.put(key, picture.content)
        with services.database.transaction() as session:
            row = StoredUpload(
                team_id=principal.team_id,
                user_id=principal.user_id,
                name=upload.name,
                key=key,
                width=picture.stored_width,
                height=picture.stored_height,
                bytes=len(picture.content),
                expires_at=utc_now() + lifetime(services.settings),
            )
            session.add(row)
            blobs.keep()
    return row


def lifetime(settings: Settings) -> timedelta:
    """How long an upload stays after it was sent or used last."""
    return timedelta(hours=settings.upload_hours)


def files(
    services: Services, team_id: str, upload_ids: Collection[str], field: str = "images"
) -> Mapping[str, UploadedFile]:
    """The named uploads of the team as files, by id; they stay longer from now on. Raises InvalidInput about `field`
    for one that is not there."""
    if not upload_ids:
        return {}
    with services.database.transaction() as session:
        found = {row.id: row for row in queries.by_ids(session, team_id, upload_ids, utc_now())}
        for upload_id in upload_ids:
            if upload_id not in found:
                raise InvalidInput(
                    "There is no such upload. It may have expired: an upload that nobody uses goes after "
                    f"{services.settings.upload_hours:g} hours. Send the picture again.",
                    field=field,
                    code="picture-gone",
                )
        queries.prolong(session, team_id, list(found), utc_now() + lifetime(services.settings))
        keys = {row.id: (row.name, row.key) for row in found.values()}
    return {id_: UploadedFile(name, services.storage.get(key)) for id_, (name, key) in keys.items()}


def find(session: Session, team_id: str, upload_id: str) -> StoredUpload | None:
    """One upload of the team."""
    return next(iter(queries.by_ids(session, team_id, [upload_id], utc_now())), None)


def delete(session: Session, storage: Storage, principal: Principal, upload_id: str) -> None:
    """Remove an upload at once. Raises NotFound, or Forbidden for another person's."""
    upload = find(session, principal.team_id, upload_id)
    if upload is None:
        raise NotFound("There is no such upload. It may have expired.")
    require_owner(session, principal, upload.user_id, "This upload")
    key = upload.key
    session.delete(upload)
    session.flush()
    after_commit(session, lambda: storage.delete(key))
