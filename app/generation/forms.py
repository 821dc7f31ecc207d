"""A drawing asked for by a form: the same request as JSON, with the picture and its mask as files beside it.

The endpoint sees JSON either way; what came as a file is in `attached(request)`.
"""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, Final

from fastapi import Request, Response
from starlette.datastructures import UploadFile
from starlette.types import Message

from app.generation.init_images import Attached
from app.generation.request import GenerationRequest
from app.pictures import decoding
from app.pictures.cleaning import UploadedFile
from app.web.bounded_bodies import FORM, BoundedRoute, bounded, parsed

FILES: Final = {"init_image": decoding.init_image, "mask": decoding.inpaint_mask}
FIELDS_MAX: Final = 40
REFERENCE_MAX: Final = 500  # characters of JSON that names a picture


class JsonOrForm(BoundedRoute):
    """An endpoint that takes its JSON body as a form too."""

    takes_form: ClassVar = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, behind the reading of forms."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.headers.get("content-type", "").lower().startswith(FORM):
                request = await _as_json(bounded(request))
            return await handle(request)

        return handler


def attached(request: Request) -> Mapping[str, Attached]:
    """The files that came with a request, by field."""
    files: dict[str, Attached] = getattr(request.state, "attached", {})
    return files


async def _as_json(request: Request) -> Request:
    fields: dict[str, Any] = {}
    files: dict[str, Attached] = {}
    async with request.form(max_files=len(FILES), max_fields=FIELDS_MAX) as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields[name] = _reference(value) if name in FILES else value
            elif name in FILES:
                files[name] = Attached(UploadedFile(value.filename or "", await value.read()), FILES[name])
            else:
                fields[name] = value.filename  # refused as whatever it is not
    declared = GenerationRequest.model_fields
    sent = {name: value for name, value in fields.items() if value != "" or (name and name not in declared)}
    body = json.dumps(sent).encode()
    headers = [(name, value) for name, value in request.scope["headers"] if name not in _ABOUT_THE_BODY]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    request.state.attached = files
    return Request({**request.scope, "headers": headers}, receive)


def _reference(text: str) -> Any:
    """A picture that is here already is named in JSON; anything else is left for the schema to refuse."""
    if not text or len(text) > REFERENCE_MAX:
        return text
    try:
        return parsed(text)
    except ValueError:
        return text


_ABOUT_THE_BODY: Final = (b"content-type", b"content-length")
