"""Waiting for an event that another process or thread causes."""

import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 120.0


def until(condition: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """Return the value of `condition` once it is true; fail with `what` when that takes longer than the patience."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still waiting: {what if isinstance(what, str) else what()}"
        pause.wait(0.05)
    return found
