"""Pictures inside JSON: the route that takes them, and how they become uploads. Children decode them like any other."""

import base64
import binascii
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, ClassVar, Final

from fastapi import Request, Response

from app.compat.automatic1111.schemas import SdapiImg2ImgIn
from app.core.errors import InvalidInput
from app.generation.init_images import Attached
from app.pictures.cleaning import UploadedFile
from app.pictures.fitting import Fit, MaskOptions, soft_mask, start_picture
from app.web.bounded_bodies import JSON, BoundedRoute, media_type

BLUR: Final = 4.0  # AUTOMATIC1111's own


class PictureRoute(BoundedRoute):
    """An endpoint whose JSON has pictures in it, so its body may be as large as a form."""

    takes_form: ClassVar = True  # is admitted like an upload
    pictures_in_json: ClassVar = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint. Bodies that are no JSON are refused unread."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if media_type(request) not in (JSON, ""):
                raise InvalidInput("This address takes JSON, with pictures as base64. Send it as such.", code="body")
            return await handle(request)

        return handler


def upload(text: str, field: str) -> UploadedFile:
    """The picture in a base64 text or a `data:` address. Raises InvalidInput."""
    if text[:8].lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"{field}: addresses are not fetched here. Send the picture itself, as base64.", field=field, code="base64"
        )
    head, comma, _ = text[:200].partition(",")
    if comma and head.lower().startswith("data:"):
        text = text[len(head) + 1 :]
    text = "".join(text.split())
    try:
        return UploadedFile("", base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (binascii.Error, ValueError):
        raise InvalidInput(
            f"{field}: this is no base64. Send a picture as base64 or as a data: address.", field=field, code="base64"
        ) from None


def attached(body: SdapiImg2ImgIn, bytes_max: int) -> Mapping[str, Attached]:
    """The initial picture of a request and its mask, with the functions that bring them to the size that is drawn.

    A picture of more than `bytes_max` bytes is refused before anything opens it.
    """
    size = (body.width, body.height)
    fit = Fit(body.width, body.height, body.resize_mode == 1) if body.width and body.height else None
    if fit is None and size != (None, None):
        raise InvalidInput("Send width and height, or neither.", field="width" if body.height else "height")
    picture = upload(body.init_images[0], "init_images")
    if body.mask is None:
        return {"init_image": Attached(picture, partial(start_picture, fit=fit))}
    mask = upload(body.mask, "mask")
    if len(mask.content) > bytes_max:
        raise InvalidInput(
            f"The mask has {len(mask.content) / 1e6:.0f} MB, and at most {bytes_max / 1e6:.0f} MB are read. Make it "
            "smaller and send it again.",
            field="mask",
            code="picture-too-large",
        )
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
