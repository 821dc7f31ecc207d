"""Answers that are pictures: as PNG, JPEG or WebP, by `?format=` or by the `Accept` header.

A stored picture is a PNG, and so is the answer, unless the client prefers something else by name:

    Accept                                               answer
    none, */*, image/*                                   PNG
    image/webp                                           WebP
    image/webp, image/png;q=0.5                          WebP
    image/avif,image/webp,image/apng,image/*,*/*;q=0.8   PNG (what browsers send for a picture)
    text/html,image/webp,*/*;q=0.8                       PNG (what browsers send for a page)
    text/plain                                           PNG (what a client cannot use, it may still store)

A browser names WebP beside a wildcard because it can show both. The PNG has the exact pixels and the whole recipe, so
a wildcard is taken as no preference: a picture that is saved from the page stays a PNG.
"""

from typing import Annotated, Any, Final, Literal

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Query, Request, Response

from app.generation.picture_formats import FORMATS, MEDIA_TYPES, PictureFormat, in_format, resized
from app.web.file_responses import Jpeg, Png, Webp, picture

ENCODING: Final = 2  # pictures that a process encodes at the same time; others wait without a thread
_KINDS: Final[dict[PictureFormat, type[Response]]] = {"png": Png, "jpeg": Jpeg, "webp": Webp}
_SUFFIXES: Final[dict[PictureFormat, str]] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
# What an endpoint declares that answers with `encoded`.
ANY_FORMAT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The picture.", "content": {media_type: _BINARY for media_type in MEDIA_TYPES.values()}}
}


def _wanted(
    request: Request,
    format: Annotated[
        Literal["png", "jpeg", "webp"] | None, Query(description="Empty: what `Accept` prefers, or else PNG.")
    ] = None,
) -> PictureFormat:
    return format or preferred(request.headers.getlist("accept"))


Wanted = Annotated[PictureFormat, Depends(_wanted)]


Width = Annotated[
    int | None,
    Query(ge=16, le=2048, description="A smaller one of this width, in pixels. One that is not wider stays as it is."),
]


def preferred(accept: list[str]) -> PictureFormat:
    """The format that the lines of an `Accept` header prefer (RFC 9110, 12.5.1). PNG where they leave the choice."""
    asked: dict[str, float] = {}
    for each in ",".join(accept)[:2000].split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        asked[name] = max(asked.get(name, 0.0), _quality(parameters))
    if asked.get("*/*") or asked.get("image/*"):
        return "png"
    return max(FORMATS, key=lambda format: asked.get(MEDIA_TYPES[format], 0.0))  # of equals the first: PNG


def _quality(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Encoders:
    """Encodes stored pictures, a few at a time."""

    def __init__(self) -> None:
        self.limiter = CapacityLimiter(ENCODING)  # also for what computes a picture before it is encoded

    async def encoded(
        self, png: bytes, name: str, wanted: PictureFormat, *, download: bool = False, width: int | None = None
    ) -> Response:
        """The answer with a stored picture. `name` is that of its file, without a suffix."""
        content = png
        if width is not None:
            content = png = await run_sync(resized, png, width, limiter=self.limiter)
        if wanted != "png":
            content = await run_sync(in_format, png, wanted, limiter=self.limiter)
        file_name = f"{name}.{_SUFFIXES[wanted]}"
        return picture(content, _KINDS[wanted], file_name, download=download)
