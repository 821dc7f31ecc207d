"""A name for every request, from the first log line to the worker's last: `X-Request-ID`.

Taken from the request if it brings a usable one, made here otherwise, answered with, bound to every log line of the
request, and kept on the job that it made. One line is logged for each answer, without query strings.
"""

import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

log = structlog.get_logger(__name__)

HEADER: Final = "X-Request-ID"
_USABLE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_UNTOLD: Final = ("/healthz", "/readyz", "/metrics", "/assets/")


class Tracing:
    """Middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request, and log its answer."""
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

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, naming)
            if not scope["path"].startswith(_UNTOLD):
                seconds = round(time.perf_counter() - began, 4)
                log.info("answered", method=scope["method"], path=scope["path"], status=status, seconds=seconds)


def request_id() -> str | None:
    """The name of the request that this is part of."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found
