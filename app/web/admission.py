"""Decides about a request before its body is read: who sends it, whether they may, and how large it may be.

An endpoint reads its body before it checks who sent it. Without this middleware anybody could make the service read
and parse what they like; with it the body of a request that will be refused stays in the sender's socket.

    who sent it                                 the body
    nobody, to `POST /api/session`              at most 4 KB
    nobody, to any other endpoint               not read: 401
    somebody whose role does not allow it       not read: 403
    somebody, a form where a form is taken      at most ONEWORD_BODY_BYTES_MAX
    somebody, JSON where pictures come in it    the same
    somebody, anything else                     at most 1 MB

The principal is looked up once for each request, and kept in `request.state.principal`.
"""

from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.principal import Principal
from app.core.errors import OnewordError, TooLarge
from app.services import Services
from app.web.bounded_bodies import FORM, JSON, media_type
from app.web.endpoints import Endpoint, Endpoints, may_be_signed
from app.web.problems import refusal
from app.web.sign_in import credential_of, not_signed_in, who_sent

JSON_BYTES_MAX: Final = 1_000_000
PUBLIC_BYTES_MAX: Final = 4_096
_LOOKUP_THREADS: Final = 8  # apart from the threads that endpoints run in, which uploads may fill


class Admission:
    """Middleware inside the guards and around everything that reads a body."""

    def __init__(self, app: ASGIApp, services: Services, endpoints: Endpoints) -> None:
        self._app = app
        self._services = services
        self._endpoints = endpoints
        self._threads = CapacityLimiter(_LOOKUP_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on with its principal and with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = self._endpoints.of(scope)
        try:
            person = await self._who(scope, endpoint) if may_be_signed(scope) else None
            upload = _is_upload(scope, endpoint)
            scope.setdefault("state", {}).update(principal=person, upload=upload)
            bytes_max = self._bytes_max(scope, endpoint, person, upload)
        except OnewordError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, bytes_max), send)

    async def _who(self, scope: Scope, endpoint: Endpoint) -> Principal | None:
        connection = HTTPConnection(scope)
        credential = credential_of(connection, self._services.settings)
        if credential is None:
            return None
        address, guesses = connection.client.host if connection.client else "", self._services.guesses
        if not guesses.allow(address, credential):
            if endpoint.public:  # such as signing in, with a cookie that has expired
                return None
            raise guesses.refusal(address, credential)
        person = await run_sync(who_sent, self._services, credential, limiter=self._threads)
        guesses.count(address, credential, person is not None)
        return person

    def _bytes_max(self, scope: Scope, endpoint: Endpoint, person: Principal | None, upload: bool) -> int:
        """The most bytes of the body that are read. Raises the error that the request is refused with."""
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if person is None and not endpoint.public:
            raise not_signed_in()
        if person is not None and ("transfer-encoding" in headers or length != "0"):
            endpoint.must_allow(person)
        bytes_max = PUBLIC_BYTES_MAX if endpoint.public else JSON_BYTES_MAX
        if upload:
            bytes_max = self._services.settings.body_bytes_max
        if length.isdecimal() and int(length[:20]) > bytes_max:
            raise _too_large(bytes_max)
        return bytes_max


def _is_upload(scope: Scope, endpoint: Endpoint) -> bool:
    """Whether pictures or files may come with this request."""
    kind = media_type(HTTPConnection(scope))
    return (endpoint.takes_form and kind.startswith(FORM)) or (endpoint.pictures_in_json and kind == JSON)


def _counted(receive: Receive, bytes_max: int) -> Receive:
    """Count the bytes of a body as they arrive, for requests that name no Content-Length."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > bytes_max:
            raise _too_large(bytes_max)
        return message

    return counted


def _too_large(bytes_max: int) -> TooLarge:
    limit = f"{bytes_max / 1e6:.0f} MB" if bytes_max >= 1_000_000 else f"{bytes_max} bytes"
    advice = "Send fewer or smaller pictures." if bytes_max > JSON_BYTES_MAX else "Send less at once."
    return TooLarge(f"The request is larger than {limit}, which is the most that this address takes. {advice}")
