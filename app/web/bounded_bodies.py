"""Bodies as endpoints read them: JSON off the event loop, forms with few parts.

An endpoint that takes a body belongs to a router with `route_class=BoundedRoute`. The size of bodies is limited before
that, by `app.web.admission`.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette._utils import AwaitableOrContextManager  # the type of Request.form, with no public name
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Message

from app.core.errors import InvalidInput, OnewordError
from app.core.request_model import refuse_unstorable
from app.core.settings import Settings

FORM: Final = "multipart/form-data"
JSON: Final = "application/json"
JSON_BYTES_MAX: Final = 1_000_000
ON_LOOP_BYTES_MAX: Final = 65_536  # JSON that is parsed on the event loop
SPARE_FILES: Final = 5  # more files than a concept takes, so that the answer says how many were sent
FIELDS_MAX: Final = 60  # fields of a form that are no files; a concept may have many tags
FIELD_BYTES_MAX: Final = 65_536
_ABOUT_THE_BODY: Final = (b"content-type", b"content-length")


class BoundedRequest(Request):
    """A request whose body cannot stop the event loop or fill the memory while it is read."""

    async def json(self) -> Any:
        """The body as JSON. Raises JSONDecodeError for everything that Python's parser refuses.

        That includes arrays nested deeper than the interpreter's stack and integers of more than 4,300 digits. Raises
        InvalidInput for too many values, and for texts that cannot be stored.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            small = len(body) <= ON_LOOP_BYTES_MAX
            self._json = _checked(body) if small else await run_in_threadpool(_checked, body)
        return self._json

    def form(
        self,
        *,
        max_files: float | None = None,
        max_fields: float = FIELDS_MAX,
        max_part_size: int = FIELD_BYTES_MAX,
    ) -> AwaitableOrContextManager[FormData]:
        """The form. Reading stops with InvalidInput at the first part too many, before anything is decoded.

        An endpoint with no limit of its own (`form_limits`) takes as many files as a concept has pictures, and a few
        more.
        """
        if max_files is None:
            max_files = files_max(self)
        return super().form(max_files=max_files, max_fields=max_fields, max_part_size=max_part_size)

    async def _get_form(
        self, *, max_files: float = 0, max_fields: float = 0, max_part_size: int = FIELD_BYTES_MAX
    ) -> FormData:
        try:
            return await super()._get_form(max_files=max_files, max_fields=max_fields, max_part_size=max_part_size)
        except HTTPException as error:
            raise InvalidInput(
                f"The form cannot be read: {error.detail.rstrip('.')}. Send at most {max_files} files and {max_fields} "
                f"fields here, each field at most {max_part_size // 1024} KB.",
                code="form",
            ) from error


def files_max(request: HTTPConnection) -> int:
    """The most files that a request brings to an endpoint with no limit of its own."""
    settings: Settings = request.app.state.services.settings
    return settings.pictures_max + max(SPARE_FILES, settings.pictures_max)  # each picture may bring a mask


class BoundedRoute(APIRoute):
    """An endpoint that reads its body from a BoundedRequest."""

    takes_form: ClassVar = False  # also where FastAPI's own signature says that it takes JSON

    @property
    def pictures_in_json(self) -> bool:
        """Whether pictures may come as base64 in JSON, which then may be as large as a form."""
        return False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(bounded(request))
            except HTTPException as error:
                if isinstance(error.__cause__, OnewordError):  # raised while the body was read, wrapped by FastAPI
                    raise error.__cause__ from None
                raise

        return handler


def media_type(request: HTTPConnection) -> str:
    """The type of a request's body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def bounded(request: Request) -> BoundedRequest:
    """The same request as a BoundedRequest."""
    return request if isinstance(request, BoundedRequest) else BoundedRequest(request.scope, request.receive)


def with_json(request: Request, body: bytes) -> Request:
    """The request with this JSON in the place of its body, which has been read. It still hears when its client goes."""
    headers = [(name, value) for name, value in request.scope["headers"] if name not in _ABOUT_THE_BODY]
    headers += [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
    unread = [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await request.receive()

    return Request({**request.scope, "headers": headers}, receive)


def _checked(body: bytes) -> Any:
    found = parsed(body)
    refuse_unstorable(found)
    return found


def parsed(body: bytes | str) -> Any:
    """JSON, in the calling thread. Raises JSONDecodeError for everything that cannot be read."""
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    except ValueError as error:  # an integer with thousands of digits, bytes that are no UTF-8
        raise json.JSONDecodeError(str(error)[:200], "", 0) from None
