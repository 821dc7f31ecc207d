"""Pictures as an agent sends them and as it sees them: base64 and ids on the way in, small JPEGs on the way out."""

import base64
import io
from typing import Final

from PIL import Image

from app.accounts.principal import Principal
from app.compat.mcp.schemas import Picture, PictureIn
from app.core.errors import InvalidInput
from app.generation import service as generation
from app.pictures.cleaning import UploadedFile
from app.services import Services
from app.uploads import service as uploads
from app.web.json_uploads import decoded

PREVIEW_SIDE: Final = 512  # pixels; what a model that looks at the picture needs, and a few tens of KB
_QUALITY: Final = 85


def files(services: Services, principal: Principal, pictures: list[Picture], field: str) -> list[UploadedFile]:
    """The bytes of the pictures that an agent named or sent. Raises InvalidInput, and NotFound for a foreign id."""
    return [
        _file(services, principal, each, f"{field}.{index}" if len(pictures) > 1 else field)
        for index, each in enumerate(pictures)
    ]


def preview(png: bytes) -> str:
    """A drawn picture as base64 of a JPEG of at most PREVIEW_SIDE pixels a side."""
    content = io.BytesIO()
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    small.save(content, "JPEG", quality=_QUALITY)
    return base64.b64encode(content.getvalue()).decode()


def _file(services: Services, principal: Principal, picture: Picture, field: str) -> UploadedFile:
    sent = PictureIn(data=picture) if isinstance(picture, str) else picture
    given = [value for value in (sent.data, sent.image_id, sent.upload_id) if value]
    if len(given) != 1:
        raise InvalidInput(
            f"{field}: give one of data (base64 or a data: URI of a JPEG, PNG or WebP), image_id and upload_id.",
            field=field,
        )
    if sent.data:
        return UploadedFile("", decoded(sent.data, field))
    if sent.upload_id:
        return uploads.files(services, principal.team_id, [sent.upload_id], field)[sent.upload_id]
    with services.database.reading() as session:
        key = generation.image(session, principal.team_id, given[0]).key
    return UploadedFile("", services.storage.get(key))
