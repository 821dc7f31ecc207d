"""ETags on reads: a client that has the current answer gets a 304 instead of the same bytes again.

The tag of an answer is a hash of its bytes, so it is correct whatever the answer is made from. Files of the page have
tags of their own. Streams pass through unchanged.
"""

import hashlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TAGGED: Final = ("application/json", "image/", "application/octet-stream")
_KEPT: Final = ("etag", "cache-control", "content-location", "date", "expires", "vary", "x-request-id")


class Conditional:
    """Middleware around the application's answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add a tag to a successful answer to a GET, or answer 304 if the client has that tag."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, Headers(scope=scope).get("if-none-match", ""))
        await self._app(scope, receive, answer.send)


class _Answer:
    """One answer, message by message."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = {tag.strip().removeprefix("W/") for tag in known.split(",") if tag.strip()}
        self._start: Message | None = None  # not sent before the tag is known
        self._body = b""
        self._over = False

    async def send(self, message: Message) -> None:
        """Send a message, keep it until the tag is known, or drop it."""
        if self._over:
            return
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = MutableHeaders(scope=message)
            if "etag" in headers and self._has(headers["etag"]):
                await self._unchanged(message)
                return
            if "etag" not in headers and headers.get("content-type", "").startswith(_TAGGED):
                self._start = message
                return
        if self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._tagged(self._start)
            return
        await self._send(message)

    async def _tagged(self, start: Message) -> None:
        headers = MutableHeaders(scope=start)
        headers["ETag"] = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        headers.setdefault("Cache-Control", "private, no-cache")
        if self._has(headers["ETag"]):
            await self._unchanged(start)
            return
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})

    async def _unchanged(self, start: Message) -> None:
        self._over = True
        headers = [(name, value) for name, value in start["headers"] if name.decode().lower() in _KEPT]
        await self._send({"type": "http.response.start", "status": 304, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})

    def _has(self, tag: str) -> bool:
        return "*" in self._known or tag.removeprefix("W/") in self._known
