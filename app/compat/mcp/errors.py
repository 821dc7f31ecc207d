"""Problems as MCP clients read them: an error of JSON-RPC with the sentence, under the same HTTP status.

These are the errors of a whole request, such as one that nobody signed. `app.compat.mcp.server` has those of tools.
"""

from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Scope

from app.web.rewritten_problems import Rewritten

INVALID_PARAMS: Final = -32602  # JSON-RPC 2.0, section 5.1
INTERNAL_ERROR: Final = -32603


def rewritten(problem: dict[str, Any], scope: Scope) -> Rewritten | None:
    """A problem as an error of JSON-RPC, for clients that take event streams, as those of the protocol do. Others get
    the problem. The client knows which request it sent, so the id may be null."""
    if scope["path"] != "/mcp" or "text/event-stream" not in Headers(scope=scope).get("accept", ""):
        return None
    code = INVALID_PARAMS if problem["status"] < 500 else INTERNAL_ERROR
    error = {"code": code, "message": error_text(problem), "data": problem}
    return Rewritten({"jsonrpc": "2.0", "id": None, "error": error}, problem["status"], "application/json")


def error_text(problem: dict[str, Any]) -> str:
    """A problem as an agent reads it: the sentence, what is wrong with each picture, and what could be sent instead."""
    lines = [str(problem["detail"])]
    lines += [f"Picture {each['index'] + 1}: {each['detail']}" for each in problem.get("pictures", [])]
    if problem.get("suggestions"):
        lines.append(f"Suggestions: {', '.join(problem['suggestions'])}.")
    return "\n".join(lines)
