"""ETags on reads: a client that has the current answer gets a 304 instead of the same bytes again.

The tag of an answer is a hash of its bytes, so it is correct whatever the answer is made from. Files of the page have
tags of their own. Streams pass through unchanged.

A tag that comes back as `If-Match` makes a change conditional: the endpoints that declare `IfMatch` call `must_match`,
and `app.web.strict_requests` refuses the header everywhere else.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import PreconditionFailed

_TAGGED: Final = ("application/json", "image/", "application/octet-stream")
_KEPT: Final = ("etag", "cache-control", "content-location", "date", "expires", "set-cookie", "vary", "x-request-id")

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="Do it only if the present answer to GET has this ETag.")
]


def tag_of(content: bytes) -> str:
    """The ETag of an answer with these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def must_match(session: Session, if_match: str | None, row: object, describe: Callable[[], BaseModel]) -> None:
    """Raise PreconditionFailed unless `If-Match` is missing, is `*`, or has the ETag of the present representation.

    The row stays locked until the transaction ends, so that nobody changes it between this check and the change.
    """
    if if_match is None or if_match.strip() == "*":
        return
    session.refresh(row, with_for_update=True)
    if tag_of(describe().model_dump_json().encode()) not in {tag.strip() for tag in if_match.split(",")}:
        raise PreconditionFailed(
            "It has changed since you read it, so nothing was done. Read it again, and send the new ETag as If-Match.",
            field="If-Match",
        )


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
        headers["ETag"] = tag_of(self._body)
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
