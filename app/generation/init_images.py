"""What a drawing starts from: a picture that was sent or is here already, and the mask that says what is drawn anew.

Decodes nothing itself (`app.pictures.cleaning` does) and knows nothing of how it is drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.contracts.generation import PictureRef
from app.core.database import new_id
from app.core.errors import InvalidInput, PictureError
from app.core.storage import BlobSavepoint
from app.generation import models, queries
from app.generation.schemas import GenerationRequest
from app.pictures import decoding
from app.pictures.cleaning import PictureCleaner, UploadedFile
from app.pictures.decoding import CleanPicture, PictureFault

STRENGTH: Final = 0.75
STRENGTH_IN_A_MASK: Final = 1.0
SIDES: Final = (64, 2048, 8)  # from, to, multiple of

Decoder = Callable[[bytes], CleanPicture | PictureFault]


@dataclass(frozen=True)
class Attached:
    """A file that came with a request, and how it is read."""

    upload: UploadedFile
    decode: Decoder = decoding.init_image


@dataclass(frozen=True)
class Source:
    """A picture or a mask, by the blob it is in."""

    ref: PictureRef
    key: str
    width: int
    height: int
    row: models.GenerationUpload | None = None  # of one that was sent with this request


@dataclass(frozen=True)
class InitImage:
    """What a drawing starts from. Without a picture it starts from noise."""

    picture: Source | None = None
    mask: Source | None = None
    strength: float | None = None

    def size(self, resolution: int) -> tuple[int, int] | None:
        """The size that suits the picture: its own if the base model can draw that, or else its shape at the model's
        own area."""
        if self.picture is None:
            return None
        width, height = self.picture.width, self.picture.height
        area, (least, _, multiple) = resolution**2, SIDES
        drawable = width % multiple == height % multiple == 0 and min(width, height) >= least
        if drawable and area / 2 <= width * height <= area * 2:
            return width, height
        scale = max((area / (width * height)) ** 0.5, least / min(width, height))
        return _side(width * scale), _side(height * scale)


def cleaned(pictures: PictureCleaner, files: Mapping[str, Attached]) -> dict[str, CleanPicture]:
    """The files of a request, decoded. Raises PictureError about the field of the one that is no picture."""
    return {field: pictures.decode(each.upload, each.decode, field) for field, each in files.items()}


def stored(team_id: str, files: Mapping[str, CleanPicture], blobs: BlobSavepoint, into: str) -> dict[str, Source]:
    """The files of a request as sources, stored for now under keys of the generation `into`."""
    return {field: _stored(team_id, field, picture, blobs, into) for field, picture in files.items()}


def start(session: Session, team_id: str, asked: GenerationRequest, sent: Mapping[str, Source]) -> InitImage:
    """Where to start: from what was sent with the request, or from what is here already. Raises InvalidInput."""
    picture = sent.get("init_image") or _found(session, team_id, "init_image", asked.init_image)
    mask = sent.get("mask") or _found(session, team_id, "mask", asked.mask)
    if picture is None:
        _need_a_picture(asked, mask)
        return InitImage()
    if mask is not None and (mask.width, mask.height) != (picture.width, picture.height):
        raise PictureError(
            f"The mask is {mask.width}×{mask.height} pixels, and the picture {picture.width}×{picture.height}. Send a "
            "mask of the picture's size.",
            field="mask",
            code="mask-size",
        )
    strength = asked.strength
    if strength is None:
        strength = STRENGTH if mask is None else STRENGTH_IN_A_MASK
    return InitImage(picture, mask, strength)


def check_strength(found: InitImage, steps: int) -> None:
    """Raise InvalidInput for a strength that would change nothing, or keep nothing."""
    strength = found.strength
    if strength is None:
        return
    if int(steps * strength) < 1:
        raise InvalidInput(
            f"At strength {strength:g} none of the {steps} steps is taken, so nothing would change. Ask for at least "
            f"{_rounded_up(1 / steps):g}.",
            field="strength",
            code="strength",
        )
    if strength == 1 and found.mask is None:
        raise InvalidInput(
            "At strength 1 nothing of the picture would be left. Ask for less, such as 0.75, or leave the picture out.",
            field="strength",
            code="strength",
        )


def _found(session: Session, team_id: str, field: str, ref: PictureRef | None) -> Source | None:
    if ref is None:
        return None
    found: Any = None
    if ref.image_id is not None and field == "init_image":
        found = queries.image(session, team_id, ref.image_id)
    elif ref.upload_id is not None:
        found = queries.upload(session, team_id, ref.upload_id)
    if found is None or (field == "mask") != (getattr(found, "role", "init_image") == "mask"):
        what = "picture to start from" if field == "init_image" else "mask"
        raise InvalidInput(
            f"The {what} is not stored here any more: it, or the drawing it was sent for, was deleted. Send it again.",
            field=field,
            code="picture-gone",
        )
    return Source(ref, found.key, found.width, found.height)


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


def _need_a_picture(asked: GenerationRequest, mask: Source | None) -> None:
    if mask is not None:
        raise InvalidInput(
            "A mask was sent without the picture that it belongs to. Send both.", field="init_image", code="mask-alone"
        )
    if asked.strength is not None:
        raise InvalidInput(
            "A strength was sent without a picture to start from. Send one, or leave the strength out.",
            field="strength",
            code="strength",
        )


def _side(pixels: float) -> int:
    least, most, multiple = SIDES
    return min(most, max(least, round(pixels / multiple) * multiple))


def _rounded_up(share: float) -> float:
    return -(-share * 100 // 1) / 100
