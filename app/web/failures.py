"""Answers every error that nothing else has answered, inside the middleware that names requests and adds headers.

Starlette answers unexpected errors outside of all middleware, where an answer gets neither the request id nor the
security headers. This middleware comes before that. It also answers the errors of the middleware inside it, which
therefore may raise any `OnewordError`.
"""

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import response_to

log = structlog.get_logger(__name__)


class Failures:
    """Middleware that turns an exception into a problem. Once an answer has begun, the exception goes on to the server,
    which closes the connection, so that the client sees that the answer is incomplete."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun:
                log.error("unexpected error after the answer began", exc_info=error)  # the server knows no request id
                raise
            await response_to(Request(scope), error)(scope, receive, send)
