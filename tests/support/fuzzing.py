"""Runs a property with a few fixed examples in `make test`, and with ever new ones in `make fuzz`."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from app.accounts.scopes import Role
from app.services import Services
from tests.support import principals
from tests.support.principals import client_of

_BATCH: Final = 200  # examples between two looks at the clock
_ANYWAY: Final = {"database": None, "print_blob": True, "suppress_health_check": list(HealthCheck)}
_SLOWEST: Final = timedelta(seconds=20)  # of an example; a parser that takes longer for a small file is not linear


class Fuzz:
    """The amount of fuzzing of one test."""

    def __init__(self, seconds: float | None) -> None:
        """`seconds` of new examples; None for the fixed ones."""
        self._seconds = seconds

    def __call__(self, check: Callable[..., None], *strategies: SearchStrategy[Any], examples: int) -> None:
        """Call `check` with examples of the strategies. An example that makes it raise is shrunk and shown."""
        if self._seconds is None:
            self._run(check, strategies, max_examples=examples, derandomize=True, deadline=None)
            return
        over = time.monotonic() + self._seconds
        while time.monotonic() < over:
            self._run(check, strategies, max_examples=_BATCH, deadline=_SLOWEST)

    @staticmethod
    def _run(check: Callable[..., None], strategies: tuple[SearchStrategy[Any], ...], **options: Any) -> None:
        phases = (Phase.generate, Phase.target, Phase.shrink)
        settings(phases=phases, **_ANYWAY, **options)(given(*strategies)(check))()


def signed_in(application: TestClient, name: str, role: Role) -> TestClient:
    """A new person of the first team, as a client of the application."""
    services: Services = application.app.state.services  # type: ignore[attr-defined]
    return client_of(application, principals.token(services, *principals.person(services, role, name=name)))
