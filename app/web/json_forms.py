"""Forms that may be sent as JSON: the same fields by the same names, with pictures and files as base64 among them.

The endpoint declares a form and sees one, whatever was sent. Which fields there are, and which values they take, its
signature says in both cases.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from json import JSONDecodeError, dumps
from typing import Any, Final, get_args

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import File
from starlette.datastructures import FormData, UploadFile

from app.core.errors import InvalidInput
from app.core.request_model import printable
from app.web.bounded_bodies import (
    FIELDS_MAX,
    FORM,
    JSON,
    BoundedRequest,
    BoundedRoute,
    bounded,
    files_max,
    media_type,
)
from app.web.json_uploads import Skeleton, as_file, read

OBJECTS: Final = frozenset({"edits"})  # fields whose values are JSON objects, which a form spells as text
URL_ENCODED: Final = "application/x-www-form-urlencoded"


class FormOrJson(BoundedRoute):
    """An endpoint whose form may be sent as JSON. Endpoints without a form are not concerned."""

    @property
    def pictures_in_json(self) -> bool:
        """Whether its form has files."""
        return any(files_of(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, behind the reading of JSON."""
        handle = super().get_route_handler()
        files = frozenset(files_of(self.dependant))
        if not files:
            return handle

        async def handler(request: Request) -> Response:
            kind = media_type(request)
            if kind != JSON:
                refuse_other_types(request, kind, FORM, URL_ENCODED, JSON)
                return await handle(request)
            skeleton = Skeleton(self.form_limits.get("max_files") or files_max(request))
            try:
                sent = await json_body(request, skeleton)
                return await handle(await _as_form(request, skeleton, sent, files))
            finally:
                skeleton.close()

        return handler


async def json_body(request: Request, skeleton: Skeleton) -> Mapping[str, Any]:
    """The object that a JSON body is. Raises RequestValidationError for a body that cannot be read."""
    try:
        sent = await read(bounded(request), skeleton)
    except JSONDecodeError as error:
        fault = {"type": "json_invalid", "loc": ("body",), "msg": "", "input": {}, "ctx": {"error": error.msg}}
        raise RequestValidationError([fault]) from None
    if not isinstance(sent, Mapping):
        raise InvalidInput("The request: send a JSON object with the fields of this address.", code="body")
    return sent


def refuse_other_types(request: Request, kind: str, *taken: str) -> None:
    """Raise InvalidInput for a body of a type that is not taken."""
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and kind not in taken:
        known = [each for each in taken if each != URL_ENCODED]
        sent = f"{printable(kind)} was sent" if kind else "the request does not say what it sends"
        raise InvalidInput(
            f"This address takes {' or '.join(known)}, and {sent}. Set the header Content-Type; pictures in JSON are "
            "data: addresses or base64.",
            field="Content-Type",
            code="body",
        )


def files_of(dependant: Dependant) -> Iterator[str]:
    """The names of an endpoint's fields that are files."""
    for field in dependant.body_params:
        if isinstance(field.field_info, File) or UploadFile in _kinds(field.field_info.annotation):
            yield field.alias
    for dependency in dependant.dependencies:
        yield from files_of(dependency)


def _kinds(annotation: Any) -> tuple[type, ...]:
    return tuple(base for each in (annotation, *get_args(annotation)) for base in getattr(each, "__mro__", ()))


class _Form(BoundedRequest):
    """A request that has been read as JSON and is seen as a form."""

    def __init__(self, request: Request, form: FormData) -> None:
        headers = [(name, value) for name, value in request.scope["headers"] if name.lower() != b"content-type"]
        headers.append((b"content-type", FORM.encode()))
        super().__init__({**request.scope, "headers": headers}, request.receive)
        self._form = form


async def _as_form(request: Request, skeleton: Skeleton, sent: Mapping[str, Any], files: frozenset[str]) -> Request:
    lists = {name: value if isinstance(value, list) else [value] for name, value in sent.items()}
    items = [(name, each) for name, values in lists.items() for each in values if each is not None]
    count = len([name for name, _ in items if name in files])
    if count > skeleton.files_max or len(items) - count > FIELDS_MAX:
        raise InvalidInput(
            f"The request cannot be read: it has too many values. Send at most {skeleton.files_max} files and "
            f"{FIELDS_MAX} other values here.",
            code="form",
        )
    read = [
        (name, await as_file(request, skeleton, name, each) if name in files else _text(name, each))
        for name, each in items
    ]
    return _Form(request, FormData(read))


def _text(name: str, value: Any) -> str:
    """A value as a form spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if name in OBJECTS and isinstance(value, Mapping):
        return dumps(value)
    raise InvalidInput(f"{name}: send a text, a number or a list of texts here.", field=name)
