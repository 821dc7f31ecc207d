"""`X-Request-ID`: an id for every request, from the web service's first log line to the worker's last.

A usable id in the request's header is kept; otherwise this middleware makes one. The id is sent back, bound to every
log line of the request (`app.core.log.request_id` reads it there), and stored on the job that the request creates. Each
answer is logged in one line, without query strings.
"""

import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from app.core.caller import calling_from

log = structlog.get_logger(__name__)

HEADER: Final = "X-Request-ID"
_USABLE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_UNLOGGED: Final = ("/healthz", "/readyz", "/metrics", "/assets/")


class Tracing:
    """Middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bind an id to the request, and log the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        brought = Headers(scope=scope).get(HEADER, "")
        request_id = brought if _USABLE.fullmatch(brought) else str(ULID()).lower()
        began, status = time.perf_counter(), 0

        async def naming(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        client = (scope.get("client") or ("",))[0]
        with structlog.contextvars.bound_contextvars(request_id=request_id), calling_from(client):
            try:
                await self._app(scope, receive, naming)
            finally:
                if not scope["path"].startswith(_UNLOGGED):
                    seconds = round(time.perf_counter() - began, 4)
                    log.info("answered", method=scope["method"], path=scope["path"], status=status, seconds=seconds)
