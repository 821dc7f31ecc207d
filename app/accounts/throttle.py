"""How often one address may try to sign in. Codes cannot be guessed; this keeps the attempts cheap for us."""

import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.core.errors import TooMany

ATTEMPTS: Final = RateLimitItemPerMinute(20)


class SignInThrottle:
    """Counts the attempts of each address in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def attempt(self, address: str) -> None:
        """Count an attempt. Raises TooMany."""
        if not self._limiter.hit(ATTEMPTS, address):
            raise TooMany(
                "There were too many attempts to sign in from here. Wait a minute, then open the link again.",
                retry_after=max(1.0, self._limiter.get_window_stats(ATTEMPTS, address).reset_time - time.time()),
            )
