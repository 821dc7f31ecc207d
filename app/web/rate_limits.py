"""The limit on changes per minute, for each signed-in person or, for requests that nobody signed, each address.

Reading is never counted, and neither is what only reads although it is a POST, or what only stops work. The answers
that count say how much is left, in the fields of draft-ietf-httpapi-ratelimit-headers-10:

    RateLimit-Policy: "changes";q=600;w=60
    RateLimit: "changes";r=599;t=60

The counters are in this process: n web processes allow n times the limit.
"""

import re
import time
from functools import partial
from math import ceil
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.addresses import counted_as
from app.core.errors import TooMany
from app.web.problems import refusal

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
# POSTs that change nothing, and the one that stops a job.
UNCOUNTED: Final = re.compile(
    r"/api/(tokenize|pictures/check|pictures/mask|generations/read|jobs/[^/]+/cancel)|/sdapi/v1/(png-info|interrupt|skip)"
)
WINDOW_SECONDS: Final = 60


class Rates:
    """Middleware inside `app.web.admission` that answers 429, with the seconds until the next change is allowed."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a change, and refuse it above the limit."""
        limit = self._limit
        if scope["type"] != "http" or limit is None or not _counts(scope):
            await self._app(scope, receive, send)
            return
        who = _who(scope)
        # An endpoint that takes the work of several requests at once counts the others.
        scope["state"]["count_changes"] = partial(self._count, limit, who)
        allowed = self._limiter.hit(limit, who)

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._fields(limit, who))
            await send(message)

        if allowed:
            await self._app(scope, receive, telling)
            return
        await refusal(self._too_fast(limit, who))(scope, receive, telling)

    def _fields(self, limit: RateLimitItemPerMinute, who: str) -> dict[str, str]:
        left, seconds = self._left(limit, who)
        return {
            "RateLimit-Policy": f'"changes";q={limit.amount};w={WINDOW_SECONDS}',
            "RateLimit": f'"changes";r={left};t={seconds}',
        }

    def _left(self, limit: RateLimitItemPerMinute, who: str) -> tuple[int, int]:
        """How many changes are left, and the seconds until the first of those that were counted is forgotten."""
        reset_time, left = self._limiter.get_window_stats(limit, who)
        return left, max(1, ceil(reset_time - time.time()))

    def _count(self, limit: RateLimitItemPerMinute, who: str, changes: int) -> None:
        if changes > 0 and not self._limiter.hit(limit, who, cost=min(changes, limit.amount)):
            raise self._too_fast(limit, who)

    def _too_fast(self, limit: RateLimitItemPerMinute, who: str) -> TooMany:
        _, seconds = self._left(limit, who)
        return TooMany(
            f"Too many requests: the limit is {limit.amount} changes a minute. Try again in {seconds} s.",
            code="too-fast",
            retry_after=seconds,
        )


def count_changes(request: Request, changes: int) -> None:
    """Count further changes of this request. Raises TooMany above the limit."""
    if (count := getattr(request.state, "count_changes", None)) is not None:
        count(changes)


def _counts(scope: Scope) -> bool:
    return scope["method"] not in _SAFE and UNCOUNTED.fullmatch(scope["path"]) is None


def _who(scope: Scope) -> str:
    person = scope["state"]["principal"]
    if person is not None:
        return f"person {person.user_id}"
    return f"address {counted_as(scope['client'][0] if scope.get('client') else '')}"
