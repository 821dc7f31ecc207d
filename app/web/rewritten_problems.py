"""Problems in the form that another tool's clients read, wherever the problem was found."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import MEDIA_TYPE


@dataclass(frozen=True)
class Rewritten:
    """The answer that takes the place of a problem."""

    content: dict[str, Any]
    status: int
    media_type: str = MEDIA_TYPE


# Takes a problem and the scope of its request. None leaves the problem as it is.
Rewriter = Callable[[dict[str, Any], Scope], Rewritten | None]


class RewrittenProblems:
    """Middleware that rewrites the problems under some addresses: `rewriters` has them by the first part of the path.
    Other answers pass unchanged, and streams as they come."""

    def __init__(self, app: ASGIApp, rewriters: Mapping[str, Rewriter]) -> None:
        self._app = app
        self._rewriters = rewriters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        first = scope["path"].split("/")[1:2] if scope["type"] == "http" else []
        rewriter = self._rewriters.get("".join(first))
        if rewriter is None:
            await self._app(scope, receive, send)
            return
        start: Message | None = None  # of a problem; not sent before its body is known
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await _send(start, body, rewriter(json.loads(body), scope), send)

        await self._app(scope, receive, sending)


async def _send(start: Message, body: bytes, rewritten: Rewritten | None, send: Send) -> None:
    if rewritten is not None:
        body = json.dumps(rewritten.content).encode()
        start["status"] = rewritten.status
        MutableHeaders(scope=start).update({"Content-Type": rewritten.media_type, "Content-Length": str(len(body))})
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _is_problem(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "") == MEDIA_TYPE
