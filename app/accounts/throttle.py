"""Limits on sign-in attempts and on unknown credentials, for each address.

Neither codes nor credentials can be guessed; the limits keep the load of attempts low. Each process counts for itself.
"""

import hashlib
import time
from collections import OrderedDict
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.core.addresses import counted_as
from app.core.errors import TooMany

ATTEMPTS: Final = RateLimitItemPerMinute(20)
GUESSES: Final = RateLimitItemPerMinute(300)  # lookups of unknown tokens, and as many of unknown cookies
_REMEMBERED: Final = 10_000
_NAMES: Final = {"bearer": "tokens", "cookie": "session cookies", "link": "links to pictures"}
_ADVICE: Final = {"bearer": "Check the token, and try", "cookie": "Open a sign-in link, or try", "link": "Try"}


class SignInThrottle:
    """Counts the attempts of each address."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def attempt(self, address: str) -> None:
        """Count an attempt. Raises TooMany after 20 attempts within a minute."""
        address = counted_as(address)
        if not self._limiter.hit(ATTEMPTS, address):
            raise TooMany(
                "There were too many sign-in attempts from your address. Wait a minute, then open the link again.",
                retry_after=max(1.0, self._limiter.get_window_stats(ATTEMPTS, address).reset_time - time.time()),
            )


class Guesses:
    """Counts the unknown credentials that each address sends: tokens (`bearer`) apart from cookies (`cookie`) and
    signed addresses of pictures (`link`).

    An address that sent too many is told to wait before the database is asked. A credential that was good before still
    works there, so that nobody can lock out the people who share an address.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def allow(self, address: str, credential: tuple[str, str]) -> bool:
        """Whether this credential of this address may be looked up now."""
        return self._limiter.test(GUESSES, credential[0], counted_as(address)) or _digest(credential) in self._good

    def refusal(self, address: str, credential: tuple[str, str]) -> TooMany:
        """What an address that guesses too often is told."""
        kind = credential[0]
        window = self._limiter.get_window_stats(GUESSES, kind, counted_as(address))
        wait = max(1.0, window.reset_time - time.time())
        return TooMany(
            f"Your address sent more than {GUESSES.amount} unknown {_NAMES[kind]} within a minute. {_ADVICE[kind]} "
            f"again in {wait:.0f} s.",
            code="too-many-guesses",
            retry_after=wait,
        )

    def count(self, address: str, credential: tuple[str, str], good: bool) -> None:
        """Remember the outcome of a lookup."""
        if good:
            self.remember(credential)
            return
        self._limiter.hit(GUESSES, credential[0], counted_as(address))
        self._good.pop(_digest(credential), None)

    def remember(self, credential: tuple[str, str]) -> None:
        """Let this credential be looked up, however much its address guesses."""
        self._good[_digest(credential)] = None
        self._good.move_to_end(_digest(credential))
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)


def _digest(credential: tuple[str, str]) -> bytes:
    return hashlib.sha256(repr(credential).encode()).digest()
