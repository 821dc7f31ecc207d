"""Pictures inside JSON: the route that takes them, and how they become uploads. Children decode them like any other.

They are read into files (`app.web.json_uploads`). The endpoint sees JSON with an empty text in the place of each, and
the files are in `sent_pictures(request)` until its answer is made.
"""

import base64
import json
import os
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import IO, Any, Final

from fastapi import Request, Response

from app.compat.automatic1111.parameters import REFUSED
from app.compat.automatic1111.schemas import SdapiImg2ImgIn
from app.core.errors import InvalidInput
from app.core.request_model import printable
from app.generation.init_images import Attached
from app.pictures.cleaning import UploadedFile
from app.pictures.fitting import Fit, MaskOptions, soft_mask, start_picture
from app.web.bounded_bodies import JSON, BoundedRoute, files_max, media_type, with_json
from app.web.json_forms import json_body, refuse_other_types
from app.web.json_uploads import Base64File, Skeleton, as_file

Pictures = Mapping[str, IO[bytes]]  # the files that came with a request, by field

FIELDS: Final = ("init_images", "mask", "image")
BLUR: Final = 4.0  # AUTOMATIC1111's own
_LONG: Final = "(a text of more than 32 KB)"  # in the place of one that is refused or not read whatever it says


class PictureRoute(BoundedRoute):
    """An endpoint whose JSON has pictures in it, so its body may be as large as a form."""

    pictures_in_json = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, behind the reading of pictures. Bodies that are no JSON are refused unread."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            kind = media_type(request)
            refuse_other_types(request, kind, JSON)
            if kind != JSON:
                return await handle(request)
            skeleton = Skeleton(files_max(request))
            try:
                return await handle(await _without_pictures(request, skeleton))
            finally:
                skeleton.close()

        return handler


def sent_pictures(request: Request) -> Pictures:
    """The pictures that came with a request. They are closed when it ends, and sooner if nobody wants them back."""
    pictures: Pictures = getattr(request.state, "pictures", {})
    return pictures


def upload(pictures: Pictures, field: str, bytes_max: int) -> UploadedFile:
    """The picture of a field. One of more than `bytes_max` bytes is refused before it is read into memory."""
    file = pictures[field]
    size = file.seek(0, os.SEEK_END)
    if size > bytes_max:
        raise InvalidInput(
            f"The {'mask' if field == 'mask' else 'picture'} has {size / 1e6:.0f} MB, and at most "
            f"{bytes_max / 1e6:.0f} MB are read. Make it smaller and send it again.",
            field=field,
            code="picture-too-large",
        )
    file.seek(0)
    return UploadedFile("", file.read())


def as_base64(file: IO[bytes]) -> str:
    """A picture as it goes back to its sender."""
    file.seek(0)
    return base64.b64encode(file.read()).decode()


async def _without_pictures(request: Request, skeleton: Skeleton) -> Request:
    fields = dict(await json_body(request, skeleton))
    pictures: dict[str, IO[bytes]] = {}
    for name in FIELDS:
        value = fields.get(name)
        only = value[0] if name == "init_images" and isinstance(value, list) and len(value) == 1 else value
        if isinstance(only, str | Base64File) and (name != "init_images" or only is not value):
            pictures[name] = (await as_file(request, skeleton, name, only)).file
            fields[name] = "" if only is value else [""]
    for name, value in fields.items():
        if isinstance(value, Base64File) and name not in (*FIELDS, *REFUSED):
            shown = printable(name)
            raise InvalidInput(f"{shown}: a text is longer than 32 KB. Shorten it.", field=shown, code="body")
    request.state.pictures = pictures
    try:
        body = json.dumps(fields, default=lambda _: _LONG).encode()
    except RecursionError:
        raise InvalidInput("The request: its body is nested too deeply. Send it flat.", code="body") from None
    return with_json(request, body)


def attached(body: SdapiImg2ImgIn, pictures: Pictures, bytes_max: int) -> Mapping[str, Attached]:
    """The initial picture of a request and its mask, with the functions that bring them to the size that is drawn.

    A picture of more than `bytes_max` bytes is refused unread.
    """
    size = (body.width, body.height)
    fit = Fit(body.width, body.height, body.resize_mode == 1) if body.width and body.height else None
    if fit is None and size != (None, None):
        raise InvalidInput("Send width and height, or neither.", field="width" if body.height else "height")
    picture = upload(pictures, "init_images", bytes_max)
    if body.mask is not None and body.inpaint_full_res:
        fit = None  # the worker cuts the masked area out of the whole picture
    if body.mask is None:
        return {"init_image": Attached(picture, partial(start_picture, fit=fit))}
    mask = upload(pictures, "mask", bytes_max)
    both = BLUR if body.mask_blur is None else body.mask_blur
    options = MaskOptions(
        invert=bool(body.inpainting_mask_invert),
        blur_x=both if body.mask_blur_x is None else body.mask_blur_x,
        blur_y=both if body.mask_blur_y is None else body.mask_blur_y,
    )
    under = mask.content if body.inpainting_fill == 0 else None
    return {
        "init_image": Attached(picture, partial(start_picture, fit=fit, filled_under=under, options=options)),
        "mask": Attached(mask, partial(soft_mask, fit=fit, options=options)),
    }
