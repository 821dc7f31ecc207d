"""A drawing asked for by a form, or by JSON with pictures in it: the request without them, and the pictures as files.

The endpoint sees plain JSON either way; what came as a file, as base64 or as the id of an upload is in
`attached(request)`.
"""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar, Final

from fastapi import Request, Response
from starlette.datastructures import UploadFile

from app.core.errors import InvalidInput
from app.generation.init_images import DECODERS, Attached
from app.generation.request import GenerationRequest
from app.pictures.cleaning import UploadedFile
from app.web.bounded_bodies import FORM, JSON, BoundedRoute, bounded, media_type, parsed, with_json
from app.web.json_forms import json_body, refuse_other_types
from app.web.json_uploads import Base64File, Skeleton, as_file

FILES: Final = DECODERS
FIELDS_MAX: Final = 40
REFERENCE_MAX: Final = 500  # characters of JSON that names a picture


class JsonOrForm(BoundedRoute):
    """An endpoint that takes its JSON body as a form too, and pictures in either."""

    takes_form: ClassVar = True
    pictures_in_json = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, behind the reading of forms."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            kind = media_type(request)
            refuse_other_types(request, kind, JSON, FORM)
            if kind == FORM:
                return await handle(await _of_form(bounded(request)))
            if kind != JSON:
                return await handle(request)
            skeleton = Skeleton(len(FILES))
            try:
                sent = await json_body(request, skeleton)
                return await handle(await _of_json(request, sent, skeleton))
            finally:
                skeleton.close()

        return handler


def attached(request: Request) -> Mapping[str, Attached]:
    """The files that came with a request, by field."""
    files: dict[str, Attached] = getattr(request.state, "attached", {})
    return files


async def _of_json(request: Request, sent: Mapping[str, Any], skeleton: Skeleton) -> Request:
    """The request without its pictures. A picture that a drawing has already stays named."""
    files: dict[str, Attached] = {}
    fields = dict(sent)
    for name in FILES:
        if isinstance(fields.get(name), str | Base64File) or _has_data(fields.get(name)):
            file = await as_file(request, skeleton, name, fields.pop(name))
            files[name] = Attached(UploadedFile(file.filename or "", await file.read()), FILES[name])
    plain = not files and not skeleton.files
    return _plain(request, bytes(skeleton.rest) if plain else _dumped(fields), files)


def _dumped(fields: Mapping[str, Any]) -> bytes:
    """Raises InvalidInput for JSON that is nested too deeply, and for a picture in the place of a text."""
    try:
        return json.dumps(fields, default=_misplaced).encode()
    except RecursionError:
        raise InvalidInput("The request: its body is nested too deeply. Send it flat.", code="body") from None


def _has_data(value: Any) -> bool:
    return isinstance(value, Mapping) and "data" in value


async def _of_form(request: Request) -> Request:
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
    return _plain(request, _dumped(sent), files)


def _plain(request: Request, body: bytes, files: dict[str, Attached]) -> Request:
    """A request with this JSON as its body, beside which the files are."""
    request.state.attached = files
    return with_json(request, body)


def _misplaced(value: Any) -> str:
    raise InvalidInput(
        "A text is longer than 32 KB, and no field but init_image and mask takes so much. Shorten it.", code="body"
    )


def _reference(text: str) -> Any:
    """A picture that is here already is named in JSON; anything else is left for the schema to refuse."""
    if not text or len(text) > REFERENCE_MAX:
        return text
    try:
        return parsed(text)
    except ValueError:
        return text
