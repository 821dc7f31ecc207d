"""Requests as a web server hands them to the application, with a body that counts how much of it is read."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Scope


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    bytes_read: int = 0  # of the request's body

    def json(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)


def send(
    app: ASGIApp, method: str, path: str, headers: dict[str, str] | None = None, body: Iterable[bytes] = ()
) -> Answer:
    """Send a request, whose body is given chunk by chunk, as long as the application asks for more."""
    return asyncio.run(sent(app, scope(app, method, path, headers), iter_chunks(body)))


def scope(app: ASGIApp, method: str, path: str, headers: dict[str, str] | None = None) -> Scope:
    """The scope of a request to `localhost`."""
    every = {"host": "localhost:8000"} | {name.lower(): value for name, value in (headers or {}).items()}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in every.items()],
        "client": ("192.0.2.1", 4711),
        "server": ("localhost", 8000),
        "state": {},
    }


async def iter_chunks(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The chunks one by one."""
    for chunk in body:
        yield chunk


async def sent(app: ASGIApp, scope: Scope, body: AsyncIterator[bytes]) -> Answer:
    """The answer. The sender waits for it after its last chunk."""
    answer, done, ended = Answer(), asyncio.Event(), False

    async def receive() -> Message:
        nonlocal ended
        async for chunk in body:
            answer.bytes_read += len(chunk)
            return {"type": "http.request", "body": chunk, "more_body": True}
        if not ended:
            ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.content += message.get("body", b"")
            if not message.get("more_body", False):
                done.set()

    await app(scope, receive, send)
    return answer
