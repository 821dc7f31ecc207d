"""How many changes a minute may bring, for each bearer token, browser or, without either, address.

Counted in this process: several web processes allow as many times as much. Knows nothing of what is asked.
"""

import hashlib
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.accounts.principal import COOKIE
from app.core.errors import TooMany
from app.web.problems import problem_response

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


class Rates:
    """Middleware that answers 429, with the seconds until the next change may come."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a change, and refuse it if there were too many."""
        if scope["type"] != "http" or self._limit is None or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        who = _who(HTTPConnection(scope))
        if self._limiter.hit(self._limit, who):
            await self._app(scope, receive, send)
            return
        left = self._limiter.get_window_stats(self._limit, who).reset_time - time.time()
        refusal = TooMany(
            f"That were more than {self._limit.amount} changes within a minute. Wait a moment, and go on more slowly.",
            code="too-fast",
            retry_after=max(1.0, left),
        )
        await problem_response(refusal)(scope, receive, send)


def _who(connection: HTTPConnection) -> str:
    secret = connection.headers.get("authorization") or connection.cookies.get(COOKIE)
    if secret:
        return hashlib.sha256(secret.encode()).hexdigest()
    return connection.client.host if connection.client else ""
