"""`POST /mcp`: the Model Context Protocol over streamable HTTP, without sessions, so that any web process may answer.

The request has passed what every request passes before this: the guards of Host and Origin, sign-in, the limits on
bodies and rates. The transport of the `mcp` package then answers with JSON or with an event stream.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from app.accounts.principal import Principal
from app.compat.mcp.schemas import Message
from app.compat.mcp.serving import AgentSessions
from app.web.bounded_bodies import BoundedRoute
from app.web.sign_in import Requirement

router = APIRouter(tags=["agents"], route_class=BoundedRoute)

# Each tool asks for its own scope; see app.compat.mcp.tools.
Agent = Annotated[Principal, Depends(Requirement("viewer", ("read", "draw", "teach")))]
_STREAM: Final[dict[str, Any]] = {"text/event-stream": {"schema": {}}}  # messages of JSON-RPC


class _Transported(Response):
    """The answer of the transport to a request whose body has been read."""

    def __init__(self, sessions: AgentSessions, request: Request, body: bytes) -> None:
        super().__init__()
        self._sessions = sessions
        self._request = request
        self._body: bytes | None = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the transport answer."""
        await (await self._sessions.manager()).handle_request(scope, self._receive, send)

    async def _receive(self) -> AsgiMessage:
        """The body, and then the end of the connection."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self._request.receive()
        if message["type"] == "http.disconnect":
            self._request.state.hung_up = True
        return message


@router.post(
    "/mcp",
    status_code=200,
    responses={
        200: {
            "description": "The answer, or a stream of progress notifications that ends with it.",
            "content": {"application/json": {"schema": {"type": "object"}}, **_STREAM},
        },
        202: {"description": "A notification was taken."},
    },
)
async def call_mcp(body: Message, _: Agent, request: Request) -> Response:
    """Answer one message of an agent. The tools are listed in docs/agents.md; clients of the Model Context Protocol
    take this address and a bearer token."""
    return _Transported(request.app.state.agents, request, await request.body())
