"""The limit on changes per minute, for each bearer token, each browser or, without either, each address.

The counters are in this process: n web processes allow n times the limit.
"""

import hashlib
import time
from math import ceil
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import TooMany
from app.web.problems import problem_response
from app.web.session_cookie import session_secret

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


class Rates:
    """Middleware that answers 429, with the seconds until the next change is allowed."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a change, and refuse it above the limit."""
        if scope["type"] != "http" or self._limit is None or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        who = _who(HTTPConnection(scope))
        if self._limiter.hit(self._limit, who):
            await self._app(scope, receive, send)
            return
        left = max(1.0, self._limiter.get_window_stats(self._limit, who).reset_time - time.time())
        refusal = TooMany(
            f"Too many requests: the limit is {self._limit.amount} changes a minute. Try again in {ceil(left)} s.",
            code="too-fast",
            retry_after=left,
        )
        await problem_response(refusal)(scope, receive, send)


def _who(connection: HTTPConnection) -> str:
    secret = connection.headers.get("authorization") or session_secret(connection.cookies)
    if secret:
        return hashlib.sha256(secret.encode()).hexdigest()
    return connection.client.host if connection.client else ""
