"""The endpoints of pictures for later use. `GET /api/uploads/{upload_id}` is among those of generations."""

from typing import Annotated

from fastapi import APIRouter, File, UploadFile, status

from app.pictures.cleaning import UploadedFile
from app.uploads import service
from app.uploads.models import StoredUpload
from app.uploads.schemas import UploadOut
from app.usage.service import check_storage
from app.web.dependencies import ServicesOf, UnitOfWork
from app.web.json_forms import FormOrJson
from app.web.sign_in import MayDrawOrTeach

router = APIRouter(prefix="/api/uploads", tags=["uploads"], route_class=FormOrJson)


@router.post("", status_code=status.HTTP_201_CREATED, form_limits={"max_files": 1})
def create_upload(
    principal: MayDrawOrTeach,
    services: ServicesOf,
    image: Annotated[UploadFile, File(description="JPEG, PNG or WebP.")],
) -> UploadOut:
    """Keep a picture for later requests, which name it as `{"upload_id": …}`: to teach, to check pictures, to draw
    from it. It counts as the team's, and goes `ONEWORD_UPLOAD_HOURS` after a request named it last."""
    with services.database.reading() as session:
        check_storage(session, principal.team_id, services.settings)
    upload = UploadedFile(image.filename or "", image.file.read())
    return _describe(service.store(services, principal, upload))


@router.delete("/{upload_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_upload(upload_id: str, principal: MayDrawOrTeach, services: ServicesOf, session: UnitOfWork) -> None:
    """Remove a picture that was sent for later use. Its sender may, and administrators. What was made with it stays."""
    service.delete(session, services.storage, principal, upload_id)


def _describe(upload: StoredUpload) -> UploadOut:
    return UploadOut(
        id=upload.id,
        url=f"/api/uploads/{upload.id}",
        name=upload.name,
        width=upload.width,
        height=upload.height,
        bytes=upload.bytes,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
    )
