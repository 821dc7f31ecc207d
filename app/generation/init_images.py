"""The initial picture of a generation and its inpainting mask: sent with the request, or stored here already.

`app.pictures.cleaning` decodes them; a worker draws from them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.contracts.generation import PictureRef
from app.contracts.limits import SIDE_MAX, SIDE_MIN, SIDE_MULTIPLE, STRENGTH, STRENGTH_IN_MASK
from app.contracts.sizes import SizeLimit
from app.core.database import new_id
from app.core.errors import InvalidInput, PictureError
from app.core.storage import BlobSavepoint
from app.generation import models, queries
from app.generation.request import GenerationRequest
from app.pictures import decoding
from app.pictures.cleaning import PictureCleaner, UploadedFile
from app.pictures.decoding import CleanPicture, PictureFault
from app.services import Services
from app.uploads import service as uploads

Decoder = Callable[[bytes], CleanPicture | PictureFault]


DECODERS: Final[Mapping[str, Decoder]] = {"init_image": decoding.init_image, "mask": decoding.inpaint_mask}


@dataclass(frozen=True)
class Attached:
    """A file that came with a request, and the function that decodes it."""

    upload: UploadedFile
    decode: Decoder = decoding.init_image


@dataclass(frozen=True)
class Source:
    """A picture or a mask, by the key of its blob."""

    ref: PictureRef
    key: str
    width: int
    height: int
    row: models.GenerationUpload | None = None  # of a file that was sent with this request


@dataclass(frozen=True)
class InitImage:
    """The initial picture and mask of a generation. Without a picture the generation starts from noise."""

    picture: Source | None = None
    mask: Source | None = None
    strength: float | None = None

    def size(self, limit: SizeLimit) -> tuple[int, int] | None:
        """The size to draw at: the picture's own if the base model can draw that, otherwise the picture's aspect ratio
        at the base model's own area, and never above its limit. None without a picture."""
        if self.picture is None:
            return None
        width, height = self.picture.width, self.picture.height
        area = limit.resolution**2
        drawable = width % SIDE_MULTIPLE == height % SIDE_MULTIPLE == 0 and min(width, height) >= SIDE_MIN
        if drawable and area / 2 <= width * height <= area * 2 and limit.allows(width, height):
            return width, height
        scale = max((area / (width * height)) ** 0.5, SIDE_MIN / min(width, height))
        across, down = _side(width * scale), _side(height * scale)
        return (across, down) if limit.allows(across, down) else limit.nearest(across, down)


def from_uploads(
    services: Services, team_id: str, request: GenerationRequest
) -> tuple[GenerationRequest, dict[str, Attached]]:
    """The request without the pictures that were sent for later use, and those as files of the request."""
    named: dict[str, str] = {}
    with services.database.reading() as session:
        for field in DECODERS:
            ref: PictureRef | None = getattr(request, field)
            if ref is not None and ref.upload_id and uploads.find(session, team_id, ref.upload_id) is not None:
                named[field] = ref.upload_id
    files = {
        field: Attached(uploads.files(services, team_id, [upload_id], field)[upload_id], DECODERS[field])
        for field, upload_id in named.items()
    }
    return request.model_copy(update=dict.fromkeys(named)), files


def cleaned(pictures: PictureCleaner, files: Mapping[str, Attached]) -> dict[str, CleanPicture]:
    """The files of a request, decoded. Raises PictureError with the field of a file that is not a picture."""
    return {field: pictures.decode(each.upload, each.decode, field) for field, each in files.items()}


def stored(team_id: str, files: Mapping[str, CleanPicture], blobs: BlobSavepoint, into: str) -> dict[str, Source]:
    """The files of a request as sources, stored under keys of the generation `into` until the savepoint is kept."""
    return {field: _stored(team_id, field, picture, blobs, into) for field, picture in files.items()}


def start(session: Session, team_id: str, request: GenerationRequest, sent: Mapping[str, Source]) -> InitImage:
    """The initial picture and mask: those sent with the request, or those it names by id. Raises InvalidInput."""
    picture = sent.get("init_image") or _named(session, team_id, "init_image", request.init_image)
    mask = sent.get("mask") or _named(session, team_id, "mask", request.mask)
    if picture is None:
        _need_a_picture(request, mask)
        return InitImage()
    if mask is not None and (mask.width, mask.height) != (picture.width, picture.height):
        raise PictureError(
            f"The mask is {mask.width}×{mask.height} pixels, and the picture {picture.width}×{picture.height}. Send a "
            "mask of the picture's size.",
            field="mask",
            code="mask-size",
        )
    if mask is None and request.mask_padding is not None:
        raise InvalidInput(
            "mask_padding is the space around a masked area, and no mask was sent. Send one, or leave it out.",
            field="mask_padding",
            code="padding-alone",
        )
    strength = request.strength
    if strength is None:
        strength = STRENGTH if mask is None else STRENGTH_IN_MASK
    return InitImage(picture, mask, strength)


def check_strength(init_image: InitImage, steps: int) -> None:
    """Raise InvalidInput for a strength that changes nothing, or keeps nothing of the picture."""
    strength = init_image.strength
    if strength is None:
        return
    if int(steps * strength) < 1:
        raise InvalidInput(
            f"At strength {strength:g} none of the {steps} steps is taken, so nothing would change. Ask for at least "
            f"{_rounded_up(1 / steps):g}.",
            field="strength",
            code="strength",
        )
    if strength == 1 and init_image.mask is None:
        raise InvalidInput(
            "At strength 1 nothing of the picture would be left. Ask for less, such as 0.75, or leave the picture out.",
            field="strength",
            code="strength",
        )


def _named(session: Session, team_id: str, field: str, ref: PictureRef | None) -> Source | None:
    if ref is None:
        return None
    row: Any = None
    if ref.image_id is not None and field == "init_image":
        row = queries.image(session, team_id, ref.image_id)
    elif ref.upload_id is not None:
        row = queries.upload(session, team_id, ref.upload_id)
    if row is None or (field == "mask") != (getattr(row, "role", "init_image") == "mask"):
        what = "picture to start from" if field == "init_image" else "mask"
        raise InvalidInput(
            f"The {what} is not stored here any more: it, or the drawing it was sent for, was deleted. Send it again.",
            field=field,
            code="picture-gone",
        )
    return Source(ref, row.key, row.width, row.height)


def _stored(team_id: str, field: str, picture: CleanPicture, blobs: BlobSavepoint, into: str) -> Source:
    key = f"generations/{into}/{field.replace('_', '-')}.png"
    blobs.put(key, picture.content)
    row = models.GenerationUpload(
        id=new_id(),
        team_id=team_id,
        generation_id=into,
        role=field,
        key=key,
        width=picture.stored_width,
        height=picture.stored_height,
        bytes=len(picture.content),
    )
    return Source(PictureRef(upload_id=row.id), key, row.width, row.height, row)


def _need_a_picture(request: GenerationRequest, mask: Source | None) -> None:
    if mask is not None:
        raise InvalidInput(
            "A mask was sent without the picture that it belongs to. Send both.", field="init_image", code="mask-alone"
        )
    for field in ("strength", "mask_padding"):
        if getattr(request, field) is not None:
            raise InvalidInput(
                f"A {field} was sent without a picture to start from. Send one, or leave the {field} out.",
                field=field,
                code="strength" if field == "strength" else "padding-alone",
            )


def _side(pixels: float) -> int:
    return min(SIDE_MAX, max(SIDE_MIN, round(pixels / SIDE_MULTIPLE) * SIDE_MULTIPLE))


def _rounded_up(share: float) -> float:
    return -(-share * 100 // 1) / 100
