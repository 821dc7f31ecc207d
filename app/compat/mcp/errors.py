"""Problems as MCP clients read them: an error of JSON-RPC with the sentence, under the same HTTP status.

These are the errors of a whole request, such as one that nobody signed. `app.compat.mcp.server` has those of tools.
"""

import json
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import MEDIA_TYPE

INVALID_PARAMS: Final = -32602  # JSON-RPC 2.0, section 5.1
INTERNAL_ERROR: Final = -32603


class AgentErrors:
    """Middleware that turns every problem at `/mcp` into such an error, for clients that take event streams, as those
    of the protocol do. Others get the problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"] != "/mcp" or not _speaks_mcp(scope):
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
                    content = json.dumps(as_rpc_error(json.loads(body))).encode()
                    MutableHeaders(scope=start).update(
                        {"Content-Type": "application/json", "Content-Length": str(len(content))}
                    )
                    await send(start)
                    await send({"type": "http.response.body", "body": content})

        await self._app(scope, receive, sending)


def as_rpc_error(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem as an error of JSON-RPC. The client knows which request it sent, so the id may be null."""
    code = INVALID_PARAMS if problem["status"] < 500 else INTERNAL_ERROR
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": error_text(problem), "data": problem}}


def error_text(problem: dict[str, Any]) -> str:
    """A problem as an agent reads it: the sentence, what is wrong with each picture, and what could be sent instead."""
    lines = [str(problem["detail"])]
    lines += [f"Picture {each['index'] + 1}: {each['detail']}" for each in problem.get("pictures", [])]
    if problem.get("suggestions"):
        lines.append(f"Suggestions: {', '.join(problem['suggestions'])}.")
    return "\n".join(lines)


def _speaks_mcp(scope: Scope) -> bool:
    return "text/event-stream" in Headers(scope=scope).get("accept", "")


def _is_problem(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "") == MEDIA_TYPE
