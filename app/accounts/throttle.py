"""Limits the sign-in attempts of an address. Codes cannot be guessed; the limit keeps the load of attempts low."""

import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.core.errors import TooMany

ATTEMPTS: Final = RateLimitItemPerMinute(20)


class SignInThrottle:
    """Counts the attempts of each address, in this process alone."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def attempt(self, address: str) -> None:
        """Count an attempt. Raises TooMany after 20 attempts within a minute."""
        if not self._limiter.hit(ATTEMPTS, address):
            raise TooMany(
                "There were too many sign-in attempts from your address. Wait a minute, then open the link again.",
                retry_after=max(1.0, self._limiter.get_window_stats(ATTEMPTS, address).reset_time - time.time()),
            )
