"""HEAD is answered wherever GET is, with the same headers and without a body.

The application sees a GET. A stream, which may not end by itself, is abandoned as soon as its headers are known.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD: Final = "oneword.head"  # in the scope of a GET that was a HEAD


class _HeadersKnown(BaseException):
    """Ends a stream whose headers have been sent. It is no error, so nothing on its way catches or logs it."""


class HeadRequests:
    """Middleware that turns a HEAD into a GET, and drops the body of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] != "http.response.start":
                return
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            if "content-length" not in Headers(raw=message["headers"]):
                raise _HeadersKnown

        try:
            await self._app({**scope, "method": "GET", HEAD: True}, receive, sending)
        except _HeadersKnown:
            return
